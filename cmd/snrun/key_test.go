package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/auth/store"
	"snrun/examples/sandbox"
)

// stored makes the store of a user whose key is in a file, with one entry.
func (u *user) stored(keyFile string) {
	u.t.Helper()
	p := u.place(keyFile)
	defer p.Close()
	s, err := p.Open()
	if err != nil {
		u.t.Fatal(err)
	}
	if _, err := s.Put(store.Entry{Kind: "secret", ID: "A", Data: []byte("sesame")}); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) place(keyFile string) *store.Place {
	return &store.Place{File: filepath.Join(u.dir, "runs-auth.db"), Getenv: func(name string) string {
		if name == store.KeyFileVariable {
			return keyFile
		}
		return ""
	}}
}

// checkStored wants the entry under the key in a file.
func (u *user) checkStored(keyFile string) {
	u.t.Helper()
	p := u.place(keyFile)
	defer p.Close()
	s, err := p.OpenExisting()
	if err != nil {
		u.t.Fatal(err)
	}
	if e, err := s.Get("secret", "A"); err != nil || string(e.Data) != "sesame" {
		u.t.Errorf("the entry is %q, %v", e.Data, err)
	}
}

func TestKeyRotate(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	first, second := filepath.Join(u.dir, "first"), filepath.Join(u.dir, "second")
	if got := u.must(exitOK, "key", "new", "first"); got.stdout != "export SNRUN_KEY_FILE="+first+"\n" {
		t.Errorf("got %s", got.stdout)
	}
	u.stored(first)
	u.must(exitOK, "key", "new", "other")
	if err := os.Chmod(filepath.Join(u.dir, "profiles.yaml"), 0o644); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	environ := u.environ
	for _, test := range []struct {
		name, variable, value string
		args                  []string
		wants                 []string
	}{
		{"no key", "", "", []string{"second"}, []string{"neither SNRUN_KEY nor SNRUN_KEY_FILE is set", "export SNRUN_KEY_FILE="}},
		{"another key", store.KeyFileVariable, "other", []string{"second"}, []string{"is not that of the store"}},
		{"no key in a variable", store.KeyVariable, "open sesame", []string{"second"}, []string{"SNRUN_KEY has no key"}},
		{"not in the keyring", store.KeyFileVariable, first, nil, []string{"not in the keyring", "key rotate FILE"}},
		{"the same key", store.KeyFileVariable, first, []string{"first"}, []string{"has this key already", "key rotate FILE"}},
		{"a file that is no key", store.KeyFileVariable, first, []string{"profiles.yaml"}, []string{"profiles.yaml", "chmod 600"}},
	} {
		u.environ = append(environ[:len(environ):len(environ)], test.variable+"="+test.value)
		got := u.must(exitFailed, append([]string{"key", "rotate"}, test.args...)...)
		for _, want := range append(test.wants, "\n  ") {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("%s: got %s, want it to say %q", test.name, got.stderr, want)
			}
		}
		if _, err := os.Stat(second); err == nil {
			t.Errorf("%s: a key was made all the same", test.name)
		}
	}
	u.checkStored(first)

	u.environ = append(environ, store.KeyFileVariable+"=first")
	if got := u.must(exitOK, "key", "rotate", "second"); got.stdout != "export SNRUN_KEY_FILE="+second+"\n" {
		t.Errorf("got %s", got.stdout)
	}
	u.checkStored(second)
	u.must(exitFailed, "key", "rotate", "third")
	u.environ = append(environ, store.KeyFileVariable+"=second")
	u.must(exitOK, "key", "rotate", first) // a file that is there
	u.checkStored(first)
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	reportFinds(t, "the output", u.written.Bytes(), disguisesOf([]string{strings.TrimSpace(string(text))}), 0)
}
