package auth

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"
)

// SigningError says that a profile could not put its proof on a request, and that the request was not carried out for that.
// It comes out of http.Client.Do within a *url.Error.
type SigningError struct {
	Profile string
	Part    string // of the profile: the type of its sign-in, or a key such as tls.cert_file
	Status  int    // of the server's answer, 0 when there was none
	Cause   error

	help string
}

// Error names the profile, the part of it and the cause.
func (e *SigningError) Error() string {
	return fmt.Sprintf("profile %s: %s: %v", e.Profile, e.Part, e.Cause)
}

// Unwrap gives the cause.
func (e *SigningError) Unwrap() error { return e.Cause }

// Temporary says false: trying later does not help.
func (e *SigningError) Temporary() bool { return false }

// RetryAfter is 0: there is nothing to wait for.
func (e *SigningError) RetryAfter() time.Duration { return 0 }

// Help says what a person should do next, "" when nothing is to be said.
func (e *SigningError) Help() string { return e.help }

// bodyError is the error of reading a body to be signed. Whoever made the body explains it better than a signer could.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

var errOneWay = errors.New("the body of the request can be read only once, so it cannot be both signed and sent")

// unsigned is the error of a request that was not sent, because signing it failed.
func (s *signer) unsigned(err error) error {
	if _, ok := errors.AsType[bodyError](err); ok {
		return fmt.Errorf("profile %s: reading the body to sign it: %w", s.profile.Name, err)
	}
	if known, ok := errors.AsType[*SigningError](err); ok {
		known.Profile, known.Part = s.profile.Name, s.profile.authType()
		return known
	}
	if known, ok := errors.AsType[*SignInError](err); ok {
		return known
	}
	return &SigningError{Profile: s.profile.Name, Part: s.profile.authType(), Cause: err}
}

// reread opens the body of a request once more, and leaves the one that is sent as it is.
func reread(req *http.Request) (io.ReadCloser, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return http.NoBody, nil
	}
	if req.GetBody == nil {
		return nil, errOneWay
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, bodyError{err}
	}
	return body, nil
}

// writeBody writes the body of a request to w, a piece at a time.
func writeBody(w io.Writer, req *http.Request) error {
	body, err := reread(req)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(w, body); err != nil {
		return bodyError{err}
	}
	return nil
}

// sumBody gives the hash of a request's body.
func sumBody(req *http.Request, h hash.Hash) ([]byte, error) {
	if err := writeBody(h, req); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// again copies a request to be sent once more, with a body that starts anew.
func again(req *http.Request) (*http.Request, error) {
	out := req.Clone(req.Context())
	if req.GetBody == nil {
		return out, nil
	}
	var err error
	if out.Body, err = req.GetBody(); err != nil {
		return nil, bodyError{err}
	}
	return out, nil
}
