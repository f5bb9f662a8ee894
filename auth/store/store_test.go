package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := open(t, file, testKey)
	before := time.Now().Add(-time.Millisecond)
	for _, test := range []struct{ name, kind, id, data string }{
		{"plain", "token", "servicenow", `{"access":"sesame"}`},
		{"empty", "token", "empty", ""},
		{"all empty", "", "", "x"},
		{"odd names", "kind\x00", "a/../b\n\xff", "\x00\xff"},
		{"large", "token", "large", strings.Repeat("sesame ", 100_000)},
	} {
		written := put(t, s, Entry{Kind: test.kind, ID: test.id, Data: []byte(test.data)})
		if written.Generation != 1 || written.Changed.Before(before) || written.Changed.After(time.Now()) {
			t.Errorf("%s: generation %d of %v, want 1 of now", test.name, written.Generation, written.Changed)
		}
		for _, s := range []*Store{s, open(t, file, testKey)} {
			got := get(t, s, test.kind, test.id)
			if got.Kind != test.kind || got.ID != test.id || string(got.Data) != test.data || got.Generation != 1 || !got.Changed.Equal(written.Changed) {
				t.Errorf("%s: got %.100v, want %.100v", test.name, got, written)
			}
		}
	}
	if _, err := s.Get("token", "nobody"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an entry that is not there: %v, want fs.ErrNotExist", err)
	}
	if _, err := s.Get("servicenow", "token"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("kind and id swapped: %v, want fs.ErrNotExist", err)
	}
}

// TestNothingIsPlain holds that no file beside the store has what was put into it, nor the key.
func TestNothingIsPlain(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := open(t, file, testKey)
	e := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("open sesame")})
	e.Data = []byte("close sesame")
	put(t, s, e)
	if err := s.Rotate(NewKey()); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(filepath.Dir(file), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, word := range []string{"sesame", testKey, "0123456789abcdef"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q", path, word)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestCompareAndSwap(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	one, other := open(t, file, testKey), open(t, file, testKey)
	if _, err := one.Put(Entry{Kind: "token", ID: "a", Generation: 1}); !errors.Is(err, ErrConflict) {
		t.Errorf("an entry that is gone: %v, want ErrConflict", err)
	}
	first := put(t, one, Entry{Kind: "token", ID: "a", Data: []byte("first")})
	for _, generation := range []int64{0, 2, -1} {
		if _, err := other.Put(Entry{Kind: "token", ID: "a", Generation: generation, Data: []byte("x")}); !errors.Is(err, ErrConflict) {
			t.Errorf("generation %d: %v, want ErrConflict", generation, err)
		}
	}
	first.Data = []byte("second")
	if second := put(t, other, first); second.Generation != 2 {
		t.Errorf("generation %d, want 2", second.Generation)
	}
	first.Data = []byte("third")
	if _, err := one.Put(first); !errors.Is(err, ErrConflict) {
		t.Errorf("written by somebody else: %v, want ErrConflict", err)
	}
	if got := get(t, one, "token", "a"); string(got.Data) != "second" {
		t.Errorf("got %q, want what was written first", got.Data)
	}
}

// TestDelete holds that whoever read an entry before it was removed does not take the next one for it.
func TestDelete(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	if err := s.Delete("token", "a"); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	read := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("old")})
	put(t, s, Entry{Kind: "token", ID: "b"})
	if err := s.Delete("token", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("token", "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := s.Put(read); !errors.Is(err, ErrConflict) {
		t.Errorf("written after it was removed: %v, want ErrConflict", err)
	}
	if again := put(t, s, Entry{Kind: "token", ID: "a"}); again.Generation <= read.Generation {
		t.Errorf("the entry that was made anew has generation %d, want more than %d", again.Generation, read.Generation)
	}
	if _, err := s.Put(read); !errors.Is(err, ErrConflict) {
		t.Errorf("written over one that was made anew: %v, want ErrConflict", err)
	}
	if b := get(t, s, "token", "b"); put(t, s, b).Generation != 2 {
		t.Error("another entry does not count on")
	}
}

// TestDeleteOfAYoungEntry holds that the generations of one that was written more often stay used.
func TestDeleteOfAYoungEntry(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	young, old := put(t, s, Entry{Kind: "token", ID: "young"}), put(t, s, Entry{Kind: "token", ID: "old"})
	old = put(t, s, put(t, s, old))
	for _, e := range []Entry{old, young} {
		if err := s.Delete(e.Kind, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	if again := put(t, s, Entry{Kind: "token", ID: "old"}); again.Generation <= old.Generation {
		t.Errorf("the entry that was made anew has generation %d, want more than %d", again.Generation, old.Generation)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	if list, err := s.List("token"); err != nil || len(list) != 0 {
		t.Errorf("an empty store gives %v, %v", list, err)
	}
	for _, id := range []string{"b", "a", "C", "ä"} {
		put(t, s, Entry{Kind: "token", ID: id, Data: []byte("of " + id)})
	}
	put(t, s, Entry{Kind: "secret", ID: "x"})
	list, err := s.List("token")
	var got []string
	for _, e := range list {
		got = append(got, string(e.Data))
	}
	if want := []string{"of C", "of a", "of b", "of ä"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	_, gerr := s.Get("token", "a")
	_, perr := s.Put(Entry{Kind: "token", ID: "a"})
	_, lerr := s.List("token")
	for _, err := range []error{gerr, perr, lerr, s.Delete("token", "a"), s.Rotate(NewKey())} {
		if !errors.Is(err, errClosed) {
			t.Errorf("got %v, want that it is closed", err)
		}
	}
}
