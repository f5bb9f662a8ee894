package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxPasted bounds what may be pasted, in bytes.
const maxPasted = 16 << 10

// errUseless ends a login: who pastes on would not know that nobody reads it any more.
var errUseless = fmt.Errorf("what was pasted was of no use %d times over", maxPastes)

// readPasted waits for something of use to be pasted, and hands it to the login. The error says why there is nothing.
func (l *codeLogin) readPasted(ctx context.Context, p Prompt) error {
	var refusal error
	for range maxPastes {
		text, err := p.Paste(ctx)
		if err != nil && refusal != nil { // nothing more comes
			return refusal
		}
		if err != nil {
			return fmt.Errorf("nothing was pasted: %w", err)
		}
		values, err := l.pasted(text)
		if err == nil {
			l.landing.offer(values) // where the browser came first there is nothing to do
			return nil
		}
		refusal = err
		if p.Refused != nil {
			p.Refused(err)
		}
	}
	return errUseless
}

// pasted reads the address that a browser ended at, or a code by itself. An address must have the state of this login.
func (l *codeLogin) pasted(text string) (url.Values, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, errors.New("nothing was pasted")
	case len(text) > maxPasted:
		return nil, errors.New("what was pasted is too long to be a code or an address")
	case !isAddress(text) && isCode(text):
		return url.Values{"code": {text}}, nil
	case !isAddress(text):
		return nil, errors.New("what was pasted is neither a code nor an address: a code has no spaces")
	}
	values, err := queryOf(text)
	switch {
	case err != nil:
		return nil, errors.New("what was pasted is a broken address")
	case values.Has("code_challenge"):
		return nil, errors.New("what was pasted is the address of the page to sign in at: paste the one that the browser ends at")
	case !values.Has("code") && !values.Has("error"):
		return nil, errors.New("the address that was pasted has no code in it: paste the one that the browser ends at")
	}
	if err := l.ours(values); err != nil {
		return nil, fmt.Errorf("the address that was pasted is no answer to this sign-in: %w", err)
	}
	return values, nil
}

// isAddress tells an address, or the query of one, from a code, which may have slashes.
func isAddress(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "?") || strings.Contains(text, "&state=") ||
		strings.HasPrefix(text, "code=") || strings.HasPrefix(text, "state=")
}

// queryOf gives the query of an address. Whatever stands before it is of no interest: some browsers leave the scheme out.
func queryOf(text string) (url.Values, error) {
	text, _, _ = strings.Cut(text, "#")
	if _, query, found := strings.Cut(text, "?"); found {
		text = query
	} else if strings.Contains(text, "://") {
		text = ""
	}
	return url.ParseQuery(text)
}
