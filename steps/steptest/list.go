package steptest

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// List is a handler that serves records page by page, in each style of paging, and misbehaves as its fields say. The path
// says the style, and parameters stand in the query, in headers, or in a JSON or form body:
//
//	/link       ?cursor=C, which the header Link of the page before leads to
//	/next_url   ?cursor=C, which next_url in the page before leads to
//	/cursor     ?cursor=C, where C is next in the page before
//	/offset     ?offset=N
//	/page       ?page=N, from 1
//	/keyset     ?after=ID
//
// Each takes limit, too. An answer is {"result": [{"id": "000000000", "name": …, "note": …}], "next", "next_url", "total"}.
// Records are made while they are sent, so that there may be any number of them. The fields may not change while it serves.
type List struct {
	Count int // records, the first with the id 000000000
	Size  int // records a page where the request names no limit, 100 when 0
	Most  int // never more records a page than this, 0 for no such bound
	Width int // about how many bytes a record has, as few as it can when 0
	// Totals are what page after page says there are in all, the last of it for all further pages; null for -1. Count when nil.
	Totals []int
	// Back names pages that are followed by an earlier one, or by themselves, in place of the next.
	Back map[int]int
	// Lost names pages whose records are not sent.
	Lost map[int]bool
	// Deaf names parameters that are not understood.
	Deaf map[string]bool
	// Instead are answers in place of pages, each given as often as it says before the page itself. One without a body
	// that is cut or stalls does so in the midst of the page.
	Instead map[int][]Answer
	// Budget is how many requests are answered in each Window; more get 429 until it is over. 0 for no such bound. All
	// answers then tell what is left in X-RateLimit-Limit, -Remaining and -Reset, the last in seconds since 1970.
	Budget int
	Window time.Duration

	mu     sync.Mutex
	asked  []int
	opened time.Time  // when the window began
	used   int        // requests in it
	free   []*records // texts that no answer is written from
}

// listPage is a request to a List: from which record on, how many, and which page that is, from 1.
type listPage struct {
	style               string
	from, limit, number int
}

// Asked gives the numbers of the pages that requests led to, in order, also of requests that were refused.
func (l *List) Asked() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]int(nil), l.asked...)
}

// ServeHTTP answers with a page, or with what stands in its place.
func (l *List) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, err := l.page(r)
	if err != nil {
		Text(http.StatusBadRequest, err.Error()).write(w, r)
		return
	}
	if refused := l.admit(p.number, w.Header()); refused != nil {
		refused.write(w, r)
		return
	}
	if a, there := l.instead(p.number); there {
		if a.Body == "" && (a.Cut || a.Stall) {
			var body strings.Builder
			l.write(&body, p)
			a.Body, a.Header = body.String(), Header("Content-Type", "application/json")
		}
		a.write(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if next, there := l.next(p); there && p.style == "link" {
		w.Header().Set("Link", "<"+nextAddress(p.style, next)+`>; rel="next"`)
	}
	l.write(w, p)
}

// page finds the page that a request asks for.
func (l *List) page(r *http.Request) (listPage, error) {
	p := listPage{style: strings.Trim(r.URL.Path, "/"), limit: l.size()}
	given, err := parameters(r)
	if err != nil {
		return p, err
	}
	number := func(name string, unless int) int {
		text := given(name)
		if text == "" || l.Deaf[name] {
			return unless
		}
		n, wrong := strconv.Atoi(text)
		if wrong != nil || n < 0 {
			err = fmt.Errorf("%s: %q is no number", name, text)
		}
		return n
	}
	p.limit = l.capped(number("limit", p.limit))
	asked := 1
	switch p.style {
	case "offset":
		p.from = number("offset", 0)
		asked = p.from/p.limit + 1
	case "page":
		asked = number("page", 1)
		p.from = (asked - 1) * p.limit
	case "keyset":
		p.from = number("after", -1) + 1
		asked = p.from/p.limit + 1
	case "link", "next_url", "cursor":
		p.from = number("cursor", 0)
	default:
		err = fmt.Errorf("there is no %s; see steptest.List", r.URL.Path)
	}
	if served := l.served(p.style, asked); served != asked {
		p.from = (served - 1) * p.limit
	}
	p.number = p.from/p.limit + 1
	return p, err
}

func (l *List) size() int {
	if l.Size > 0 {
		return l.Size
	}
	return 100
}

func (l *List) capped(limit int) int {
	limit = max(limit, 1)
	if l.Most > 0 {
		limit = min(limit, l.Most)
	}
	return limit
}

// follower is the page that comes after another.
func (l *List) follower(page int) int {
	if back, there := l.Back[page]; there {
		return back
	}
	return page + 1
}

// served is the page that is given for the one that was asked for.
func (l *List) served(style string, asked int) int {
	switch {
	case len(l.Back) == 0:
	case style == "keyset" && asked > 1:
		return l.follower(asked - 1)
	case style == "offset", style == "page":
		page := 1
		for range asked - 1 {
			page = l.follower(page)
		}
		return page
	}
	return asked
}

// next gives from which record on the next page is.
func (l *List) next(p listPage) (int, bool) {
	next := (l.follower(p.number) - 1) * p.limit
	return next, next < l.Count
}

// admit notes a request, and refuses it where the budget is used up.
func (l *List) admit(page int, h http.Header) *Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, page)
	if l.Budget == 0 {
		return nil
	}
	if now := time.Now(); now.Sub(l.opened) >= l.Window {
		l.opened, l.used = now, 0
	}
	l.used++
	over := l.opened.Add(l.Window)
	maps.Copy(h, RateLimit(l.Budget, max(l.Budget-l.used, 0), over))
	if l.used <= l.Budget {
		return nil
	}
	refusal := TooMany(time.Until(over))
	return &refusal
}

// instead takes the next answer that stands in a page's place.
func (l *List) instead(page int) (Answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.Instead[page]
	if len(left) == 0 {
		return Answer{}, false
	}
	a := left[0]
	switch {
	case a.Times > 1:
		left[0].Times--
	case a.Times >= 0:
		l.Instead[page] = left[1:]
	}
	return a, true
}
