package xml

import "strings"

// slab hands out parts of few, larger allocations.
type slab[T any] struct {
	free []T
	size int
	// expected is about how many there will be in all, 0 where that is not known.
	expected int
}

// slabSize is how many there are in one allocation at most: one that is still in use keeps all of them.
const slabSize = 128

// take gives n zero values that nobody else has.
func (s *slab[T]) take(n int) []T {
	if len(s.free) < n {
		s.size = max(2*s.size, 4)
		if s.expected > 0 {
			s.size = s.expected
		}
		s.size = min(s.size, slabSize)
		s.expected -= s.size
		s.free = make([]T, max(s.size, n))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}

// texts keeps small texts together. One of them holds on to a few KB at most, never to the whole document.
type texts struct {
	slab strings.Builder
	size int
}

func (t *texts) keep(text []byte) string {
	if len(text) > t.size/4 {
		return string(text)
	}
	if t.slab.Cap()-t.slab.Len() < len(text) {
		t.slab = strings.Builder{}
		t.slab.Grow(t.size)
	}
	from := t.slab.Len()
	t.slab.Write(text)
	return t.slab.String()[from:]
}
