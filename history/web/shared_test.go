package web

import (
	"sync"
	"testing"
	"testing/synctest"
)

// TestShared holds that those who ask while an answer is worked out share the next one, and get none that is older than their question.
func TestShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s shared[int]
		var now, found int
		var all sync.WaitGroup
		goOn := make(chan struct{})
		ask := func(least int) {
			got, err := s.ask(func() (int, error) {
				found++
				seen := now
				<-goOn
				return seen, nil
			})
			if err != nil || got < least {
				t.Errorf("who asked at %d got what was so at %d: %v", least, got, err)
			}
		}
		all.Go(func() { ask(0) })
		synctest.Wait()
		now = 1
		for range 20 {
			all.Go(func() { ask(1) })
		}
		synctest.Wait()
		goOn <- struct{}{}
		synctest.Wait()
		goOn <- struct{}{}
		all.Wait()
		if found != 2 {
			t.Errorf("it was found out %d times, want 2", found)
		}
		now = 2
		all.Go(func() { ask(2) })
		goOn <- struct{}{}
		all.Wait()
	})
}
