package store

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/zalando/go-keyring"
)

// OSKeyring is the keyring of the operating system: the Secret Service on Linux, the Keychain on macOS. It gives up what takes
// more than three seconds.
type OSKeyring struct{}

const (
	service = "snrun"
	// patience is how long a keyring may take: one that waits for a person, or hangs, must not hold a job up.
	patience = 3 * time.Second
)

// Get gives what is kept under a name; the error is fs.ErrNotExist where there is nothing.
func (OSKeyring) Get(name string) (string, error) {
	return within(patience, func() (string, error) { return keyring.Get(service, name) })
}

// Set keeps a text under a name.
func (OSKeyring) Set(name, text string) error {
	_, err := within(patience, func() (string, error) { return "", keyring.Set(service, name, text) })
	return err
}

// Delete forgets what is kept under a name; the error is fs.ErrNotExist where there is nothing.
func (OSKeyring) Delete(name string) error {
	_, err := within(patience, func() (string, error) { return "", keyring.Delete(service, name) })
	return err
}

// within gives up a call that takes too long. The call itself cannot be ended: its goroutine ends with it.
func within(limit time.Duration, call func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := call()
		answers <- answer{text, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-answers:
		if errors.Is(a.err, keyring.ErrNotFound) {
			a.err = fs.ErrNotExist
		}
		return a.text, a.err
	case <-timer.C:
		return "", fmt.Errorf("it gave no answer in %v: where it waits for its password, unlock it and try again", limit)
	}
}
