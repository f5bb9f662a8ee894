package auth

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateSpreadsRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		rate     Rate
		requests int
		want     time.Duration // when the last of them may be made
	}{
		{"a tenth goes at once", Rate{100, time.Minute}, 10, 0},
		{"the rest at the rate", Rate{100, time.Minute}, 110, time.Minute},
		{"a small limit has no burst", Rate{5, time.Second}, 6, time.Second},
		{"no limit", Rate{}, 1000, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, began := newLimits(Profile{Rate: test.rate}), time.Now()
				var wg sync.WaitGroup
				for range test.requests {
					wg.Go(func() {
						if _, err := l.enter(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if got := time.Since(began).Round(time.Millisecond); got != test.want {
					t.Errorf("took %s, want %s", got, test.want)
				}
			})
		})
	}
}

func TestRateGivesWay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l := newLimits(Profile{Rate: Rate{1, time.Hour}})
	if _, err := l.enter(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := l.enter(ctx); err == nil {
		t.Error("a cancelled request was let through")
	}
}
