package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is a way to go wrong.
type Kind string

// The kinds of fault.
const (
	Expired     Kind = "401"           // the request's access token has expired, and stays so
	Limited     Kind = "429"           // with Retry-After and X-RateLimit-Limit, -Remaining, -Reset
	Unavailable Kind = "503"           // with Retry-After where Fault.RetryAfter is set
	Hibernating Kind = "hibernating"   // status 200 and a page of HTML: "Your instance is hibernating"
	Slow        Kind = "slow"          // the right answer, after Fault.Delay
	Drop        Kind = "drop"          // the connection closes without an answer
	Cut         Kind = "cut"           // the connection closes in the middle of a body
	Lost        Kind = "lost"          // the request is carried out, then the connection closes without an answer
	Redirect    Kind = "redirect"      // status 307 to Fault.To
	NoLifetime  Kind = "no_expires_in" // a token endpoint's answer does not say how long the token lives
)

var kinds = [...]Kind{Expired, Limited, Unavailable, Hibernating, Slow, Drop, Cut, Lost, Redirect, NoLifetime}

// Fault makes some requests go wrong.
//
// A client such as Go's repeats a GET by itself when a connection that it used before closes without an answer: to it, the
// first Drop or Lost there is no error. Cut always is.
type Fault struct {
	Kind   Kind
	Path   string // what the path of a request begins with
	Method string // "" is any
	// On are the requests that go wrong, of those that fit path and method since the fault is there. None means all.
	On []Span
	// RetryAfter is what the client is asked to wait, rounded up to seconds; 1 second for Limited when 0.
	RetryAfter time.Duration
	// Delay is how late a Slow answer is; 2 seconds when 0.
	Delay time.Duration
	// To is where a Redirect leads, path and query of the request added where it has none. "" is another port of the sandbox,
	// which only one that was started has: see Server.Elsewhere.
	To string
}

// Span are requests by number, From to To, both included; the first request is 1. A To of 0 has no end.
type Span struct{ From, To int }

// First is the first n requests.
func First(n int) []Span { return []Span{{1, n}} }

// Nth are single requests, counted from 1.
func Nth(numbers ...int) []Span {
	var on []Span
	for _, n := range numbers {
		on = append(on, Span{n, n})
	}
	return on
}

// After is every request after the first n.
func After(n int) []Span { return []Span{{n + 1, 0}} }

func (f Fault) fits(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, f.Path) && (f.Method == "" || strings.EqualFold(f.Method, r.Method))
}

func (f Fault) hits(count int) bool {
	return len(f.On) == 0 || slices.ContainsFunc(f.On, func(s Span) bool {
		return count >= s.From && (s.To == 0 || count <= s.To)
	})
}

// ParseFault reads a fault from text, KIND:PATH[:REQUESTS[:SETTING=VALUE,…]]:
//
//	429:/api/now/table/incident:3           the third request to this path
//	503:/oncall:1-2,5                       the first, second and fifth
//	slow:/api/now:4-:delay=500ms,method=GET every GET from the fourth on
//	drop:/files                             all
//
// The kinds are 401, 429, 503, hibernating, slow, drop, cut, lost, redirect and no_expires_in; the settings method,
// retry_after, delay and to.
func ParseFault(text string) (Fault, error) {
	parts := strings.SplitN(text, ":", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	f := Fault{Kind: Kind(parts[0]), Path: parts[1]}
	var err error
	if f.On, err = parseSpans(parts[2]); err == nil {
		err = f.set(parts[3])
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w; write KIND:PATH:REQUESTS, such as 429:/api/now/table/incident:3", text, err)
	}
	return f, nil
}

func (f Fault) check() error {
	switch {
	case !slices.Contains(kinds[:], f.Kind):
		return fmt.Errorf("there is no kind %q (there are %s)", f.Kind, kindList())
	case !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("the path %q does not begin with a slash", f.Path)
	case f.RetryAfter < 0 || f.Delay < 0:
		return errors.New("a duration is negative")
	case f.To != "" && !isAddress(f.To):
		return fmt.Errorf("to %q is not of the form http://HOST:PORT", f.To)
	}
	return nil
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func kindList() string {
	var names []string
	for _, kind := range kinds {
		names = append(names, string(kind))
	}
	return strings.Join(names, ", ")
}

// parseSpans reads "3", "1-2,5" or "4-"; "" is nil.
func parseSpans(text string) ([]Span, error) {
	var on []Span
	if text == "" {
		return on, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		span, ok := parseSpan(part)
		if !ok {
			return nil, fmt.Errorf("the requests %q are not of the form 3, 1-2 or 4-, counted from 1", part)
		}
		on = append(on, span)
	}
	return on, nil
}

func parseSpan(text string) (span Span, ok bool) {
	from, to, ranged := strings.Cut(text, "-")
	first, err := strconv.Atoi(from)
	if err != nil || first < 1 {
		return Span{}, false
	}
	if !ranged {
		return Span{first, first}, true
	}
	if to == "" {
		return Span{first, 0}, true
	}
	last, err := strconv.Atoi(to)
	return Span{first, last}, err == nil && last >= first
}

func (f *Fault) set(settings string) error {
	if settings == "" {
		return nil
	}
	for setting := range strings.SplitSeq(settings, ",") {
		name, value, _ := strings.Cut(setting, "=")
		var err error
		switch name {
		case "method":
			f.Method = value
		case "retry_after":
			f.RetryAfter, err = time.ParseDuration(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "to":
			f.To = value
		default:
			err = fmt.Errorf("there is no setting %q (there are method, retry_after, delay, to)", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
