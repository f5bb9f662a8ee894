package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
)

// limitsAt are the limits of a server, as a process has them.
func limitsAt(t *testing.T, url string) *Limits {
	t.Helper()
	l := placeOf(url, "").Limits()
	t.Cleanup(l.Close)
	return l
}

// asked asks, which must work.
func asked(t *testing.T, l *Limits, a Ask) Answer {
	t.Helper()
	answer, err := l.Ask(t.Context(), "x", a)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// takePlaces has all places of a limit, says so, and waits for the end.
func takePlaces(url string) error {
	answer, err := placeOf(url, "").Limits().Ask(context.Background(), "x", Ask{Most: 3, Wants: 3})
	if err != nil {
		return err
	}
	fmt.Println(answer.Places)
	select {}
}

// TestPlacesOfTheKilled are free when the process is gone, not when it is only silent.
func TestPlacesOfTheKilled(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	c := start(t, "places", url)
	if got := c.line(t); got != "3" {
		t.Fatalf("the process has %s places, want 3", got)
	}
	l := limitsAt(t, url)
	for silent := time.Now(); time.Since(silent) < Lease+100*time.Millisecond; {
		if got := asked(t, l, Ask{Most: 3, Wants: 3}); got.Places > 0 {
			t.Fatalf("there are %d places while somebody has them", got.Places)
		}
	}
	c.kill(t)
	killed := time.Now()
	for asked(t, l, Ask{Most: 3, Wants: 3}).Places != 3 {
		if time.Since(killed) > time.Minute {
			t.Fatal("the places of a process that was killed are not free")
		}
	}
	t.Logf("after %s", time.Since(killed))
}

// TestPlacesOutliveTheConnection has a process keep its places that comes back, and the others not take them within a second.
func TestPlacesOutliveTheConnection(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	one, other := limitsAt(t, server.URL), limitsAt(t, server.URL)
	if got := asked(t, one, Ask{Most: 3, Wants: 3}); got.Places != 3 {
		t.Fatalf("got %+v, want all places", got)
	}
	asked(t, other, Ask{Most: 3, Wants: 3})
	change(t, server.URL, "UPDATE auth_places SET seen = clock_timestamp() + interval '10 minutes'") // which have what is left of a second
	server.Restart(t)
	if got := asked(t, other, Ask{Most: 3, Wants: 3}); got.Places > 0 {
		t.Errorf("there are %d places, while the others are on their way back", got.Places)
	}
	if got := asked(t, one, Ask{Most: 3, Held: 3, Busy: 2, Wants: 3}); got.Places != 3 || got.Share != 1 && got.Share != 2 {
		t.Errorf("got %+v, want to keep what it had", got)
	}
	if got := asked(t, one, Ask{Most: 3, Held: 2, Busy: 2, Wants: 3}); got.Places != 2 {
		t.Errorf("got %+v, want to give one back", got)
	}
	if got := asked(t, other, Ask{Most: 3, Wants: 3}); got.Places != 1 {
		t.Errorf("got %+v, want the one that was given back", got)
	}
}

// TestForgottenPlaces has a process that was away for too long keep what is under way, and nothing else.
func TestForgottenPlaces(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	one, other := limitsAt(t, url), limitsAt(t, url)
	asked(t, one, Ask{Most: 3, Wants: 3})
	change(t, url, "DELETE FROM auth_places")
	if got := asked(t, other, Ask{Most: 3, Wants: 1}); got.Places != 3 {
		t.Fatalf("got %+v, want all places", got)
	}
	if got := asked(t, one, Ask{Most: 3, Held: 3, Busy: 1, Wants: 3}); got.Places != 1 {
		t.Errorf("got %+v, want what is under way", got)
	}
}

// TestLimitsNeedNoKey, and make no store.
func TestLimitsNeedNoKey(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	asked(t, limitsAt(t, url), Ask{Step: time.Second, Permits: 1})
	p := placeOf(url, testKey)
	defer p.Close()
	if !p.empty() {
		t.Error("a store was made")
	}
	if (&Place{File: "x.db"}).Limits() != nil {
		t.Error("a file has limits for all machines")
	}
}
