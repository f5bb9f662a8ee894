package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// gateOf makes the gate of a profile that has a name.
func gateOf(p Profile) *gate {
	p.Name = "p"
	return new(Limits).gate(p, nil)
}

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
		{"a large one", Rate{1_000_000, time.Second}, 200_000, 100 * time.Millisecond},
		{"no limit", Rate{}, 1000, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, began := gateOf(Profile{Rate: test.rate}), time.Now()
				for i := range test.requests {
					if i%1000 == 0 { // the waits of all the others are those of one after the other
						enterAll(t, g, min(1000, test.requests-i))
					}
				}
				if got := time.Since(began).Round(time.Millisecond); got != test.want {
					t.Errorf("took %s, want %s", got, test.want)
				}
			})
		})
	}
}

// enterAll lets so many requests through a gate, all waiting at once.
func enterAll(t *testing.T, g *gate, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if _, err := g.enter(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// A gate lets requests through in the order in which they came, also where one before them gives up.
func TestGateIsFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(Profile{MaxConcurrent: 1})
		leave, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		impatient, giveUp := context.WithCancel(t.Context())
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range 20 {
			ctx := t.Context()
			if i == 0 || i == 7 {
				ctx = impatient
			}
			all.Go(func() {
				leave, err := g.enter(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				leave()
			})
			synctest.Wait()
		}
		giveUp()
		synctest.Wait()
		leave()
		all.Wait()
		want := []int{1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}
		if !slices.Equal(order, want) {
			t.Errorf("let through %v, want %v", order, want)
		}
	})
}

// No more than max_concurrent are under way, and each that leaves lets one in.
func TestGateCountsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, began := gateOf(Profile{MaxConcurrent: 4}), time.Now()
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				leave, err := g.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				leave()
				leave() // the end of a body and its Close both say so
			})
		}
		all.Wait()
		if got := time.Since(began); got != 10*time.Second {
			t.Errorf("took %s, want 10s", got)
		}
	})
}

func TestGateGivesWay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	g := gateOf(Profile{Rate: Rate{1, time.Hour}})
	if _, err := g.enter(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := g.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

// Who waits is let go when its context ends, and leaves its place to the next.
func TestGateLetsGoOfTheCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(Profile{})
		g.pause(time.Now().Add(time.Minute), "the server asked to wait")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if _, err := g.enter(ctx); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("got %v after %s, want that it was cancelled after 1s", err, time.Since(began))
		}
		if _, err := g.enter(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("the next got %v after %s, want to go through after 1m", err, time.Since(began))
		}
	})
}

// A request that would have to wait past its deadline fails at once, at whichever place it is, and so does one that is waiting
// when a pause sets in.
func TestGateDoesNotWaitInVain(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T, err error, reason string) {
		t.Helper()
		var e *HeldError
		if !errors.As(err, &e) || e.Wait.Reason != reason || e.Held() <= e.Left || e.Help() == "" {
			t.Errorf("got %v, want that it was held back for %q", err, reason)
		}
	}
	t.Run("pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g, began := gateOf(Profile{}), time.Now()
			g.pause(time.Now().Add(time.Minute), "the server asked to wait (429, Retry-After)")
			ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
			defer cancel()
			_, err := g.enter(ctx)
			held(t, err, "the server asked to wait (429, Retry-After)")
			want := "not sent: profile p would hold it back for 1m0s (the server asked to wait (429, Retry-After)), and it has 59s left"
			if err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			if time.Since(began) != 0 {
				t.Errorf("it waited %s for it", time.Since(began))
			}
		})
	})
	t.Run("place in the queue", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := gateOf(Profile{Rate: Rate{1, time.Second}})
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() { enterAll(t, g, 1) })
			}
			synctest.Wait()
			began := time.Now()
			short, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			_, err := g.enter(short)
			held(t, err, "rate 1 per 1s")
			long, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if _, err := g.enter(long); time.Since(began) != 5*time.Second || err != nil {
				t.Errorf("got %v after %s, want to go through after 5s", err, time.Since(began))
			}
			all.Wait()
		})
	})
	t.Run("a pause sets in", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := gateOf(Profile{MaxConcurrent: 1})
			if _, err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			time.AfterFunc(10*time.Second, func() { g.pause(time.Now().Add(time.Hour), "because") })
			_, err := g.enter(ctx)
			held(t, err, "because")
			if time.Since(began) != 10*time.Second {
				t.Errorf("it waited %s, want 10s", time.Since(began))
			}
		})
	})
}

// After a pause requests start at the rate, without a burst; and without a rate not all at once.
func TestGateAfterAPause(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		rate     Rate
		requests int
		want     time.Duration // when the last of them went through
	}{
		{"at the rate", Rate{100, time.Minute}, 11, time.Minute + 6*time.Second},
		{"a few without one", Rate{}, 5, time.Minute + 4*calmGap},
		{"many without one", Rate{}, 1000, time.Minute + calm},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, began := gateOf(Profile{Rate: test.rate}), time.Now()
				g.pause(began.Add(time.Minute), "x")
				g.pause(began.Add(time.Second), "a shorter one counts for nothing")
				enterAll(t, g, test.requests)
				if got := time.Since(began); got < test.want-20*time.Millisecond || got > test.want {
					t.Errorf("took %s, want %s", got, test.want)
				}
				time.Sleep(calm)
				again := time.Now()
				enterAll(t, g, 1)
				if waited := time.Since(again); waited > 0 {
					t.Errorf("later it held one back for %s", waited)
				}
			})
		})
	}
}

// What waits is told of with its reason and its end, and once more when it goes on; what waits a moment is not.
func TestWaitsAreTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		p    Profile
		does func(g *gate)
		want string
	}{
		{"a pause", Profile{}, func(g *gate) { g.pause(time.Now().Add(time.Minute), "asked") }, "0s asked until 1m0s, 1m0s asked over"},
		{"a pause that gets longer", Profile{}, func(g *gate) {
			g.pause(time.Now().Add(time.Minute), "asked")
			time.AfterFunc(30*time.Second, func() { g.pause(time.Now().Add(time.Minute), "used up") })
		}, "0s asked until 1m0s, 30s used up until 1m30s, 1m30s used up over"},
		{"the rate", Profile{Rate: Rate{2, time.Minute}}, func(g *gate) { g.enter(context.Background()) }, "0s rate 2 per 1m until 30s, 30s rate 2 per 1m over"},
		{"slots", Profile{MaxConcurrent: 1}, func(g *gate) {
			leave, _ := g.enter(context.Background())
			time.AfterFunc(time.Second, leave)
		}, "200ms max_concurrent 1, 1s max_concurrent 1 over"},
		{"a moment for a slot", Profile{MaxConcurrent: 1}, func(g *gate) {
			leave, _ := g.enter(context.Background())
			time.AfterFunc(aMoment-1, leave)
		}, ""},
		{"a moment for the rate", Profile{Rate: Rate{10, time.Second}}, func(g *gate) { g.enter(context.Background()) }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, began := gateOf(test.p), time.Now()
				var told []string
				ctx := WithWaits(t.Context(), func(w Wait) {
					text := fmt.Sprint(time.Since(began), " ", w.Reason)
					switch {
					case w.Over:
						text += " over"
					case !w.Until.IsZero():
						text += " until " + w.Until.Sub(began).String()
					}
					told = append(told, text)
				})
				test.does(g)
				if _, err := g.enter(ctx); err != nil {
					t.Error(err)
				}
				if got := strings.Join(told, ", "); got != test.want {
					t.Errorf("told %q, want %q", got, test.want)
				}
			})
		})
	}
}

// A request that gives up waiting is told of as over, too.
func TestWaitsThatAreGivenUpAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(Profile{})
		g.pause(time.Now().Add(time.Hour), "x")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var told []bool
		g.enter(WithWaits(ctx, func(w Wait) { told = append(told, w.Over) }))
		if !slices.Equal(told, []bool{false, true}) {
			t.Errorf("told that it is over: %v, want false and then true", told)
		}
	})
}

func TestAskedWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	date := now.Add(-time.Hour).Format(http.TimeFormat) // the server's clock is an hour behind
	for _, test := range []struct {
		name   string
		status int
		header string
		want   string
	}{
		{"nothing", 200, "", "0s"},
		{"seconds", 429, "Retry-After: 7", "7s the server asked to wait (429, Retry-After)"},
		{"of any answer", 200, "Retry-After: 7", "7s the server asked to wait (200, Retry-After)"},
		{"a date by the server's clock", 503, "Date: " + date + "; Retry-After: Sun, 01 Mar 2026 08:00:09 GMT", "9s the server asked to wait (503, Retry-After)"},
		{"a date that has passed", 503, "Retry-After: Sun, 01 Mar 2026 08:00:09 GMT", "0s the server asked to wait (503, Retry-After)"},
		{"of a job that goes on", 202, "Retry-After: 7", "0s"},
		{"of a redirect", 302, "Retry-After: 7", "0s"},
		{"no number", 429, "Retry-After: soon", "0s"},
		{"more than there is", 429, "Retry-After: 99999999999999999999999", "8760h0m0s the server asked to wait (429, Retry-After)"},
		{"less than nothing", 429, "Retry-After: -5", "0s the server asked to wait (429, Retry-After)"},
		{"no number at all", 429, "Retry-After: NaN", "0s"},
		{"used up, seconds since 1970", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: 1772355630", "30s the server's limit is used up (X-RateLimit-Reset)"},
		{"by the server's clock", 200, "Date: " + date + "; X-RateLimit-Remaining: 0; X-RateLimit-Reset: 1772352010", "10s the server's limit is used up (X-RateLimit-Reset)"},
		{"milliseconds", 200, "X-Rate-Limit-Remaining: 0; X-Rate-Limit-Reset: 1772355600500", "500ms the server's limit is used up (X-Rate-Limit-Reset)"},
		{"from now", 200, "RateLimit-Remaining: 0; RateLimit-Reset: 50", "50s the server's limit is used up (RateLimit-Reset)"},
		{"a fraction", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: 0.5", "500ms the server's limit is used up (X-RateLimit-Reset)"},
		{"as a date", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: 2026-03-01T10:01:00+01:00", "1m0s the server's limit is used up (X-RateLimit-Reset)"},
		{"some is left", 200, "X-RateLimit-Remaining: 1; X-RateLimit-Reset: 50", "0s"},
		{"refused, nothing said of what is left", 429, "X-RateLimit-Reset: 50", "50s the server's limit is used up (X-RateLimit-Reset)"},
		{"nothing said of what is left", 200, "X-RateLimit-Reset: 50", "0s"},
		{"more than can be written", 429, "Retry-After: 1e400", "8760h0m0s the server asked to wait (429, Retry-After)"},
		{"none, whatever is left", 429, "Retry-After: 0; X-RateLimit-Remaining: 0; X-RateLimit-Reset: 50", "0s the server asked to wait (429, Retry-After)"},
		{"Retry-After goes first", 429, "Retry-After: 2; X-RateLimit-Remaining: 0; X-RateLimit-Reset: 50", "2s the server asked to wait (429, Retry-After)"},
		{"one header of the seventh draft", 200, "RateLimit: limit=5, remaining=0, reset=3", "3s the server's limit is used up (RateLimit)"},
		{"in which some is left", 200, "RateLimit: limit=5, remaining=1, reset=3", "0s"},
		{"in capitals, without spaces", 200, "RateLimit: LIMIT=5,REMAINING=0,RESET=3", "3s the server's limit is used up (RateLimit)"},
		{"one of later drafts", 200, `RateLimit: "5-in-3sec";r=0;t=3`, "3s the server's limit is used up (RateLimit)"},
		{"with spaces", 200, "RateLimit: \"5-in-3sec\" ;\tr=0 ;\tt=3 ;\tpk=:MTJj:", "3s the server's limit is used up (RateLimit)"},
		{"of two quotas one is used up", 200, `RateLimit: "a";r=7;t=90, "b";r=0;t=3`, "3s the server's limit is used up (RateLimit)"},
		{"of two the longer", 200, `RateLimit: "a";r=0;t=5, "b";r=0;t=70, "c";r=0;t=6`, "1m10s the server's limit is used up (RateLimit)"},
		{"a name that looks like more", 200, `RateLimit: "a, \"r=0;t=9";r=2;t=8`, "0s"},
		{"no reset of it", 200, `RateLimit: "a";r=0`, "0s"},
		{"refused, and only the reset is told", 429, `RateLimit: "a";t=8`, "8s the server's limit is used up (RateLimit)"},
		{"a quota that says nothing", 429, `RateLimit: "a";r=3;t=8, "b"`, "0s"},
		{"the longest of all spellings", 200, `X-RateLimit-Remaining: 0; X-RateLimit-Reset: 5; RateLimit: "a";r=0;t=8`, "8s the server's limit is used up (RateLimit)"},
		{"no time", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: tomorrow", "0s"},
		{"a time before all", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: -1", "0s"},
		{"a time beyond all", 200, "X-RateLimit-Remaining: 0; X-RateLimit-Reset: 1e300", "2562047h47m16.854775807s the server's limit is used up (X-RateLimit-Reset)"},
	} {
		resp := &http.Response{StatusCode: test.status, Header: http.Header{}}
		for line := range strings.SplitSeq(test.header, "; ") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				resp.Header.Set(name, value)
			}
		}
		wait, why := askedWait(resp, now)
		if got := strings.TrimSpace(wait.String() + " " + why); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// New settings of a profile hold for those that wait already.
func TestNewLimitsWakeWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gateOf(Profile{MaxConcurrent: 1})
		if _, err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		through := false
		var waiter sync.WaitGroup
		waiter.Go(func() {
			_, err := g.enter(t.Context())
			through = err == nil
		})
		synctest.Wait()
		began := time.Now()
		g.set(Profile{MaxConcurrent: 2})
		waiter.Wait()
		if waited := time.Since(began); !through || waited > 0 {
			t.Errorf("through: %t, after %s, want at once", through, waited)
		}
	})
}

// Keyrings that share Limits share what their profiles of one name may do, and take over its new settings.
func TestLimitsAreShared(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "api.example.com"}
	shared := &Limits{}
	one := keyringOf(t, Options{Limits: shared}, Profile{Name: "p", BaseURL: base, MaxConcurrent: 1}, Profile{Name: "other"})
	two := keyringOf(t, Options{Limits: shared}, Profile{Name: "p", BaseURL: base, MaxConcurrent: 2})
	gate := func(k *Keyring, profile string) *gate { return clientOf(t, k, profile).Transport.(*signer).gate }
	if gate(one, "p") != gate(two, "p") || gate(one, "p") == gate(one, "other") {
		t.Error("two keyrings with the same Limits have a gate each")
	}
	if got := gate(one, "p").slots; got != 2 {
		t.Errorf("max_concurrent is %d, want 2 as the later keyring says", got)
	}
	if gate(one, "") != nil {
		t.Error("requests without a profile are held back together")
	}
	if alone := keyringOf(t, Options{}, Profile{Name: "p"}); gate(alone, "p") == gate(one, "p") {
		t.Error("a keyring with Limits of its own shares them")
	}
}

func FuzzAskedWait(f *testing.F) {
	f.Add("7", "0", "1772355630", `"a";r=0;t=5`)
	f.Add("Sun, 01 Mar 2026 08:00:09 GMT", "0x1p-2", "1e300", "limit=5, remaining=0, reset=3")
	f.Fuzz(func(t *testing.T, after, remaining, reset, combined string) {
		resp := &http.Response{StatusCode: 429, Header: http.Header{
			"Retry-After": {after}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}, "Ratelimit": {combined}}}
		if wait, why := askedWait(resp, time.Unix(1772355600, 0)); wait < 0 || wait > 0 && why == "" {
			t.Errorf("got %s %q", wait, why)
		}
	})
}
