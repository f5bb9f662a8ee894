package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings Settings
		form     string
		header   string // Authorization
	}{
		{"in the body", nil, "client_id=client&client_secret=the+client%27s+secret&grant_type=client_credentials", ""},
		{"in the header", Settings{"client_auth": "header"}, "grant_type=client_credentials", "Basic Y2xpZW50OnRoZStjbGllbnQlMjdzK3NlY3JldA=="},
		{"scopes and params", Settings{"scope": []string{"a", "b"}, "params": [][2]string{{"audience", "x"}, {"resource", "1"}, {"resource", "2"}}},
			"audience=x&client_id=client&client_secret=the+client%27s+secret&grant_type=client_credentials&resource=1&resource=2&scope=a+b", ""},
		{"password", Settings{"grant": "password", "username": "ann", "password": "p&w"},
			"client_id=client&client_secret=the+client%27s+secret&grant_type=password&password=p%26w&username=ann", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &system{}
			client, base := overWire(t, s, tt.settings)
			get(t, client, base+"/x")
			get(t, client, base+"/y")
			if s.asked() != 1 || s.used["T1-token"] != 2 {
				t.Fatalf("%d token requests, tokens used: %v; want one and T1-token twice", s.asked(), s.used)
			}
			if got := s.forms[0].Encode(); got != tt.form {
				t.Errorf("form:\n got %s\nwant %s", got, tt.form)
			}
			if got := s.header[0].Get("Authorization"); got != tt.header {
				t.Errorf("Authorization: got %q, want %q", got, tt.header)
			}
			if got := s.header[0].Get("Accept") + " " + s.header[0].Get("User-Agent"); got != "application/json snrun" {
				t.Errorf("Accept and User-Agent: got %q", got)
			}
		})
	}
}

func TestClientWithoutSecret(t *testing.T) {
	t.Parallel()
	s := &system{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	p := oauthProfile(t, server.URL, Settings{"client_auth": "none"})
	delete(p.Settings, "client_secret")
	get(t, clientOf(t, keyringOf(t, Options{}, p), "p"), server.URL)
	if got, want := s.forms[0].Encode(), "client_id=client&grant_type=client_credentials"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestManyAtExpiryMakeOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{}
		source := inBubble(t, s, nil)
		for round := 1; round <= 5; round++ {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if _, err := source.token(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := s.asked(); got != round {
				t.Fatalf("round %d: %d token requests", round, got)
			}
			time.Sleep(time.Hour)
		}
	})
}

func TestManyRejectedMakeOneRequest(t *testing.T) {
	t.Parallel()
	s := &system{accept: func(token string) bool { return token == "T2-token" }}
	client, base := overWire(t, s, nil)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if resp := get(t, client, base); resp.StatusCode != http.StatusOK {
				t.Errorf("got status %d", resp.StatusCode)
			}
		})
	}
	all.Wait()
	if got := s.asked(); got != 2 {
		t.Errorf("%d token requests, want 2", got)
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		expiresIn any
		settings  Settings
		keeps     time.Duration // how long the first token is used
	}{
		{"skew", 1799, nil, 1739 * time.Second},
		{"another skew", 1799, Settings{"skew": 5 * time.Minute}, 1499 * time.Second},
		{"no skew", 1799, Settings{"skew": time.Duration(0)}, 1799 * time.Second},
		{"skew beyond half the life", 60, nil, 30 * time.Second},
		{"no lifetime", nil, nil, 29 * time.Minute},
		{"no lifetime, another assumed", "", Settings{"assume_ttl": 10 * time.Minute}, 9 * time.Minute},
		{"a negative one", -5, nil, 29 * time.Minute},
		{"as text with a fraction", "120.0", nil, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) { grant(w, fmt.Sprint("T", n), tt.expiresIn) }}
				source := inBubble(t, s, tt.settings)
				uses := func(want string) {
					t.Helper()
					if got, err := source.token(t.Context()); err != nil || got.access != want {
						t.Fatalf("after %v: got %v, %v, want %s", tt.keeps, got, err, want)
					}
				}
				uses("T1")
				time.Sleep(tt.keeps - time.Nanosecond)
				uses("T1")
				time.Sleep(time.Nanosecond)
				uses("T2")
			})
		})
	}
}

func TestLifeCountsFromTheStartOfTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) {
			time.Sleep(20 * time.Second)
			grant(w, "T", 100)
		}}
		source, start := inBubble(t, s, nil), time.Now()
		got, err := source.token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if life := got.expires.Sub(start); life != 100*time.Second {
			t.Errorf("the token lives %v from the start, want 100s", life)
		}
	})
}

func TestWrongSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403} {
		for _, code := range []string{"invalid_client", "invalid_grant", "access_denied", "server_error"} {
			t.Run(fmt.Sprint(status, " ", code), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, status, code) }}
					source := inBubble(t, s, nil)
					var first error
					for range 3 {
						_, err := source.token(t.Context())
						var failed *SignInError
						if !errors.As(err, &failed) || failed.Temporary() || failed.Status != status || failed.Code != code {
							t.Fatalf("got %v", err)
						}
						if first == nil {
							first = err
						}
						if err != first {
							t.Errorf("then got %v, want the same error", err)
						}
						time.Sleep(24 * time.Hour)
					}
					if got := s.asked(); got != 1 {
						t.Errorf("%d token requests, want 1", got)
					}
				})
			})
		}
	}
}

func TestEndpointOutOfReach(t *testing.T) {
	t.Parallel()
	busy := func(retryAfter string) func(http.ResponseWriter, int, url.Values) {
		return func(w http.ResponseWriter, n int, _ url.Values) {
			if n < 3 {
				w.Header().Set("Retry-After", retryAfter)
				refuse(w, http.StatusServiceUnavailable, "busy")
				return
			}
			grant(w, "T", 3600)
		}
	}
	tests := []struct {
		name     string
		give     func(http.ResponseWriter, int, url.Values)
		requests int
		ok       bool
		from, to time.Duration // how long it takes
		help     string
	}{
		{"twice", busy(""), 3, true, 300 * time.Millisecond, time.Second, ""},
		{"twice, asking to wait", busy("4"), 3, true, 8 * time.Second, 9 * time.Second, ""},
		{"asking to wait long", busy("120"), 1, false, 0, 0, "try again in 2 minutes: "},
		{"asking to wait too long", busy("600"), 1, false, 0, 0, "try again in 10 minutes: "},
		{"always", func(w http.ResponseWriter, _ int, _ url.Values) { w.WriteHeader(http.StatusTooManyRequests) }, 3, false, 300 * time.Millisecond, time.Second, "try again later; "},
		{"a web page", func(w http.ResponseWriter, _ int, _ url.Values) { _, _ = io.WriteString(w, "<html>") }, 3, false, 300 * time.Millisecond, time.Second, "try again later; "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: tt.give}
				source, start := inBubble(t, s, nil), time.Now()
				_, err := source.token(t.Context())
				took := time.Since(start)
				var failed *SignInError
				if errors.As(err, &failed) && !failed.Temporary() || (err == nil) != tt.ok {
					t.Errorf("got %v", err)
				}
				if failed != nil && !strings.HasPrefix(failed.Help(), tt.help) {
					t.Errorf("got the help %q", failed.Help())
				}
				if got := s.asked(); got != tt.requests || took < tt.from || took > tt.to {
					t.Errorf("%d requests in %v, want %d in %v to %v", got, took, tt.requests, tt.from, tt.to)
				}
			})
		})
	}
}

func TestFailureIsHeldForAMoment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		give    func(http.ResponseWriter)
		hold    time.Duration
		request int // token requests a try
	}{
		{"out of reach", func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, time.Second, 3},
		{"asking to wait", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, time.Minute, 1},
		{"asking to wait for ever", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "999999")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, maxPause, 1},
		{"no token in it", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "{}") }, time.Minute, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) { tt.give(w) }}
				source := inBubble(t, s, nil)
				for try, wait := range []time.Duration{0, tt.hold - time.Nanosecond, time.Nanosecond} {
					time.Sleep(wait)
					if _, err := source.token(t.Context()); err == nil {
						t.Fatal("no error")
					}
					if got, want := s.asked(), []int{1, 1, 2}[try]*tt.request; got != want {
						t.Errorf("try %d: %d requests, want %d", try+1, got, want)
					}
				}
			})
		})
	}
}

func TestOldTokenIsUsedWhileItLives(t *testing.T) {
	t.Parallel()
	for _, status := range []int{503, 401} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
					if n == 1 {
						grant(w, "T1", 600)
						return
					}
					refuse(w, status, "down")
				}}
				source := inBubble(t, s, nil)
				for _, wait := range []time.Duration{0, 545 * time.Second, 54 * time.Second} {
					time.Sleep(wait)
					if got, err := source.token(t.Context()); err != nil || got.access != "T1" {
						t.Errorf("got %v, %v, want T1", got, err)
					}
				}
				time.Sleep(time.Second)
				if got, err := source.token(t.Context()); err == nil {
					t.Errorf("after its end: got %v, want an error", got)
				}
			})
		})
	}
}

func TestOthersDoNotWaitWhileTheOldTokenLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if n == 2 {
				time.Sleep(10 * time.Second)
			}
			grant(w, fmt.Sprint("T", n), 600)
		}}
		source := inBubble(t, s, nil)
		if _, err := source.token(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(550 * time.Second)
		go func() { _, _ = source.token(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		if got, err := source.token(t.Context()); err != nil || got.access != "T1" || time.Since(start) > 0 {
			t.Errorf("got %v, %v after %v, want T1 at once", got, err, time.Since(start))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got, err := source.token(t.Context()); err != nil || got.access != "T2" {
			t.Errorf("got %v, %v, want T2", got, err)
		}
	})
}

func TestGivingUpLeavesTheTurnToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if n == 1 {
				w.Header().Set("Retry-After", "5")
				refuse(w, http.StatusServiceUnavailable, "busy")
				return
			}
			grant(w, fmt.Sprint("T", n), 600)
		}}
		source := inBubble(t, s, nil)
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := source.token(hasty); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the hasty one got %v, want its deadline", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := source.token(hasty); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who waited behind it got %v, want its deadline", err)
			}
		})
		all.Go(func() {
			if got, err := source.token(t.Context()); err != nil || got.access != "T2" {
				t.Errorf("the patient one got %v, %v, want T2", got, err)
			}
		})
		all.Wait()
	})
}

// Who renews early and gives up does not keep the token from the next one.
func TestGivingUpIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasty, cancel := context.WithCancel(t.Context())
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if n == 2 {
				cancel()
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			grant(w, fmt.Sprint("T", n), 600)
		}}
		source := inBubble(t, s, nil)
		if _, err := source.token(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(550 * time.Second)
		if got, err := source.token(hasty); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v, %v, want that it was cancelled", got, err)
		}
		time.Sleep(time.Second)
		if got, err := source.token(t.Context()); err != nil || got.access != "T3" {
			t.Errorf("the next one got %v, %v, want T3", got, err)
		}
	})
}

func TestRefreshTokenIsUsedFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		grant   string
		rotates bool
		refuses bool
		want    []string // the grants of the token requests, a refresh token behind its own
	}{
		{"kept", "password", false, false, []string{"password", "refresh_token R1", "refresh_token R1"}},
		{"rotated", "password", true, false, []string{"password", "refresh_token R1", "refresh_token R2"}},
		{"refused", "password", false, true, []string{"password", "refresh_token R1", "password", "refresh_token R3", "password"}},
		{"not for client_credentials", "client_credentials", true, false, []string{"client_credentials", "client_credentials", "client_credentials"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
					refreshing := form.Get("grant_type") == "refresh_token"
					switch {
					case refreshing && tt.refuses:
						refuse(w, http.StatusBadRequest, "invalid_grant")
					case refreshing && !tt.rotates:
						grant(w, fmt.Sprint("T", n), 600)
					default:
						grant(w, fmt.Sprint("T", n), 600, "refresh_token", fmt.Sprint("R", n))
					}
				}}
				settings := Settings{"grant": tt.grant}
				if tt.grant == "password" {
					settings["username"], settings["password"] = "ann", "pw"
				}
				source := inBubble(t, s, settings)
				for range 3 {
					if _, err := source.token(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(600 * time.Second)
				}
				var got []string
				for _, form := range s.forms {
					got = append(got, strings.TrimSpace(form.Get("grant_type")+" "+form.Get("refresh_token")))
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("got  %v\nwant %v", got, tt.want)
				}
			})
		})
	}
}

func TestRefreshTokenSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := false
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			if down {
				_, _ = io.WriteString(w, "<html>hibernating")
				return
			}
			grant(w, fmt.Sprint("T", n), 600, "refresh_token", "R")
		}}
		source := inBubble(t, s, Settings{"grant": "password", "username": "ann", "password": "pw"})
		for _, down = range []bool{false, true, false} {
			if _, err := source.token(t.Context()); (err != nil) != down {
				t.Fatalf("down %v: got %v", down, err)
			}
			time.Sleep(time.Hour)
		}
		if got := s.forms[len(s.forms)-1].Get("grant_type"); got != "refresh_token" {
			t.Errorf("after the outage: grant %s, want refresh_token", got)
		}
	})
}

func TestTokensAreMasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) { grant(w, fmt.Sprintf("token-%d-end", n), 600) }}
		source := inBubble(t, s, nil)
		for n := 1; n <= keptMasked+4; n++ {
			if _, err := source.token(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := source.endpoint.redactor.Text(fmt.Sprintf("token-%d-end", n)); got != Mask {
				t.Errorf("token %d shows as %s", n, got)
			}
			time.Sleep(600 * time.Second)
		}
		if got := len(source.endpoint.redactor.known); got > keptMasked+1 { // and the client's secret
			t.Errorf("%d secrets are kept, want at most %d", got, keptMasked+1)
		}
	})
}

func TestRefreshTokensAreMasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			grant(w, fmt.Sprintf("token-%d-end", n), 600, "refresh_token", fmt.Sprintf("refresh-%d-end", n))
		}}
		source := inBubble(t, s, Settings{"grant": "password", "username": "ann", "password": "pw"})
		for n := range 3 {
			if _, err := source.token(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := source.endpoint.redactor.Text(fmt.Sprintf("<refresh-%d-end>", n+1)); got != "<***>" {
				t.Errorf("refresh token %d shows as %s", n+1, got)
			}
			time.Sleep(600 * time.Second)
		}
	})
}
