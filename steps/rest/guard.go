package rest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/bits"

	"snrun/steps"
	"snrun/steps/exchange"
)

const lookHint = "look at the answer with snrun history show --http, and at paginate"

// guard tells a walk that goes in circles, by a mark of each page: of its cursor, or of its items where positions are
// counted. It keeps the mark before, and one anchor that moves to the pages 2, 4, 8 … (Brent's way to find a cycle), so
// that a circle of any length is found before it was gone round three times.
type guard struct{ before, anchor string }

// pass takes the mark of a page. It gives the earlier page that has the same mark, 0 where none is known.
func (g *guard) pass(page int, mark string) int {
	switch mark {
	case g.before:
		return page - 1
	case g.anchor:
		return 1 << (bits.Len(uint(page-1)) - 1)
	}
	g.before = mark
	if page&(page-1) == 0 {
		g.anchor = mark
	}
	return 0
}

// guarded makes an error of a page that was there before, or that leads back to one.
func (w *walk) guarded(p *page, at any) error {
	page := p.call.Page
	if w.pager.counts {
		// Whoever asks for one page only need not know it again.
		if p.n() == 0 || page == 1 && at == nil {
			return nil
		}
		digest, err := p.digest()
		if err != nil {
			return err
		}
		if back := w.guard.pass(page, digest); back > 0 {
			return exchange.Hinted(p.Errorf(steps.Content, "page %d has the same items as page %d", page, back), w.pager.circle)
		}
		return nil
	}
	cursor, ok := plainScalar(at)
	if !ok {
		return nil
	}
	back := w.guard.pass(page+1, formatDigest(digestText(cursor)))
	if back == 0 {
		return nil
	}
	to := fmt.Sprintf("page %d", back)
	if back == page {
		to = "itself"
	}
	return exchange.Hinted(p.Errorf(steps.Content, "page %d leads back to %s: its next page has the same cursor", page, to), w.pager.circle)
}

func formatDigest(digest uint64) string { return fmt.Sprintf("%016x", digest) }

func digestText(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// digestValue gives values that are alike the same number, in whichever order a map has its keys.
func digestValue(v any) uint64 {
	const prime = 1099511628211 // of FNV, which spreads the bits
	switch v := v.(type) {
	case []any:
		sum := uint64(len(v))
		for _, e := range v {
			sum = (sum ^ digestValue(e)) * prime
		}
		return sum
	case map[string]any:
		sum := uint64(len(v))
		for key, e := range v {
			sum += (digestText(key) ^ digestValue(e)*prime) * prime
		}
		return sum
	case string:
		return digestText(v)
	case json.Number:
		return digestText(v.String())
	}
	return digestText(fmt.Sprint(v))
}
