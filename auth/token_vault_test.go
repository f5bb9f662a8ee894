package auth

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/auth/store"
)

// ring is a keyring in memory.
type ring map[string]string

func (r ring) Get(name string) (string, error) {
	if text, ok := r[name]; ok {
		return text, nil
	}
	return "", fs.ErrNotExist
}
func (r ring) Set(name, text string) error { r[name] = text; return nil }
func (r ring) Delete(name string) error    { delete(r, name); return nil }

func mustOpen(t *testing.T, s *tokenSource, why purpose) vault {
	t.Helper()
	v, err := s.open(why)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What was decided for a process stays, except for who signs in.
func TestVaultIsDecidedOnce(t *testing.T) {
	t.Parallel()
	place := placeOf(t)
	place.Getenv = nil
	source := sourceIn(t, &system{}, nil, place)
	first := mustOpen(t, source, toUse)
	if first.durable() {
		t.Fatal("it is kept without a key")
	}
	place.Getenv = keyOfTests
	if mustOpen(t, source, toLook) != first || mustOpen(t, source, toUse) != first {
		t.Error("another vault is used in the midst of a run")
	}
	if !mustOpen(t, source, toKeep).durable() || !mustOpen(t, source, toUse).durable() {
		t.Error("a login is not kept")
	}
}

// A login that a person takes part in makes the store, with a key in the system's keyring where none is given.
func TestLoginMakesTheStore(t *testing.T) {
	t.Parallel()
	keys := ring{}
	place := &store.Place{File: filepath.Join(t.TempDir(), "snrun-auth.db"), Keyring: keys}
	t.Cleanup(func() { place.Close() })
	source := sourceIn(t, &system{}, Settings{"grant": "authorization_code", "authorize_url": "/authorize"}, place)
	if mustFail(t, source); len(keys) > 0 {
		t.Errorf("a run has made %d keys", len(keys))
	}
	if err := source.install(t.Context(), answer{access: "T-login", refresh: "R-login", life: time.Hour}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(place.File); err != nil || len(keys) != 1 {
		t.Errorf("%v, %d keys", err, len(keys))
	}
}

func TestMemoryKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	m := newMemory()
	r, err := m.load()
	if err != nil {
		t.Fatal(err)
	}
	r.Access = "T"
	if again, _ := m.load(); again.Access != "" {
		t.Error("it was not committed, and is there")
	}
	if err := m.commit(r); err != nil {
		t.Fatal(err)
	}
	r.Access = "T2"
	if again, _ := m.load(); again.Access != "T" {
		t.Errorf("got %q", again.Access)
	}
}

// A reset lets the server be asked again, though it had refused.
func TestResetEndsARefusal(t *testing.T) {
	t.Parallel()
	s := &system{give: func(w http.ResponseWriter, n int, _ url.Values) {
		if n == 1 {
			refuse(w, 401, "invalid_client")
			return
		}
		grant(w, "T-token", 600)
	}}
	source := inBubble(t, s, nil)
	mustFail(t, source)
	k := &Keyring{sources: map[string]*tokenSource{"p": source}}
	if _, err := k.Reset(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	mustToken(t, source, "T-token")
}

// Memory stands in for the store only where tokens can be had anew, and nobody has given a key.
func TestMemoryStandsInForTheStore(t *testing.T) {
	t.Parallel()
	person := Settings{"grant": "authorization_code", "authorize_url": "/authorize"}
	wrong := func(name string) string { return strings.ReplaceAll(keyOfTests(name), "0", "1") }
	tests := []struct {
		name     string
		settings Settings
		getenv   func(string) string
		made     bool // there is a store, with the right key
		memory   bool
	}{
		{"no key, no store", nil, nil, false, true},
		{"no key for the store", nil, nil, true, true},
		{"another key", nil, wrong, true, false},
		{"a person, no store", person, nil, false, false},
		{"a person, no key for the store", person, nil, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			place := placeOf(t)
			if tt.made {
				if _, err := (&store.Place{File: place.File, Getenv: keyOfTests}).Open(); err != nil {
					t.Fatal(err)
				}
			}
			place.Getenv = tt.getenv
			v, err := sourceIn(t, &system{}, tt.settings, place).open(toUse)
			if tt.memory != (err == nil) || err == nil && v.durable() {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
}
