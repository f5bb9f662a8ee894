// Package store keeps small secrets (tokens, client secrets) encrypted, one key for all of them: in a SQLite file, or in a PostgreSQL
// database that several machines share. There it also keeps how fast requests may be made by all of them.
//
// Each entry is sealed with AES-256-GCM under a key that is derived (HKDF-SHA256) from the store's key and its random salt. What
// it is (kind, id, generation, time) is authenticated with it: entries that were swapped, or put back under another generation,
// do not open. Kinds, ids, times and lengths can be read by whoever has the file. Whoever may write it can put an older copy of
// it in its place, or remove entries: no file can guard against that by itself. The same holds for a database, and who may write it.
//
// The files:
//
//	store                       a Store and its entries
//	place, home                 where a store is, and which key it has
//	key, keyfile, oskeyring, nokey
//	                            keys: from a variable, a file, the keyring of the operating system, and none
//	seal, sealer, derive        entries under the key, values that are kept elsewhere, keys for other purposes
//	rotate, older               the same entries under a new key, and the keys that a store had before
//	file, conn, lock            a store in a file: what is at its place, its connection, its locks
//	server                      a store in a schema of a server, its connection and its locks, and limits that are kept there
//	limit                       what is asked of such a limit, and given
//	copy                        a store in a file, moved to a server
//	migrate                     its tables, which are made by the files in migrations
//	errors                      what went wrong, and what a person can do about it
package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// Entry is one thing that is kept. Its data is encrypted and bound to kind, id and generation; these stand in the file as they are.
type Entry struct {
	Kind, ID string
	// Generation counts how often the entry was written, from 1. In Put it is the one that was read, 0 for an entry that is new.
	// One that is made again after Delete counts on from where the store's removed entries ended: no number is there twice.
	Generation int64
	Changed    time.Time // set by Put
	Data       []byte
}

// Store is an open store. It is safe for concurrent use, also by several processes.
type Store struct {
	home home
	file string // how the home is named
	from source

	mu     sync.Mutex
	conn   conn // nil once it is closed
	key    Key
	head   head // as it was last seen, and found right
	sealer sealer
}

// source is where a key is from.
type source struct {
	name    string
	keyring bool
}

const (
	// Entries without a head are no new store: they give one that is not right.
	headSQL = `SELECT key, salt, floor, seal FROM head UNION ALL SELECT NULL, NULL, NULL, NULL FROM entries LIMIT 1`
	// The head is read with every entry, so that an entry is never opened under a key that the store no longer has.
	getSQL  = `SELECT key, salt, floor, seal, kind, id, generation, changed, sealed FROM head LEFT JOIN entries ON kind = ? AND id = ?`
	listSQL = `SELECT key, salt, floor, seal, kind, id, generation, changed, sealed FROM head LEFT JOIN entries ON kind = ? ORDER BY id`
	allSQL  = `SELECT key, salt, floor, seal, kind, id, generation, changed, sealed FROM head LEFT JOIN entries ON true ORDER BY kind, id`

	putSQL = `INSERT INTO entries (kind, id, generation, changed, sealed) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET generation = excluded.generation, changed = excluded.changed, sealed = excluded.sealed`
	deleteSQL  = `DELETE FROM entries WHERE kind = ? AND id = ?`
	newHeadSQL = `INSERT INTO head (key, salt, floor, seal) VALUES (?, ?, ?, ?)`
	putHeadSQL = `UPDATE head SET key = ?, salt = ?, floor = ?, seal = ?`
)

// Get gives an entry; the error is fs.ErrNotExist where there is none, a *DamagedError where it is not what was written.
func (s *Store) Get(kind, id string) (Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.read(getSQL, kind, id)
	if err != nil {
		return Entry{}, fault(s.home, "read", err)
	}
	if len(list) == 0 {
		return Entry{}, fmt.Errorf("the store %s has no %s %s: %w", s.file, kind, id, fs.ErrNotExist)
	}
	return s.open(list[0])
}

// List gives the entries of a kind, sorted by id. Where some are damaged it gives the others, and an error that joins a
// *DamagedError for each.
func (s *Store) List(kind string) ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.read(listSQL, kind)
	if err != nil {
		return nil, fault(s.home, "read", err)
	}
	return s.openAll(list)
}

// Put writes an entry, durably, and gives it with its new generation and time. The error is ErrConflict where the one in the
// store is not of e's generation.
func (s *Store) Put(e Entry) (Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := e
	var sealed []byte
	err := s.atomically(func() error {
		list, err := s.read(getSQL, e.Kind, e.ID)
		if err != nil {
			return err
		}
		if len(list) > 0 && sealed != nil && bytes.Equal(list[0].Data, sealed) {
			return nil // it was written, only word of it was lost
		}
		last := s.head.floor
		if e.Generation != 0 {
			last = e.Generation
		}
		if there := len(list) > 0; there != (e.Generation != 0) || there && list[0].Generation != e.Generation {
			return ErrConflict
		}
		written.Generation, written.Changed = last+1, now()
		sealed = s.sealer.seal(written)
		return s.conn.exec(putSQL, written.Kind, written.ID, written.Generation, written.Changed.UnixMicro(), sealed)
	})
	if err != nil {
		return e, fault(s.home, "write", err)
	}
	return written, nil
}

// Delete removes an entry, whatever its generation and also where it is damaged; that there is none is no error.
func (s *Store) Delete(kind, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fault(s.home, "write", s.atomically(func() error {
		list, err := s.read(getSQL, kind, id)
		if err != nil || len(list) == 0 {
			return err
		}
		// Who read this entry must not take one that is made later for it. The number of a damaged one is not to be believed.
		if e, err := s.open(list[0]); err == nil && e.Generation > s.head.floor {
			h := s.head
			h.floor = e.Generation
			if err := putHead(s.conn, putHeadSQL, h.sealed(s.key)); err != nil {
				return err
			}
		}
		return s.conn.exec(deleteSQL, kind, id)
	}))
}

// Rotate encrypts all entries anew, under another key. The one before stays among them, for what it encrypted elsewhere. Whoever has the store open with the old one gets a *KeyError from then
// on. Where an entry is damaged the error says which, and nothing is changed.
func (s *Store) Rotate(key Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var h head
	var next sealer
	err := s.atomically(func() error {
		if h.whole() { // it may have been done, and only word of it was lost
			if there, err := readHead(s.conn); err != nil || there.equal(h) {
				return err
			}
		}
		sealed, err := s.read(allSQL)
		if err != nil {
			return err
		}
		list, err := s.openAll(sealed)
		if err != nil {
			return err
		}
		list, gone := s.olderKeys(list, key)
		h = newHead(key, s.head.floor)
		if gone != nil {
			h.floor = max(h.floor, gone.Generation)
			h = h.sealed(key)
			if err := s.conn.exec(deleteSQL, gone.Kind, gone.ID); err != nil {
				return err
			}
		}
		if next, err = newSealer(key, h); err != nil {
			return err
		}
		for _, e := range list {
			if err := s.conn.exec(putSQL, e.Kind, e.ID, e.Generation, e.Changed.UnixMicro(), next.seal(e)); err != nil {
				return err
			}
		}
		return putHead(s.conn, putHeadSQL, h)
	})
	if err == nil {
		s.key, s.head, s.sealer = key, h, next
	}
	return fault(s.home, "write", err)
}

// Lock keeps other processes, and other holders in this one, from locking the same name until release is called. The error is that of
// ctx, or a *FileError.
//
// A lock ends with its process. That of a server also ends with its connection: held ends then, or when it is released. Whoever comes
// next waits for a holder that has lost its connection but not its life, which says so within ten seconds, until it releases.
func (s *Store) Lock(ctx context.Context, name string) (held context.Context, release func(), err error) {
	return s.home.lock(ctx, name)
}

// Close closes the file, or the connection to the server.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil
	}
	c := s.conn
	s.conn = nil
	return fault(s.home, "close", c.close())
}

// atomically is that of the connection, of a store that is open.
func (s *Store) atomically(f func() error) error {
	if s.conn == nil {
		return errClosed
	}
	return s.conn.atomically(f)
}

// read gives the entries of a query, sealed. The head must be right.
func (s *Store) read(sql string, args ...driver.Value) ([]Entry, error) {
	if s.conn == nil {
		return nil, errClosed
	}
	var h head
	var list []Entry
	err := s.conn.query(sql, args, func(row []driver.Value) error {
		h = headOf(row)
		if row[4] != nil {
			list = append(list, entryOf(row[4:]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, s.admit(h)
}

// admit checks a head that was read. It was right when the store was opened, so another key is one that was changed since.
func (s *Store) admit(h head) error {
	if h.equal(s.head) {
		return nil
	}
	err := h.check(s.key)
	if err == nil && !bytes.Equal(h.salt, s.head.salt) {
		s.sealer, err = newSealer(s.key, h)
	}
	switch {
	case err == nil:
		s.head = h
		return nil
	case errors.Is(err, errOtherKey):
		return &KeyError{
			Message: "the key of the store " + s.file + " was changed by somebody else meanwhile",
			Hint:    "start again, with the new key",
		}
	}
	return s.home.damaged("", "", err)
}

// open decrypts an entry that was read.
func (s *Store) open(e Entry) (Entry, error) {
	opened, err := s.sealer.open(e)
	if err != nil {
		return Entry{}, s.home.damaged(e.Kind, e.ID, errSealed)
	}
	return opened, nil
}

func (s *Store) openAll(sealed []Entry) ([]Entry, error) {
	var list []Entry
	var errs []error
	for _, e := range sealed {
		opened, err := s.open(e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, opened)
	}
	return list, errors.Join(errs...)
}

// readHead gives the head of a database, as it is. The error is fs.ErrNotExist where it has none yet.
func readHead(c conn) (head, error) {
	var h head
	found := false
	err := c.query(headSQL, nil, func(row []driver.Value) error {
		h, found = headOf(row), true
		return nil
	})
	if err == nil && !found {
		err = fs.ErrNotExist
	}
	return h, err
}

func putHead(c conn, sql string, h head) error { return c.exec(sql, h.key, h.salt, h.floor, h.seal) }

// headOf and entryOf take a row as it is: what is of another type than was written does not open.
func headOf(row []driver.Value) (h head) {
	h.key, _ = row[0].([]byte)
	h.salt, _ = row[1].([]byte)
	h.floor, _ = row[2].(int64)
	h.seal, _ = row[3].([]byte)
	return h
}

func entryOf(row []driver.Value) (e Entry) {
	e.Kind, e.ID = textOf(row[0]), textOf(row[1])
	e.Generation, _ = row[2].(int64)
	changed, _ := row[3].(int64)
	e.Changed = time.UnixMicro(changed).UTC()
	e.Data, _ = row[4].([]byte)
	return e
}

// textOf gives a text, which a server keeps as bytes.
func textOf(v driver.Value) string {
	if data, ok := v.([]byte); ok {
		return string(data)
	}
	text, _ := v.(string)
	return text
}
