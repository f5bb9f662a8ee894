package store

import (
	"errors"
	"io/fs"
)

// noKey says that there is no key, and why the keyring gave none.
func (p *Place) noKey(keyring error) error {
	why := keyring.Error()
	switch {
	case errors.Is(keyring, fs.ErrNotExist):
		why = inKeyring.name + " does not have it"
	case !errors.Is(keyring, errNoKeyring):
		why = inKeyring.name + " cannot be used: " + why
	}
	unset := "neither " + KeyVariable + " nor " + KeyFileVariable + " is set, and " + why
	if !p.empty() {
		return &KeyError{
			"there is no key for the store " + p.Name() + ": " + unset,
			"name the file that has its key: export " + KeyFileVariable + "=FILE; " + p.lostKeyHint(),
		}
	}
	return &KeyError{"there is no key to keep tokens and secrets with: " + unset, "make one: " + p.makeKeyHint()}
}

// badKey says that what should be a key is none.
func (p *Place) badKey(where string, err error) error {
	return &KeyError{where + " has no key: " + err.Error(), "give the right one; a new store gets a new key: " + p.makeKeyHint()}
}

// otherKey says that a key is not the store's.
func (p *Place) otherKey(where string) error {
	hint := "set the key that it was made with (" + inKeyring.name + " is asked where neither " + KeyVariable + " nor " + KeyFileVariable + " is set); "
	return &KeyError{"the key from " + where + " is not that of the store " + p.Name(), hint + p.lostKeyHint()}
}

// lostKeyHint is how to go on without the key of a store.
func (p *Place) lostKeyHint() string {
	return "if the key is lost, start anew: " + p.home().putAway()
}

// keyFile is where a key file is proposed to be: not beside the store, so that not every copy of that comes with its key.
const keyFile = "~/.config/snrun/key"

// makeKeyHint are the commands that make a key and use it.
func (p *Place) makeKeyHint() string {
	return p.program() + " key new " + keyFile + " && export " + KeyFileVariable + "=" + keyFile
}

func (p *Place) program() string {
	if p.Program == "" {
		return "snrun"
	}
	return p.Program
}
