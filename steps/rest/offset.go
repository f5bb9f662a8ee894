package rest

import (
	"snrun/steps"
	"snrun/steps/exchange"
)

const alikeHint = "; if all items are alike, ask for a field that tells them apart"

// offsetPager asks for size items after so and so many.
func offsetPager() pager {
	return pager{
		name:   "offset",
		doc:    "asks for `size` items from an offset (`offset`, `limit` and `total` say where and how many).",
		needs:  []string{"offset", "limit", "size"},
		takes:  []string{"total"},
		ask:    askOffset,
		next:   nextOffset,
		counts: true,
		circle: "the server does not know the parameter of paginate.offset: check its name" + alikeHint,
	}
}

func askOffset(w *walk, r *request) error {
	if err := w.put(r, "offset", countedAt(w.at, 0).number); err != nil {
		return err
	}
	return w.limit(r)
}

func nextOffset(w *walk, p *page) (any, error) {
	at, err := w.counted(p, 0)
	// A server that gives full pages counts the ones it leaves out of a short page too (records that the user may not
	// see). One that never does has a limit of its own, and counts what it gave.
	if at.full {
		at.number += w.in.Int("size")
	} else {
		at.number += p.n()
	}
	if err != nil {
		return nil, err
	}
	return w.goOn(p, at, at.number)
}

// pagePager asks for the first page, the second, and so on.
func pagePager() pager {
	return pager{
		name:   "page",
		doc:    "asks for pages by their number (`page`, `start`; `limit`, `size` and `total` say where and how many).",
		needs:  []string{"page"},
		takes:  []string{"start", "limit", "size", "total"},
		ask:    askPage,
		next:   nextPage,
		counts: true,
		circle: "the server does not know the parameter of paginate.page, or gives its last page again: check its name, or say by size, total or stop_when where the walk ends" + alikeHint,
	}
}

func askPage(w *walk, r *request) error {
	number := countedAt(w.at, w.start()).number
	if number < 0 {
		return exchange.BadInput("paginate.start cannot be negative")
	}
	if err := w.put(r, "page", number); err != nil {
		return err
	}
	return w.limit(r)
}

func nextPage(w *walk, p *page) (any, error) {
	at, err := w.counted(p, w.start())
	if err != nil {
		return nil, err
	}
	at.number++
	seen := w.count
	// As with offsets: full pages are counted with what was left out of the short ones.
	if at.full {
		seen = max(seen, p.call.Page*w.in.Int("size"))
	}
	return w.goOn(p, at, seen)
}

// start is the number of the first page.
func (w *walk) start() int {
	if n, there := w.in["start"].(int); there {
		return n
	}
	return 1
}

// limit asks for pages of a size, where the step says how.
func (w *walk) limit(r *request) error {
	if w.in.Has("size") && w.in.Int("size") < 1 {
		return exchange.BadInput("paginate.size must be at least 1")
	}
	if !w.in.Has("limit") {
		return nil
	}
	return w.put(r, "limit", w.in.Int("size"))
}

// counted is the position of a walk that counts: the offset or the number of a page, and whether a page was as long as
// asked for.
type counted struct {
	number int
	full   bool
}

func countedAt(at any, first int) counted {
	m, there := at.(map[string]any)
	if !there {
		return counted{number: first}
	}
	var c counted
	c.number, _ = wholeNumber(m["number"])
	c.full, _ = m["full"].(bool)
	return c
}

// counted gives the position of the page, once its size is checked.
func (w *walk) counted(p *page, first int) (counted, error) {
	at := countedAt(w.at, first)
	at.full = at.full || p.n() == w.in.Int("size")
	return at, w.asAsked(p)
}

// asAsked finds a page that is larger than asked for.
func (w *walk) asAsked(p *page) error {
	if size := w.in.Int("size"); w.in.Has("limit") && p.n() > size {
		return exchange.Hinted(p.Errorf(steps.Content, "page %d has %d items, but %d were asked for", p.call.Page, p.n(), size),
			"the server does not know the parameter of paginate.limit: check its name")
	}
	return nil
}

// goOn gives the position of the next page, nil after the last. Seen is how many of the server's items were gone through.
func (w *walk) goOn(p *page, at counted, seen int) (any, error) {
	n := p.n()
	switch {
	case w.total < 0 && (n == 0 || n < w.in.Int("size")), w.total >= 0 && seen >= w.total:
		return nil, nil
	case n == 0 && p.total >= 0 && seen >= p.total:
		// The total became smaller on the way. It was not taken for the end: only the empty page is.
		return nil, nil
	case n == 0:
		return nil, exchange.Hinted(p.Errorf(steps.Content, "page %d is empty, but only %d of %d items have come", p.call.Page, w.count, w.total),
			"records may have gone during the walk; run it again, and order it by something that does not change")
	}
	return map[string]any{"number": at.number, "full": at.full}, nil
}
