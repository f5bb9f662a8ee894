package auth

import (
	"context"
	"errors"
	"time"
)

// Prompt is how a person takes part in a login. Its functions are called from one goroutine at a time.
type Prompt struct {
	// Visit tells the person which page to open, and opens it if it can. The page's URL is no secret to the person, but holds the
	// state of this login, so it belongs in no log.
	Visit func(Visit)
	// Paste gives what the person pasted: the code, or the whole address that the browser ended at. It waits for it, and
	// returns when ctx ends. Nil where nobody can paste.
	Paste func(ctx context.Context) (string, error)
	// Device has the person sign in on another device, also where the profile's grant is authorization_code.
	Device bool
}

// Visit is a page that a person has to open to sign in.
type Visit struct {
	URL     string
	Code    string    // of device_code: what the person types there, "" where the URL holds it already
	Expires time.Time // of device_code: when the code ends
	// Returns says that the browser comes back to this machine by itself; else the person pastes what it ended at.
	Returns bool
}

// Login signs a profile in, with a person where its grant wants one, and keeps the tokens. It asks the server even where the
// tokens that are kept are good. The error is a *SignInError, a *store.KeyError where tokens cannot be kept, or that of ctx.
func (k *Keyring) Login(ctx context.Context, profile string, p Prompt) error {
	return errors.ErrUnsupported
}
