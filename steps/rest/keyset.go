package rest

import (
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
)

const (
	byHint  = "write the name of a field of the items, or the way to it with dots: sys_id, meta.id"
	keyHint = "name a field that every item has, such as its id, and see that the server is asked for it"
)

// keysetPager asks for the items after the last one, by the value of a field. That value is its position.
func keysetPager() pager {
	return pager{
		name:  "keyset",
		doc:   "asks for what comes after the last item: sends its value of `by` to where `inject` says, nothing with the first page (`limit` and `size` as above).",
		needs: []string{"by", "inject"},
		takes: []string{"limit", "size"},
		ask: func(w *walk, r *request) error {
			if w.at != nil {
				if err := w.put(r, "inject", w.at); err != nil {
					return err
				}
			}
			return w.limit(r)
		},
		next: nextKey,
		circle: "the server does not know the parameter of paginate.inject, or gives the items from this value on, not those after it: " +
			"check its name, and that the list is ordered by paginate.by",
	}
}

func nextKey(w *walk, p *page) (any, error) {
	if err := w.asAsked(p); err != nil {
		return nil, err
	}
	if err := w.onlyAfter(p); err != nil {
		return nil, err
	}
	if p.n() == 0 || p.n() < w.in.Int("size") {
		return nil, nil
	}
	item, err := p.item(p.n() - 1)
	if err != nil {
		return nil, err
	}
	by := w.in.Text("by")
	v, in, missing := keyOf(item, by)
	if missing != "" {
		return nil, exchange.Hinted(p.Errorf(steps.Content, "paginate.by: the last item of page %d has no %s: there is no %q in %s", p.call.Page, by, missing, describe(in)), keyHint)
	}
	if _, ok := plainScalar(v); !ok || v == "" {
		return nil, exchange.Hinted(p.Errorf(steps.Content, "paginate.by: %s of the last item of page %d is %s, which cannot ask for the next page", by, p.call.Page, describe(v)), keyHint)
	}
	return v, nil
}

// onlyAfter finds a page that begins with the item that the page before ended with: it would be there twice.
func (w *walk) onlyAfter(p *page) error {
	at, walking := plainScalar(w.at)
	if !walking || p.n() == 0 {
		return nil
	}
	item, err := p.item(0)
	if err != nil {
		return err
	}
	by := w.in.Text("by")
	v, _, _ := keyOf(item, by)
	if first, ok := plainScalar(v); !ok || first != at {
		return nil
	}
	return exchange.Hinted(p.Errorf(steps.Content, "page %d begins where page %d ended: %s of its first item is %s too", p.call.Page, p.call.Page-1, by, describe(v)), w.pager.circle)
}

// keyOf gives the value at a path of an item. Where a key of the path is missing it names that, and gives what it is missing in.
func keyOf(item any, path string) (value, in any, missing string) {
	value = item
	for key := range strings.SplitSeq(path, ".") {
		m, _ := value.(map[string]any)
		inner, there := m[key]
		if !there {
			return nil, value, key
		}
		value = inner
	}
	return value, nil, ""
}

// isFieldPath says whether a text names a field of an item, with dots between the keys.
func isFieldPath(text string) bool {
	keys := strings.Split(text, ".")
	return keys[0] != "$" && !strings.ContainsAny(text, "[]{}") && !slices.ContainsFunc(keys, func(key string) bool {
		return strings.TrimSpace(key) != key || key == ""
	})
}
