package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// While a failure is held, a token that is good is used without a flight for each request.
func TestNoFlightWhileAFailureIsHeld(t *testing.T) {
	t.Parallel()
	now := time.Now()
	source := inBubble(t, &system{}, nil)
	good := &token{access: "T", issued: now, aheadAt: now.Add(-time.Minute), refreshAt: now.Add(time.Hour), expires: now.Add(time.Hour)}
	source.current.Store(good)
	source.hold.Store(&hold{failed: &SignInError{}, until: now.Add(time.Minute)})
	mustToken(t, source, "T")
	source.hangar.flights.Wait()
	if source.current.Load() != good {
		t.Error("it was renewed")
	}
	source.hold.Store(&hold{failed: &SignInError{}})
	source.current.Load().refreshAt = now // a refusal that is held for good
	mustToken(t, source, "T")
}

// A token that a server gives again is replaced once it is rejected, and asked for once where it was rejected before.
func TestServerGivesTheSameTokenAgain(t *testing.T) {
	t.Parallel()
	t.Run("before it was rejected", func(t *testing.T) {
		t.Parallel()
		source := inBubble(t, &system{}, nil)
		r := &record{Access: "T", Issued: time.Now(), Expires: time.Now().Add(time.Hour)}
		source.use(r, TokenFetched)
		if again := source.use(r, TokenRefreshed); !source.reject(again) {
			t.Error("it is not replaced")
		}
	})
	t.Run("after it was rejected", func(t *testing.T) {
		t.Parallel()
		source := inBubble(t, &system{}, nil)
		r := &record{Access: "T", Issued: time.Now(), Expires: time.Now().Add(time.Hour)}
		source.reject(source.use(r, TokenFetched))
		again := source.use(r, TokenRefreshed)
		again.accepted.Store(true)
		if source.reject(again) {
			t.Error("it would be asked for in a loop")
		}
	})
}

// Each process renews at a time of its own, within the last tenth before the token counts as expired.
func TestTimeToRenewAhead(t *testing.T) {
	t.Parallel()
	source := inBubble(t, &system{}, Settings{"skew": time.Minute})
	start := time.Now().Round(0)
	seen := map[time.Time]bool{}
	for range 100 {
		got := source.use(&record{Access: "T", Issued: start, Expires: start.Add(61 * time.Minute)}, TokenFetched)
		if early := got.refreshAt.Sub(got.aheadAt); early < 0 || early > 6*time.Minute {
			t.Fatalf("renewed %v early, want at most 6 minutes of an hour", early)
		}
		seen[got.aheadAt] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different times", len(seen))
	}
}

// A refusal that was held for good in memory is over once the server has been asked again and gave a token.
func TestRefusalIsOverOnceThereIsAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if n == 1 {
				refuse(w, 401, "invalid_client")
				return
			}
			grant(w, fmt.Sprintf("T%d-token", n), 600)
		}}
		source := inBubble(t, s, nil)
		mustFail(t, source)
		k := &Keyring{sources: map[string]*tokenSource{"p": source}}
		if _, err := k.Authorization(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		mustToken(t, source, "T3-token")
	})
}
