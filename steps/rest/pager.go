package rest

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
)

// pager is one type of walk: how a page is asked for, and what its answer says about the next.
type pager struct {
	name string
	doc  string
	// needs are the keys of paginate that the type cannot do without, takes further ones that it understands.
	needs, takes []string
	// ask puts into a request what asks for the page at w.at, which is nil for the first page.
	ask func(w *walk, r *request) error
	// next gives where the next page is, as plain data; nil after the last.
	next func(w *walk, p *page) (any, error)
	// counts says that positions are numbers, which always go on: pages that come back are told by their items.
	counts bool
	// circle is what to do about a walk that goes in circles.
	circle string
}

// pagers is the table of the types.
func pagers() []pager {
	return []pager{linkPager(), nextURLPager(), cursorPager(), offsetPager(), pagePager(), keysetPager()}
}

// ownKeys are the keys of paginate that only some types understand, placeKeys those of them that name a place.
var (
	ownKeys   = [...]string{"next", "inject", "offset", "page", "start", "limit", "size", "total", "by"}
	placeKeys = [...]string{"inject", "offset", "page", "limit"}
)

func pagerOf(name string) (pager, bool) {
	all := pagers()
	i := slices.IndexFunc(all, func(p pager) bool { return p.name == name })
	if i < 0 {
		return pager{}, false
	}
	return all[i], true
}

func pagerNames() []string {
	var names []string
	for _, p := range pagers() {
		names = append(names, p.name)
	}
	return names
}

func pagerDoc() string {
	var b strings.Builder
	b.WriteString("How one page leads to the next:")
	for _, p := range pagers() {
		b.WriteString(" `" + p.name + "` " + p.doc)
	}
	return b.String()
}

// check finds keys that are missing or that the type does not know, and places that are none.
func (t pager) check(in, pg steps.Input) []steps.Problem {
	var p []steps.Problem
	for _, key := range t.needs {
		if !pg.Has(key) {
			p = append(p, steps.Problem{Path: "paginate", Message: "a walk of type " + t.name + " needs " + key, Hint: "add " + key + ": to paginate"})
		}
	}
	for _, key := range ownKeys {
		if pg.Has(key) && !slices.Contains(t.needs, key) && !slices.Contains(t.takes, key) {
			p = append(p, steps.Problem{Path: "paginate." + key, Message: "means nothing to a walk of type " + t.name, Hint: "leave it out, or choose another type"})
		}
	}
	return append(append(p, checkPlaces(in, pg)...), t.checkNumbers(pg)...)
}

// checkPlaces finds places that are none, and two values for one of them.
func checkPlaces(in, pg steps.Input) []steps.Problem {
	var p []steps.Problem
	taken := map[place]string{}
	for _, key := range placeKeys {
		if !pg.Has(key) {
			continue
		}
		at, err := parsePlace(pg.Text(key), in)
		switch other, double := taken[at]; {
		case err != nil:
			p = append(p, steps.Problem{Path: "paginate." + key, Message: err.Error(), Hint: placeHint})
		case double:
			p = append(p, steps.Problem{Path: "paginate." + key, Message: "is the same place as " + other, Hint: "each value needs a parameter of its own"})
		default:
			taken[at] = key
		}
	}
	return p
}

// checkNumbers finds what cannot be counted with, and a by that is no path.
func (t pager) checkNumbers(pg steps.Input) []steps.Problem {
	var p []steps.Problem
	if n, ok := pg["size"].(int); ok && n < 1 {
		p = append(p, steps.Problem{Path: "paginate.size", Message: "must be at least 1"})
	}
	if n, ok := pg["start"].(int); ok && n < 0 {
		p = append(p, steps.Problem{Path: "paginate.start", Message: "cannot be negative"})
	}
	if slices.Contains(t.takes, "limit") && pg.Has("limit") && !pg.Has("size") {
		p = append(p, steps.Problem{Path: "paginate.limit", Message: "says where the size of a page goes, but there is no size", Hint: "add size: to paginate"})
	}
	if by := pg.Text("by"); pg.Has("by") && !isFieldPath(by) {
		p = append(p, steps.Problem{Path: "paginate.by", Message: fmt.Sprintf("%q is not the path of a field", by), Hint: byHint})
	}
	return p
}
