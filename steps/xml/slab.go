package xml

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
