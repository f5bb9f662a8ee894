package rest

import (
	"fmt"
	"hash/fnv"

	"snrun/steps"
)

// offsetPager asks for size items after so and so many. Its position is {offset, full, digest}: full says that a page
// was as long as asked for, digest tells the page before from this one.
func offsetPager() pager {
	return pager{
		name:  "offset",
		doc:   "asks for `size` items from an offset (`offset`, `limit` and `total` say where and how many).",
		needs: []string{"offset", "limit", "size"},
		takes: []string{"total"},
		ask:   askOffset,
		next:  nextOffset,
	}
}

func askOffset(w *walk, r *request) error {
	size := w.in.Int("size")
	if size < 1 {
		return badInput("paginate.size must be at least 1")
	}
	if err := w.put(r, "offset", offsetOf(w.at).offset); err != nil {
		return err
	}
	return w.put(r, "limit", size)
}

type offsetAt struct {
	offset int
	full   bool
	digest string
}

func offsetOf(at any) offsetAt {
	m, _ := at.(map[string]any)
	var o offsetAt
	o.offset, _ = wholeNumber(m["offset"])
	o.full, _ = m["full"].(bool)
	o.digest, _ = m["digest"].(string)
	return o
}

func nextOffset(w *walk, p *page) (any, error) {
	at, size, n := offsetOf(w.at), w.in.Int("size"), len(p.items)
	if n > size {
		return nil, hinted(p.errorf(steps.Content, "page %d has %d items, but %d were asked for", p.call.page, n, size),
			"the server does not know the parameter of paginate.limit: check its name")
	}
	at.full = at.full || n == size
	switch {
	case p.total < 0 && n < size:
		return nil, nil
	case p.total < 0:
		digest := digestOf(p.received)
		if digest == at.digest {
			return nil, hinted(p.errorf(steps.Content, "page %d is the page before once more", p.call.page),
				"the server does not know the parameter of paginate.offset: check its name, or give total if all pages are alike")
		}
		at.digest = digest
	}
	// A server that gives full pages counts the ones it leaves out of a short page too (records that the user may not
	// see). One that never does has a limit of its own, and counts what it gave.
	if at.full {
		at.offset += size
	} else {
		at.offset += n
	}
	if p.total >= 0 && at.offset >= p.total {
		return nil, nil
	}
	if n == 0 {
		return nil, hinted(p.errorf(steps.Content, "page %d is empty, but only %d of %d items have come", p.call.page, w.count, p.total),
			"records may have gone during the walk; run it again, and order it by something that does not change")
	}
	return map[string]any{"offset": at.offset, "full": at.full, "digest": at.digest}, nil
}

func digestOf(data []byte) string {
	h := fnv.New64a()
	h.Write(data)
	return fmt.Sprintf("%016x", h.Sum64())
}
