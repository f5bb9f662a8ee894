package auth

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"snrun/auth/store"
)

// secretKind is what secrets are kept as in the store.
const secretKind = "secret"

// keptSecrets is the source of the secrets in the encrypted store.
type keptSecrets struct {
	place *store.Place

	mu     sync.Mutex
	opened *store.Store
}

func (k *keptSecrets) source() secretSource {
	return secretSource{
		kind:   FromStore,
		place:  k.where,
		lookup: k.lookup,
		names:  k.names,
	}
}

// where names the store. That it is not there tells those whose environment, as under cron, leads to another one.
func (k *keptSecrets) where(string) string {
	if _, err := os.Lstat(k.place.File); k.place.Server.IsZero() && errors.Is(err, fs.ErrNotExist) {
		return "the store " + k.place.File + " (not there yet)"
	}
	return "the store " + k.place.Name()
}

// open gives the store. The error is fs.ErrNotExist where there is none and none shall be made.
func (k *keptSecrets) open(create bool) (*store.Store, error) {
	open := k.place.OpenExisting
	if create {
		open = k.place.Open
	}
	s, err := open()
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.opened = s
	}
	return s, err
}

func (k *keptSecrets) lookup(name string) (string, error) {
	s, err := k.open(false)
	if err != nil {
		return "", err
	}
	e, err := s.Get(secretKind, name)
	return string(e.Data), err
}

func (k *keptSecrets) names() []string {
	k.mu.Lock()
	s := k.opened
	k.mu.Unlock()
	if s == nil {
		return nil
	}
	entries, _ := s.List(secretKind) // names to suggest; what is wrong shows where a secret is read
	return idsOf(entries)
}

func idsOf(entries []store.Entry) []string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// errNoStore is what a Secrets without a store says.
var errNoStore = errors.New("there is no store for secrets")

// Stored gives the names of the secrets in the store, sorted; none where there is no store yet. It opens the store. Where some
// are damaged it gives the others, and an error.
func (s *Secrets) Stored() ([]string, error) {
	if s.kept == nil {
		return nil, nil
	}
	kept, err := s.kept.open(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := kept.List(secretKind)
	return idsOf(entries), err
}

// Set keeps a secret in the store, in place of one that is there, readable or not, and has the redactor mask it. It makes the
// store where there is none.
func (s *Secrets) Set(name, value string) error {
	s.redactor.Add(value)
	if err := CheckSecretName(name); err != nil {
		return err
	}
	if s.kept == nil {
		return errNoStore
	}
	kept, err := s.kept.open(true)
	if err != nil {
		return err
	}
	for {
		old, err := kept.Get(secretKind, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			if err := kept.Delete(secretKind, name); err != nil {
				return err
			}
		}
		_, err = kept.Put(store.Entry{Kind: secretKind, ID: name, Generation: old.Generation, Data: []byte(value)})
		if !errors.Is(err, store.ErrConflict) { // else somebody else set it meanwhile: the last one holds
			return err
		}
	}
}

// Remove takes a secret out of the store, one that cannot be read too. The error is fs.ErrNotExist where it is not in it.
func (s *Secrets) Remove(name string) error {
	if s.kept == nil {
		return fs.ErrNotExist
	}
	kept, err := s.kept.open(false)
	if err != nil {
		return err
	}
	if _, err := kept.Get(secretKind, name); errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return kept.Delete(secretKind, name)
}
