package web

import "sync"

// shared is something that is found out for all who ask at about the same time. Whoever asks gets what began to be found out after that,
// so it is never older than the question; however many ask, one answer is worked out at a time, and all others share the next. Its zero
// value is ready.
type shared[T any] struct {
	mu   sync.Mutex
	last chan struct{} // is closed when the answer that was asked for last is there
	next *found[T]     // is not begun; nil where nobody waits for one
}

// found is an answer.
type found[T any] struct {
	there chan struct{} // closed once it is
	is    T
	err   error
}

// ask gives an answer that find gave to this caller, or to another one who asked at that time.
func (s *shared[T]) ask(find func() (T, error)) (T, error) {
	s.mu.Lock()
	if a := s.next; a != nil {
		s.mu.Unlock()
		<-a.there
		return a.is, a.err
	}
	a := &found[T]{there: make(chan struct{})}
	before := s.last
	s.next, s.last = a, a.there
	s.mu.Unlock()
	if before != nil {
		<-before
	}
	s.mu.Lock()
	s.next = nil // who asks from now on gets the one after it
	s.mu.Unlock()
	defer close(a.there)
	a.is, a.err = find()
	return a.is, a.err
}
