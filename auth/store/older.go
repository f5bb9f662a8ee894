package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
)

// olderKind is what keys are kept as that the store had before: encrypted under the one that it has.
const olderKind = "key"

// olderKeys gives the entries of a store under its next key: that which it has goes among the older ones, and the next does not stay there.
func (s *Store) olderKeys(list []Entry, next Key) (kept []Entry, gone *Entry) {
	floor := s.head.floor
	for _, e := range list {
		if e.Kind == olderKind && e.ID == hex.EncodeToString(next.name()) {
			gone = &e
			continue
		}
		kept = append(kept, e)
	}
	if !next.Equal(s.key) {
		kept = append(kept, Entry{Kind: olderKind, ID: hex.EncodeToString(s.key.name()), Generation: floor + 1, Changed: now(), Data: []byte(*s.key.raw)})
	}
	return kept, gone
}

// older gives the keys that the store had before, the last one first.
func (s *Store) older() ([]Key, error) {
	list, err := s.List(olderKind)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return b.Changed.Compare(a.Changed) })
	var keys []Key
	for _, e := range list {
		keys = append(keys, keyOf(e.Data))
	}
	return keys, nil
}

// ForgetOlder removes the keys that the store had before, and gives how many there were. What they encrypted elsewhere opens no more. The
// error is fs.ErrNotExist where there is no store.
func (p *Place) ForgetOlder() (int, error) {
	s, err := p.OpenExisting()
	if err != nil {
		return 0, err
	}
	list, err := s.List(olderKind)
	for _, e := range list {
		err = errors.Join(err, s.Delete(olderKind, e.ID))
	}
	return len(list), err
}

// older gives the keys that the store of the place had before, none where there is no store.
func (p *Place) older() ([]Key, error) {
	s, err := p.OpenExisting()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.older()
}

// named gives the key with a name: that which is given, or one that the store had before it; none where neither has it.
func (p *Place) named(name []byte, given Key) (Key, error) {
	if bytes.Equal(name, given.name()) {
		return given, nil
	}
	keys, err := p.older()
	if i := slices.IndexFunc(keys, func(k Key) bool { return bytes.Equal(name, k.name()) }); i >= 0 {
		return keys[i], nil
	}
	return Key{}, err
}
