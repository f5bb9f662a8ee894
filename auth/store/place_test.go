package store

import (
	"database/sql/driver"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ring is a keyring in memory, or one that answers with an error.
type ring struct {
	mu    sync.Mutex
	keys  map[string]string
	err   error
	asked int
}

func (r *ring) do(f func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.err != nil {
		return r.err
	}
	return f()
}

func (r *ring) Get(name string) (text string, err error) {
	err = r.do(func() error {
		if text = r.keys[name]; text == "" {
			return fs.ErrNotExist
		}
		return nil
	})
	return text, err
}

func (r *ring) Set(name, text string) error {
	return r.do(func() error {
		if r.keys == nil {
			r.keys = map[string]string{}
		}
		r.keys[name] = text
		return nil
	})
}

func (r *ring) Delete(name string) error {
	return r.do(func() error {
		if r.keys[name] == "" {
			return fs.ErrNotExist
		}
		delete(r.keys, name)
		return nil
	})
}

// variables are an environment.
func variables(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// checkKeyError wants an error that says all of some things, its help included.
func checkKeyError(t *testing.T, err error, wants ...string) {
	t.Helper()
	var key *KeyError
	if !errors.As(err, &key) {
		t.Fatalf("got %v, want a *KeyError", err)
	}
	if key.Help() == "" {
		t.Errorf("there is no help beside %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error()+"\n"+key.Help(), want) {
			t.Errorf("got %v\n%s\nwant it to say %q", err, key.Help(), want)
		}
	}
	if strings.Contains(err.Error()+key.Help(), "sesame") {
		t.Errorf("the key shows: %v, %s", err, key.Help())
	}
}

// writeKey writes a file that holds a text.
func writeKey(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "the key")
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chmod(file, mode)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestKeyThatIsGiven(t *testing.T) {
	t.Parallel()
	good, loose := writeKey(t, testKey+"\n", 0o400), writeKey(t, testKey, 0o640)
	folder := t.TempDir()
	bad := writeKey(t, "open sesame", 0o600)
	for _, test := range []struct {
		name    string
		environ []string
		wants   []string // in the error; none where the store opens
	}{
		{"in a variable", []string{KeyVariable, " " + testKey + "\n"}, nil},
		{"in a file", []string{KeyFileVariable, good}, nil},
		{"an empty variable is not set", []string{KeyVariable, "", KeyFileVariable, good}, nil},
		{"the variable goes first", []string{KeyVariable, testKey, KeyFileVariable, "/nowhere"}, nil},
		{"credentials of the service", []string{KeyFileVariable, loose, "CREDENTIALS_DIRECTORY", filepath.Dir(loose)}, nil},

		{"a variable with no key", []string{KeyVariable, "open sesame"}, []string{KeyVariable + " has no key: it is neither", "snrun key new"}},
		{"a short key", []string{KeyVariable, "c2VzYW1l"}, []string{KeyVariable + " has no key: it has 6 bytes"}},
		{"a file as only a shell reads it", []string{KeyFileVariable, "~/nothing"}, []string{"~/nothing: no such file", "write the whole path"}},
		{"a file behind a variable", []string{KeyFileVariable, "$NOWHERE/nothing"}, []string{"$NOWHERE/nothing: no such file", "write the whole path"}},
		{"no file", []string{KeyFileVariable, folder + "/nothing"}, []string{folder + "/nothing: no such file", "snrun key new ~/.config/snrun/key && export SNRUN_KEY_FILE="}},
		{"a folder", []string{KeyFileVariable, folder}, []string{folder}},
		{"a file with no key", []string{KeyFileVariable, bad}, []string{bad + " has no key: it is neither"}},
		{"a file that others may read", []string{KeyFileVariable, loose}, []string{loose + " (its mode is 0640)", "chmod 600 '" + loose + "'"}},
		{"others' credentials", []string{KeyFileVariable, loose, "CREDENTIALS_DIRECTORY", filepath.Dir(loose) + "/more"}, []string{"0640"}},
		{"nothing", nil, []string{"neither SNRUN_KEY nor SNRUN_KEY_FILE is set, and no keyring is asked", "make one: snrun key new "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := newFile(t)
			p := &Place{File: file, Getenv: variables(test.environ...)}
			s, err := p.Open()
			if test.wants != nil {
				checkKeyError(t, err, test.wants...)
				if _, err := os.Stat(filepath.Dir(file)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("something was made all the same: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			put(t, s, Entry{Kind: "token", ID: "a"})
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			get(t, open(t, file, testKey), "token", "a")
		})
	}
}

// TestGivenKeyGoesFirst holds that no keyring is asked where a key is given.
func TestGivenKeyGoesFirst(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{{KeyVariable, testKey}, {KeyFileVariable, writeKey(t, testKey, 0o600)}} {
		r := &ring{}
		p := &Place{File: newFile(t), Getenv: variables(environ...), Keyring: r}
		if _, err := p.Open(); err != nil || r.asked != 0 {
			t.Errorf("%s: the keyring was asked %d times, %v", environ[0], r.asked, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestHandedOver holds which key files may have any mode.
func TestHandedOver(t *testing.T) {
	t.Parallel()
	p := &Place{Getenv: variables("CREDENTIALS_DIRECTORY", "/run/credentials/snrun.service")}
	for file, want := range map[string]bool{
		"/run/secrets/key":                       true,
		"/run/credentials/snrun.service/key":     true,
		"/run/credentials/snrun.service/../key":  false,
		"/run/credentials/snrun.service.old/key": false,
		"/run/secrets/../key":                    false,
		"run/secrets/key":                        false,
		"/home/ann/key":                          false,
	} {
		if got := p.handedOver(file); got != want {
			t.Errorf("%s: %t, want %t", file, got, want)
		}
	}
	for _, file := range []string{"/home/ann/key", "key"} {
		if (&Place{Getenv: variables()}).handedOver(file) {
			t.Errorf("%s may have any mode where no folder of credentials is set", file)
		}
	}
}

func TestOpenExisting(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		prepare func(file string) error
	}{
		{"no folder", func(string) error { return nil }},
		{"an empty file", create},
		{"a store that was not made to its end", func(file string) error {
			if err := create(file); err != nil {
				return err
			}
			c, _, err := openFile(file)
			if err != nil {
				return err
			}
			return c.close()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := newFile(t)
			if err := test.prepare(file); err != nil {
				t.Fatal(err)
			}
			p := placeOf(file, "this is no key")
			if _, err := p.OpenExisting(); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want fs.ErrNotExist", err)
			}
			s := open(t, file, testKey)
			put(t, s, Entry{Kind: "token", ID: "a"})
			if _, err := p.OpenExisting(); errors.Is(err, fs.ErrNotExist) || err == nil {
				t.Errorf("got %v, want a word about the key", err)
			}
		})
	}
}

// TestOpenOnce holds that all who ask a place share one store, and that it opens again after it was closed.
func TestOpenOnce(t *testing.T) {
	t.Parallel()
	p := placeOf(newFile(t), testKey)
	stores := make([]*Store, 8)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() { stores[i], _ = p.Open() })
	}
	group.Wait()
	for _, s := range stores {
		if s == nil || s != stores[0] {
			t.Fatalf("got %v, want one store for all", stores)
		}
	}
	put(t, stores[0], Entry{Kind: "token", ID: "a"})
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := p.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "token", "a")
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	put(t, open(t, file, testKey), Entry{Kind: "token", ID: "a"})
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := NewKey()
	_, err = placeOf(file, other.reveal()).Open()
	checkKeyError(t, err, "the key from SNRUN_KEY is not that of the store "+file)
	other1 := writeKey(t, other.reveal(), 0o600)
	p := &Place{File: file, Getenv: variables(KeyFileVariable, other1), Keyring: &ring{}}
	_, err = p.Open()
	checkKeyError(t, err, "the key from SNRUN_KEY_FILE ("+other1+") is not that of the store "+file)
	p = &Place{File: file, Keyring: &ring{}, Program: "./snrun"}
	_, err = p.Open()
	checkKeyError(t, err, "there is no key for the store "+file, "the keyring of this system does not have it", "export SNRUN_KEY_FILE=FILE")
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the store was written to, %v", err)
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	file, r := newFile(t), &ring{}
	for range 2 { // made, then found
		p := &Place{File: file, Keyring: r}
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get("token", "a"); errors.Is(err, fs.ErrNotExist) {
			put(t, s, Entry{Kind: "token", ID: "a"})
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if len(r.keys) != 1 {
			t.Errorf("the keyring has %d keys, want 1", len(r.keys))
		}
	}
	// Another store has a key of its own.
	if _, err := (&Place{File: newFile(t), Keyring: r}).Open(); err != nil || len(r.keys) != 2 {
		t.Errorf("the keyring has %d keys, %v, want 2", len(r.keys), err)
	}
	for name := range r.keys {
		r.keys[name] = "open sesame"
	}
	_, err := (&Place{File: file, Keyring: r}).Open()
	checkKeyError(t, err, "the keyring of this system has no key: it is neither base64 nor hex")
}

// lateRing is a keyring that is slow: while it takes a key, another process makes the store.
type lateRing struct {
	*ring
	meanwhile func()
}

func (r lateRing) Set(name, text string) error {
	r.meanwhile()
	return r.ring.Set(name, text)
}

// TestAnotherWasQuicker holds that of two keys for one store only the one that it has stays in the keyring.
func TestAnotherWasQuicker(t *testing.T) {
	t.Parallel()
	file, r := newFile(t), &ring{}
	quick := &Place{File: file, Keyring: r}
	p := &Place{File: file, Keyring: lateRing{r, func() {
		s, err := quick.Open()
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, Entry{Kind: "token", ID: "a"})
	}}}
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "token", "a")
	if len(r.keys) != 1 || r.keys[s.key.label()] == "" {
		t.Errorf("the keyring has %d keys, want the one of the store", len(r.keys))
	}
	if err := errors.Join(p.Close(), quick.Close()); err != nil {
		t.Error(err)
	}
}

// TestNoStoreForTheKey holds that a key stays in the keyring only where a store may have it.
func TestNoStoreForTheKey(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(file string) error{
		"no file can be made": func(file string) error { return os.Symlink(filepath.Join(file+"-nowhere", "x"), file) },
		"the file is empty":   func(file string) error { return errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, 0o640)) },
		"the file is not":     func(file string) error { return os.WriteFile(file, []byte("x"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, file := &ring{}, filepath.Join(t.TempDir(), "snrun-auth.db")
			p := &Place{File: file, Keyring: lateRing{r, func() {
				if err := spoil(file); err != nil {
					t.Error(err)
				}
			}}}
			if _, err := p.Open(); err == nil {
				t.Fatal("it was opened")
			}
			want := 0
			if name == "the file is not" {
				want = 1
			}
			if len(r.keys) != want {
				t.Errorf("the keyring has %d keys, want %d", len(r.keys), want)
			}
		})
	}
}

// TestKeyringFails holds that no key is made elsewhere then, and that a keyring which may take long to fail is not asked at once
// again.
func TestKeyringFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file, r := newFile(t), &ring{err: errors.New("it gave no answer")}
		p := &Place{File: file, Keyring: r, Program: "go run ./cmd/snrun"}
		for range 3 {
			_, err := p.Open()
			checkKeyError(t, err, "the keyring of this system cannot be used: it gave no answer", "make one: go run ./cmd/snrun key new ~/.config/snrun/key && export")
		}
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("there is a store: %v", err)
		}
		if r.asked != 1 {
			t.Errorf("it was asked %d times, want once", r.asked)
		}
		r.err = nil
		time.Sleep(silence)
		if _, err := p.Open(); err != nil {
			t.Errorf("once it answers: %v", err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	statement := func(sql string) func(t *testing.T, file string) {
		return func(t *testing.T, file string) { change(t, file, sql) }
	}
	write := func(text string) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	mode := func(mode fs.FileMode) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, file string)
		wants   []string
	}{
		{"text", write(strings.Repeat("no database at all\n", 500)), []string{"damaged", "put a copy"}},
		{"a short text", write("x"), []string{"damaged", "put a copy"}},
		{"cut off", func(t *testing.T, file string) {
			if err := os.Truncate(file, 5000); err != nil {
				t.Fatal(err)
			}
		}, []string{"damaged", "put a copy"}},
		{"of another program", statement("PRAGMA application_id = 77"), []string{"another program's database", "--db"}},
		{"of no program", statement("PRAGMA application_id = 0"), []string{"another program's database", "--db"}},
		{"of a newer snrun", statement("PRAGMA user_version = 99"), []string{"newer snrun", "version 99", "use that snrun"}},
		{"the group may read", mode(0o640), []string{"its mode is 0640", "chmod 600 "}},
		{"others may write", mode(0o602), []string{"its mode is 0602", "chmod 600 "}},
		{"a folder", func(t *testing.T, file string) {
			if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, []string{"no file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := newFile(t)
			s := open(t, file, testKey)
			put(t, s, Entry{Kind: "token", ID: "a"})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, file)
			before, _ := os.ReadFile(file) // a folder has none
			for _, open := range []func() (*Store, error){placeOf(file, testKey).Open, placeOf(file, testKey).OpenExisting} {
				_, err := open()
				var helpful interface {
					error
					Help() string
				}
				if !errors.As(err, &helpful) {
					t.Fatalf("got %v, want an error with help", err)
				}
				if known, ok := errors.AsType[*FileError](err); ok && !known.Lasting() {
					t.Errorf("%v would be tried again", err)
				}
				for _, want := range append(test.wants, file) {
					if !strings.Contains(err.Error()+"\n"+helpful.Help(), want) {
						t.Errorf("got %v\n%s\nwant it to say %q", err, helpful.Help(), want)
					}
				}
			}
			if after, _ := os.ReadFile(file); string(after) != string(before) {
				t.Error("the file was written to")
			}
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := open(t, file, testKey)
	put(t, s, Entry{Kind: "token", ID: "a"})
	_, release, err := s.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, want := range map[string]fs.FileMode{"": 0o700, "snrun-auth.db": 0o600, "snrun-auth-locks": 0o700} {
		info, err := os.Stat(filepath.Join(filepath.Dir(file), name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v, want %o", name, info.Mode(), err, want)
		}
	}
}

// TestSymbolicLink holds that a store is one, with one set of locks, by whatever name it is reached.
func TestSymbolicLink(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := open(t, file, testKey)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	put(t, s, Entry{Kind: "token", ID: "a"})
	linked := open(t, link, testKey)
	get(t, linked, "token", "a")
	_, release, err := s.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if !taken(t, linked, "x") {
		t.Error("the lock of one name is not that of the other")
	}
}

// TestDurable holds that the file is written through to the disk, and keeps nothing that was removed.
func TestDurable(t *testing.T) {
	t.Parallel()
	p := placeOf(newFile(t), testKey)
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for pragma, want := range map[string]driver.Value{"synchronous": int64(3), "secure_delete": int64(1), "journal_mode": "delete"} {
		err := s.conn.query("PRAGMA "+pragma, nil, func(row []driver.Value) error {
			if row[0] != want {
				t.Errorf("%s is %v, want %v", pragma, row[0], want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestKeyThatComesBack holds that a keyring which only lacks the key is asked again at once.
func TestKeyThatComesBack(t *testing.T) {
	t.Parallel()
	r := &ring{}
	file := inRing(t, r).File
	keys := r.keys
	r.keys = nil
	p := &Place{File: file, Keyring: r}
	defer p.Close()
	var key *KeyError
	if _, err := p.OpenExisting(); !errors.As(err, &key) {
		t.Fatalf("got %v, want a *KeyError", err)
	}
	r.keys = keys
	if _, err := p.OpenExisting(); err != nil {
		t.Error(err)
	}
}
