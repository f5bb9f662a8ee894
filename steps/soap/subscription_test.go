package soap

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps/soap/wsdl"
)

// TestSubscription holds that a WSDL is fetched once for all who want it, and that nobody waits for longer than their own time.
func TestSubscription(t *testing.T) {
	t.Parallel()
	type result struct {
		defs *wsdl.Definitions
		err  error
	}
	synctest.Test(t, func(t *testing.T) {
		s := &subscription{}
		want, broken := &wsdl.Definitions{}, errors.New("broken")
		fetches := make(chan result)
		fetched := 0
		get := func(ctx context.Context) chan result {
			out := make(chan result, 1)
			go func() {
				defs, err := s.get(ctx, func() (*wsdl.Definitions, error) {
					fetched++
					select {
					case r := <-fetches:
						return r.defs, r.err
					case <-ctx.Done():
						return nil, context.Cause(ctx)
					}
				})
				out <- result{defs, err}
			}()
			synctest.Wait()
			return out
		}
		hasty, giveUp := context.WithCancel(t.Context())
		first, second := get(t.Context()), get(hasty)
		giveUp()
		if r := <-second; !errors.Is(r.err, context.Canceled) {
			t.Errorf("one who had no time left got %+v", r)
		}
		third := get(t.Context())
		fetches <- result{nil, broken}
		if a, b := <-first, <-third; a.err != broken || b.err != broken || fetched != 1 {
			t.Errorf("got %+v and %+v after %d fetches; want the error of one for both", a, b, fetched)
		}
		hasty, giveUp = context.WithCancel(t.Context())
		first, second = get(hasty), get(t.Context())
		giveUp()
		if r := <-first; !errors.Is(r.err, context.Canceled) {
			t.Errorf("one who had no time left got %+v", r)
		}
		fetches <- result{want, nil}
		if r := <-second; r.defs != want || r.err != nil {
			t.Errorf("one who waited for it got %+v", r)
		}
		if r := <-get(t.Context()); r.defs != want || fetched != 3 {
			t.Errorf("got %+v after %d fetches; want the one that was had", r, fetched)
		}
	})
}

// TestSubscriptionGrowsOld holds that a WSDL is fetched again after an hour, and that the one before does while that fails.
func TestSubscriptionGrowsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &subscription{}
		old, next := &wsdl.Definitions{}, &wsdl.Definitions{}
		fetched := 0
		get := func(after time.Duration, gives, want *wsdl.Definitions, fetches int) {
			t.Helper()
			time.Sleep(after)
			got, err := s.get(t.Context(), func() (*wsdl.Definitions, error) {
				if fetched++; gives == nil {
					return nil, errors.New("out of order")
				}
				return gives, nil
			})
			if err != nil || got != want || fetched != fetches {
				t.Errorf("got %p, %v after %d fetches, want %p after %d", got, err, fetched, want, fetches)
			}
		}
		get(0, old, old, 1)
		get(59*time.Minute, next, old, 1)
		get(2*time.Minute, nil, old, 2)
		get(30*time.Second, next, old, 2)
		get(31*time.Second, next, next, 3)
	})
}
