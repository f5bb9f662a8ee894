package xml

// slab hands out parts of few, larger allocations. The zero value is ready.
type slab[T any] struct {
	kept []T // what reset leaves for the next time
	free []T
	made int
	// expected is about how many there will be in all, 0 where that is not known.
	expected int
}

// slabSize is how many there are in one allocation at most: one that is still in use keeps all of them.
const slabSize = 128

// take gives n zero values that nobody else has.
func (s *slab[T]) take(n int) []T {
	if len(s.free) < n {
		size := max(s.made/2, 4) // so that no more than a third is left over
		if s.expected > s.made {
			size = s.expected - s.made
		}
		size = max(min(size, slabSize), n)
		s.made += size
		s.free = make([]T, size)
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}

// reset takes all back, and keeps room for as many, but not for very many.
func (s *slab[T]) reset() {
	const most = 4 * slabSize
	if used := s.made - len(s.free); used > len(s.kept) && len(s.kept) < most {
		s.kept = make([]T, min(used+used/4, most))
	} else {
		clear(s.kept[:min(used, len(s.kept))])
	}
	s.free, s.made, s.expected = s.kept, len(s.kept), 0
}

// Room is memory for the trees of messages, one after the other. The zero value is ready; one goroutine may use it at a time.
type Room struct {
	elements slab[Element]
	lists    slab[*Element]
	attrs    slab[Attr]
}

// Element gives an element with nothing in it.
func (r *Room) Element() *Element { return &r.elements.take(1)[0] }

// List gives a list of n elements that are nil.
func (r *Room) List(n int) []*Element { return r.lists.take(n) }

// Attrs gives a list of n attributes without names.
func (r *Room) Attrs(n int) []Attr { return r.attrs.take(n) }

// Reset takes back all that was given: no tree that was made here may be used any more. Texts may.
func (r *Room) Reset() {
	r.elements.reset()
	r.lists.reset()
	r.attrs.reset()
}
