package store

import "errors"

// ErrNoKey says that there is no key to open a store with.
var ErrNoKey = errors.New("there is no key")

// Place is where a store is and where its key comes from. The store is opened when it is first needed, once.
type Place struct {
	File   string                   // the store's file, which need not be there yet
	Getenv func(name string) string // has SNRUN_KEY and SNRUN_KEY_FILE
	// Keyring keeps keys for the operating system's user; nil where none shall be asked.
	Keyring Keyring
}

// Keyring is the key store of an operating system.
type Keyring interface {
	// Get gives what is kept under a name; the error is fs.ErrNotExist where there is nothing.
	Get(name string) (string, error)
	Set(name, text string) error
	Delete(name string) error
}

// KeyError says that there is no key that the store could be opened with, or that it is not the store's.
type KeyError struct {
	Message string
	Hint    string
}

// Error says what is wrong with the key.
func (e *KeyError) Error() string { return e.Message }

// Help says what a person should do next.
func (e *KeyError) Help() string { return e.Hint }

// HasKey says whether a key is set in the environment.
func (p *Place) HasKey() bool { return p.Getenv("SNRUN_KEY") != "" || p.Getenv("SNRUN_KEY_FILE") != "" }

// Open gives the store, and makes it where there is none. The error is a *KeyError where there is no key for it.
func (p *Place) Open() (*Store, error) { return nil, errors.ErrUnsupported }

// OpenExisting gives the store as Open does, but fs.ErrNotExist where there is none.
func (p *Place) OpenExisting() (*Store, error) { return nil, errors.ErrUnsupported }

// Close closes the store, if it was opened.
func (p *Place) Close() error { return nil }
