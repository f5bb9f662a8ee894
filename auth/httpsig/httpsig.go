// Package httpsig signs HTTP messages and verifies their signatures (RFC 9421), and makes the digests of their content that a
// signature covers (RFC 9530).
//
// A Signature covers components of a Message: fields (header lines) by their names, and derived components whose names start
// with @. Both sides write what they cover as the same text, the signature base, and sign that. What RFC 9421 calls an error is
// one here: a component that the message does not have, one that is covered twice, a parameter that is not known. Fields of
// trailers (;tr) are not supported, and refused.
package httpsig

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// Params are the parameters of a signature (RFC 9421 §2.3). What is zero is left out.
type Params struct {
	Created   time.Time // to the second
	Expires   time.Time // to the second
	Nonce     string
	Algorithm string // one of Algorithms
	KeyID     string
	Tag       string
}

// Signature is one signature of a message: what it covers, its parameters and, once there is one, its value.
type Signature struct {
	Label  string
	Params Params
	Value  []byte

	// list is the member of Signature-Input. Its parameters keep the order in which they came.
	list    httpsfv.InnerList
	covered []Component
}

// New makes a signature that is still to be made, over components in the order given.
func New(label string, covered []Component, p Params) (Signature, error) {
	if err := unique(covered); err != nil {
		return Signature{}, err
	}
	s := Signature{Label: label, Params: p, covered: covered, list: httpsfv.InnerList{Params: p.encode()}}
	for _, c := range covered {
		s.list.Items = append(s.list.Items, c.item)
	}
	if _, err := member(label, s.list); err != nil {
		return Signature{}, fmt.Errorf("signature %s: %w", label, err)
	}
	return s, nil
}

// encode gives the parameters in the order in which this package writes them.
func (p Params) encode() *httpsfv.Params {
	params := httpsfv.NewParams()
	if !p.Created.IsZero() {
		params.Add("created", p.Created.Unix())
	}
	if !p.Expires.IsZero() {
		params.Add("expires", p.Expires.Unix())
	}
	for _, text := range [][2]string{{"nonce", p.Nonce}, {"alg", p.Algorithm}, {"keyid", p.KeyID}, {"tag", p.Tag}} {
		if text[1] != "" {
			params.Add(text[0], text[1])
		}
	}
	return params
}

// Base gives the signature base of a message (RFC 9421 §2.5).
func (s Signature) Base(m Message) (string, error) {
	var b strings.Builder
	for _, c := range s.covered {
		value, err := m.value(c)
		if err != nil {
			return "", err
		}
		if at := strings.IndexFunc(value, unfit); at >= 0 {
			return "", fmt.Errorf("the value of %s holds a character that cannot be signed: %q", c, []rune(value[at:])[0])
		}
		fmt.Fprintf(&b, "%s: %s\n", c, value)
	}
	params, err := httpsfv.Marshal(s.list)
	if err != nil {
		return "", fmt.Errorf("the parameters of signature %s: %w", s.Label, err)
	}
	return b.String() + `"@signature-params": ` + params, nil
}

// unfit says that a character has no place in a signature base.
func unfit(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }

// Sign gives what the message needs as a member of Signature-Input and of Signature.
func (s Signature) Sign(m Message, key SigningKey) (input, signature string, err error) {
	base, err := s.Base(m)
	if err != nil {
		return "", "", err
	}
	value, err := key.sign([]byte(base))
	if err != nil {
		return "", "", fmt.Errorf("signing with %s: %w", key.algorithm, err)
	}
	if input, err = member(s.Label, s.list); err != nil {
		return "", "", err
	}
	signature, err = member(s.Label, httpsfv.NewItem(value))
	return input, signature, err
}

// SignRequest signs a request that a client is about to send, beside the signatures that it already has. It sets req.Host to
// the form of it that was signed.
func (s Signature) SignRequest(req *http.Request, key SigningKey) error {
	m, err := Outgoing(req)
	if err != nil {
		return err
	}
	for _, name := range []string{"Signature-Input", "Signature"} {
		others, err := httpsfv.UnmarshalDictionary(req.Header.Values(name))
		if err != nil {
			return fmt.Errorf("the request has a header %s that cannot be read: %w", name, err)
		}
		if _, taken := others.Get(s.Label); taken {
			return fmt.Errorf("the request already has a signature labelled %s", s.Label)
		}
	}
	input, signature, err := s.Sign(m, key)
	if err != nil {
		return err
	}
	req.Header.Add("Signature-Input", input)
	req.Header.Add("Signature", signature)
	req.Host = m.Host
	return nil
}

// member writes one member of a dictionary.
func member(label string, value httpsfv.Member) (string, error) {
	d := httpsfv.NewDictionary()
	d.Add(label, value)
	text, err := httpsfv.Marshal(d)
	switch {
	case errors.Is(err, httpsfv.ErrInvalidKeyFormat):
		return "", fmt.Errorf("%q is no label: it is made of a-z, 0-9, _, - and ., and starts with a letter", label)
	case errors.Is(err, httpsfv.ErrInvalidStringFormat):
		return "", errors.New("a parameter holds a character that is not printable ASCII")
	}
	return text, err
}
