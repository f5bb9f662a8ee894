package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"snrun/auth/store"
)

// lock takes a lock, which must work.
func lock(t *testing.T, s *store.Store, name string) (held context.Context, release func()) {
	t.Helper()
	held, release, err := s.Lock(t.Context(), name)
	if err != nil {
		t.Fatalf("%.20q: %v", name, err)
	}
	return held, release
}

// testLock holds that names have locks of their own, whatever they are, and that held ends when one is released.
func testLock(t *testing.T, place Opener) {
	s := open(t, place)
	var releases []func()
	for _, name := range []string{"a", "b", "", "a/b", "../a", "ä\x00", strings.Repeat("long", 1000), "A"} {
		held, release := lock(t, s, name)
		if held.Err() != nil {
			t.Errorf("%.20q: it is lost from the start", name)
		}
		releases = append(releases, func() {
			release()
			release() // does no harm
			if held.Err() == nil {
				t.Errorf("%.20q: it is still held", name)
			}
		})
	}
	for _, release := range releases {
		release()
	}
	_, release := lock(t, s, "a")
	release()
}

// testLockTakesTurns has several processes, with several goroutines each, take turns.
func testLockTakesTurns(t *testing.T, place Opener) {
	stores := []*store.Store{open(t, place), open(t, place), open(t, place)}
	var holders atomic.Int32
	var all sync.WaitGroup
	for i := range 9 {
		all.Go(func() {
			for range 5 {
				_, release, err := stores[i%len(stores)].Lock(t.Context(), "x")
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				holders.Add(-1)
				release()
			}
		})
	}
	all.Wait()
}

// testLockGivesUp holds that whoever no longer wants a lock stops waiting, in the same process and in another, and takes nothing with it.
func testLockGivesUp(t *testing.T, place Opener) {
	s, other := open(t, place), open(t, place)
	held, release := lock(t, s, "x")
	for _, waits := range []*store.Store{s, other} {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, _, err := waits.Lock(ctx, "x")
			failed <- err
		}()
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if _, _, err := waits.Lock(ctx, "y"); !errors.Is(err, context.Canceled) {
			t.Errorf("of a free one: got %v, want context.Canceled", err)
		}
	}
	if held.Err() != nil {
		t.Error("who gave up took the lock along")
	}
	release()
	for _, s := range []*store.Store{s, other} {
		_, again := lock(t, s, "x")
		again()
	}
}
