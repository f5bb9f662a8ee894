package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// The algorithms (RFC 9421 §3.3), by their registered names.
const (
	Ed25519         = "ed25519"
	ECDSAP256SHA256 = "ecdsa-p256-sha256"
	RSAPSSSHA512    = "rsa-pss-sha512"
	HMACSHA256      = "hmac-sha256"
)

// Algorithms are the names of all algorithms.
func Algorithms() []string { return []string{Ed25519, ECDSAP256SHA256, RSAPSSSHA512, HMACSHA256} }

// p256Bytes is the length of a coordinate of P-256, and of each half of its signatures.
const p256Bytes = 32

// SigningKey signs with one algorithm.
type SigningKey struct {
	algorithm string
	sign      func(base []byte) ([]byte, error)
}

// VerifyingKey verifies signatures of one algorithm.
type VerifyingKey struct {
	algorithm string
	verify    func(base, signature []byte) bool
}

// NewSigningKey makes a key of a private one, which must be of the kind that the algorithm signs with.
func NewSigningKey(algorithm string, key crypto.Signer) (SigningKey, error) {
	if _, err := NewVerifyingKey(algorithm, key.Public()); err != nil {
		return SigningKey{}, err
	}
	sign := func(base []byte) ([]byte, error) { return key.Sign(rand.Reader, base, crypto.Hash(0)) }
	switch algorithm {
	case ECDSAP256SHA256:
		sign = func(base []byte) ([]byte, error) { return signP256(key, base) }
	case RSAPSSSHA512:
		sign = func(base []byte) ([]byte, error) {
			sum := sha512.Sum512(base)
			return key.Sign(rand.Reader, sum[:], pssOptions())
		}
	}
	return SigningKey{algorithm, sign}, nil
}

// NewVerifyingKey makes a key of a public one, which must be of the kind that the algorithm verifies with.
func NewVerifyingKey(algorithm string, key crypto.PublicKey) (VerifyingKey, error) {
	wrong := func() (VerifyingKey, error) {
		return VerifyingKey{}, fmt.Errorf("%s needs %s, and this is %s", algorithm, kindFor(algorithm), kindOf(key))
	}
	var verify func(base, signature []byte) bool
	switch algorithm {
	case Ed25519:
		k, ok := key.(ed25519.PublicKey)
		if !ok {
			return wrong()
		}
		verify = func(base, signature []byte) bool { return ed25519.Verify(k, base, signature) }
	case ECDSAP256SHA256:
		k, ok := key.(*ecdsa.PublicKey)
		if !ok || k.Curve != elliptic.P256() {
			return wrong()
		}
		verify = func(base, signature []byte) bool { return verifyP256(k, base, signature) }
	case RSAPSSSHA512:
		k, ok := key.(*rsa.PublicKey)
		if !ok {
			return wrong()
		}
		// The signature holds a digest and a salt, 64 bytes each, and two bytes more.
		if k.Size() < 130 {
			return VerifyingKey{}, fmt.Errorf("an RSA key of %d bits is too short for %s", k.N.BitLen(), algorithm)
		}
		verify = func(base, signature []byte) bool {
			sum := sha512.Sum512(base)
			return rsa.VerifyPSS(k, crypto.SHA512, sum[:], signature, pssOptions()) == nil
		}
	default:
		return VerifyingKey{}, fmt.Errorf("%s is no algorithm for a pair of keys", algorithm)
	}
	return VerifyingKey{algorithm, verify}, nil
}

// NewSecretKeys makes the keys of a secret that both sides know, for HMACSHA256.
func NewSecretKeys(secret []byte) (SigningKey, VerifyingKey, error) {
	if len(secret) == 0 {
		return SigningKey{}, VerifyingKey{}, errors.New("the key is empty")
	}
	sum := func(base []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(base)
		return mac.Sum(nil)
	}
	return SigningKey{HMACSHA256, func(base []byte) ([]byte, error) { return sum(base), nil }},
		VerifyingKey{HMACSHA256, func(base, signature []byte) bool { return hmac.Equal(sum(base), signature) }}, nil
}

func pssOptions() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}
}

// signP256 gives the two numbers of a signature one after the other, where the library gives ASN.1.
func signP256(key crypto.Signer, base []byte) ([]byte, error) {
	sum := sha256.Sum256(base)
	der, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, err
	}
	signature := make([]byte, 2*p256Bytes)
	pair.R.FillBytes(signature[:p256Bytes])
	pair.S.FillBytes(signature[p256Bytes:])
	return signature, nil
}

func verifyP256(key *ecdsa.PublicKey, base, signature []byte) bool {
	if len(signature) != 2*p256Bytes {
		return false
	}
	sum := sha256.Sum256(base)
	r, s := new(big.Int).SetBytes(signature[:p256Bytes]), new(big.Int).SetBytes(signature[p256Bytes:])
	return ecdsa.Verify(key, sum[:], r, s)
}

// kindFor is the kind of key that an algorithm needs.
func kindFor(algorithm string) string {
	return map[string]string{
		Ed25519: "a key for Ed25519", ECDSAP256SHA256: "a key for the curve P-256", RSAPSSSHA512: "an RSA key",
	}[algorithm]
}

// kindOf is the kind of a key.
func kindOf(key crypto.PublicKey) string {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return "a key for Ed25519"
	case *ecdsa.PublicKey:
		return "a key for the curve " + k.Params().Name
	case *rsa.PublicKey:
		return "an RSA key"
	}
	return fmt.Sprintf("a key of another kind (%T)", key)
}
