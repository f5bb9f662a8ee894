package rest

import (
	"snrun/steps"
	"snrun/steps/exchange"
)

// cursorPager sends back what the page before named as the next one's cursor. That is its position.
func cursorPager() pager {
	return pager{
		name:  "cursor",
		doc:   "sends the cursor that `next` finds in a page to where `inject` says.",
		needs: []string{"next", "inject"},
		ask: func(w *walk, r *request) error {
			if w.at == nil {
				return nil
			}
			return w.put(r, "inject", w.at)
		},
		next: func(w *walk, p *page) (any, error) {
			v, err := w.named(p)
			if err != nil || v == nil {
				return nil, err
			}
			if _, ok := plainScalar(v); !ok {
				return nil, p.Errorf(steps.Content, "paginate.next: %s is %s, not a cursor", w.in.Late("next").Source, describe(v))
			}
			return v, nil
		},
		circle: lookHint,
	}
}

// named gives what a page names as the next one; nil where it names none.
func (w *walk) named(p *page) (any, error) {
	l := w.in.Late("next")
	if l == nil {
		return nil, exchange.BadInput("paginate: type %s needs next", w.pager.name)
	}
	v, err := p.Eval(l)
	if v == "" || v == false {
		v = nil
	}
	return v, err
}
