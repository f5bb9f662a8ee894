package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-sqlite3"

	"snrun/auth/store"
)

// sqlite changes a store's file behind its back.
func sqlite(t *testing.T, p *store.Place, sql string) {
	t.Helper()
	conn, err := new(sqlite3.SQLiteDriver).Open("file:" + p.File)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.(*sqlite3.SQLiteConn).Exec(sql, nil); err != nil {
		t.Fatal(err)
	}
}

// fill has a store refuse what is written to it from now on, as a disk does that is full, until free is called. Removing goes on.
func fill(t *testing.T, p *store.Place) (free func()) {
	t.Helper()
	sqlite(t, p, `CREATE TRIGGER full_insert BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no room'); END;
		CREATE TRIGGER full_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	return func() { t.Helper(); sqlite(t, p, "DROP TRIGGER full_insert; DROP TRIGGER full_update") }
}

// stuck is a profile whose refresh token was rotated to R2 at a moment when the store had no room for it.
type stuck struct {
	*tokenSource
	system *system
	folder string
	free   func()
}

func newStuck(t *testing.T) *stuck {
	t.Helper()
	server := &rotating{good: "R0-pasted"}
	st := &stuck{folder: t.TempDir()}
	place := placeIn(t, st.folder)
	st.system = &system{give: func(w http.ResponseWriter, n int, form url.Values) {
		server.give(w, n, form)
		if n == 2 {
			st.free = fill(t, place)
		}
	}}
	st.tokenSource = sourceIn(t, st.system, pasted(nil), place)
	mustToken(t, st.tokenSource, "T1-token")
	time.Sleep(time.Hour)
	failed := mustFail(t, st.tokenSource)
	if !strings.Contains(failed.Error(), "the new refresh token cannot be kept: ") || !strings.Contains(failed.Error(), "no room") || !failed.Temporary() {
		t.Errorf("got %v", failed)
	}
	return st
}

// another is the same profile in another process.
func (s *stuck) another(t *testing.T) *tokenSource {
	t.Helper()
	return sourceIn(t, s.system, pasted(nil), placeIn(t, s.folder))
}

func (s *stuck) mustHaveAsked(t *testing.T, want int) {
	t.Helper()
	if got := s.system.asked(); got != want {
		t.Errorf("%d token requests, want %d", got, want)
	}
}

// revoked is the token that the server is told to revoke when the profile is reset.
func (s *stuck) revoked(t *testing.T) (token string) {
	t.Helper()
	s.endpoint.urls.revoke = mustURL(t, baseOfTests+"/revoke")
	s.endpoint.wire = direct{http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { token = req.PostFormValue("token") })}
	k := &Keyring{sources: map[string]*tokenSource{"p": s.tokenSource}}
	if did, err := k.Reset(t.Context(), "p"); !did || err != nil {
		t.Errorf("got %v, %v", did, err)
	}
	return token
}

func TestRotatedTokenThatCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		for range 3 {
			time.Sleep(time.Minute)
			if failed := mustFail(t, s.tokenSource); !strings.Contains(failed.Error(), "the new refresh token is not kept yet: ") {
				t.Errorf("got %v", failed)
			}
		}
		s.free()
		time.Sleep(time.Minute)
		mustToken(t, s.tokenSource, "T2-token")
		s.mustHaveAsked(t, 2)
		time.Sleep(time.Hour)
		mustToken(t, s.another(t), "T3-token")
	})
}

func TestRotatedTokenIsKeptOverADamagedEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		s.free()
		sqlite(t, s.place, "UPDATE entries SET sealed = zeroblob(length(sealed))")
		time.Sleep(time.Minute)
		mustToken(t, s.tokenSource, "T2-token")
		mustToken(t, s.another(t), "T2-token")
	})
}

// Once it is kept, a failure that finds no room is told as what it is.
func TestFailureAfterARotatedTokenWasKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		s.free()
		s.system.give = func(w http.ResponseWriter, n int, _ url.Values) {
			if n == 3 {
				fill(t, s.place)
			}
			w.WriteHeader(404)
		}
		time.Sleep(time.Hour)
		mustFail(t, s.tokenSource)
		time.Sleep(2 * time.Second)
		if failed := mustFail(t, s.tokenSource); failed.Status != 404 {
			t.Errorf("got %v", failed)
		}
	})
}

func TestRotatedTokenIsKeptAtClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		s.free()
		(&Keyring{hangar: s.hangar, sources: map[string]*tokenSource{"": nil, "p": s.tokenSource}}).Close()
		mustToken(t, s.another(t), "T2-token")
		s.mustHaveAsked(t, 2)
	})
}

// inEither runs a test with the process that could not keep its token, and with another one.
func inEither(t *testing.T, test func(t *testing.T, stuck *stuck, by *tokenSource)) {
	t.Helper()
	for _, another := range []bool{false, true} {
		t.Run(fmt.Sprint("in another process ", another), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStuck(t)
				by := s.tokenSource
				if another {
					by = s.another(t)
				}
				test(t, s, by)
			})
		})
	}
}

func TestLoginGoesBeforeWhatCouldNotBeKept(t *testing.T) {
	t.Parallel()
	inEither(t, func(t *testing.T, s *stuck, by *tokenSource) {
		s.free()
		time.Sleep(time.Minute)
		if err := by.install(t.Context(), answer{access: "T-login", refresh: "R-login", life: time.Hour}, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		mustToken(t, s.tokenSource, "T-login")
		mustToken(t, s.another(t), "T-login")
		if s.late() != nil {
			t.Error("the old token is still to be kept")
		}
	})
}

func TestResetGoesBeforeWhatCouldNotBeKept(t *testing.T) {
	t.Parallel()
	inEither(t, func(t *testing.T, s *stuck, by *tokenSource) {
		k := &Keyring{hangar: s.hangar, sources: map[string]*tokenSource{"p": by}}
		if _, err := k.Reset(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		s.free()
		time.Sleep(time.Minute)
		s.saveLate()
		if r := recordOf(t, s.another(t)); r.Refresh != "" || r.Access != "" {
			t.Errorf("a token is back: %+v", r)
		}
	})
}

// recordOf is what is kept of a profile's sign-in.
func recordOf(t *testing.T, s *tokenSource) *record {
	t.Helper()
	v, err := s.open(toUse)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResetRevokesWhatCouldNotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		if got := s.revoked(t); got != "R2-rotated" {
			t.Errorf("%q was revoked, want the token that is good", got)
		}
	})
}

// Who has signed in elsewhere since has the newer token.
func TestResetRevokesTheNewerToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStuck(t)
		s.free()
		time.Sleep(time.Minute)
		if err := s.another(t).install(t.Context(), answer{access: "T-login", refresh: "R-login", life: time.Hour}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := s.revoked(t); got != "R-login" {
			t.Errorf("%q was revoked, want the token of the login", got)
		}
	})
}

// A request with a refresh token is not made where its answer could not be kept.
func TestStoreWithoutRoomAtTheIntent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, place := &rotating{good: "R0-pasted"}, placeOf(t)
		s := &system{give: server.give}
		source := sourceIn(t, s, pasted(nil), place)
		mustToken(t, source, "T1-token")
		time.Sleep(time.Hour)
		free := fill(t, place)
		for range 3 {
			if failed := mustFail(t, source); !strings.Contains(failed.Error(), "no room") || !failed.Temporary() || failed.Help() == "" || s.asked() != 1 {
				t.Errorf("got %v: %q, after %d requests, want 1", failed, failed.Help(), s.asked())
			}
			time.Sleep(time.Minute)
		}
		free()
		mustToken(t, source, "T2-token")
	})
}

// What a grant gives again at any time need not be kept to be used.
func TestStoreWithoutRoomForWhatCanBeHadAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		place := placeOf(t)
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			grant(w, fmt.Sprintf("T%d-token", n), 600, "refresh_token", "R")
		}}
		source := sourceIn(t, s, Settings{"grant": "password", "username": "u", "password": "p"}, place)
		if _, err := place.Open(); err != nil {
			t.Fatal(err)
		}
		free := fill(t, place)
		mustToken(t, source, "T1-token")
		if r := recordOf(t, source); r.Access != "" {
			t.Errorf("it was kept: %+v", r)
		}
		time.Sleep(time.Hour)
		mustToken(t, source, "T2-token") // with the refresh token that came with the first
		free()
		source.saveLate()
		if r := recordOf(t, source); r.Access != "T2-token" || s.forms[1].Get("grant_type") != "refresh_token" {
			t.Errorf("it was not kept: %+v", r)
		}
	})
}

// What never could be kept does not come back at the end of a process that has reset the profile.
func TestResetForgetsWhatWasNeverKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		place := placeOf(t)
		source := sourceIn(t, &system{}, nil, place)
		if _, err := place.Open(); err != nil {
			t.Fatal(err)
		}
		free := fill(t, place)
		mustToken(t, source, "T1-token")
		k := &Keyring{hangar: source.hangar, sources: map[string]*tokenSource{"p": source}}
		if _, err := k.Reset(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		free()
		source.saveLate()
		if r := recordOf(t, source); r.Access != "" {
			t.Errorf("the token is back: %+v", r)
		}
	})
}

// A secret that was refused once is not shown again because the refusal could not be written.
func TestStoreWithoutRoomForARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		place := placeIn(t, folder)
		s := &system{give: func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 401, "invalid_client") }}
		source := sourceIn(t, s, nil, place)
		if _, err := place.Open(); err != nil {
			t.Fatal(err)
		}
		free := fill(t, place)
		for range 10 {
			if failed := mustFail(t, source); failed.Code != "invalid_client" {
				t.Errorf("got %v", failed)
			}
			time.Sleep(time.Minute)
		}
		free()
		mustFail(t, source)
		mustFail(t, sourceIn(t, s, nil, placeIn(t, folder)))
		if s.asked() != 1 {
			t.Errorf("%d token requests, want 1", s.asked())
		}
	})
}

// A refresh token that stays the same is not lost with the answer.
func TestStoreWithoutRoomWhereNothingIsRotated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		place := placeOf(t)
		s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
			grant(w, fmt.Sprintf("T%d-token", n), 600)
			if n == 2 {
				fill(t, place)
			}
		}}
		source := sourceIn(t, s, pasted(nil), place)
		mustToken(t, source, "T1-token")
		time.Sleep(time.Hour)
		mustToken(t, source, "T2-token")
	})
}
