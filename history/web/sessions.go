package web

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"
)

const (
	idleLife    = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	maxSessions = 512
	maxOfOne    = 32 // sessions of one name
)

// sessions are the visitors who have signed in. They live in memory: a daemon that starts anew knows nobody. The zero value has none. It is
// safe for concurrent use.
type sessions struct {
	mu   sync.Mutex
	keys map[digest]*session
}

// session is a visitor who has signed in.
type session struct {
	visitor  visitor
	password digest // that began it; zero for a link
	began    time.Time
	seen     time.Time
	over     context.Context // done when it ends
	end      context.CancelFunc
}

// alive says whether the session is neither too old nor forgotten.
func (s *session) alive(now time.Time) bool {
	return now.Sub(s.seen) < idleLife && now.Sub(s.began) < sessionLife
}

// begin makes a session with a key that nobody had before, and gives the key.
func (s *sessions) begin(v visitor, password digest) (key string) {
	key, now := newKey(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[digest]*session{}
	}
	s.endWhere(func(old *session) bool { return !old.alive(now) })
	s.makeRoom(maxOfOne, func(old *session) bool { return old.visitor.Name == v.Name })
	s.makeRoom(maxSessions, func(*session) bool { return true })
	over, end := context.WithCancel(context.Background())
	s.keys[digestOf(key)] = &session{visitor: v, password: password, began: now, seen: now, over: over, end: end}
	return key
}

// of gives the session of a key, nil for none, and notes that it is used.
func (s *sessions) of(key string) *session {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := digestOf(key)
	found := s.keys[d]
	if found == nil {
		return nil
	}
	if !found.alive(now) {
		s.endOne(d)
		return nil
	}
	found.seen = now
	return found
}

// end ends the session of a key, if there is one.
func (s *sessions) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endOne(digestOf(key))
}

// endOthers ends the sessions that began with a password which lets nobody in any more, or lets in somebody else.
func (s *sessions) endOthers(people []Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endWhere(func(old *session) bool {
		for _, p := range people {
			if p.Name == old.visitor.Name && p.Role == old.visitor.Role && p.password == old.password {
				return false
			}
		}
		return old.password != digest{} // those of links were let in by this machine itself
	})
}

// makeRoom ends those of the sessions that were used longest ago, until there are fewer than max.
func (s *sessions) makeRoom(max int, among func(*session) bool) {
	n := 0
	var stalest digest
	for d, old := range s.keys {
		if !among(old) {
			continue
		}
		if n++; n == 1 || old.seen.Before(s.keys[stalest].seen) {
			stalest = d
		}
	}
	if n >= max {
		s.endOne(stalest)
	}
}

func (s *sessions) endWhere(over func(*session) bool) {
	for d, old := range s.keys {
		if over(old) {
			s.endOne(d)
		}
	}
}

func (s *sessions) endOne(d digest) {
	if old := s.keys[d]; old != nil {
		old.end()
		delete(s.keys, d)
	}
}

// Person is somebody who may come in with a password.
type Person struct {
	Name     string
	Role     Role
	password digest
}

// NewPerson makes a Person. Of the password only a digest is kept: it is as long as a key, so no work is spent on making guesses slow.
func NewPerson(name string, role Role, password string) Person {
	return Person{Name: name, Role: role, password: digestOf(password)}
}

// personOf gives the one whom a password lets in. With a name it must be that one's. It takes the same time for any.
func personOf(people []Person, name, password string) (Person, bool) {
	given := digestOf(password)
	found := -1
	for i, p := range people {
		fits := subtle.ConstantTimeCompare(p.password[:], given[:]) & subtle.ConstantTimeCompare([]byte(p.Name), []byte(name))
		if name == "" {
			fits = subtle.ConstantTimeCompare(p.password[:], given[:])
		}
		found = subtle.ConstantTimeSelect(fits, i, found)
	}
	if found < 0 {
		return Person{}, false
	}
	return people[found], true
}
