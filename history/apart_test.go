package history

import (
	"sync"
	"testing"

	"snrun/engine/enginetest"
)

// sharing opens the history of a folder once for all who have it open.
type sharing struct {
	mu     sync.Mutex
	stores map[string]*shared
}

type shared struct {
	*Store
	of    *sharing
	dir   string
	users int
}

func (s *sharing) open(t *testing.T, dir string) enginetest.Closer {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stores[dir] == nil {
		s.stores[dir] = &shared{Store: openIn(t, dir).(*Store), of: s, dir: dir}
	}
	s.stores[dir].users++
	return s.stores[dir]
}

func (s *shared) Close() error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	delete(s.of.stores, s.dir)
	return s.Store.Close()
}

func TestKilledApart(t *testing.T) {
	t.Parallel()
	all := &sharing{stores: map[string]*shared{}}
	enginetest.KilledApart(t, 10, all.open)
}

// TestKilledApartOnServer does the same with two histories on one server, as two machines have them.
func TestKilledApartOnServer(t *testing.T) {
	t.Parallel()
	enginetest.KilledApart(t, 25, newShelves().open)
}
