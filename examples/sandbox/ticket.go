package sandbox

import (
	"sync"
	"time"
)

// tickets hand things over by a text that nobody can guess, that works once, and not for long.
type tickets[T any] struct {
	life time.Duration

	mu     sync.Mutex
	issued map[string]*ticket[T]
}

type ticket[T any] struct {
	thing   T
	expires time.Time
	used    bool
}

// use is what came of showing a ticket.
type use int

// A ticket was not one at all or has expired, was good, or was shown before.
const (
	unknown use = iota
	good
	again
)

func (t *tickets[T]) issue(thing T) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.issued == nil {
		t.issued = map[string]*ticket[T]{}
	}
	text := newSecret()
	t.issued[text] = &ticket[T]{thing: thing, expires: time.Now().Add(t.life)}
	return text
}

// show uses a ticket up. The thing is there also when the ticket is shown again.
func (t *tickets[T]) show(text string) (T, use) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.issued[text]
	switch {
	case known == nil:
		var none T
		return none, unknown
	case known.used:
		return known.thing, again
	case !time.Now().Before(known.expires):
		return known.thing, unknown
	}
	known.used = true
	return known.thing, good
}

// list are the texts of all tickets.
func (t *tickets[T]) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var texts []string
	for text := range t.issued {
		texts = append(texts, text)
	}
	return texts
}
