package xml

import "strings"

// Slab hands out parts of few, larger allocations. The zero value is ready.
type Slab[T any] struct {
	free []T
	made int
	// expected is about how many more there will be, 0 where that is not known.
	expected int
}

// slabSize is how many there are in one allocation at most: one that is still in use keeps all of them.
const slabSize = 128

// Take gives n zero values that nobody else has.
func (s *Slab[T]) Take(n int) []T {
	if len(s.free) < n {
		size := max(s.made/2, 4) // so that no more than a third is left over
		if s.expected > 0 {
			size = s.expected
		}
		size = min(size, slabSize)
		s.expected -= size
		s.made += size
		s.free = make([]T, max(size, n))
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
