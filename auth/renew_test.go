package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth/store"
)

// placeIn is the place of a store in a folder, whose key is in a variable: the same for all tests. Two places in one folder are two
// processes to the store.
func placeIn(t testing.TB, folder string) *store.Place {
	t.Helper()
	p := &store.Place{File: filepath.Join(folder, "snrun-auth.db"), Getenv: keyOfTests}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func keyOfTests(name string) string {
	if name == store.KeyVariable {
		return strings.Repeat("0123456789abcdef", 4)
	}
	return ""
}

// pasted are the settings of a profile whose refresh token is all there is.
func pasted(more Settings) Settings {
	s := Settings{"grant": "refresh_token", "refresh_token": "R0-pasted"}
	for name, v := range more {
		s[name] = v
	}
	return s
}

// rotating is a server whose refresh tokens are good once: R0-pasted, then R1, R2 and so on.
type rotating struct {
	mu   sync.Mutex
	good string
	n    int
}

func (r *rotating) give(w http.ResponseWriter, _ int, form url.Values) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if form.Get("refresh_token") != r.good {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	r.n++
	r.good = fmt.Sprintf("R%d-rotated", r.n)
	grant(w, fmt.Sprintf("T%d-token", r.n), 600, "refresh_token", r.good)
}

func mustToken(t *testing.T, s *tokenSource, want string) {
	t.Helper()
	if got, err := s.token(t.Context()); err != nil || got.access != want {
		t.Fatalf("got %v, %v, want %s", got, err, want)
	}
}

func mustFail(t *testing.T, s *tokenSource) *SignInError {
	t.Helper()
	got, err := s.token(t.Context())
	failed, ok := errors.AsType[*SignInError](err)
	if !ok {
		t.Fatalf("got %v, %v, want a SignInError", got, err)
	}
	return failed
}

// status reads a source's state as `auth status` does.
func status(t *testing.T, s *tokenSource) Status {
	t.Helper()
	k := &Keyring{sources: map[string]*tokenSource{"p": s}, types: map[string]string{"p": "oauth2"}}
	st, err := k.Status("p")
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestTokensAreKeptBetweenProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
		s := &system{give: server.give}
		for n := range 3 { // three processes within the life of one token
			source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
			mustToken(t, source, "T1-token")
			if st := status(t, source); st.State != StateOK || !st.HasRefresh || !st.Kept {
				t.Errorf("process %d: got %+v", n, st)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Hour)
		mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T2-token")
		if got := s.asked(); got != 2 {
			t.Errorf("%d token requests, want 2", got)
		}
		// A new one that is pasted in goes before what is kept.
		server.good = "R9-pasted"
		time.Sleep(time.Hour)
		mustToken(t, sourceIn(t, s, pasted(Settings{"refresh_token": "R9-pasted"}), placeIn(t, folder)), "T3-token")
	})
}

func TestAnotherServerGetsNoTokenOfTheFirst(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := sourceIn(t, &system{}, nil, placeIn(t, folder))
	mustToken(t, first, "T1-token")
	for name, settings := range map[string]Settings{
		"another server": {"token_url": "https://other.example.com/token"}, "another client": {"client_id": "other"},
		"another scope": {"scope": []string{"admin"}},
	} {
		s := &system{}
		if _, err := sourceIn(t, s, settings, placeIn(t, folder)).token(t.Context()); err != nil || s.asked() != 1 {
			t.Errorf("%s: %v, %d requests, want one of its own", name, err, s.asked())
		}
	}
	s := &system{}
	if mustToken(t, sourceIn(t, s, Settings{"skew": time.Second}, placeIn(t, folder)), "T1-token"); s.asked() != 0 {
		t.Errorf("the same sign-in asked %d times, want 0", s.asked())
	}
}

func TestWrongSecretIsNotTriedAgainBeforeTheProfileChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			if form.Get("client_secret") != "right" {
				refuse(w, 401, "invalid_client")
				return
			}
			grant(w, "T-token", 600)
		}}
		for range 3 {
			source := sourceIn(t, s, nil, placeIn(t, folder))
			if failed := mustFail(t, source); failed.Temporary() || failed.Code != "invalid_client" || !strings.HasSuffix(failed.Help(), "; then: snrun auth test p") {
				t.Errorf("got %v; %s", failed, failed.Help())
			}
			if st := status(t, source); st.State != StateConfig || !strings.Contains(st.LastError, "invalid_client") || st.Help == "" {
				t.Errorf("got %+v", st)
			}
			time.Sleep(48 * time.Hour)
		}
		if got := s.asked(); got != 1 {
			t.Errorf("%d token requests, want 1", got)
		}
		mended := sourceIn(t, s, Settings{"client_secret": "right"}, placeIn(t, folder))
		if st := status(t, mended); st.State != StateNew {
			t.Errorf("after the change: got %+v", st)
		}
		mustToken(t, mended, "T-token")
	})
}

func TestAuthorizationAsksThoughAFailureIsHeld(t *testing.T) {
	t.Parallel()
	mended := false
	s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) {
		if !mended {
			refuse(w, 401, "invalid_client")
			return
		}
		grant(w, "T-token", 600)
	}}
	source := sourceIn(t, s, nil, placeOf(t))
	k := &Keyring{sources: map[string]*tokenSource{"p": source}}
	mustFail(t, source)
	mended = true
	mustFail(t, source)
	if got, err := k.Authorization(t.Context(), "p"); err != nil || got.Reveal() != "Bearer T-token" || s.asked() != 2 {
		t.Errorf("got %q, %v after %d requests", got.Reveal(), err, s.asked())
	}
	mustToken(t, source, "T-token")
}

func TestDeadRefreshToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		first bool // the profile has been good before
		code  string
		state State
	}{
		{"invalid_grant", true, "invalid_grant", StateReauth},
		{"invalid_grant, never good", false, "invalid_grant", StateReauth},
		{"the catch-all of an instance", true, "access_denied", StateReauth},
		{"the catch-all, never good", false, "access_denied", StateConfig},
		{"the client's secret", true, "invalid_client", StateConfig},
		{"the scope", true, "invalid_scope", StateConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
					if n == 1 && tt.first {
						grant(w, "T1-token", 600, "refresh_token", "R1")
						return
					}
					refuse(w, 401, tt.code)
				}}
				folder := t.TempDir()
				source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
				asked := 1
				if tt.first {
					mustToken(t, source, "T1-token")
					time.Sleep(time.Hour)
					asked = 2
				}
				for range 3 {
					failed := mustFail(t, source)
					if failed.Temporary() || tt.state == StateReauth && failed.Help() != "run: snrun auth login p" {
						t.Errorf("got %v: %s", failed, failed.Help())
					}
					time.Sleep(time.Hour)
					source = sourceIn(t, s, pasted(nil), placeIn(t, folder))
				}
				if st := status(t, source); st.State != tt.state || s.asked() != asked {
					t.Errorf("got %+v after %d requests, want %s after %d", st, s.asked(), tt.state, asked)
				}
			})
		})
	}
}

// lossy loses answers: the server does what it was asked for, and the client does not hear of it.
type lossy struct {
	handler http.Handler
	lose    func(n int) bool
	n       int
}

func (l *lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	l.n++
	resp, err := direct{l.handler}.RoundTrip(req)
	if err == nil && l.lose(l.n) {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"access_tok`), brokenOff{}))
	}
	return resp, err
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestLostAnswerAfterRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &rotating{good: "R0-pasted"}
		s := &system{give: server.give}
		source := sourceIn(t, s, pasted(nil), placeOf(t))
		mustToken(t, source, "T1-token")
		source.endpoint.wire = &lossy{s, func(n int) bool { return n == 1 }, 0}
		time.Sleep(10 * time.Minute)
		lost := time.Now()
		failed := mustFail(t, source)
		if want := "the answer to the refresh at " + lost.Format(time.RFC3339) + " was lost"; !strings.Contains(failed.Error(), want) {
			t.Errorf("got %v\nwant that %s", failed, want)
		}
		if got := s.asked(); got != 3 { // the first, the lost one, and the careful one
			t.Errorf("%d token requests, want 3", got)
		}
		if st := status(t, source); st.State != StateReauth || st.Help != "run: snrun auth login p" {
			t.Errorf("got %+v", st)
		}
		time.Sleep(time.Hour)
		mustFail(t, source)
		if got := s.asked(); got != 3 {
			t.Errorf("then %d token requests, want still 3", got)
		}
	})
}

func TestLostAnswerWithoutRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			if form.Get("refresh_token") != "R0-pasted" {
				refuse(w, 400, "invalid_grant")
				return
			}
			grant(w, fmt.Sprintf("T%d-token", n), 600)
		}}
		source := sourceIn(t, s, pasted(nil), placeOf(t))
		mustToken(t, source, "T1-token")
		source.endpoint.wire = &lossy{s, func(n int) bool { return n < 4 }, 0}
		time.Sleep(time.Hour)
		failed := mustFail(t, source) // the lost one and the careful one
		if !failed.Temporary() || s.asked() != 3 {
			t.Errorf("got %v after %d requests, want a temporary failure after 3", failed, s.asked())
		}
		if st := status(t, source); st.State != StateBackoff || st.Retry.IsZero() {
			t.Errorf("got %+v", st)
		}
		time.Sleep(failed.RetryAfter())
		time.Sleep(5 * time.Minute)
		if failed := mustFail(t, source); !failed.Temporary() || s.asked() != 4 { // once, carefully
			t.Errorf("got %v after %d requests, want a temporary failure after 4", failed, s.asked())
		}
		time.Sleep(5 * time.Minute)
		mustToken(t, source, "T5-token")
	})
}

// A process that was killed between the intent and the answer leaves the intent: the next one tries once, carefully.
func TestProcessDiedWhileItAsked(t *testing.T) {
	t.Parallel()
	for _, carriedOut := range []bool{false, true} {
		t.Run(fmt.Sprint("carried out ", carriedOut), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
				s := &system{give: server.give}
				first := sourceIn(t, s, pasted(nil), placeIn(t, folder))
				mustToken(t, first, "T1-token")
				time.Sleep(time.Hour)
				died := time.Now()
				v, err := first.open(toUse)
				if err != nil {
					t.Fatal(err)
				}
				r, err := v.load()
				if err != nil {
					t.Fatal(err)
				}
				r.Intent, r.State = died, StateRefresh
				if err := v.commit(r); err != nil {
					t.Fatal(err)
				}
				if st := status(t, first); st.State != StateRefresh {
					t.Errorf("got %+v", st)
				}
				if carriedOut {
					server.good = "R2-that-nobody-heard-of"
				}
				time.Sleep(time.Hour)
				next := sourceIn(t, s, pasted(nil), placeIn(t, folder))
				if !carriedOut {
					mustToken(t, next, "T2-token")
					return
				}
				failed := mustFail(t, next)
				if !strings.Contains(failed.Error(), "the refresh at "+died.Format(time.RFC3339)+" was lost") || failed.Help() != "run: snrun auth login p" {
					t.Errorf("got %v: %s", failed, failed.Help())
				}
			})
		})
	}
}

func TestOutageDoesNotEndASignIn(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter){
		"503": func(w http.ResponseWriter) { w.WriteHeader(503) },
		"500 with JSON": func(w http.ResponseWriter) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, `{"error":"server_error"}`)
		},
		"429": func(w http.ResponseWriter) { w.WriteHeader(429) },
		"a web page": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>hibernating</html>")
		},
		"a web page with 401": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "<html>who are you</html>")
		},
		"404":      func(w http.ResponseWriter) { w.WriteHeader(404) },
		"no token": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "{}") },
		"a redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://other.example.com/")
			w.WriteHeader(307)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, down := &rotating{good: "R0-pasted"}, false
				s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
					if down {
						answer(w)
						return
					}
					server.give(w, n, form)
				}}
				source := sourceIn(t, s, pasted(nil), placeOf(t))
				mustToken(t, source, "T1-token")
				down = true
				for range 20 {
					time.Sleep(10 * time.Minute)
					mustFail(t, source)
				}
				if st := status(t, source); st.State != StateBackoff || !st.HasRefresh {
					t.Errorf("got %+v", st)
				}
				down = false
				time.Sleep(10 * time.Minute)
				mustToken(t, source, "T2-token")
				if st := status(t, source); st.State != StateOK || st.LastError != "" {
					t.Errorf("got %+v", st)
				}
			})
		})
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) {
			at = append(at, time.Now())
			w.Header().Set("Retry-After", "6") // beyond what is waited for in place: one request a try
			w.WriteHeader(503)
		}}
		source := inBubble(t, s, nil)
		for range 600 {
			mustFail(t, source)
			time.Sleep(time.Second)
		}
		var pauses []string
		for i := 1; i < len(at); i++ {
			pauses = append(pauses, at[i].Sub(at[i-1]).String())
		}
		if got, want := strings.Join(pauses, " "), "6s 6s 6s 8s 16s 32s 1m0s"; !strings.HasPrefix(got, want) {
			t.Errorf("got  %s\nwant %s…", got, want)
		}
	})
}

func TestTokenIsRenewedAheadOfItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			time.Sleep(3 * time.Second) // who asks for a token does not feel it
			grant(w, fmt.Sprintf("T%d", n), 1800)
		}}
		source := inBubble(t, s, nil)
		mustToken(t, source, "T1")
		for start := time.Now(); time.Since(start) < 2*time.Hour; time.Sleep(time.Second) {
			asked := time.Now()
			if _, err := source.token(t.Context()); err != nil || time.Since(asked) > 0 {
				t.Fatalf("after %v: %v, having waited %v", asked.Sub(start), err, time.Since(asked))
			}
		}
		if got := s.asked(); got < 5 || got > 6 { // 7200 s in lives of 1566 to 1740 s
			t.Errorf("%d token requests in two hours, want 5 or 6", got)
		}
	})
}

func TestClosedWhileARefreshIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			server.give(w, n, form)
			time.Sleep(10 * time.Second)
		}}
		source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
		hasty, giveUp := context.WithTimeout(t.Context(), time.Second)
		defer giveUp()
		if _, err := source.token(hasty); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		source.hangar.shut()
		mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T1-token")
	})
}

func TestClockSetBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{}
		source := sourceIn(t, s, nil, placeOf(t))
		v, err := source.open(toUse)
		if err != nil {
			t.Fatal(err)
		}
		future := time.Now().Add(24 * time.Hour)
		r := &record{
			State: StateOK, Access: "T0", Issued: future, Expires: future.Add(time.Hour),
			Failure: &mishap{Kind: unreachable, Until: future, Fingerprint: source.fingerprint},
		}
		if err := v.commit(r); err != nil {
			t.Fatal(err)
		}
		mustToken(t, source, "T1-token")
	})
}

func TestNobodySignedIn(t *testing.T) {
	t.Parallel()
	s := &system{}
	source := sourceIn(t, s, pasted(nil), nil)
	source.seed, source.endpoint.settings["refresh_token"] = "", ""
	failed := mustFail(t, source)
	if failed.Error() != "profile p: nobody has signed in yet" || failed.Help() != "run: snrun auth login p" || failed.Temporary() || s.asked() > 0 {
		t.Errorf("got %v: %s, after %d requests", failed, failed.Help(), s.asked())
	}
}

func TestLookingMakesNoStore(t *testing.T) {
	t.Parallel()
	place := placeOf(t)
	source := sourceIn(t, &system{}, nil, place)
	if st := status(t, source); st.State != StateNew || st.Kept {
		t.Errorf("got %+v", st)
	}
	if _, err := os.Stat(place.File); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the store is there: %v", err)
	}
	mustToken(t, source, "T1-token")
	if st := status(t, source); st.State != StateOK || !st.Kept {
		t.Errorf("after use: got %+v", st)
	}
}
