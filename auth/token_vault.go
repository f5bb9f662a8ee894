package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"snrun/auth/store"
)

// vault keeps the record of one profile's sign-in. Who wants to change it locks it first, and reads it again then.
type vault interface {
	// lock keeps others out, those in other processes too, until it is released; held ends where it is lost before. The error is
	// that of ctx, or the vault's.
	lock(ctx context.Context) (held context.Context, release func(), err error)
	// load gives the record, an empty one where there is none.
	load() (*record, error)
	// commit writes the record if it is still of the generation that was read; store.ErrConflict says that it is not.
	commit(*record) error
	// forget removes the record, also one that cannot be read.
	forget() error
	// durable says whether the record outlives this process.
	durable() bool
}

// memory is the vault of a profile whose tokens end with the process.
type memory struct {
	turn chan struct{}

	mu     sync.Mutex
	record record
}

func newMemory() *memory { return &memory{turn: make(chan struct{}, 1)} }

func (m *memory) lock(ctx context.Context) (held context.Context, release func(), err error) {
	if err := ctx.Err(); err != nil { // select takes either where both are ready
		return nil, nil, err
	}
	select {
	case m.turn <- struct{}{}:
		return context.WithoutCancel(ctx), func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (m *memory) load() (*record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	read := m.record
	return &read, nil
}

func (m *memory) commit(r *record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record = *r
	return nil
}

func (m *memory) forget() error { return m.commit(&record{}) }

func (m *memory) durable() bool { return false }

// tokenKind is the kind of the store's entries that hold records.
const tokenKind = "token"

// kept is the vault of a profile in the encrypted store.
type kept struct {
	store *store.Store
	id    string
}

func (k *kept) lock(ctx context.Context) (held context.Context, release func(), err error) {
	return k.store.Lock(ctx, tokenKind+"-"+k.id)
}

func (k *kept) load() (*record, error) {
	entry, err := k.store.Get(tokenKind, k.id)
	if errors.Is(err, fs.ErrNotExist) {
		return &record{}, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(entry.Data, &r); err != nil { // what opened was written by us; its text may not be quoted
		return nil, fmt.Errorf("the entry %s of the store is none of this snrun", k.id)
	}
	r.generation = entry.Generation
	return &r, nil
}

func (k *kept) commit(r *record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	written, err := k.store.Put(store.Entry{Kind: tokenKind, ID: k.id, Generation: r.generation, Data: data})
	if err != nil {
		return err
	}
	r.generation = written.Generation
	return nil
}

func (k *kept) forget() error { return k.store.Delete(tokenKind, k.id) }

func (k *kept) durable() bool { return true }

// purpose is what a vault is opened for.
type purpose int

// A store that is not there yet is made by who has something to keep for good, and by who is to use one and has been given a key;
// never by who only looks.
const (
	toLook purpose = iota
	toUse
	toKeep
)

// open gives the vault. Without a store, or without its key, tokens that can be had anew live in memory.
func (s *tokenSource) open(why purpose) (vault, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.vault != nil && (s.place == nil || s.vault.durable() || why != toKeep) {
		return s.vault, nil
	}
	if s.place == nil {
		s.vault = newMemory()
		return s.vault, nil
	}
	opened, err := s.openStore(why)
	switch {
	case err == nil:
		s.vault = &kept{opened, s.id}
	case why == toLook && errors.Is(err, fs.ErrNotExist):
		return newMemory(), nil // and no decision for those who come to use it
	case !s.doesWithout(err):
		return nil, err
	default:
		s.vault = newMemory()
	}
	return s.vault, nil
}

// openStore opens the store, and makes it where the purpose is one that makes it.
func (s *tokenSource) openStore(why purpose) (*store.Store, error) {
	if why == toKeep && s.endpoint.grant.keeps || why != toLook && hasKey(s.place) {
		return s.place.Open()
	}
	return s.place.OpenExisting()
}

// doesWithout says whether tokens may live in memory where the store gives an error: there is none, or no key that could open it. A
// key that a person has given, and that is wrong, is a mistake to be told.
func (s *tokenSource) doesWithout(err error) bool {
	_, noKey := errors.AsType[*store.KeyError](err)
	return !s.endpoint.grant.keeps && (errors.Is(err, fs.ErrNotExist) || noKey && !hasKey(s.place))
}

// hasKey says whether a person has given a key.
func hasKey(p *store.Place) bool {
	return p.Getenv != nil && (p.Getenv(store.KeyVariable) != "" || p.Getenv(store.KeyFileVariable) != "")
}
