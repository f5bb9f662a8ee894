package auth

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/icholy/digest"
)

// digestType signs in by showing that it knows a password, without sending it (RFC 7616).
func digestType() SignInType {
	return SignInType{
		Name:    "digest",
		Summary: "answers the server's challenge with a hash of the password",
		Params: []Param{
			{Name: "username", Doc: "The user's name.", Example: "integration", Required: true},
			{Name: "password", Doc: "The user's password.", Example: "${secret.ERP_PASSWORD}", Required: true, Secret: true},
		},
		check: func(p Profile) []Problem { return checkHeaderValue("auth.username", p.Settings.text("username")) },
		open: func(p Profile, k *Keyring) (*credentials, error) {
			username, password := p.Settings.text("username"), p.Settings.text("password")
			return &credentials{wrap: func(next http.RoundTripper) http.RoundTripper {
				return &digester{profile: p.Name, username: username, password: password, next: next, cnonce: rand.Text, redactor: k.redactor}
			}}, nil
		},
	}
}

// largeBody is how many bytes of a body are sent before it is known that the server wants them without a sign-in.
const largeBody = 64 << 10

const keptProofs = 32 // proofs of a profile that stay masked

// digester answers challenges. The library's own transport does not do here: it takes the body into memory, gives an answer whose
// body is closed, asks with a request without its body, sends a wrong password again and again, and shares a challenge
// between the ports of a host.
type digester struct {
	profile            string
	username, password string
	next               http.RoundTripper
	cnonce             func() string
	redactor           *Redactor

	mu     sync.Mutex
	proofs [keptProofs]string // that the redactor knows
	made   int                // so many in all
	// known are the challenges that were answered well, by origin: they are answered ahead of being asked.
	known map[string]*challenge
}

// challenge is what a server asked.
type challenge struct {
	digest.Challenge // the algorithm without -sess, as the library wants it
	algorithm        string
	session          bool
	count            int // how often it was answered
}

// RoundTrip sends a request, and once more where the server asks for a proof. A password that the server refuses is not
// shown to it twice.
func (d *digester) RoundTrip(req *http.Request) (*http.Response, error) {
	if !replayable(req) {
		closeBody(req)
		return nil, d.failed(0, errors.New("the body of the request can be sent only once, and a server asks for the proof after that"))
	}
	place := origin(req.URL)
	answered, count := d.recall(place)
	resp, err := d.first(req, answered, count)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	asked, err := findChallenge(resp.Header)
	if err != nil {
		d.forget(place, answered)
		discard(resp)
		return nil, d.failed(resp.StatusCode, err)
	}
	if answered != nil && answered.Nonce == asked.Nonce && !asked.Stale {
		d.forget(place, answered)
		return resp, nil
	}
	discard(resp)
	if resp, err = d.answer(req, asked); err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusUnauthorized {
		d.forget(place, answered)
		return resp, nil
	}
	// Not before now: a request that used it meanwhile would have shown the server a higher count than this one did.
	d.keep(place, asked)
	return resp, nil
}

// first sends a request with an answer to the challenge that is known, or as it is to be asked. Of a large body nothing goes
// out before the server has seen the header.
func (d *digester) first(req *http.Request, known *challenge, count int) (*http.Response, error) {
	if known != nil {
		out := req.Clone(req.Context())
		if err := d.prove(out, known, count); err != nil {
			closeBody(req)
			return nil, err
		}
		return d.next.RoundTrip(out)
	}
	if req.Body == nil || req.Body == http.NoBody || req.ContentLength > 0 && req.ContentLength <= largeBody {
		return d.next.RoundTrip(req)
	}
	asking := req.Clone(req.Context())
	asking.Header.Set("Expect", "100-continue")
	resp, err := d.next.RoundTrip(asking)
	if err != nil || resp.StatusCode != http.StatusExpectationFailed {
		return resp, err
	}
	discard(resp)
	out, err := again(req)
	if err != nil {
		return nil, err
	}
	return d.next.RoundTrip(out)
}

// answer sends a request once more, with the answer to a challenge that is new.
func (d *digester) answer(req *http.Request, c *challenge) (*http.Response, error) {
	out, err := again(req)
	if err != nil {
		return nil, err
	}
	if err := d.prove(out, c, 1); err != nil {
		closeBody(out)
		return nil, err
	}
	return d.next.RoundTrip(out)
}

func (d *digester) recall(place string) (*challenge, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.known[place]
	if c == nil {
		return nil, 0
	}
	c.count++
	return c, c.count
}

func (d *digester) keep(place string, c *challenge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = make(map[string]*challenge)
	}
	c.count = 1
	d.known[place] = c
}

// forget drops a challenge, unless another has taken its place.
func (d *digester) forget(place string, c *challenge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c != nil && d.known[place] == c {
		delete(d.known, place)
	}
}

// prove puts the answer to a challenge on a request. count is how often the challenge was answered, this time included.
func (d *digester) prove(req *http.Request, c *challenge, count int) error {
	options := digest.Options{
		Method: req.Method, URI: req.URL.RequestURI(), Count: count, Cnonce: d.cnonce(),
		Username: d.username, Password: d.password, GetBody: func() (io.ReadCloser, error) { return reread(req) },
	}
	if options.Method == "" {
		options.Method = http.MethodGet
	}
	if c.session {
		h := digestHash(c.Algorithm)
		options.A1 = hashed(h, hashed(h, d.username, c.Realm, d.password), c.Nonce, options.Cnonce)
	}
	proof, err := digest.Digest(&c.Challenge, options)
	if err != nil {
		if _, ok := errors.AsType[bodyError](err); ok {
			return err
		}
		return d.failed(0, err)
	}
	proof.Algorithm = c.algorithm
	d.mask(proof.Response)
	req.Header.Set("Authorization", proofHeader(proof))
	return nil
}

// mask has the redactor know a proof: whoever sees one can try passwords on it. A server that gives it back, as some do in their errors,
// does so at once, so the last ones will do.
func (d *digester) mask(proof string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	place := &d.proofs[d.made%keptProofs]
	d.redactor.swap(proof, *place)
	*place = proof
	d.made++
}

func (d *digester) failed(status int, err error) error {
	failed := &SigningError{Profile: d.profile, Part: "digest", Status: status, Cause: err}
	if offered, ok := errors.AsType[*noDigestError](err); ok {
		failed.help = offered.help()
	}
	return failed
}

// proofHeader writes the value of Authorization. The library's own quoting is that of Go, which turns a name in Latin-1 into another.
func proofHeader(c *digest.Credentials) string {
	parts := []string{
		"username=" + quotedString(c.Username), "realm=" + quotedString(c.Realm), "nonce=" + quotedString(c.Nonce), "uri=" + quotedString(c.URI),
	}
	if c.Algorithm != "" {
		parts = append(parts, "algorithm="+c.Algorithm)
	}
	if c.QOP != "" {
		parts = append(parts, "cnonce="+quotedString(c.Cnonce), "qop="+c.QOP, fmt.Sprintf("nc=%08x", c.Nc))
	}
	if c.Opaque != "" {
		parts = append(parts, "opaque="+quotedString(c.Opaque))
	}
	if c.Userhash {
		parts = append(parts, "userhash=true")
	}
	// The answer comes last: cameras are known that read no further.
	return digest.Prefix + strings.Join(append(parts, "response="+quotedString(c.Response)), ", ")
}

// quotedString writes a quoted-string (RFC 9110 §5.6.4).
func quotedString(text string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}

// digestHash is the hash of an algorithm, nil where it is not known.
func digestHash(algorithm string) hash.Hash {
	switch strings.ToUpper(algorithm) {
	case "", "MD5":
		return md5.New()
	case "SHA-256":
		return sha256.New()
	case "SHA-512-256":
		return sha512.New512_256()
	}
	return nil
}

// hashed is the hash of texts with colons between, in hex.
func hashed(h hash.Hash, parts ...string) string {
	h.Reset()
	_, _ = io.WriteString(h, strings.Join(parts, ":")) // a hash has no errors
	return fmt.Sprintf("%x", h.Sum(nil))
}
