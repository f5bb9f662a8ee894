// Package wsse secures SOAP messages (OASIS WS-Security 1.1): a UsernameToken, a Timestamp and an X.509 signature in what is sent,
// and the check of a signature in what is answered.
//
// The files:
//
//	wsse, fields, problems     what a profile's ws_security says, and what is wrong with it
//	key                        certificates and keys, from PEM and PKCS#12
//	names, document            an envelope, read twice in the same way: to find things in it, and to write it and its canonical form
//	secure, sign               what is put into an envelope
//	verify, reference, age     what an answer must have
//	canonical                  exclusive canonical XML
//	hidden                     an envelope as history may show it
package wsse

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"time"

	"snrun/steps"
)

// Security is a profile's ws_security with its keys read. It is safe for concurrent use.
type Security struct {
	username       string
	password       string
	digest         bool
	lifetime       time.Duration // of the timestamp; 0 for none
	mustUnderstand bool
	actor          string
	sign           *signer   // nil: nothing is signed
	verify         *verifier // nil: nothing is checked
}

// signer is what an envelope is signed with.
type signer struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
	parts       []string
}

// verifier is what an answer is checked against.
type verifier struct {
	certificates []*x509.Certificate
	parts        []string
	required     bool
}

// Open makes the Security that in describes: what stands under the profile's ws_security. File names are relative to dir. It gives
// nil where in is empty. The error is a *steps.Error with
// all mistakes as its problems.
func Open(in steps.Input, dir string) (*Security, error) {
	if len(in) == 0 {
		return nil, nil
	}
	s, problems := open(in, dir)
	if len(problems) > 0 {
		p := problems[0]
		return nil, &steps.Error{Kind: steps.BadInput, Message: "auth." + p.Path + ": " + p.Message, Hint: p.Hint, NoEffect: true, Problems: problems}
	}
	return s, nil
}

// Problems gives the mistakes in a profile's ws_security that its fields cannot express, unreadable keys among them. Values that are
// known only in a run are taken to be right.
func Problems(in steps.Input, dir string) []steps.Problem {
	if len(in) == 0 {
		return nil
	}
	_, problems := open(in, dir)
	return problems
}

// Verifies says whether answers are checked: they are decoded as they were checked then, whatever charset HTTP says they have.
func (s *Security) Verifies() bool { return s != nil && s.verify != nil }

// errNoEnvelope is what is wrong with a document that is no SOAP message.
var errNoEnvelope = errors.New("this is no SOAP envelope with one Body")
