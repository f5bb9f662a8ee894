// Package store keeps small secrets (tokens, client secrets) in an encrypted SQLite file, one key for all of them.
package store

import (
	"context"
	"errors"
	"time"
)

// ErrConflict says that an entry is no longer the one that was read: another process has written it since.
var ErrConflict = errors.New("the entry was changed by somebody else meanwhile")

// Entry is one thing that is kept. Its data is encrypted and bound to kind, id and generation; these stand in the file as they are.
type Entry struct {
	Kind, ID string
	// Generation counts how often the entry was written, from 1. In Put it is the one that was read, 0 for an entry that is new.
	Generation int64
	Changed    time.Time
	Data       []byte
}

// Store is an open store. It is safe for concurrent use, also by several processes.
type Store struct{}

// Get gives an entry; the error is fs.ErrNotExist where there is none.
func (s *Store) Get(kind, id string) (Entry, error) { return Entry{}, errors.ErrUnsupported }

// Put writes an entry, durably, and gives it with its new generation. The error is ErrConflict where the one in the store is not
// of e's generation.
func (s *Store) Put(e Entry) (Entry, error) { return e, errors.ErrUnsupported }

// Delete removes an entry; that there is none is no error.
func (s *Store) Delete(kind, id string) error { return errors.ErrUnsupported }

// List gives the entries of a kind, sorted by id.
func (s *Store) List(kind string) ([]Entry, error) { return nil, errors.ErrUnsupported }

// Lock keeps other processes, and other holders in this one, from locking the same name until release is called. The
// error is that of ctx.
func (s *Store) Lock(ctx context.Context, name string) (release func(), err error) {
	return nil, errors.ErrUnsupported
}

// Close closes the file.
func (s *Store) Close() error { return nil }
