package auth

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	"snrun/auth/httpsig"
)

// httpSignature signs requests as RFC 9421 says, and their content as RFC 9530 says.
func httpSignature() SignInType {
	return SignInType{
		Name:    "http_signature",
		Summary: "signs each request with a key (HTTP Message Signatures, RFC 9421)",
		Params: []Param{
			{Name: "algorithm", Doc: "How requests are signed; it decides which kind of key is needed.", Form: Enum, Values: httpsig.Algorithms(), Example: httpsig.Ed25519, Required: true},
			{Name: "key_id", Doc: "The name under which the server knows the key.", Example: "snrun-2026", Required: true},
			{Name: "private_key", Doc: "The private key in PEM, unencrypted; line breaks may be written as `\\n`. Not for hmac-sha256.",
				Example: "${secret.SIGNING_KEY}", Secret: true},
			{Name: "private_key_file", Doc: "The file of the private key in PEM, relative to the project. It stands in place of `private_key`.", Example: "signing.pem"},
			{Name: "key", Doc: "The key that both sides know, for hmac-sha256.", Example: "${secret.SHARED_KEY}", Secret: true},
			{Name: "key_encoding", Doc: "How `key` is written. Left out: text.", Form: Enum, Values: []string{"text", "base64", "hex"}},
			{Name: "components", Form: TextList, Example: `["@method", "@target-uri", content-type, content-digest]`,
				Doc: "What is signed, in this order: headers by their names, and `@method`, `@target-uri`, `@authority`, `@scheme`, `@path`, `@query`, " +
					"`@query-param;name=\"…\"` or `@request-target`; after a name `;sf`, `;bs` or `;key=\"…\"`. A request without one of them is not sent. " +
					"`content-digest` is made of the body, and `date` of the time. " +
					"Left out: `@method` and `@target-uri`, and `content-digest` where there is a body."},
			{Name: "digest", Doc: "How the body's `Content-Digest` is made. `none`: it is not made, and the signature leaves the body out.",
				Form: Enum, Values: []string{httpsig.SHA256, httpsig.SHA512, "none"}, Default: httpsig.SHA256},
			{Name: "label", Doc: "The name of the signature within the request.", Default: "sig1"},
			{Name: "expires", Doc: "How long the signature can be used, where the server wants to know.", Form: Duration, Example: "5m"},
			{Name: "nonce", Doc: "Whether each signature has a random text of its own, so that the server can tell a copy.", Form: Bool, Example: "true"},
			{Name: "tag", Doc: "The name of the application that the signature is for, where the server wants one.", Example: "orders"},
		},
		check: checkHTTPSignature,
		open: func(p Profile, k *Keyring) (*credentials, error) {
			signer, err := newMessageSigner(p.Settings, k)
			if err != nil {
				return nil, err
			}
			return &credentials{sign: signer.sign}, nil
		},
	}
}

// messageSigner signs the requests of one profile.
type messageSigner struct {
	key       httpsig.SigningKey
	covered   []httpsig.Component // of a request without a body
	withBody  []httpsig.Component // of one with a body
	params    httpsig.Params      // without what differs from request to request
	label     string
	digest    string
	expires   time.Duration
	nonce     bool
	userAgent string
}

// newMessageSigner makes the signer of settings that have been checked.
func newMessageSigner(s Settings, k *Keyring) (*messageSigner, error) {
	nonce, _ := s["nonce"].(bool)
	m := &messageSigner{
		params: httpsig.Params{Algorithm: s.text("algorithm"), KeyID: s.text("key_id"), Tag: s.text("tag")},
		label:  s.text("label"), digest: s.text("digest"), expires: s.duration("expires"), nonce: nonce, userAgent: k.userAgent,
	}
	if err := m.cover(s.list("components")); err != nil {
		return nil, fmt.Errorf("auth.components: %w", err)
	}
	if m.params.Algorithm == httpsig.HMACSHA256 {
		secret, err := decodeKey(s.text("key"), s.text("key_encoding"))
		if err != nil {
			return nil, fmt.Errorf("auth.key: %w", err)
		}
		m.key, _, err = httpsig.NewSecretKeys(secret)
		return m, err
	}
	key, err := readPrivateKey(s, k.dir, k.redactor)
	if err != nil {
		return nil, err
	}
	if m.key, err = newPairKey(m.params.Algorithm, key); err != nil {
		return nil, fmt.Errorf("auth.algorithm: %w", err)
	}
	return m, nil
}

// cover says what is signed of each request, by the names in a profile, or where it has none.
func (m *messageSigner) cover(names []string) error {
	more := names
	if len(names) == 0 {
		names = []string{"@method", "@target-uri"}
		if more = names; m.digest != "none" {
			more = append(slices.Clip(names), "content-digest")
		}
	}
	var err error
	if m.covered, err = parseComponents(names); err == nil {
		m.withBody, err = parseComponents(more)
	}
	return err
}

func parseComponents(names []string) ([]httpsig.Component, error) {
	var list []httpsig.Component
	for _, name := range names {
		c, err := httpsig.ParseComponent(name)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// newPairKey makes the key that signs of a private key. The error is a *keyError.
func newPairKey(algorithm string, key crypto.Signer) (httpsig.SigningKey, error) {
	made, err := httpsig.NewSigningKey(algorithm, key)
	if err != nil {
		return made, &keyError{err.Error(), "write the algorithm that belongs to the key, or use another key"}
	}
	return made, nil
}

// sign puts a signature on a request that is made at this moment.
func (m *messageSigner) sign(req *http.Request) error {
	now := time.Now()
	covered := m.covered
	if req.Body != nil && req.Body != http.NoBody {
		covered = m.withBody
	}
	for _, c := range covered {
		if err := m.provide(req, c.Name(), now); err != nil {
			return err
		}
	}
	params := m.params
	params.Created = now
	if m.expires > 0 {
		params.Expires = now.Add(m.expires)
	}
	if m.nonce {
		params.Nonce = rand.Text()
	}
	signature, err := httpsig.New(m.label, covered, params)
	if err != nil {
		return err
	}
	return signature.SignRequest(req, m.key)
}

// provide sets a header that is to be signed and follows from the request, the time or the program.
func (m *messageSigner) provide(req *http.Request, name string, now time.Time) error {
	set := func(name, value string) {
		if req.Header[name] == nil {
			req.Header.Set(name, value)
		}
	}
	switch name {
	case "date":
		set("Date", now.UTC().Format(http.TimeFormat))
	case "user-agent": // the transport's own depends on the version of HTTP, which is not known yet
		set("User-Agent", m.userAgent)
	case "content-digest":
		if m.digest == "none" {
			return nil
		}
		digest, err := contentDigest(req, m.digest)
		if err != nil {
			return err
		}
		req.Header.Set("Content-Digest", digest)
	}
	return nil
}

// contentDigest reads the body of a request a second time.
func contentDigest(req *http.Request, algorithm string) (string, error) {
	body, err := reread(req)
	if err != nil {
		return "", err
	}
	defer body.Close()
	digest, err := httpsig.ContentDigest(algorithm, body)
	if err != nil {
		return "", bodyError{err}
	}
	return digest, nil
}
