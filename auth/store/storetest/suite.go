// Package storetest has the tests that a store must pass wherever it is: in a file, or on a server.
//
// The files:
//
//	suite    the list of tests, and what entries are for them
//	key      what a wrong key does, a changed one, and none
//	older    what the keys before a changed one still open
//	lock     who waits for whom
package storetest

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/auth/store"
)

// Opener gives a place of one and the same store, as another process has it: with a key in SNRUN_KEY, or a keyring. Whoever calls it
// closes the place.
type Opener func(key string, ring store.Keyring) *store.Place

// Run runs all tests. Fresh gives the places of a store that is not there yet.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, place Opener)
	}{
		{"PutAndGet", testPutAndGet},
		{"CompareAndSwap", testCompareAndSwap},
		{"Delete", testDelete},
		{"DeleteOfAYoungEntry", testDeleteOfAYoungEntry},
		{"List", testList},
		{"Closed", testClosed},
		{"NothingIsMadeByLooking", testNothingIsMadeByLooking},
		{"WrongKey", testWrongKey},
		{"Rotate", testRotate},
		{"RotateUnderUse", testRotateUnderUse},
		{"OlderKeys", testOlderKeys},
		{"Keyring", testKeyring},
		{"MadeAtOnce", testMadeAtOnce},
		{"Sealer", testSealer},
		{"Lock", testLock},
		{"LockTakesTurns", testLockTakesTurns},
		{"LockGivesUp", testLockGivesUp},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t))
		})
	}
}

// Key is the key of most stores here.
const Key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// open opens the store under Key, and makes it.
func open(t *testing.T, place Opener) *store.Store {
	t.Helper()
	p := place(Key, nil)
	t.Cleanup(func() { closing(t, p) })
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closing(t *testing.T, p *store.Place) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// put writes an entry, which must work.
func put(t *testing.T, s *store.Store, e store.Entry) store.Entry {
	t.Helper()
	written, err := s.Put(e)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// get reads an entry, which must be there.
func get(t *testing.T, s *store.Store, kind, id string) store.Entry {
	t.Helper()
	e, err := s.Get(kind, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func testPutAndGet(t *testing.T, place Opener) {
	s := open(t, place)
	before := time.Now().Add(-time.Millisecond)
	for _, test := range []struct{ name, kind, id, data string }{
		{"plain", "token", "servicenow", `{"access":"sesame"}`},
		{"empty", "token", "empty", ""},
		{"all empty", "", "", "x"},
		{"odd names", "kind\x00", "a/../b\n\xff", "\x00\xff"},
		{"large", "token", "large", strings.Repeat("sesame ", 100_000)},
	} {
		written := put(t, s, store.Entry{Kind: test.kind, ID: test.id, Data: []byte(test.data)})
		if written.Generation != 1 || written.Changed.Before(before) || written.Changed.After(time.Now()) {
			t.Errorf("%s: generation %d of %v, want 1 of now", test.name, written.Generation, written.Changed)
		}
		for _, s := range []*store.Store{s, open(t, place)} {
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

func testCompareAndSwap(t *testing.T, place Opener) {
	one, other := open(t, place), open(t, place)
	if _, err := one.Put(store.Entry{Kind: "token", ID: "a", Generation: 1}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("an entry that is gone: %v, want ErrConflict", err)
	}
	first := put(t, one, store.Entry{Kind: "token", ID: "a", Data: []byte("first")})
	for _, generation := range []int64{0, 2, -1} {
		if _, err := other.Put(store.Entry{Kind: "token", ID: "a", Generation: generation, Data: []byte("x")}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("generation %d: %v, want ErrConflict", generation, err)
		}
	}
	first.Data = []byte("second")
	if second := put(t, other, first); second.Generation != 2 {
		t.Errorf("generation %d, want 2", second.Generation)
	}
	first.Data = []byte("third")
	if _, err := one.Put(first); !errors.Is(err, store.ErrConflict) {
		t.Errorf("written by somebody else: %v, want ErrConflict", err)
	}
	if got := get(t, one, "token", "a"); string(got.Data) != "second" {
		t.Errorf("got %q, want what was written first", got.Data)
	}
}

// testDelete holds that whoever read an entry before it was removed does not take the next one for it.
func testDelete(t *testing.T, place Opener) {
	s := open(t, place)
	if err := s.Delete("token", "a"); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	read := put(t, s, store.Entry{Kind: "token", ID: "a", Data: []byte("old")})
	put(t, s, store.Entry{Kind: "token", ID: "b"})
	if err := s.Delete("token", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("token", "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := s.Put(read); !errors.Is(err, store.ErrConflict) {
		t.Errorf("written after it was removed: %v, want ErrConflict", err)
	}
	if again := put(t, s, store.Entry{Kind: "token", ID: "a"}); again.Generation <= read.Generation {
		t.Errorf("the entry that was made anew has generation %d, want more than %d", again.Generation, read.Generation)
	}
	if _, err := s.Put(read); !errors.Is(err, store.ErrConflict) {
		t.Errorf("written over one that was made anew: %v, want ErrConflict", err)
	}
	if b := get(t, s, "token", "b"); put(t, s, b).Generation != 2 {
		t.Error("another entry does not count on")
	}
}

// testDeleteOfAYoungEntry holds that the generations of one that was written more often stay used.
func testDeleteOfAYoungEntry(t *testing.T, place Opener) {
	s := open(t, place)
	young, old := put(t, s, store.Entry{Kind: "token", ID: "young"}), put(t, s, store.Entry{Kind: "token", ID: "old"})
	old = put(t, s, put(t, s, old))
	for _, e := range []store.Entry{old, young} {
		if err := s.Delete(e.Kind, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	if again := put(t, s, store.Entry{Kind: "token", ID: "old"}); again.Generation <= old.Generation {
		t.Errorf("the entry that was made anew has generation %d, want more than %d", again.Generation, old.Generation)
	}
}

func testList(t *testing.T, place Opener) {
	s := open(t, place)
	if list, err := s.List("token"); err != nil || len(list) != 0 {
		t.Errorf("an empty store gives %v, %v", list, err)
	}
	for _, id := range []string{"b", "a", "C", "ä"} {
		put(t, s, store.Entry{Kind: "token", ID: id, Data: []byte("of " + id)})
	}
	put(t, s, store.Entry{Kind: "secret", ID: "x"})
	list, err := s.List("token")
	var got []string
	for _, e := range list {
		got = append(got, string(e.Data))
	}
	if want := []string{"of C", "of a", "of b", "of ä"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func testClosed(t *testing.T, place Opener) {
	s := open(t, place)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	_, gerr := s.Get("token", "a")
	_, perr := s.Put(store.Entry{Kind: "token", ID: "a"})
	_, lerr := s.List("token")
	for _, err := range []error{gerr, perr, lerr, s.Delete("token", "a"), s.Rotate(store.NewKey())} {
		if _, ok := errors.AsType[*store.FileError](err); !ok || !strings.Contains(err.Error(), "it is closed") {
			t.Errorf("got %v, want that it is closed", err)
		}
	}
}

// testNothingIsMadeByLooking holds that whoever only looks for a store finds none, and makes none.
func testNothingIsMadeByLooking(t *testing.T, place Opener) {
	for range 2 {
		p := place(Key, nil)
		defer closing(t, p)
		if _, err := p.OpenExisting(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
		if err := p.Rotate(store.NewKey()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("rotating: %v, want fs.ErrNotExist", err)
		}
	}
	put(t, open(t, place), store.Entry{Kind: "token", ID: "a"})
	p := place(Key, nil)
	defer closing(t, p)
	s, err := p.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "token", "a")
}
