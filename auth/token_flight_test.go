package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth/store"
)

func TestNoFlightAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{}
		k := keyringOf(t, Options{}, oauthProfile(t, baseOfTests, nil))
		source := k.sources["p"]
		source.endpoint.wire = direct{s}
		k.Close()
		failed := mustFail(t, source)
		if !errors.Is(failed, errShut) || failed.Temporary() || failed.Help() != "run it again" || s.asked() != 0 {
			t.Errorf("got %v: %s, after %d requests", failed, failed.Help(), s.asked())
		}
		if _, err := k.Authorization(t.Context(), "p"); !errors.Is(err, errShut) {
			t.Errorf("got %v", err)
		}
		if err := k.Login(t.Context(), "p", Prompt{}); !errors.Is(err, errShut) {
			t.Errorf("got %v", err)
		}
		k.Close()
	})
}

// A token that is there is used after Close, as long as it lives.
func TestTokenAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{}
		source := inBubble(t, s, nil)
		mustToken(t, source, "T1-token")
		source.hangar.shut()
		time.Sleep(time.Hour - 2*time.Second) // it would be renewed by now
		mustToken(t, source, "T1-token")
		time.Sleep(2 * time.Second)
		if mustFail(t, source); s.asked() != 1 {
			t.Errorf("%d token requests, want 1", s.asked())
		}
	})
}

// Closing while others ask must neither hang nor trip over a flight that starts just then.
func TestCloseWhileOthersAsk(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) { grant(w, "T-token", 0.001) }}
		source := inBubble(t, s, nil)
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				for range 50 {
					if _, err := source.token(t.Context()); err != nil && !errors.Is(err, errShut) && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			})
		}
		source.hangar.shut()
		asking.Wait()
		asked := s.asked()
		_, _ = source.token(t.Context())
		if s.asked() != asked {
			t.Errorf("%d requests after Close", s.asked()-asked)
		}
	}
}

// Close does not wait for a flight that waits for another process.
func TestCloseEndsTheWaitForALock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, s := t.TempDir(), &system{}
		other := sourceIn(t, s, nil, placeIn(t, folder))
		v, err := other.open(toUse)
		if err != nil {
			t.Fatal(err)
		}
		_, release, err := v.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		source := sourceIn(t, s, nil, placeIn(t, folder))
		var asking sync.WaitGroup
		asking.Go(func() {
			if _, err := source.token(t.Context()); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		time.Sleep(time.Hour)
		started := time.Now()
		source.hangar.shut()
		if waited := time.Since(started); waited > time.Second {
			t.Errorf("waited %v", waited)
		}
		asking.Wait()
		if s.asked() != 0 {
			t.Errorf("%d token requests, want 0", s.asked())
		}
	})
}

func TestMemoryIsNotLockedByWhoGaveUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if _, release, err := newMemory().lock(ctx); err == nil {
			release()
			t.Fatal("it was locked")
		}
	}
}

// A login that fails is told, though there is a token that lives.
func TestLoginFailsBesideALivingToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if n > 1 {
				refuse(w, 401, "invalid_client")
				return
			}
			grant(w, "T1-token", 3600)
		}}
		source := sourceIn(t, s, nil, placeOf(t))
		mustToken(t, source, "T1-token")
		k := &Keyring{sources: map[string]*tokenSource{"p": source}}
		failed, ok := errors.AsType[*SignInError](k.Login(t.Context(), "p", Prompt{}))
		if !ok || failed.Code != "invalid_client" || s.asked() != 2 {
			t.Errorf("got %v after %d requests", failed, s.asked())
		}
		mustToken(t, source, "T1-token")
	})
}

// A flight that began before a login does not put an older token in its place: it looks again once it is its turn.
func TestLoginDuringAFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		s := &system{}
		login := sourceIn(t, s, pasted(nil), placeIn(t, folder))
		v, err := login.open(toKeep)
		if err != nil {
			t.Fatal(err)
		}
		_, release, err := v.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run := sourceIn(t, s, pasted(nil), placeIn(t, folder))
		f, _ := run.join(order{})
		time.Sleep(time.Second) // it waits for its turn
		var installing sync.WaitGroup
		installing.Go(func() {
			if err := login.install(t.Context(), answer{access: "T-login", refresh: "R-login", life: time.Hour}, time.Now()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		release()
		installing.Wait()
		if _, err := f.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whoever was first: the login's token is what is kept, and what both use from now on.
		if r := recordOf(t, login); r.Access != "T-login" || r.Refresh != "R-login" {
			t.Errorf("kept %q, %q", r.Access, r.Refresh)
		}
		mustToken(t, login, "T-login")
	})
}

func TestResetDuringAFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{good: "R0-pasted"}
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			time.Sleep(10 * time.Second)
			server.give(w, n, form)
		}}
		source := sourceIn(t, s, pasted(nil), placeOf(t))
		f, _ := source.join(order{})
		time.Sleep(time.Second)
		k := &Keyring{sources: map[string]*tokenSource{"p": source}}
		if _, err := k.Reset(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		if got, err := f.wait(t.Context()); err != nil || got.access != "T1-token" {
			t.Errorf("got %v, %v", got, err)
		}
		if r := recordOf(t, source); r.Access != "" || source.current.Load() != nil {
			t.Errorf("still there: %+v", r)
		}
	})
}

// Somebody who writes without the lock, on a file system that has none, does not have a newer token overwritten by a failure.
func TestConflict(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"a token": false, "a failure": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				folder := t.TempDir()
				other := sourceIn(t, &system{}, pasted(nil), placeIn(t, folder))
				s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
					r := recordOf(t, other)
					r.Access, r.Refresh, r.Intent, r.State = "T-other", "R-other", time.Time{}, StateOK
					r.Issued, r.Expires, r.LastOK = time.Now(), time.Now().Add(time.Hour), time.Now()
					if v, err := other.open(toUse); err != nil {
						t.Error(err)
					} else if err := v.commit(r); err != nil {
						t.Error(err)
					}
					if fails {
						refuse(w, 400, "invalid_grant")
						return
					}
					grant(w, "T1-token", 600, "refresh_token", "R1")
				}}
				source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
				if !fails {
					mustToken(t, source, "T1-token")
					if r := recordOf(t, other); r.Refresh != "R1" {
						t.Errorf("kept %q, want what was given last", r.Refresh)
					}
					return
				}
				mustFail(t, source)
				if r := recordOf(t, other); r.Refresh != "R-other" || r.Failure != nil {
					t.Errorf("kept %q, %v, want what the other process wrote", r.Refresh, r.Failure)
				}
				time.Sleep(time.Minute)
				mustToken(t, source, "T-other")
				if s.asked() != 1 {
					t.Errorf("%d token requests, want 1", s.asked())
				}
			})
		})
	}
}

// An entry that is damaged is told with the way out of it, and costs no request.
func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
		s := &system{give: server.give}
		mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T1-token")
		place := placeIn(t, folder)
		sqlite(t, place, "UPDATE entries SET sealed = zeroblob(length(sealed))")
		source := sourceIn(t, s, pasted(nil), place)
		failed := mustFail(t, source)
		if want := "forget it and sign in anew: snrun auth reset p"; failed.Help() != want || failed.Temporary() || s.asked() != 1 {
			t.Errorf("got %v: %s, after %d requests", failed, failed.Help(), s.asked())
		}
		k := &Keyring{sources: map[string]*tokenSource{"p": source}}
		if _, err := k.Status("p"); err == nil {
			t.Error("auth status says nothing")
		}
		if err := source.install(t.Context(), answer{access: "T-login", life: time.Hour}, time.Now()); err != nil {
			t.Errorf("a login over it: %v", err)
		}
		mustToken(t, source, "T-login")
		sqlite(t, place, "UPDATE entries SET sealed = x'00'")
		if _, err := k.Reset(t.Context(), "p"); err != nil {
			t.Errorf("a reset of it: %v", err)
		}
		if r := recordOf(t, source); r.Access != "" {
			t.Errorf("still there: %+v", r)
		}
	})
}

func TestWrongKeyOfTheStore(t *testing.T) {
	t.Parallel()
	folder, s := t.TempDir(), &system{}
	mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T1-token")
	place := placeIn(t, folder)
	place.Getenv = func(name string) string { return strings.ReplaceAll(keyOfTests(name), "0", "1") }
	source := sourceIn(t, s, pasted(nil), place)
	failed := mustFail(t, source)
	if _, ok := errors.AsType[*store.KeyError](failed); !ok || failed.Temporary() || !strings.Contains(failed.Help(), "set the key that it was made with") || s.asked() != 1 {
		t.Errorf("got %v: %s, after %d requests", failed, failed.Help(), s.asked())
	}
	if err := source.install(t.Context(), answer{access: "T-login"}, time.Now()); err == nil {
		t.Error("a login went over it")
	}
	k := &Keyring{sources: map[string]*tokenSource{"p": source}}
	if _, err := k.Reset(t.Context(), "p"); err == nil {
		t.Error("a reset went over it")
	}
}

// A clock that is set back must not have a server left alone, or a token taken for good, until it is there again.
func TestClockSetBackInOneProcess(t *testing.T) {
	t.Parallel()
	now := time.Now()
	source := inBubble(t, &system{}, nil)
	source.hold.Store(&hold{failed: &SignInError{}, until: now.Add(24 * time.Hour)})
	if source.held(now) != nil {
		t.Error("the server is left alone for a day")
	}
	source.hold.Store(&hold{failed: &SignInError{}, until: now.Add(maxPause)})
	if source.held(now) == nil {
		t.Error("the server is not left alone as long as it asked for")
	}
	future := &token{issued: now.Add(24 * time.Hour), refreshAt: now.Add(25 * time.Hour), expires: now.Add(25 * time.Hour)}
	if future.fresh(now) {
		t.Error("a token of tomorrow is good")
	}
}

// slowRing is a keyring that takes its time.
type slowRing struct{ asked chan struct{} }

func (r slowRing) Get(string) (string, error) {
	close(r.asked)
	time.Sleep(3 * time.Second)
	return "", errors.New("locked")
}
func (r slowRing) Set(string, string) error { return errors.New("locked") }
func (r slowRing) Delete(string) error      { return errors.New("locked") }

// Who gives up waiting for a token does not wait for the system's keyring either.
func TestGivingUpWhileTheKeyringIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		if _, err := placeIn(t, folder).Open(); err != nil {
			t.Fatal(err)
		}
		place := placeIn(t, folder)
		ring := slowRing{make(chan struct{})}
		place.Getenv, place.Keyring = nil, ring
		source := sourceIn(t, &system{}, nil, place)
		go source.join(order{})
		<-ring.asked
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		if _, err := source.token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) > time.Second {
			t.Errorf("got %v after %v", err, time.Since(started))
		}
		mustToken(t, source, "T1-token") // in memory
	})
}

// A refresh token that outlives many access tokens stays masked all the time.
func TestRefreshTokenStaysMasked(t *testing.T) {
	t.Parallel()
	source := inBubble(t, &system{}, nil)
	source.mask("R-long-lived")
	for i := range 3 * keptMasked {
		source.mask(strings.Repeat("T", i+20))
		if got := source.endpoint.redactor.Text("R-long-lived"); got != Mask {
			t.Fatalf("after %d access tokens: %s", i+1, got)
		}
		source.mask("R-long-lived")
	}
	if got := source.endpoint.redactor.Text(strings.Repeat("T", 20)); got == Mask {
		t.Error("the first access token is still known")
	}
}

// Close lets a request with a refresh token come to its end, and cuts off one that can be made again.
func TestCloseCutsOffWhatCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]Settings{"refresh_token": pasted(nil), "client_credentials": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{}
				source := sourceIn(t, s, settings, placeOf(t))
				source.endpoint.wire = roundTripper(func(req *http.Request) (*http.Response, error) {
					if !sleep(req.Context(), 10*time.Second) {
						return nil, req.Context().Err()
					}
					return direct{s}.RoundTrip(req)
				})
				f, _ := source.join(order{})
				time.Sleep(time.Second)
				source.hangar.shut()
				got, err := f.wait(t.Context())
				if name == "refresh_token" && (err != nil || got.access != "T1-token") || name != "refresh_token" && !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, %v", got, err)
				}
				if r := recordOf(t, source); r.Failure != nil {
					t.Errorf("the next run is told of %+v", r.Failure)
				}
			})
		})
	}
}
