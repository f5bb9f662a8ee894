package auth

import (
	"context"
	"database/sql"
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
	"syscall"
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

// pastedHelp is what such a profile needs when its refresh token is dead. No login gives one.
const pastedHelp = "put a new refresh token where refresh_token in the profile comes from; then: snrun auth test p"

// signedInByAPerson are the settings of a profile that a login signs in.
func signedInByAPerson() Settings {
	return Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize"}
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

// Whatever says who signs in where makes a sign-in of its own; how a token is got and used does not.
func TestIdentity(t *testing.T) {
	t.Parallel()
	profile := func(more Settings) Profile { return oauthProfile(t, baseOfTests, more) }
	seen := map[string]string{identity(profile(nil)): "the profile"}
	named := profile(nil)
	named.Name = "other"
	tests := map[string]Profile{"name": named, "base_url": oauthProfile(t, "https://other.example.com", nil)}
	for _, name := range []string{
		"grant", "token_url", "issuer", "authorize_url", "device_url", "client_id", "username", "subject", "scope", "audience", "resource",
	} {
		tests[name] = profile(Settings{name: "other"})
	}
	tests["params"] = profile(Settings{"params": [][2]string{{"tenant", "other"}}})
	tests["claims"] = profile(Settings{"claims": map[string]any{"sub": "other"}})
	for name, p := range tests {
		id := identity(p)
		if seen[id] != "" {
			t.Errorf("another %s: the sign-in of %s", name, seen[id])
		}
		seen[id] = "another " + name
	}
	for _, name := range []string{"client_secret", "client_auth", "refresh_token", "skew", "revoke_url"} {
		if seen[identity(profile(Settings{name: "other"}))] != "the profile" {
			t.Errorf("another %s: another sign-in", name)
		}
	}
}

// Whatever the server could see of a profile lifts the refusal of the one before.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]string{fingerprint(oauthProfile(t, baseOfTests, nil)): "the profile"}
	for name, change := range map[string]func(*Profile){
		"secret":      func(p *Profile) { p.Settings["client_secret"] = "other" },
		"certificate": func(p *Profile) { p.TLS.CertFile = "other.pem" },
		"proxy":       func(p *Profile) { p.Proxy = "http://127.0.0.1:3128" },
		"base_url":    func(p *Profile) { p.BaseURL = mustURL(t, "https://other.example.com") },
	} {
		p := oauthProfile(t, baseOfTests, nil)
		change(&p)
		if seen[fingerprint(p)] != "" {
			t.Errorf("another %s: as %s", name, seen[fingerprint(p)])
		}
		seen[fingerprint(p)] = "another " + name
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
		if st := status(t, mended); st.State != StateNew || st.LastError != "" || st.Help != "" {
			t.Errorf("after the change: got %+v", st)
		}
		mustToken(t, mended, "T-token")
	})
}

// What is told again says so: when the server was asked, and what makes it be asked again. What is told for the first time does not.
func TestFailureThatIsToldAgain(t *testing.T) {
	t.Parallel()
	down := func(w http.ResponseWriter, _ int, _ url.Values) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(503)
	}
	tests := []struct {
		name     string
		settings Settings
		signedIn bool
		give     func(http.ResponseWriter, int, url.Values)
		after    time.Duration
		again    string // behind the first error
		help     string
	}{
		{"an outage", nil, false, down, 5 * time.Second,
			" (asked at {at}, not again before {at+1m})", "wait until then, or ask now: snrun auth test p"},
		{"nothing there", nil, false, func(w http.ResponseWriter, _ int, _ url.Values) { w.WriteHeader(404) }, 5 * time.Second,
			" (asked at {at}, not again before {at+1m})", "{first}; to ask now: snrun auth test p"},
		{"a wrong secret", nil, false, func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 401, "invalid_client") }, 5 * time.Second,
			" (asked at {at}, not again before the profile changes)", "{first}"},
		{"a wrong secret, days ago", nil, false, func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 401, "invalid_client") }, 48 * time.Hour,
			" (asked at {date at}, not again before the profile changes)", "{first}"},
		{"a dead refresh token that was pasted", pasted(nil), false,
			func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_grant") }, 5 * time.Second,
			" (asked at {at}, not again before the profile changes)", "{first}"},
		{"a dead refresh token of a login", signedInByAPerson(), true,
			func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_grant") }, 5 * time.Second,
			" (asked at {at}, not again before you sign in)", "run: snrun auth login p"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				folder, s := t.TempDir(), &system{give: tt.give}
				first := sourceIn(t, s, tt.settings, placeIn(t, folder))
				if tt.signedIn {
					if err := first.install(t.Context(), answer{access: "T0", refresh: "R0", life: time.Second}, time.Now()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				at := time.Now()
				failed := mustFail(t, first)
				if strings.Contains(failed.Error(), "asked at") {
					t.Errorf("told for the first time: %v", failed)
				}
				time.Sleep(tt.after)
				asked := s.asked()
				again := mustFail(t, sourceIn(t, s, tt.settings, placeIn(t, folder)))
				said := strings.NewReplacer("{at}", at.Format("15:04:05"), "{at+1m}", at.Add(time.Minute).Format("15:04:05"),
					"{date at}", at.Format("2006-01-02 15:04:05"), "{first}", failed.Help())
				if got, want := again.Error(), failed.Error()+said.Replace(tt.again); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
				if got, want := again.Help(), said.Replace(tt.help); got != want {
					t.Errorf("help: got  %s\nwant       %s", got, want)
				}
				if st := status(t, first); st.LastError != failed.Error() || s.asked() != asked {
					t.Errorf("got %q after %d requests, want the first error after %d", st.LastError, s.asked(), asked)
				}
			})
		})
	}
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
					if failed.Temporary() || tt.state == StateReauth && failed.Help() != pastedHelp {
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
		if st := status(t, source); st.State != StateReauth || st.Help != pastedHelp {
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
				if st := status(t, first); st.State != StateRefresh || st.Help != "" {
					t.Errorf("got %+v", st)
				}
				time.Sleep(2 * time.Minute)
				if st := status(t, first); !strings.HasPrefix(st.Help, "a request for a token broke off at "+died.Format(time.RFC3339)) {
					t.Errorf("long after: got %+v", st)
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
				if !strings.Contains(failed.Error(), "the refresh at "+died.Format(time.RFC3339)+" was lost") || failed.Help() != pastedHelp {
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

// A refresh token that was pasted is used up by its first use: without a key for the store it is not tried.
func TestPastedRefreshTokenNeedsAKey(t *testing.T) {
	t.Parallel()
	server := &rotating{good: "R0-pasted"}
	s := &system{give: server.give}
	file := filepath.Join(t.TempDir(), "snrun-auth.db")
	failed := mustFail(t, sourceIn(t, s, pasted(nil), &store.Place{File: file, Getenv: func(string) string { return "" }}))
	if !strings.Contains(failed.Error(), "there is no key") || !strings.Contains(failed.Help(), "snrun key new") || failed.Temporary() || s.asked() > 0 {
		t.Errorf("got %v: %s, after %d requests", failed, failed.Help(), s.asked())
	}
	made := &store.Place{File: file, Getenv: keyOfTests}
	t.Cleanup(func() { _ = made.Close() })
	mustToken(t, sourceIn(t, s, pasted(nil), made), "T1-token")
}

// TestTokenThatCannotBeKept has a store that may be read only: the token is good all the same, and its life is told.
func TestTokenThatCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		mustToken(t, sourceIn(t, &system{}, nil, placeIn(t, folder)), "T1-token")
		time.Sleep(2 * time.Hour)
		source := sourceIn(t, &system{}, nil, placeIn(t, folder))
		full := &unwritable{}
		v, err := source.open(toUse)
		if err != nil {
			t.Fatal(err)
		}
		full.vault = v
		source.vault = full
		mustToken(t, source, "T1-token")
		if st := status(t, source); st.State != StateOK || st.Kept || !st.AccessExpires.After(time.Now()) || full.tried == 0 {
			t.Errorf("got %+v after %d attempts to write", st, full.tried)
		}
	})
}

// unwritable is a vault on a full disk.
type unwritable struct {
	vault
	tried int
}

func (u *unwritable) commit(*record) error {
	u.tried++
	return syscall.ENOSPC
}

// TestRejectedTokenOfADeadSignIn has the server end a sign-in: no other process need find out with the access token that is kept.
func TestRejectedTokenOfADeadSignIn(t *testing.T) {
	t.Parallel()
	s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
		if n == 1 {
			grant(w, "T1-token", 600, "refresh_token", "R1")
			return
		}
		refuse(w, 400, "invalid_grant")
	}}
	folder := t.TempDir()
	source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
	mustToken(t, source, "T1-token")
	source.reject(source.current.Load())
	mustFail(t, source)
	next := sourceIn(t, s, pasted(nil), placeIn(t, folder))
	mustFail(t, next)
	if st := status(t, next); st.State != StateReauth || !st.AccessExpires.IsZero() || s.asked() != 2 {
		t.Errorf("got %+v after %d requests", st, s.asked())
	}
}

// TestDamagedSignIn names the command that helps, to who uses it and to who looks.
func TestDamagedSignIn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mustToken(t, sourceIn(t, &system{}, nil, placeIn(t, folder)), "T1-token")
	db, err := sql.Open("sqlite3", placeIn(t, folder).File)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE entries SET sealed = zeroblob(100)"); err != nil {
		t.Fatal(err)
	}
	const help = "forget it and sign in anew: snrun auth reset p"
	source := sourceIn(t, &system{}, nil, placeIn(t, folder))
	if failed := mustFail(t, source); failed.Help() != help || failed.Temporary() {
		t.Errorf("got %v: %s", failed, failed.Help())
	}
	k := &Keyring{sources: map[string]*tokenSource{"p": source}, types: map[string]string{"p": "oauth2"}}
	_, err = k.Status("p")
	if failed, ok := errors.AsType[*SignInError](err); !ok || failed.Help() != help {
		t.Errorf("got %v", err)
	}
}

func TestNobodySignedIn(t *testing.T) {
	t.Parallel()
	s := &system{}
	source := sourceIn(t, s, signedInByAPerson(), nil)
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

// A login with a password shows the password, though there is a refresh token: whoever signs in wants to know whether it is right.
func TestLoginProvesWhatTheProfileSays(t *testing.T) {
	t.Parallel()
	s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
		grant(w, fmt.Sprintf("T%d-token", n), 600, "refresh_token", "R-kept")
	}}
	source := sourceIn(t, s, Settings{"grant": "password", "username": "ann", "password": "pw"}, placeOf(t))
	mustToken(t, source, "T1-token")
	if err := source.loginAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.forms[1].Get("grant_type"); got != "password" || s.asked() != 2 {
		t.Errorf("asked %d times, then with the grant %s; want password", s.asked(), got)
	}
}
