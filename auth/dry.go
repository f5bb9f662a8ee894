package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ErrDry is the error of a Dry's clients: the request was not sent.
var ErrDry = errors.New("nothing is sent in a dry run")

// DryRequest is a request that a Dry was asked to send.
type DryRequest struct {
	// Request has the headers of the profile, but no sign-in, and its body is closed.
	Request *http.Request
	SignIn  string // the type of the profile's sign-in that would be put on it, "" for none
	Sent    bool   // it was sent all the same, see Keyring.Dry
}

// Dry gives clients that send nothing.
type Dry struct {
	keys *Keyring
	asks func(context.Context) bool
}

// Dry gives the clients of a dry run: in place of sending a request they tell of it (see WithDry) and fail with ErrDry. Nobody
// signs in for it. Only a GET whose context asks says is sent, as the Keyring's own client sends it: without what it fetches
// nothing is known of the request that is to be told of.
func (k *Keyring) Dry(asks func(context.Context) bool) Dry { return Dry{k, asks} }

// Client gives the client of a profile. It shares nothing with the Keyring's own but what it sends.
func (d Dry) Client(ctx context.Context, profile string) (*http.Client, error) {
	client, err := d.keys.Client(ctx, profile)
	if err != nil {
		return nil, err
	}
	s, ok := client.Transport.(*signer)
	if !ok {
		return nil, fmt.Errorf("the client of profile %q cannot be kept from sending", profile)
	}
	return &http.Client{Transport: dryTransport{s, d.asks}}, nil
}

type dryTransport struct {
	*signer
	asks func(context.Context) bool
}

// RoundTrip tells of a request in place of sending it.
func (t dryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ours := t.wire.ours(req.URL)
	told := DryRequest{Request: t.prepare(req, ours), Sent: req.Method == http.MethodGet && t.asks(req.Context())}
	told.Request.Body = nil
	if way := t.profile.authType(); ours && way != "none" && req.Header.Get(SignInHeader) != "none" {
		told.SignIn = way
	}
	if tell, heard := req.Context().Value(dryKey{}).(func(DryRequest)); heard {
		tell(told)
	}
	if told.Sent {
		return t.signer.RoundTrip(req)
	}
	closeBody(req)
	return nil, ErrDry
}

type dryKey struct{}

// WithDry gives a context in which a Dry's clients tell of the requests that they are asked to send, on the goroutine of each.
func WithDry(ctx context.Context, told func(DryRequest)) context.Context {
	return context.WithValue(ctx, dryKey{}, told)
}
