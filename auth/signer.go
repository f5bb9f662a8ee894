package auth

import (
	"fmt"
	"io"
	"net/http"
)

// SignInHeader is a header of a request to a Keyring's client, which never sends it. Set to "none" it leaves the profile's sign-in
// off for that request: no credentials, and no client certificate either. It stands here because a kind of step may not import
// this package.
const SignInHeader = "Snrun-Sign-In"

// signer sends the requests of one profile, and puts the profile's credentials and headers on those to its origins.
type signer struct {
	profile     Profile
	wire        *wire
	credentials *credentials
	own         http.RoundTripper // to the profile's origins
	gate        *gate             // nil where nothing is held back
}

func newSigner(p Profile, w *wire, c *credentials, g *gate) *signer {
	s := &signer{profile: p, wire: w, credentials: c, own: w.own, gate: g}
	if c.wrap != nil {
		s.own = c.wrap(w.own)
	}
	return s
}

// RoundTrip sends a copy of req. The Request of the answer is req itself, so that an API key in the query shows nowhere.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.gate == nil {
		return s.carry(req)
	}
	leave, err := s.gate.enter(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := s.carry(req)
	if err != nil {
		if leave != nil {
			leave()
		}
		return nil, err
	}
	if s.wire.ours(req.URL) {
		s.gate.heed(resp)
	}
	if leave != nil {
		resp.Body = &slotBody{ReadCloser: resp.Body, release: leave}
	}
	return resp, nil
}

// carry sends a request, and takes out of the answer what nobody is to see.
func (s *signer) carry(req *http.Request) (*http.Response, error) {
	resp, err := s.send(req)
	if err != nil {
		return nil, err
	}
	resp.Request = req
	if s.credentials.conceal != nil {
		for _, name := range []string{"Location", "Content-Location", "Link"} {
			for i, text := range resp.Header[name] {
				resp.Header[name][i] = inQueries(text, s.credentials.conceal)
			}
		}
	}
	return resp, nil
}

// CloseIdleConnections is what http.Client's method of this name calls.
func (s *signer) CloseIdleConnections() { s.wire.closeIdle() }

func (s *signer) send(req *http.Request) (*http.Response, error) {
	ours := s.wire.ours(req.URL)
	if !ours && req.Header[SignInHeader] == nil && req.Header["Referer"] == nil && req.URL.User == nil && s.credentials.conceal == nil {
		return s.wire.other.RoundTrip(req) // nothing is put on it, and nothing taken off
	}
	out := s.prepare(req, ours)
	switch {
	case !ours || req.Header.Get(SignInHeader) == "none":
		return s.wire.other.RoundTrip(out)
	case s.credentials.tokens != nil:
		return s.sendWithToken(req, out)
	}
	if s.credentials.sign != nil {
		if err := s.credentials.sign(out); err != nil {
			closeBody(req)
			return nil, s.unsigned(err)
		}
	}
	return s.own.RoundTrip(out)
}

// prepare copies a request, since a RoundTripper may not change the one it is given, and gives the copy the profile's headers.
func (s *signer) prepare(req *http.Request, ours bool) *http.Request {
	out := req.Clone(req.Context())
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	out.Header.Del(SignInHeader)
	out.Header.Del("Referer")
	if out.URL.User != nil { // of a redirect: net/http signs in with whatever name and password a server puts there
		out.URL.User = nil
		out.Header.Del("Authorization")
	}
	if !ours {
		if s.credentials.conceal != nil { // the address may be one that a server wrote
			out.URL.RawQuery = s.credentials.conceal(out.URL.RawQuery)
		}
		return out
	}
	for name, values := range s.profile.Header {
		if name = http.CanonicalHeaderKey(name); out.Header[name] == nil {
			out.Header[name] = values
		}
	}
	if s.profile.Trace {
		addTraceparent(out)
	}
	return out
}

// sendWithToken sends a request, and once more where the server rejects a token that could be replaced.
func (s *signer) sendWithToken(req, out *http.Request) (*http.Response, error) {
	tokens := s.credentials.tokens
	used, err := tokens.token(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, rejected, err := s.try(out, used)
	if err != nil || !rejected || !tokens.reject(used) || !replayable(req) {
		return resp, err
	}
	next, err := tokens.token(req.Context())
	if err == nil && next.access == used.access {
		return resp, nil
	}
	discard(resp)
	if err != nil {
		return nil, err
	}
	again := s.prepare(req, true)
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	resp, rejected, err = s.try(again, next)
	if rejected {
		tokens.reject(next)
	}
	return resp, err
}

// try sends a request with a token, and says whether the answer rejects it.
func (s *signer) try(out *http.Request, t *token) (resp *http.Response, rejected bool, err error) {
	out.Header.Set("Authorization", t.header)
	resp, err = s.wire.own.RoundTrip(out)
	if err != nil {
		return nil, false, err
	}
	rejected = resp.StatusCode == http.StatusUnauthorized
	if s.profile.RefreshWhen != nil {
		if rejected, err = s.profile.RefreshWhen(resp); err != nil {
			discard(resp)
			return nil, false, fmt.Errorf("profile %s: refresh_when: %w", s.profile.Name, err)
		}
	}
	if !rejected {
		t.accepted.Store(true)
	}
	return resp, rejected, nil
}

// replayable says whether a request can be sent twice.
func replayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// discard reads what little is left of an answer, so that its connection can be used again, and closes it.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}

// slotBody gives its slot back when the body ends or is closed.
type slotBody struct {
	io.ReadCloser
	release func()
}

func (b *slotBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.release()
	}
	return n, err
}

func (b *slotBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
