package store

import (
	"database/sql/driver"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// connTo opens a store's file, or its server, as another program would.
func connTo(t *testing.T, file string) conn {
	t.Helper()
	if p := placeAt(file); !p.Server.IsZero() {
		c, err := p.home().(serverHome).connect()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c, err := openConn(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// change carries out a statement in a store's file, or on its server.
func change(t *testing.T, file, sql string, args ...driver.Value) {
	t.Helper()
	c := connTo(t, file)
	if err := errors.Join(hurry(c), c.exec(sql, args...), c.close()); err != nil {
		t.Fatal(err)
	}
}

// value reads one value from a store's file.
func value(t *testing.T, file, sql string) (v driver.Value) {
	t.Helper()
	c := connTo(t, file)
	defer c.close()
	if err := c.query(sql, nil, func(row []driver.Value) error { v = row[0]; return nil }); err != nil {
		t.Fatal(err)
	}
	return v
}

// flips gives a value with one byte changed, for each of its bytes.
func flips(v driver.Value) (list []driver.Value) {
	switch v := v.(type) {
	case int64:
		for i := range 8 {
			list = append(list, v^1<<(8*i+i))
		}
	case string:
		for i := range v {
			list = append(list, v[:i]+string(v[i]^4)+v[i+1:])
		}
	case []byte:
		for i := range v {
			list = append(list, append(append(append([]byte{}, v[:i]...), v[i]^0x20), v[i+1:]...))
		}
	}
	return list
}

// TestFlippedByte changes every byte of every column, one at a time: what was written never comes out as something else, and
// damage is not taken for another key.
func TestFlippedByte(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		column string
		check  func(t *testing.T, s openedAt)
	}{
		{"head.key", checkHeadDamage},
		{"head.salt", checkHeadDamage},
		{"head.floor", checkHeadDamage},
		{"head.seal", checkHeadDamage},
		{"entries.kind", checkMissing},
		{"entries.id", checkMissing},
		{"entries.generation", checkEntryDamage},
		{"entries.changed", checkEntryDamage},
		{"entries.sealed", checkEntryDamage},
	} {
		t.Run(test.column, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, file string) {
				s := openAt(t, file)
				put(t, s.Store, Entry{Kind: "token", ID: "sn", Data: []byte("sesame")})
				put(t, s.Store, Entry{Kind: "other", ID: "sn", Data: []byte("intact")})
				table, column, _ := strings.Cut(test.column, ".")
				where := map[string]string{"head": "", "entries": " WHERE kind <> 'other'"}[table]
				right := value(t, file, "SELECT "+column+" FROM "+table+where)
				turned := flips(right)
				if len(turned) == 0 {
					t.Fatalf("nothing to flip in %v", right)
				}
				for _, wrong := range turned {
					change(t, file, "UPDATE "+table+" SET "+column+" = ?"+where, wrong)
					test.check(t, s)
				}
				change(t, file, "UPDATE "+table+" SET "+column+" = ?"+where, right)
				if got := get(t, s.Store, "token", "sn"); string(got.Data) != "sesame" {
					t.Errorf("put right again it gives %q", got.Data)
				}
			})
		})
	}
}

// openedAt is a store, and the file or the address that it was opened by.
type openedAt struct {
	*Store
	at string
}

func openAt(t *testing.T, file string) openedAt { return openedAt{open(t, file, testKey), file} }

// checkHeadDamage wants nothing to be read or written, by a store that is open and by one that is opened.
func checkHeadDamage(t *testing.T, s openedAt) {
	t.Helper()
	_, gerr := s.Get("token", "sn")
	_, perr := s.Put(Entry{Kind: "token", ID: "new"})
	_, oerr := placeOf(s.at, testKey).Open()
	for i, err := range []error{gerr, perr, s.Delete("token", "sn"), s.Rotate(NewKey()), oerr} {
		checkDamaged(t, err, s.file, "", "")
		if t.Failed() {
			t.Fatalf("that was error %d", i)
		}
	}
}

// checkMissing wants no entry under the old name, and none that opens under the new one.
func checkMissing(t *testing.T, s openedAt) {
	t.Helper()
	if _, err := s.Get("token", "sn"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	kind, id := textOf(value(t, s.at, "SELECT kind FROM entries WHERE kind <> 'other'")), textOf(value(t, s.at, "SELECT id FROM entries WHERE kind <> 'other'"))
	_, err := s.Get(kind, id)
	checkDamaged(t, err, s.file, kind, id)
}

// checkEntryDamage wants the one entry named, and the other as it was.
func checkEntryDamage(t *testing.T, s openedAt) {
	t.Helper()
	_, err := s.Get("token", "sn")
	checkDamaged(t, err, s.file, "token", "sn")
	checkDamaged(t, s.Rotate(NewKey()), s.file, "token", "sn")
	if got := get(t, s.Store, "other", "sn"); string(got.Data) != "intact" {
		t.Errorf("another entry gives %q", got.Data)
	}
	list, err := s.List("token")
	if len(list) != 0 {
		t.Errorf("the list gives %v", list)
	}
	checkDamaged(t, err, s.file, "token", "sn")
}

func checkDamaged(t *testing.T, err error, file, kind, id string) {
	t.Helper()
	var damaged *DamagedError
	if !errors.As(err, &damaged) {
		t.Errorf("got %v, want a *DamagedError", err)
		return
	}
	if damaged.File != file || damaged.Kind != kind || damaged.ID != id || damaged.Help() == "" {
		t.Errorf("got %+v, want it to name %s %q %q", damaged, file, kind, id)
	}
	if !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), id) {
		t.Errorf("the text names neither file nor entry: %v", err)
	}
}

// TestDamagedEntryIsReplaced holds that an entry that does not open can be removed and made anew, while one that does stays.
func TestDamagedEntryIsReplaced(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("a")})
	put(t, s, Entry{Kind: "token", ID: "b", Data: []byte("b")})
	change(t, s.file, "UPDATE entries SET generation = 9223372036854775807 WHERE id = 'a'")
	if _, err := s.Put(Entry{Kind: "token", ID: "a"}); !errors.Is(err, ErrConflict) {
		t.Errorf("over a damaged entry: %v, want ErrConflict", err)
	}
	list, err := s.List("token")
	if len(list) != 1 || list[0].ID != "b" {
		t.Errorf("the list gives %v, %v, want b", list, err)
	}
	if err := s.Delete("token", "a"); err != nil {
		t.Fatal(err)
	}
	if again := put(t, s, Entry{Kind: "token", ID: "a"}); again.Generation != 1 {
		t.Errorf("made anew it has generation %d, want 1: the number of a damaged entry is not to be believed", again.Generation)
	}
}

// TestSwappedEntries puts the contents of entries into each other's place.
func TestSwappedEntries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql string }{
		{"two ids", `CREATE TEMP TABLE copy AS SELECT * FROM entries;
			UPDATE entries SET sealed = (SELECT sealed FROM copy c WHERE c.kind = entries.kind AND c.id <> entries.id) WHERE kind = 'token'`},
		{"with generation and time", `CREATE TEMP TABLE copy AS SELECT * FROM entries;
			UPDATE entries SET (generation, changed, sealed) =
			(SELECT generation, changed, sealed FROM copy c WHERE c.kind = entries.kind AND c.id <> entries.id) WHERE kind = 'token'`},
		{"the ids", `UPDATE entries SET id = iif(id = 'a', 'b ', 'a ') WHERE kind = 'token'; UPDATE entries SET id = trim(id)`},
		{"two kinds", `UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE kind = 'secret') WHERE kind = 'token'`},
		{"kind and id of another length", `DELETE FROM entries WHERE kind = 'token'; UPDATE entries SET kind = 'token', id = 'a' WHERE kind = 'toke' AND id = 'na';
			INSERT INTO entries SELECT kind, 'b', generation, changed, sealed FROM entries WHERE id = 'a'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, newFile(t), testKey)
			for _, e := range []Entry{{Kind: "token", ID: "a"}, {Kind: "token", ID: "b"}, {Kind: "secret", ID: "a"}, {Kind: "toke", ID: "na"}} {
				e.Data = []byte(e.Kind + e.ID)
				put(t, s, e)
			}
			change(t, s.file, test.sql)
			for _, id := range []string{"a", "b"} {
				_, err := s.Get("token", id)
				checkDamaged(t, err, s.file, "token", id)
			}
		})
	}
}

// TestOldEntryPutBack holds that an older content does not open under a newer generation, nor one of another store.
func TestOldEntryPutBack(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	e := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("old")})
	old := value(t, s.file, "SELECT sealed FROM entries")
	e.Data = []byte("new")
	put(t, s, e)
	latest := value(t, s.file, "SELECT sealed FROM entries")
	change(t, s.file, "UPDATE entries SET sealed = ?", old)
	_, err := s.Get("token", "a")
	checkDamaged(t, err, s.file, "token", "a")
	change(t, s.file, "UPDATE entries SET sealed = ?", latest)
	get(t, s, "token", "a")

	other := open(t, newFile(t), testKey) // under the same key
	put(t, other, Entry{Kind: "token", ID: "a", Data: []byte("of another")})
	change(t, other.file, "UPDATE entries SET sealed = ?, generation = 2, changed = ?", latest, value(t, s.file, "SELECT changed FROM entries"))
	_, err = other.Get("token", "a")
	checkDamaged(t, err, other.file, "token", "a")
}

// TestHeadIsGone holds that a store without its head is not taken for a new one.
func TestHeadIsGone(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	put(t, s, Entry{Kind: "token", ID: "a"})
	change(t, s.file, "DELETE FROM head")
	checkHeadDamage(t, openedAt{s, s.file})
}

// TestHeadNamesNoKey holds that no keyring is asked for a key that no store can have: it would be taken for lost.
func TestHeadNamesNoKey(t *testing.T) {
	t.Parallel()
	r := &ring{}
	p := inRing(t, r)
	change(t, p.File, "UPDATE head SET key = x'00'")
	_, err := (&Place{File: p.File, Keyring: r}).OpenExisting()
	checkDamaged(t, err, p.File, "", "")
}

// TestFlippedByteInFile changes bytes of the file, one at a time, as a bad disk does: every third that is not 0, and a few others.
func TestFlippedByteInFile(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), testKey)
	put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("sesame")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "flipped.db")
	good := 0
	for i := range whole {
		if i%3 != 0 || whole[i] == 0 && i%64 != 0 {
			continue
		}
		whole[i] ^= 0x10
		err := os.WriteFile(file, whole, 0o600)
		whole[i] ^= 0x10
		if err != nil {
			t.Fatal(err)
		}
		p := placeOf(file, testKey)
		got, err := readAt(p)
		var key *KeyError
		switch {
		case err == nil && string(got.Data) != "sesame":
			t.Errorf("byte %d: got %q", i, got.Data)
		case errors.As(err, &key):
			t.Errorf("byte %d: got %v, want no word about the key", i, err)
		case err == nil:
			good++
		}
	}
	if good == 0 || good == len(whole) {
		t.Errorf("%d of %d flips went unnoticed", good, len(whole))
	}
}

// readAt opens the store of a place and reads an entry.
func readAt(p *Place) (Entry, error) {
	defer p.Close()
	s, err := p.OpenExisting()
	if err != nil {
		return Entry{}, err
	}
	return s.Get("token", "a")
}
