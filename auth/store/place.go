package store

import (
	"errors"
	"io/fs"
	"sync"
	"time"

	"snrun/auth/store/postgres"
)

// The variables that give a store its key.
const (
	KeyVariable     = "SNRUN_KEY"      // the key itself
	KeyFileVariable = "SNRUN_KEY_FILE" // a file that has it
)

// Place is where a store is and where its key comes from. The store is opened when it is first needed, once.
type Place struct {
	File   string                   // the store's file, which need not be there yet
	Server postgres.Address         // the database that it is in, in place of a file; none where it is zero
	Getenv func(name string) string // has SNRUN_KEY and SNRUN_KEY_FILE; nil where neither is set
	// Keyring keeps keys for the operating system's user; nil where none shall be asked.
	Keyring Keyring
	Program string // how a person calls snrun, for the commands that errors name; "" for snrun

	mu     sync.Mutex
	store  *Store
	locks  turns // of the server
	limits *Limits
	silent error // why the keyring could not be asked
	until  time.Time
}

// Keyring is the key store of an operating system.
type Keyring interface {
	// Get gives what is kept under a name; the error is fs.ErrNotExist where there is nothing.
	Get(name string) (string, error)
	Set(name, text string) error
	Delete(name string) error
}

// Open gives the store, and makes it where there is none. The error is a *KeyError where there is no key for it.
func (p *Place) Open() (*Store, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.existing()
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	key, _, err := p.given()
	made := err == nil && key.IsZero()
	if made {
		key, err = p.newKey()
	}
	if err != nil {
		return nil, err
	}
	if err := p.make(key); err != nil {
		if made && p.empty() {
			_ = p.forget(key, Key{}) // else each try on a full disk would leave one
		}
		return nil, err
	}
	s, err = p.existing()
	if made && err == nil {
		_ = p.forget(key, s.key) // where another process was quicker to make the store
	}
	return s, err
}

// OpenExisting gives the store as Open does, but fs.ErrNotExist where there is none.
func (p *Place) OpenExisting() (*Store, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.existing()
}

// CheckKey says what is wrong with the key that a variable has or names, where it is given one. Whether it is that of the store only
// opening it tells.
func (p *Place) CheckKey() error {
	_, _, err := p.given()
	return err
}

// Close closes the store, if it was opened.
func (p *Place) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.store == nil {
		return nil
	}
	s := p.store
	p.store = nil
	return s.Close()
}

// existing opens the store that is there. The error is fs.ErrNotExist where there is none.
func (p *Place) existing() (*Store, error) {
	if p.store != nil {
		return p.store, nil
	}
	c, h, err := p.home().open()
	if err != nil {
		return nil, err
	}
	s, err := p.unlock(c, h)
	if err != nil {
		return nil, fault(h, "open", abandon(c, err))
	}
	p.store = s
	return s, nil
}

// unlock makes a store of its database, with the key that it must have.
func (p *Place) unlock(c conn, at home) (*Store, error) {
	h, err := readHead(c)
	if err != nil {
		return nil, err
	}
	if !h.whole() { // no key would be its key
		return nil, at.damaged("", "", errHead)
	}
	key, from, err := p.keyOf(h)
	if err != nil {
		return nil, err
	}
	switch err := h.check(key); {
	case errors.Is(err, errOtherKey):
		return nil, p.otherKey(from.name)
	case err != nil:
		return nil, at.damaged("", "", err)
	}
	sealer, err := newSealer(key, h)
	return &Store{home: at, file: at.String(), from: from, conn: c, key: key, head: h, sealer: sealer}, err
}

// make makes a store with a key, unless another process was quicker.
func (p *Place) make(key Key) error {
	c, h, err := p.home().create()
	if err != nil {
		return err
	}
	err = c.atomically(func() error {
		if _, err := readHead(c); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return putHead(c, newHeadSQL, newHead(key, 0))
	})
	return fault(h, "make", abandon(c, err))
}

// Name is how a person knows the store: its file, or the address of its server.
func (p *Place) Name() string { return p.home().String() }

// home gives where the store is.
func (p *Place) home() home {
	if p.Server.IsZero() {
		return fileHome(p.File)
	}
	return serverHome{p.Server, &p.locks}
}

// empty says that there surely is no store.
func (p *Place) empty() bool { return p.home().empty() }

// keyOf gives the key of a store: the one that is given, else the one that the keyring has under the name in the head.
func (p *Place) keyOf(h head) (Key, source, error) {
	key, from, err := p.given()
	if err != nil || !key.IsZero() {
		return key, from, err
	}
	text, err := p.ask(func() (string, error) { return p.Keyring.Get(label(h.key)) })
	if err != nil {
		return Key{}, source{}, p.noKey(err)
	}
	if key, err = ParseKey(text); err != nil {
		return Key{}, source{}, p.badKey(inKeyring.name, err)
	}
	return key, inKeyring, nil
}

// inKeyring is where keys are that nobody gives.
var inKeyring = source{"the keyring of this system", true}

// given gives the key that a variable has or names; none where neither is set.
func (p *Place) given() (Key, source, error) {
	if p.Getenv == nil {
		return Key{}, source{}, nil
	}
	if text := p.Getenv(KeyVariable); text != "" {
		key, err := ParseKey(text)
		if err != nil {
			err = p.badKey(KeyVariable, err)
		}
		return key, source{name: KeyVariable}, err
	}
	if file := p.Getenv(KeyFileVariable); file != "" {
		key, err := p.ReadKeyFile(file)
		return key, source{name: KeyFileVariable + " (" + file + ")"}, err
	}
	return Key{}, source{}, nil
}

// newKey makes a key and puts it into the keyring.
func (p *Place) newKey() (Key, error) {
	key := NewKey()
	_, err := p.ask(func() (string, error) { return "", p.Keyring.Set(key.label(), key.reveal()) })
	if err != nil {
		return Key{}, p.noKey(err)
	}
	return key, nil
}

// silence is how long a keyring that could not be asked is left alone: it may have taken its time to fail.
const silence = time.Minute

var errNoKeyring = errors.New("no keyring is asked")

// ask asks the keyring.
func (p *Place) ask(f func() (string, error)) (string, error) {
	if p.Keyring == nil {
		return "", errNoKeyring
	}
	if p.silent != nil && time.Now().Before(p.until) {
		return "", p.silent
	}
	text, err := f()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.silent, p.until = err, time.Now().Add(silence)
	}
	return text, err
}
