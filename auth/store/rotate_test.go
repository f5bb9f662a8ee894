package store

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

// TestRotateGoesOn holds that the store that was rotated can be used, and its numbers count on.
func TestRotateGoesOn(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	e := put(t, s, Entry{Kind: "token", ID: "a"})
	if err := s.Delete("token", "a"); err != nil {
		t.Fatal(err)
	}
	old := value(t, s.file, "SELECT salt FROM head").([]byte)
	if err := s.Rotate(NewKey()); err != nil {
		t.Fatal(err)
	}
	if string(old) == string(value(t, s.file, "SELECT salt FROM head").([]byte)) {
		t.Error("the salt is the old one")
	}
	if got := put(t, s, Entry{Kind: "token", ID: "a"}); got.Generation <= e.Generation {
		t.Errorf("generation %d, want more than %d", got.Generation, e.Generation)
	}
	if err := s.Rotate(NewKey()); err != nil {
		t.Error(err)
	}
	get(t, s, "token", "a")
}

// TestNewSalt holds that a store which was encrypted anew under its own key can be used by whoever has it open.
func TestNewSalt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, file string) {
		s, other := open(t, file, testKey), open(t, file, testKey)
		e := put(t, s, Entry{Kind: "token", ID: "a"})
		if err := s.Rotate(s.key); err != nil {
			t.Fatal(err)
		}
		if got := get(t, other, "token", "a"); put(t, other, got).Generation != e.Generation+1 {
			t.Error("the entry does not count on")
		}
		get(t, s, "token", "a")
	})
}

func TestRotateNothing(t *testing.T) {
	t.Parallel()
	p := placeOf(newFile(t), testKey)
	if err := p.Rotate(NewKey()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if err := p.RotateInKeyring(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// inRing makes a store whose key is in a keyring, with one entry.
func inRing(t *testing.T, r *ring) *Place {
	t.Helper()
	p := &Place{File: newFile(t), Keyring: r}
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, Entry{Kind: "token", ID: "a"})
	t.Cleanup(func() { p.Close() })
	return p
}

// checkRing wants a store to be readable by a new process, and so many keys in its keyring.
func checkRing(t *testing.T, file string, r *ring, keys int) {
	t.Helper()
	r.err = nil
	p := &Place{File: file, Keyring: r}
	defer p.Close()
	s, err := p.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "token", "a")
	if len(r.keys) != keys {
		t.Errorf("the keyring has %d keys, want %d", len(r.keys), keys)
	}
}

func TestRotateInKeyring(t *testing.T) {
	t.Parallel()
	r := &ring{}
	p := inRing(t, r)
	for range 3 {
		old := p.store.key
		if err := p.RotateInKeyring(); err != nil {
			t.Fatal(err)
		}
		if p.store.key.Equal(old) {
			t.Error("the key is the old one")
		}
		get(t, p.store, "token", "a")
		checkRing(t, p.File, r, 1)
	}
}

// TestRotateOutOfKeyring holds that a key of which there is a file is not in the keyring any more.
func TestRotateOutOfKeyring(t *testing.T) {
	t.Parallel()
	r := &ring{}
	p := inRing(t, r)
	file := filepath.Join(t.TempDir(), "new", "key")
	key, err := WriteKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Rotate(key); err != nil || len(r.keys) != 0 {
		t.Errorf("%v, and the keyring has %d keys, want none", err, len(r.keys))
	}
	checkKeyError(t, p.RotateInKeyring(), "not in the keyring", "snrun key rotate FILE")
	with := &Place{File: p.File, Keyring: r, Getenv: variables(KeyFileVariable, file)}
	s, err := with.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "token", "a")
	checkKeyError(t, with.RotateInKeyring(), "is from SNRUN_KEY_FILE ("+file+"), not in the keyring")
	if err := with.Close(); err != nil {
		t.Error(err)
	}
}

// TestRotateIsCutShort stops it between any two of its steps: the store can be read all the same.
func TestRotateIsCutShort(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		cut  func(t *testing.T, p *Place, r *ring)
		keys int
	}{
		{"the keyring takes no key", func(t *testing.T, p *Place, r *ring) {
			r.err = errors.New("it is locked")
			checkKeyError(t, p.RotateInKeyring(), "it is locked")
		}, 1},
		{"killed when the keyring has the key", func(t *testing.T, p *Place, r *ring) {
			if _, err := p.newKey(); err != nil {
				t.Error(err)
			}
		}, 2},
		{"the store cannot be written", func(t *testing.T, p *Place, r *ring) {
			change(t, p.File, "INSERT INTO entries VALUES ('token', 'b', 1, 1, x'00')")
			checkDamaged(t, p.RotateInKeyring(), p.File, "token", "b")
		}, 1},
		{"killed when the store has the key", func(t *testing.T, p *Place, r *ring) {
			key, err := p.newKey()
			if err := errors.Join(err, p.store.Rotate(key)); err != nil {
				t.Error(err)
			}
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &ring{}
			p := inRing(t, r)
			test.cut(t, p, r)
			checkRing(t, p.File, r, test.keys)
		})
	}
}

// TestRotateMayHaveWorked holds that both keys stay where it cannot be told which of them the store has.
func TestRotateMayHaveWorked(t *testing.T) {
	t.Parallel()
	r := &ring{}
	p := inRing(t, r)
	change(t, p.File, "DROP TABLE head")
	if err := p.RotateInKeyring(); err == nil || len(r.keys) != 2 {
		t.Errorf("got %v and %d keys in the keyring, want an error and 2", err, len(r.keys))
	}
}

func TestWriteKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "folder", "key")
	key, err := WriteKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &Place{File: newFile(t)}
	if got, err := p.ReadKeyFile(file); err != nil || !got.Equal(key) {
		t.Errorf("the file gives another key, %v", err)
	}
	if _, err := WriteKeyFile(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v, want fs.ErrExist", err)
	}
	if got, err := p.ReadKeyFile(file); err != nil || !got.Equal(key) {
		t.Errorf("the file was written over, %v", err)
	}
}
