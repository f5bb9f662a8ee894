package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// byPassword are the settings of a profile that needs no person, and gets refresh tokens all the same.
func byPassword() Settings {
	return Settings{"grant": "password", "username": "ann", "password": "pw-of-ann"}
}

// grantsOf are the grants of the token requests that came.
func (s *system) grantsOf() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var grants []string
	for _, form := range s.forms {
		grants = append(grants, form.Get("grant_type"))
	}
	return strings.Join(grants, " ")
}

// What follows a refresh token that is not taken, where the grant can do without.
func TestRefreshTokenThatIsNotTaken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		refuse string // how the refresh token is refused
		down   bool   // the server is, when the password is shown
		want   string
	}{
		{"dead", "invalid_grant", false, "password refresh_token password"},
		{"the client is not known", "invalid_client", false, "password refresh_token"},
		// It is dead for good: after an outage the password is shown.
		{"dead, and then an outage", "invalid_grant", true, "password refresh_token password password password password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := false
				s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
					switch {
					case form.Get("grant_type") == "refresh_token":
						refuse(w, 400, tt.refuse)
						down = tt.down
					case down:
						w.WriteHeader(503)
					default:
						grant(w, "T-token", 600, "refresh_token", "R")
					}
				}}
				source := sourceIn(t, s, byPassword(), placeOf(t))
				mustToken(t, source, "T-token")
				time.Sleep(time.Hour)
				if _, err := source.token(t.Context()); (err != nil) != (tt.down || tt.refuse == "invalid_client") {
					t.Errorf("got %v", err)
				}
				if down {
					down = false
					time.Sleep(10 * time.Minute)
					mustToken(t, source, "T-token")
				}
				if got := s.grantsOf(); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// A refresh token whose life is over is not shown.
func TestRefreshTokenThatHasExpired(t *testing.T) {
	t.Parallel()
	give := func(w http.ResponseWriter, _ int, _ url.Values) {
		grant(w, "T-token", 600, "refresh_token", "R", "refresh_expires_in", "1800")
	}
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: give}
		source := sourceIn(t, s, byPassword(), placeOf(t))
		mustToken(t, source, "T-token")
		time.Sleep(time.Hour)
		if mustToken(t, source, "T-token"); s.grantsOf() != "password password" {
			t.Errorf("got %s", s.grantsOf())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: give}
		source := sourceIn(t, s, pasted(nil), placeOf(t))
		mustToken(t, source, "T-token")
		ends := time.Now().Add(30 * time.Minute)
		time.Sleep(time.Hour)
		failed := mustFail(t, source)
		if !strings.Contains(failed.Error(), ends.Format(time.RFC3339)) || s.asked() != 1 {
			t.Errorf("got %v after %d requests", failed, s.asked())
		}
	})
}

// How long a refresh token lives is not known any more once another came without a word on that.
func TestLifeOfARotatedRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			if n == 1 {
				grant(w, "T1-token", 600, "refresh_token", "R1", "refresh_expires_in", "1800")
				return
			}
			grant(w, fmt.Sprintf("T%d-token", n), 600, "refresh_token", "R"+form.Get("refresh_token"))
		}}
		source := sourceIn(t, s, pasted(nil), placeOf(t))
		mustToken(t, source, "T1-token")
		time.Sleep(20 * time.Minute)
		mustToken(t, source, "T2-token")
		if st := status(t, source); !st.RefreshExpires.IsZero() {
			t.Errorf("ends %v", st.RefreshExpires)
		}
		time.Sleep(time.Hour)
		mustToken(t, source, "T3-token")
	})
}

// A login asks though a failure is held.
func TestLoginAsksThoughAFailureIsHeld(t *testing.T) {
	t.Parallel()
	s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
		if n == 1 {
			refuse(w, 401, "invalid_client")
			return
		}
		grant(w, "T-token", 600)
	}}
	source := sourceIn(t, s, nil, placeOf(t))
	mustFail(t, source)
	if err := source.loginAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustToken(t, source, "T-token")
}

func TestSettle(t *testing.T) {
	t.Parallel()
	at := time.Now().Round(0)
	source := inBubble(t, &system{}, pasted(nil))
	tests := []struct {
		name       string
		read, want record
	}{
		{"a request that broke off", record{Refresh: "R1", Seed: source.seed, Intent: at}, record{Refresh: "R1", Seed: source.seed, Lost: at}},
		{"another after that", record{Refresh: "R1", Seed: source.seed, Intent: at, Lost: at.Add(-1)}, record{Refresh: "R1", Seed: source.seed, Lost: at.Add(-1)}},
		{"one without a refresh token", record{Seed: source.seed, Intent: at}, record{Seed: source.seed}},
		{"a token that is pasted in its place", record{Access: "T1", Issued: at, Expires: at, Refresh: "R1", RefreshExpires: at, Seed: "other", Intent: at, Lost: at}, record{Refresh: "R0-pasted", Seed: source.seed}},
		{"the failure of a profile that has changed since", record{Seed: source.seed, Failure: &mishap{Fingerprint: "other"}}, record{Seed: source.seed}},
	}
	for _, tt := range tests {
		r := tt.read
		if source.settle(&r); r != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, r, tt.want)
		}
	}
	failure := &mishap{Fingerprint: source.fingerprint}
	r := record{Seed: source.seed, Failure: failure}
	if source.settle(&r); r.Failure != failure {
		t.Error("a failure of this profile was forgotten")
	}
}

// A refresh token that is pasted in place of another may be that of another user, whose requests the old access token is not for.
func TestPastedTokenEndsTheSignInBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{give: func(w http.ResponseWriter, _ int, form url.Values) { grant(w, "T-of-"+form.Get("refresh_token"), 600) }}
		folder := t.TempDir()
		mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T-of-R0-pasted")
		source := sourceIn(t, s, pasted(Settings{"refresh_token": "R-another"}), placeIn(t, folder))
		if st := status(t, source); st.State != StateNew || !st.AccessExpires.IsZero() || st.HasRefresh {
			t.Errorf("before it is used: got %+v", st)
		}
		mustToken(t, source, "T-of-R-another")
	})
}
