package auth

import (
	"fmt"
	"sync"
	"testing"

	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// TestOneRefreshAcrossMachines holds that those who share a server ask for one token per expiry, with a refresh token that is good once.
func TestOneRefreshAcrossMachines(t *testing.T) {
	t.Parallel()
	newFleet(t, 20).sailHere(t, 2, visit{Database: postgrestest.Server(t).URL, Goroutines: 8})
}

func TestSixProcessesAtExpiryOnAServer(t *testing.T) {
	t.Parallel()
	newFleet(t, 3).sail(t, 6, visit{Database: postgrestest.Server(t).URL, Goroutines: 8})
}

// TestServerRestartsInARefresh holds that the lock of a refresh outlives the server that had it, and that what came of it is kept.
func TestServerRestartsInARefresh(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	f := newFleet(t, 4)
	f.slow = fleetLife / 4 // for the others to take a lock that is free
	var once sync.Once
	f.during = func(n int) {
		if n == 2 {
			once.Do(func() { server.Restart(t) })
		}
		if n == 3 {
			server.Kill(t)
			server.Start(t)
		}
	}
	f.sailHere(t, 3, visit{Database: server.URL, Goroutines: 4})
	address, err := postgres.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	place := &store.Place{Server: address, Getenv: keyOfTests}
	defer place.Close()
	s, err := place.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.List(tokenKind)
	if err != nil || len(list) != 1 {
		t.Fatalf("the store has %d tokens, %v", len(list), err)
	}
	v := &kept{s, list[0].ID}
	last := fmt.Sprintf("R%d-of-fleet", len(f.given))
	if r, err := v.load(); err != nil || r.Refresh != last || r.State != StateOK || !r.Intent.IsZero() {
		t.Errorf("the store has %+v, %v, want %s", r, err, last)
	}
}
