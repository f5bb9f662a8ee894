package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"snrun/auth/store/postgres"
)

// each is how often each of several processes counts.
const each = 10

// count adds to two numbers: to one under a lock, where nobody comes between, to the other without, as often as it takes.
func count(file string) error {
	s, err := placeOf(file, testKey).Open()
	if err != nil {
		return err
	}
	if err := hurry(s.conn); err != nil {
		return err
	}
	for range each {
		_, release, err := s.Lock(context.Background(), "x")
		if err != nil {
			return err
		}
		if err := increment(s, "locked"); err != nil {
			return err
		}
		release()
		for err = ErrConflict; errors.Is(err, ErrConflict); {
			err = increment(s, "free")
		}
		if err != nil {
			return err
		}
	}
	return s.Close()
}

func increment(s *Store, id string) error {
	e, err := s.Get("count", id)
	if errors.Is(err, fs.ErrNotExist) {
		e, err = Entry{Kind: "count", ID: id, Data: []byte("0")}, nil
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(e.Data))
	if err != nil {
		return err
	}
	e.Data = []byte(strconv.Itoa(n + 1))
	_, err = s.Put(e)
	return err
}

// TestSixProcesses has them make one store at the same moment, and count in it.
func TestSixProcesses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, file string) {
		var processes []*child
		for range 6 {
			processes = append(processes, start(t, "count", file))
		}
		for _, c := range processes {
			if err := c.Wait(); err != nil {
				t.Errorf("a process ended with %v", err)
			}
		}
		s := open(t, file, testKey)
		for _, id := range []string{"locked", "free"} {
			e := get(t, s, "count", id)
			if string(e.Data) != strconv.Itoa(6*each) || e.Generation != 6*each {
				t.Errorf("%s: counted to %s, generation %d, want %d", id, e.Data, e.Generation, 6*each)
			}
		}
	})
}

// TestMigrateAtOnce holds that of those who find an empty file at the same moment one makes the tables, and the others find them.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for range 10 {
		file := newFile(t)
		if err := create(file); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			c, err := openConn(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := hurry(c); err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				<-start
				if err := errors.Join(migrate(c), c.close()); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
	}
}

// content is what a generation of an entry has: several pages.
func content(generation int64) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%d sesame ", generation)), 3000)
}

// putForEver writes one entry, says so, and goes on.
func putForEver(file string) error {
	s, err := placeOf(file, testKey).Open()
	if err != nil {
		return err
	}
	for {
		e, err := s.Get("token", "a")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		e.Kind, e.ID, e.Data = "token", "a", content(e.Generation+1)
		if e, err = s.Put(e); err != nil {
			return err
		}
		fmt.Println(e.Generation)
	}
}

// TestKilledWhileWriting holds that after kill -9 what was said to be written is there, and nothing is broken.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, file string) {
		random := rand.New(rand.NewPCG(3, 9))
		for round := range 6 {
			c := start(t, "put", file)
			said := ""
			for range 1 + random.IntN(12) {
				said = c.line(t)
			}
			for range random.IntN(1 << 20) { // to be somewhere within the next one
				_ = random.Uint64()
			}
			c.kill(t)
			s := open(t, file, testKey)
			e := get(t, s, "token", "a")
			least, err := strconv.ParseInt(said, 10, 64)
			if err != nil || e.Generation < least {
				t.Errorf("round %d: generation %d, %v, but %s was written", round, e.Generation, err, said)
			}
			if !bytes.Equal(e.Data, content(e.Generation)) {
				t.Errorf("round %d: generation %d has another content", round, e.Generation)
			}
			if got := integrity(t, file); got != "ok" {
				t.Errorf("round %d: %v", round, got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// folderRing is a keyring that several processes have.
type folderRing string

func (r folderRing) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(string(r), name))
	return string(text), err
}

func (r folderRing) Set(name, text string) error {
	return os.WriteFile(filepath.Join(string(r), name), []byte(text), 0o600)
}

func (r folderRing) Delete(name string) error { return os.Remove(filepath.Join(string(r), name)) }

// makeNew makes a store whose key is in a keyring, beside others that do so too, and writes an entry.
func makeNew(file string) error {
	s, err := (&Place{File: file, Keyring: folderRing(filepath.Dir(file))}).Open()
	if err != nil {
		return err
	}
	_, err = s.Put(Entry{Kind: "of", ID: strconv.Itoa(os.Getpid())})
	return errors.Join(err, s.Close())
}

// TestOneKeyIsMade holds that processes that make a store at the same moment end with one key, and one store.
func TestOneKeyIsMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "snrun-auth.db")
	var processes []*child
	for range 6 {
		processes = append(processes, start(t, "new", file))
	}
	for _, c := range processes {
		if err := c.Wait(); err != nil {
			t.Errorf("a process ended with %v", err)
		}
	}
	p := &Place{File: file, Keyring: folderRing(filepath.Dir(file))}
	s, err := p.OpenExisting()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if list, err := s.List("of"); err != nil || len(list) != len(processes) {
		t.Errorf("%d entries, %v, want %d", len(list), err, len(processes))
	}
	keys, err := filepath.Glob(filepath.Join(filepath.Dir(file), "store-key-*"))
	if err != nil || len(keys) != 1 || !strings.HasSuffix(keys[0], s.key.label()) {
		t.Errorf("the keyring has %q, %v, want the key of the store", keys, err)
	}
}

// integrity says ok where SQLite finds nothing wrong with a file; a server looks after its own.
func integrity(t *testing.T, file string) any {
	t.Helper()
	if postgres.IsAddress(file) {
		return "ok"
	}
	return value(t, file, "PRAGMA integrity_check")
}
