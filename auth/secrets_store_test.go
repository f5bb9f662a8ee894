package auth

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"snrun/auth/store"
)

// placeOf is the place of a store that is not there yet, whose key is in a variable.
func placeOf(t testing.TB) *store.Place {
	t.Helper()
	return placeIn(t, t.TempDir())
}

// reopen gives the same place as another process has it.
func reopen(t testing.TB, p *store.Place) *store.Place {
	t.Helper()
	other := &store.Place{File: p.File, Getenv: p.Getenv, Keyring: p.Keyring}
	t.Cleanup(func() { other.Close() })
	return other
}

func TestKeptSecrets(t *testing.T) {
	t.Parallel()
	place, r := placeOf(t), NewRedactor()
	s := NewSecrets(SecretsOptions{Store: place, Redactor: r})
	if err := s.Remove("TOKEN"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed from a store that is not there: got %v", err)
	}
	if names, err := s.Stored(); err != nil || names != nil {
		t.Errorf("without a store: got %v, %v", names, err)
	}
	if _, err := os.Stat(place.File); err == nil {
		t.Fatal("a store was made before anything was to be kept")
	}
	const pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
	for _, set := range [][2]string{{"TOKEN", "first-value"}, {"KEY", pem}, {"TOKEN", "second-value"}} {
		if err := s.Set(set[0], set[1]); err != nil {
			t.Fatal(err)
		}
		if masked := r.Text("<" + set[1] + ">"); masked != "<***>" {
			t.Errorf("%s is not masked when it is set: %s", set[0], masked)
		}
	}
	r = NewRedactor()
	s = NewSecrets(SecretsOptions{Store: reopen(t, place), Redactor: r})
	for name, want := range map[string]string{"TOKEN": "second-value", "KEY": pem} {
		if got, err := s.Lookup(t.Context(), name); err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v, want %q", name, got.Reveal(), err, want)
		}
		if masked := r.Text("<" + want + ">"); masked != "<***>" {
			t.Errorf("%s is not masked when it is read: %s", name, masked)
		}
	}
	if names, err := s.Stored(); err != nil || fmt.Sprint(names) != "[KEY TOKEN]" {
		t.Errorf("stored: got %v, %v", names, err)
	}
	if err := errors.Join(s.Remove("TOKEN"), s.Remove("KEY")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(t.Context(), "TOKEN"); !strings.Contains(fmt.Sprint(err), "is missing") {
		t.Errorf("after it was removed: got %v", err)
	}
}

// TestSetAtTheSameTime holds that the last one to set a secret wins, and nobody fails.
func TestSetAtTheSameTime(t *testing.T) {
	t.Parallel()
	place := placeOf(t)
	var wg sync.WaitGroup
	for i := range 8 {
		s := NewSecrets(SecretsOptions{Store: reopen(t, place)})
		wg.Go(func() {
			for j := range 5 {
				if err := s.Set("TOKEN", fmt.Sprintf("value-%d-%d", i, j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := NewSecrets(SecretsOptions{Store: place}).Lookup(t.Context(), "TOKEN"); err != nil || !strings.HasSuffix(got.Reveal(), "-4") {
		t.Errorf("got %q, %v, want the last of one of them", got.Reveal(), err)
	}
}

// TestSetMendsADamagedSecret has an entry that does not open any more: it can be removed, and set anew.
func TestSetMendsADamagedSecret(t *testing.T) {
	t.Parallel()
	place := placeOf(t)
	s := NewSecrets(SecretsOptions{Store: place})
	for _, name := range []string{"WHOLE", "SET", "REMOVED"} {
		if err := s.Set(name, "value of "+name); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite3", place.File)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE id = 'WHOLE')"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Lookup(t.Context(), "SET")
	if _, damaged := errors.AsType[*store.DamagedError](err); !damaged {
		t.Fatalf("got %v, want a *store.DamagedError", err)
	}
	var helpful interface{ Help() string }
	if !errors.As(err, &helpful) || helpful.Help() != "set it again: snrun secret set SET" {
		t.Errorf("got %v, want the command that helps", err)
	}
	if names, err := s.Stored(); err == nil || fmt.Sprint(names) != "[WHOLE]" {
		t.Errorf("stored: got %v, %v, want the one that is whole, and an error", names, err)
	}
	if err := errors.Join(s.Set("SET", "new"), s.Remove("REMOVED")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Lookup(t.Context(), "SET"); err != nil || got.Reveal() != "new" {
		t.Errorf("got %q, %v, want the new value", got.Reveal(), err)
	}
	if _, err := s.Lookup(t.Context(), "REMOVED"); !strings.Contains(fmt.Sprint(err), "is missing") {
		t.Errorf("after it was removed: got %v", err)
	}
}

// asked is a keyring that counts how often it is asked.
type asked struct {
	mu    sync.Mutex
	kept  map[string]string
	count int
}

func (a *asked) Get(name string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	if text, ok := a.kept[name]; ok {
		return text, nil
	}
	return "", fs.ErrNotExist
}

func (a *asked) Set(name, text string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[name] = text
	return nil
}

func (a *asked) Delete(name string) error { return errors.ErrUnsupported }

// TestStoreIsOpenedLast holds that the store, which may have a person asked for a password, is opened only for a secret that
// is nowhere else.
func TestStoreIsOpenedLast(t *testing.T) {
	t.Parallel()
	keyring := &asked{kept: map[string]string{}}
	place := placeOf(t)
	place.Getenv, place.Keyring = nil, keyring
	if err := NewSecrets(SecretsOptions{Store: place}).Set("KEPT", "value"); err != nil {
		t.Fatal(err)
	}
	keyring.count = 0
	s := NewSecrets(SecretsOptions{
		Environ: []string{"SNRUN_SECRET_GIVEN=x"}, Exec: map[string][]string{"COMMAND": {"false"}}, Store: reopen(t, place),
	})
	if got := fmt.Sprint(s.Known()); got != "[COMMAND GIVEN]" {
		t.Errorf("known before the store is open: got %s", got)
	}
	for _, name := range []string{"GIVEN", "COMMAND"} {
		if _, err := s.Origin(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Lookup(t.Context(), "COMMAND"); err == nil || strings.Contains(err.Error(), "missing") {
		t.Errorf("a command that fails: got %v, want its failure", err)
	}
	if keyring.count != 0 {
		t.Errorf("the keyring was asked %d times for what is elsewhere", keyring.count)
	}
	if got, err := s.Lookup(t.Context(), "KEPT"); err != nil || got.Reveal() != "value" || keyring.count != 1 {
		t.Errorf("got %q, %v, having asked the keyring %d times", got.Reveal(), err, keyring.count)
	}
	if got := fmt.Sprint(s.Known()); got != "[COMMAND GIVEN KEPT]" || keyring.count != 1 {
		t.Errorf("known once the store is open: got %s, having asked the keyring %d times", got, keyring.count)
	}
}

// TestStoreThatCannotBeOpened holds that a secret which may be in there is not taken for missing.
func TestStoreThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, p *store.Place)
		want  string
	}{
		{"no key", func(_ *testing.T, p *store.Place) { p.Getenv = nil }, "there is no key for the store"},
		{"another key", func(_ *testing.T, p *store.Place) {
			p.Getenv = func(name string) string {
				return map[string]string{store.KeyVariable: strings.Repeat("ab", 32)}[name]
			}
		}, "is not that of the store"},
		{"a loose mode", func(t *testing.T, p *store.Place) {
			if err := os.Chmod(p.File, 0o640); err != nil {
				t.Fatal(err)
			}
		}, "others may use it"},
		{"garbage", func(t *testing.T, p *store.Place) {
			if err := os.WriteFile(p.File, []byte(strings.Repeat("garbage ", 600)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			place := placeOf(t)
			if err := NewSecrets(SecretsOptions{Store: place}).Set("TOKEN", "value"); err != nil {
				t.Fatal(err)
			}
			if err := place.Close(); err != nil {
				t.Fatal(err)
			}
			spoiled := reopen(t, place)
			test.spoil(t, spoiled)
			s := NewSecrets(SecretsOptions{Store: spoiled})
			_, err := s.Lookup(t.Context(), "TOKEN")
			var helpful interface{ Help() string }
			if err == nil || !strings.Contains(err.Error(), "secret TOKEN: ") || !strings.Contains(err.Error(), test.want) ||
				!strings.Contains(err.Error(), place.File) || !errors.As(err, &helpful) || helpful.Help() == "" {
				t.Errorf("got %v, want %q, the file and what to do", err, test.want)
			}
			if err := s.Set("TOKEN", "other"); err == nil {
				t.Error("a secret was kept all the same")
			}
			if _, err := s.Stored(); err == nil {
				t.Error("the names were listed all the same")
			}
		})
	}
}

func TestSecretsWithoutAStore(t *testing.T) {
	t.Parallel()
	s := NewSecrets(SecretsOptions{})
	if err := s.Set("TOKEN", "value"); err == nil {
		t.Error("a secret was kept nowhere")
	}
	if err := s.Remove("TOKEN"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: got %v", err)
	}
	if err := NewSecrets(SecretsOptions{Store: placeOf(t)}).Set("no-name", "value"); err == nil || strings.Contains(err.Error(), "no-name") {
		t.Errorf("an impossible name: got %v, want an error without it", err)
	}
}
