package rest

import (
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
}

// pagers is the table of the types.
func pagers() []pager {
	return []pager{linkPager(), cursorPager(), offsetPager()}
}

// ownKeys are the keys of paginate that only some types understand.
var ownKeys = [...]string{"next", "inject", "offset", "limit", "size", "total"}

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
			p = append(p, steps.Problem{Path: "paginate", Message: "of type " + t.name + " needs " + key, Hint: "add " + key + ": to paginate"})
		}
	}
	for _, key := range ownKeys {
		if pg.Has(key) && !slices.Contains(t.needs, key) && !slices.Contains(t.takes, key) {
			p = append(p, steps.Problem{Path: "paginate." + key, Message: "means nothing to a walk of type " + t.name, Hint: "leave it out, or choose another type"})
		}
	}
	for _, key := range []string{"inject", "offset", "limit"} {
		if !pg.Has(key) {
			continue
		}
		if _, err := parsePlace(pg.Text(key), in); err != nil {
			p = append(p, steps.Problem{Path: "paginate." + key, Message: err.Error(), Hint: placeHint})
		}
	}
	if n, ok := pg["size"].(int); ok && n < 1 {
		p = append(p, steps.Problem{Path: "paginate.size", Message: "must be at least 1"})
	}
	return p
}
