package storetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"snrun/auth/store"
)

// otherKey is a key that no store here has.
const otherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

// wantKeyError wants an error about the key, with help, that does not show it.
func wantKeyError(t *testing.T, err error, says string) {
	t.Helper()
	key, ok := errors.AsType[*store.KeyError](err)
	if !ok || key.Help() == "" || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want a *KeyError that says %q, with help", err, says)
		return
	}
	if text := err.Error() + key.Help(); strings.Contains(text, Key) || strings.Contains(text, otherKey) {
		t.Errorf("the key shows: %s", text)
	}
}

// newKey makes a key, as it is and as a variable has it.
func newKey(t *testing.T) (store.Key, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	key, err := store.WriteKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(text)
}

func testWrongKey(t *testing.T, place Opener) {
	e := put(t, open(t, place), store.Entry{Kind: "token", ID: "a", Data: []byte("sesame")})
	for name, test := range map[string]struct {
		p    *store.Place
		says string
	}{
		"another": {place(otherKey, nil), "the key from SNRUN_KEY is not that of the store "},
		"none":    {place("", nil), "there is no key for the store "},
		"no key":  {place("open sesame", nil), "SNRUN_KEY has no key"},
	} {
		defer closing(t, test.p)
		for _, open := range []func() (*store.Store, error){test.p.Open, test.p.OpenExisting} {
			_, err := open()
			wantKeyError(t, err, test.says)
			if t.Failed() {
				t.Fatal(name)
			}
		}
	}
	if got := get(t, open(t, place), "token", "a"); got.Generation != e.Generation || string(got.Data) != "sesame" {
		t.Errorf("after that the entry is %v, want it as it was", got)
	}
}

func testRotate(t *testing.T, place Opener) {
	s, other := open(t, place), open(t, place)
	var before []store.Entry
	for i := range 20 {
		e := put(t, s, store.Entry{Kind: "token", ID: fmt.Sprintf("%02d", i), Data: []byte(fmt.Sprint("sesame ", i))})
		if i%2 == 0 {
			e = put(t, s, e)
		}
		before = append(before, e)
	}
	key, text := newKey(t)
	p := place(Key, nil)
	defer closing(t, p)
	if err := p.Rotate(key); err != nil {
		t.Fatal(err)
	}
	// Who has it open with the old key reads nothing, and writes nothing under that.
	_, gerr := other.Get("token", "00")
	_, perr := other.Put(before[0])
	_, lerr := other.List("token")
	for _, err := range []error{gerr, perr, lerr, other.Delete("token", "00"), other.Rotate(store.NewKey())} {
		wantKeyError(t, err, "was changed by somebody else")
	}
	old := place(Key, nil)
	defer closing(t, old)
	_, err := old.Open()
	wantKeyError(t, err, "is not that of the store")
	next := place(text, nil)
	defer closing(t, next)
	opened, err := next.Open()
	if err != nil {
		t.Fatal(err)
	}
	if list, err := opened.List("token"); err != nil || fmt.Sprint(list) != fmt.Sprint(before) {
		t.Errorf("got %v, %v\nwant %v", list, err, before)
	}
	wantKeyError(t, next.Rotate(key), "has this key already")
}

// testRotateUnderUse rotates while others write: each of their writes is there under the new key, or was refused for the key.
func testRotateUnderUse(t *testing.T, place Opener) {
	s := open(t, place)
	put(t, s, store.Entry{Kind: "count", ID: "0"})
	started := make(chan struct{}, 3)
	var last [3]int64
	var all sync.WaitGroup
	for i := range last {
		mine := open(t, place)
		all.Go(func() {
			e := store.Entry{Kind: "token", ID: fmt.Sprint(i)}
			for range 20 { // a file is not shared out fairly: without an end some would never have their turn
				written, err := mine.Put(e)
				if _, isKey := errors.AsType[*store.KeyError](err); isKey {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				e, last[i] = written, written.Generation
				if e.Generation == 3 {
					started <- struct{}{}
				}
			}
		})
	}
	<-started
	key, text := newKey(t)
	if err := s.Rotate(key); err != nil {
		t.Error(err)
	}
	all.Wait()
	p := place(text, nil)
	defer closing(t, p)
	opened, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	for i, generation := range last {
		if generation == 0 {
			continue // it came too late
		}
		if got := get(t, opened, "token", fmt.Sprint(i)); got.Generation != generation {
			t.Errorf("%d: generation %d, want the last that was written, %d", i, got.Generation, generation)
		}
	}
}

// ring is a keyring in memory.
type ring struct {
	mu   sync.Mutex
	keys map[string]string
}

func (r *ring) Get(name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := r.keys[name]; text != "" {
		return text, nil
	}
	return "", fs.ErrNotExist
}

func (r *ring) Set(name, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[name] = text
	return nil
}

func (r *ring) Delete(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[name] == "" {
		return fs.ErrNotExist
	}
	delete(r.keys, name)
	return nil
}

// testKeyring holds that a store without a key gets one, which the keyring finds by the head, and changes.
func testKeyring(t *testing.T, place Opener) {
	r := &ring{keys: map[string]string{}}
	for round := range 3 {
		p := place("", r)
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			put(t, s, store.Entry{Kind: "token", ID: "a"})
		}
		get(t, s, "token", "a")
		if err := p.RotateInKeyring(); err != nil {
			t.Error(err)
		}
		get(t, s, "token", "a")
		closing(t, p)
		if len(r.keys) != 1 {
			t.Errorf("the keyring has %d keys, want 1", len(r.keys))
		}
	}
	p := place("", &ring{keys: map[string]string{}})
	defer closing(t, p)
	_, err := p.Open()
	wantKeyError(t, err, "the keyring of this system does not have it")
}

// testMadeAtOnce has several make one store at the same moment, each with a key of its own: it is made once, and one key stays.
func testMadeAtOnce(t *testing.T, place Opener) {
	r := &ring{keys: map[string]string{}}
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range 6 {
		p := place("", r)
		defer closing(t, p)
		all.Go(func() {
			<-begin
			s, err := p.Open()
			if err == nil {
				_, err = s.Put(store.Entry{Kind: "of", ID: fmt.Sprint(i)})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	all.Wait()
	p := place("", r)
	defer closing(t, p)
	s, err := p.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.List("of"); err != nil || len(list) != 6 || len(r.keys) != 1 {
		t.Errorf("%d entries and %d keys, %v, want 6 and 1", len(list), len(r.keys), err)
	}
}

// testSealer holds that what one process has sealed under the key of the store another one opens.
func testSealer(t *testing.T, place Opener) {
	r := &ring{keys: map[string]string{}}
	none := place("", r)
	defer closing(t, none)
	if none.Sealer() != nil || place("", nil).Sealer() != nil {
		t.Error("there is a Sealer where there is no store, want none")
	}
	first := place("", r)
	defer closing(t, first)
	if _, err := first.Open(); err != nil {
		t.Fatal(err)
	}
	one, other := first.Sealer(), none.Sealer()
	if one == nil || other == nil {
		t.Fatal("there is no Sealer where there is a store")
	}
	data, err := one.Seal([]byte("sesame"), "run 1")
	if err != nil || data == nil {
		t.Fatalf("sealing gives %x, %v", data, err)
	}
	if got, err := other.Open(data, "run 1"); err != nil || string(got) != "sesame" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := other.Open(data, "run 2"); err == nil {
		t.Error("it opens in the place of another value")
	}
}
