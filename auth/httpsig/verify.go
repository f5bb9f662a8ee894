package httpsig

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dunglas/httpsfv"
)

// clockSkew is how far the clocks of signer and verifier may be apart.
const clockSkew = time.Minute

// Parse reads the signatures of a message from its header, in the order of Signature-Input. It verifies none.
func Parse(h http.Header) ([]Signature, error) {
	inputs, err := httpsfv.UnmarshalDictionary(h.Values("Signature-Input"))
	if err != nil {
		return nil, fmt.Errorf("the header Signature-Input: %w", err)
	}
	values, err := httpsfv.UnmarshalDictionary(h.Values("Signature"))
	if err != nil {
		return nil, fmt.Errorf("the header Signature: %w", err)
	}
	var all []Signature
	for _, label := range inputs.Names() {
		s, err := parseOne(label, inputs, values)
		if err != nil {
			return nil, fmt.Errorf("signature %s: %w", label, err)
		}
		all = append(all, s)
	}
	for _, label := range values.Names() {
		if _, ok := inputs.Get(label); !ok {
			return nil, fmt.Errorf("signature %s: Signature-Input does not say what it covers", label)
		}
	}
	return all, nil
}

func parseOne(label string, inputs, values *httpsfv.Dictionary) (Signature, error) {
	input, _ := inputs.Get(label)
	list, ok := input.(httpsfv.InnerList)
	if !ok {
		return Signature{}, errors.New("its Signature-Input is no list of components")
	}
	value, _ := values.Get(label)
	item, _ := value.(httpsfv.Item)
	s := Signature{Label: label, list: list}
	if s.Value, ok = item.Value.([]byte); !ok {
		return Signature{}, errors.New("it has no value in Signature, or one that is not made of bytes")
	}
	for _, item := range list.Items {
		c, err := newComponent(item)
		if err != nil {
			return Signature{}, err
		}
		s.covered = append(s.covered, c)
	}
	if err := unique(s.covered); err != nil {
		return Signature{}, err
	}
	var err error
	s.Params, err = decodeParams(list.Params)
	return s, err
}

// decodeParams reads the parameters that are known. The others are signed all the same.
func decodeParams(params *httpsfv.Params) (Params, error) {
	var p Params
	times := map[string]*time.Time{"created": &p.Created, "expires": &p.Expires}
	texts := map[string]*string{"nonce": &p.Nonce, "alg": &p.Algorithm, "keyid": &p.KeyID, "tag": &p.Tag}
	for _, name := range params.Names() {
		value, _ := params.Get(name)
		if into, ok := times[name]; ok {
			seconds, whole := value.(int64)
			if !whole {
				return Params{}, fmt.Errorf("its parameter %s is no whole number of seconds", name)
			}
			*into = time.Unix(seconds, 0)
		}
		if into, ok := texts[name]; ok {
			if *into, ok = value.(string); !ok {
				return Params{}, fmt.Errorf("its parameter %s is no string", name)
			}
		}
	}
	return p, nil
}

// Covers says whether the signature covers a component, as ParseComponent reads it.
func (s Signature) Covers(text string) bool {
	wanted, err := ParseComponent(text)
	if err != nil {
		return false
	}
	for _, c := range s.covered {
		if c.identity() == wanted.identity() {
			return true
		}
	}
	return false
}

// Verify says whether the signature is one of this message, made with the key's other half and valid at this time. What it
// covers is for the caller to judge.
func (s Signature) Verify(m Message, key VerifyingKey, now time.Time) error {
	switch p := s.Params; {
	case p.Algorithm != "" && p.Algorithm != key.algorithm:
		return fmt.Errorf("signature %s is of the algorithm %s, and its key of %s", s.Label, p.Algorithm, key.algorithm)
	case p.Created.After(now.Add(clockSkew)):
		return fmt.Errorf("signature %s was created in the future", s.Label)
	case !p.Expires.IsZero() && !p.Expires.After(now):
		return fmt.Errorf("signature %s has expired", s.Label)
	}
	base, err := s.Base(m)
	if err != nil {
		return fmt.Errorf("signature %s: %w", s.Label, err)
	}
	if !key.verify([]byte(base), s.Value) {
		return fmt.Errorf("signature %s is not one of this message by this key", s.Label)
	}
	return nil
}
