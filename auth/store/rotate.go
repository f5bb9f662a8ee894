package store

import (
	"errors"
	"fmt"
	"io/fs"
)

// Rotate encrypts all that is in the store anew, under a key that the caller keeps, and removes the old key from the keyring
// where it was there. The error is fs.ErrNotExist where there is no store, a *DamagedError where an entry does not open: nothing
// is changed then.
func (p *Place) Rotate(key Key) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.existing()
	if err != nil {
		return err
	}
	return p.rotate(s, key, source{})
}

// RotateInKeyring does the same under a new key in the keyring, where the old one must be too: the error is a *KeyError where
// it is not.
//
// Keys lie in the keyring under names of their own, and the head of the store says which is its: whenever this is cut short,
// the key that the store has then is there.
func (p *Place) RotateInKeyring() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.existing()
	if err != nil {
		return err
	}
	if !s.from.keyring {
		return &KeyError{
			"the key of the store " + s.file + " is from " + s.from.name + ", not in " + inKeyring.name,
			"name the file of the new key: " + p.program() + " key rotate FILE",
		}
	}
	key, err := p.newKey()
	if err != nil {
		return err
	}
	if err = p.rotate(s, key, inKeyring); err == nil {
		return nil
	}
	// Only a key that surely is not the store's may go.
	if h, herr := s.readHead(); herr == nil && errors.Is(h.check(key), errOtherKey) {
		_ = p.forget(key, Key{})
	}
	return err
}

func (p *Place) rotate(s *Store, key Key, from source) error {
	old, was := s.key, s.from
	if key.Equal(old) {
		return &KeyError{"the store " + s.file + " has this key already", "name a file that is not there yet: " + p.program() + " key rotate FILE"}
	}
	if err := s.Rotate(key); err != nil {
		return err
	}
	s.from = from
	if !was.keyring {
		return nil
	}
	if err := p.forget(old, key); err != nil {
		return fmt.Errorf("the store has its new key, but the old one is still in %s: %w", inKeyring.name, err)
	}
	return nil
}

// forget removes a key from the keyring, unless it is the one that the store has.
func (p *Place) forget(key, kept Key) error {
	if key.Equal(kept) {
		return nil
	}
	_, err := p.ask(func() (string, error) { return "", p.Keyring.Delete(key.label()) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readHead gives the head as it is in the file now.
func (s *Store) readHead() (head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return head{}, errClosed
	}
	return readHead(s.conn)
}
