package rest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
)

// walk is a walk over pages as one of its pages sees it. Between pages it is plain data, so that it can be taken up
// again by another process.
type walk struct {
	call  *call
	in    steps.Input // paginate
	pager pager
	at    any      // where this page is, nil for the first
	count int      // items of the pages before
	total int      // of the whole walk: the most that the server has told, -1 while it told nothing
	guard guard    // against going in circles
	first *url.URL // what the step itself asks for: the walk stays at its origin
}

// page is one page: an answer and the items in it.
type page struct {
	*answer
	list  []any // its items, unless it is cut into them
	total int   // of the whole walk as this page tells it, -1 when it does not
}

// n is how many items the page has.
func (p *page) n() int {
	if p.cut != nil {
		return p.cut.Len()
	}
	return len(p.list)
}

// item gives an item as a whole.
func (p *page) item(i int) (any, error) {
	if p.cut != nil {
		return p.cut.decode(i, steps.NewDecoder(nil))
	}
	return p.list[i], nil
}

// digest tells the items of this page from those of another, whatever else changes from answer to answer.
func (p *page) digest() (string, error) {
	if p.cut == nil {
		return formatDigest(digestValue(p.list)), nil
	}
	digest, err := p.cut.digest()
	if err != nil {
		return "", p.asideError(err)
	}
	return formatDigest(digest), nil
}

// walk fetches the page that the cursor names.
func (c *call) walk(ctx context.Context) (steps.Output, error) {
	w, err := c.resume()
	if err != nil {
		return steps.Output{}, err
	}
	req, err := newRequest(c.In)
	if err != nil {
		return steps.Output{}, err
	}
	first := *req.URL
	first.RawQuery = req.Query.String()
	w.first = &first
	if most := w.maxPages(); c.Page > most {
		message := fmt.Sprintf("%s %s: the walk goes on after %d pages, which is paginate.max_pages", req.Method, exchange.Shown(req.URL), most)
		return steps.Output{}, exchange.Hinted(&steps.Error{Kind: steps.Limit, Message: message}, "raise max_pages, or see whether the server ever ends")
	}
	if err := w.pager.ask(w, req); err != nil {
		return steps.Output{}, err
	}
	c.split = w.split()
	a, err := c.exchange(ctx, req)
	if err != nil {
		return steps.Output{}, err
	}
	out, err := w.take(a)
	if err != nil && a.cut != nil {
		a.cut.Close()
	}
	return out, err
}

// resume reads the cursor that take wrote.
func (c *call) resume() (*walk, error) {
	pg := c.In.Object("paginate")
	t, known := pagerOf(pg.Text("type"))
	if !known {
		return nil, exchange.BadInput("paginate.type: %q is none of the types", pg.Text("type"))
	}
	w := &walk{call: c, in: pg, pager: t, total: -1}
	c.Page = 1
	if cursor, ok := c.Env.Cursor.(map[string]any); ok {
		c.Page, _ = wholeNumber(cursor["page"])
		w.count, _ = wholeNumber(cursor["count"])
		if total, told := wholeNumber(cursor["total"]); told {
			w.total = total
		}
		w.guard.before, _ = cursor["before"].(string)
		w.guard.anchor, _ = cursor["anchor"].(string)
		w.at = cursor["at"]
	}
	return w, nil
}

// cursor is what resume reads: where the next page is, and what the walk knows by then.
func (w *walk) cursor(at any) map[string]any {
	return map[string]any{"page": w.call.Page + 1, "count": w.count, "total": w.total, "at": at,
		"before": w.guard.before, "anchor": w.guard.anchor}
}

func (w *walk) maxPages() int {
	if n, there := w.in["max_pages"].(int); there {
		return n
	}
	return defaultMaxPages
}

// take gives the items of a page, and the cursor of the next.
func (w *walk) take(a *answer) (steps.Output, error) {
	p := &page{answer: a}
	var err error
	if p.list, err = w.items(a); err != nil {
		return steps.Output{}, err
	}
	if p.total, err = w.number(a, "total"); err != nil {
		return steps.Output{}, err
	}
	w.count += p.n()
	w.total = max(w.total, p.total)
	out := steps.Output{Names: a.OutputNames(), Total: w.total}
	switch {
	case p.cut != nil:
		out.Items = p.cut
	case w.call.Env.Stream != nil:
		out.Items = steps.ItemsOf(p.list)
	default:
		out.Value = p.list
	}
	if stop, err := w.stops(a); stop || err != nil {
		return out, err
	}
	at, err := w.pager.next(w, p)
	if err != nil {
		return steps.Output{}, err
	}
	if err := w.guarded(p, at); err != nil {
		return steps.Output{}, err
	}
	if at == nil {
		return out, w.whole(a)
	}
	out.Next = w.cursor(at)
	return out, nil
}

// itemsAt is the expression that finds the items.
func (w *walk) itemsAt() *steps.Late {
	if l := w.in.Late("items"); l != nil {
		return l
	}
	return &steps.Late{Source: "${response.body}", Path: []string{"body"}}
}

// items finds the items of a page: an empty list where it was cut into them.
func (w *walk) items(a *answer) ([]any, error) {
	l := w.itemsAt()
	v, err := w.pick(a, l)
	if err != nil {
		return nil, err
	}
	if list, ok := v.([]any); ok {
		return list, nil
	}
	// Several servers write an empty list as null.
	if v == nil && l.Path != nil {
		return []any{}, nil
	}
	return nil, exchange.Hinted(a.Errorf(steps.Content, "paginate.items: %s is %s, not a list", l.Source, describe(v)), listHint(a, l, len(l.Path), v))
}

// pick evaluates an expression. A plain path is walked here, which is quicker and knows a missing key from a null.
func (w *walk) pick(a *answer, l *steps.Late) (any, error) {
	if len(l.Path) == 0 || l.Path[0] != "body" {
		return a.Eval(l)
	}
	v := a.Value
	for i, key := range l.Path[1:] {
		m, ok := v.(map[string]any)
		if v == nil && len(a.Received) == 0 {
			return nil, nil
		}
		inner, there := m[key]
		if !ok || !there {
			return nil, exchange.Hinted(a.Errorf(steps.Content, "paginate.items: %s: there is no %q in %s", l.Source, key, describe(v)), listHint(a, l, 1+i, v))
		}
		v = inner
	}
	return v, nil
}

// listHint says how a list is had from a body in which so many keys of the path to the items led to v.
func listHint(a *answer, l *steps.Late, depth int, v any) string {
	m, _ := v.(map[string]any)
	text, isText := a.Value.(string)
	var lists []string
	for key, inner := range m {
		if _, ok := inner.([]any); ok {
			lists = append(lists, key)
		}
	}
	slices.Sort(lists)
	switch {
	case isText && exchange.LooksLikeJSON([]byte(text)):
		return "the server does not call it JSON; write accept: json"
	case exchange.FormatOf(exchange.MediaType(a.Resp.Header.Get("Content-Type")), nil) == "xml" && len(l.Path) > 2:
		above, name := strings.Join(l.Path[:len(l.Path)-1], "."), l.Path[len(l.Path)-1]
		return fmt.Sprintf("in XML one item is no list, and none is not there: write items: ${flatten([get(response.%s, %q) ?? []])}", above, name)
	case len(lists) > 0:
		at := "body"
		if depth > 0 {
			at = strings.Join(l.Path[:depth], ".")
		}
		return "write items: ${response." + at + "." + lists[0] + "}, or as far down as it stands"
	case v == nil:
		return "add ?? [] if no items is no mistake"
	}
	return "point items at the list in the body"
}

// number evaluates a key of paginate that gives a count; -1 when it is absent or null.
func (w *walk) number(a *answer, key string) (int, error) {
	l := w.in.Late(key)
	if l == nil {
		return -1, nil
	}
	v, err := a.Eval(l)
	if err != nil || v == nil {
		return -1, err
	}
	if n, ok := wholeNumber(v); ok && n >= 0 {
		return n, nil
	}
	return -1, a.Errorf(steps.Content, "paginate.%s: %s is %s, not a count", key, l.Source, describe(v))
}

func (w *walk) stops(a *answer) (bool, error) {
	l := w.in.Late("stop_when")
	if l == nil {
		return false, nil
	}
	v, err := a.Eval(l)
	return v == true, err
}

// whole asks at the end of the walk whether all items came.
func (w *walk) whole(a *answer) error {
	l := w.in.Late("expect_total")
	if l == nil {
		return nil
	}
	want, err := w.number(a, "expect_total")
	switch {
	case err != nil || want == w.count:
		return err
	case want < 0:
		return exchange.Hinted(a.Errorf(steps.Content, "paginate.expect_total: %s is null, so it cannot be told whether all items came", l.Source),
			"point it at the number that the server gives, or leave it out")
	}
	return exchange.Hinted(a.Errorf(steps.Expect, "the walk gave %d items in %d pages, but %s says %d", w.count, a.call.Page, l.Source, want),
		"records may have come or gone during the walk; run it again, and order it by something that does not change")
}
