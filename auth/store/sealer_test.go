package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// sealed seals a value, which must be kept.
func sealed(t *testing.T, s *Sealer, plain, about string) []byte {
	t.Helper()
	data, err := s.Seal([]byte(plain), about)
	if err != nil || data == nil {
		t.Fatalf("sealing gives %x and %v, want a value that is kept", data, err)
	}
	return data
}

func TestSealer(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	one, other := placeOf(file, testKey).Sealer(), placeOf(newFile(t), testKey).Sealer()
	a, b := sealed(t, one, "sesame", "run 1 /a"), sealed(t, one, "sesame", "run 1 /a")
	if bytes.Equal(a, b) || bytes.Contains(a, []byte("sesame")) {
		t.Errorf("the same value is sealed as %x and %x, want two that show nothing", a, b)
	}
	for name, s := range map[string]*Sealer{"the one that sealed it": one, "one of another process": other} {
		if got, err := s.Open(a, "run 1 /a"); err != nil || string(got) != "sesame" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got, err := one.Open(sealed(t, other, "", "run 2 /b"), "run 2 /b"); err != nil || len(got) != 0 {
		t.Errorf("an empty value: got %q, %v", got, err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("there is a store now, which nobody asked for")
	}
}

func TestSealerOpensNothingElse(t *testing.T) {
	t.Parallel()
	s := placeOf(newFile(t), testKey).Sealer()
	data := sealed(t, s, "sesame", "run 1 /a")
	if _, err := s.Open(data, "run 1 /b"); !errors.Is(err, errNotSealed) {
		t.Errorf("in the place of another value: got %v", err)
	}
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		if got, err := s.Open(changed, "run 1 /a"); err == nil {
			t.Errorf("with byte %d changed it opens as %q", i, got)
		}
		if got, err := s.Open(data[:i], "run 1 /a"); err == nil {
			t.Errorf("cut to %d bytes it opens as %q", i, got)
		}
	}
	_, err := placeOf(newFile(t), NewKey().reveal()).Sealer().Open(data, "run 1 /a")
	checkKeyError(t, err, "another key", KeyVariable)
}

// TestSealerWithoutKey holds that no key is made for a Sealer, and none is asked for where there surely is none.
func TestSealerWithoutKey(t *testing.T) {
	t.Parallel()
	keyring := &ring{}
	for name, p := range map[string]*Place{
		"nothing":                  {File: newFile(t)},
		"a keyring but no store":   {File: newFile(t), Keyring: keyring, Getenv: variables()},
		"a store but no keyring":   {File: madeWith(t, &ring{})},
		"a file that was not made": {File: filepath.Join(t.TempDir(), "none", "a.db"), Keyring: keyring},
	} {
		if s := p.Sealer(); s != nil {
			t.Errorf("%s: there is a Sealer, want none", name)
		}
	}
	if keyring.asked != 0 {
		t.Errorf("the keyring was asked %d times, want never", keyring.asked)
	}
	for name, p := range map[string]*Place{
		"a keyring that is locked": {File: madeWith(t, &ring{}), Keyring: &ring{err: errors.New("it is locked")}},
		"no key in the variable":   {File: newFile(t), Getenv: variables(KeyVariable, "sesame")},
		"no file of a key":         {File: newFile(t), Getenv: variables(KeyFileVariable, filepath.Join(t.TempDir(), "key"))},
	} {
		s := p.Sealer()
		if data, err := s.Seal([]byte("sesame"), "a"); data != nil || err != nil {
			t.Errorf("%s: got %x, %v, want that nothing is kept", name, data, err)
		}
		_, err := s.Open(sealed(t, placeOf(newFile(t), testKey).Sealer(), "sesame", "a"), "a")
		checkKeyError(t, err, "key")
	}
}

// TestSealerAsksTheKeyringOnce holds that the key of the store is taken, when it is first needed.
func TestSealerAsksTheKeyringOnce(t *testing.T) {
	t.Parallel()
	keyring := &ring{}
	file := madeWith(t, keyring)
	keyring.asked = 0
	p := &Place{File: file, Keyring: keyring}
	t.Cleanup(func() { p.Close() })
	s := p.Sealer()
	if keyring.asked != 0 {
		t.Error("the keyring is asked before there is anything to encrypt")
	}
	data := sealed(t, s, "sesame", "a")
	if _, err := s.Open(data, "a"); err != nil || keyring.asked != 1 {
		t.Errorf("got %v, and the keyring was asked %d times, want once", err, keyring.asked)
	}
}

// madeWith gives the file of a store whose key is in a keyring.
func madeWith(t *testing.T, keyring *ring) string {
	t.Helper()
	p := &Place{File: newFile(t), Keyring: keyring}
	if _, err := p.Open(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return p.File
}
