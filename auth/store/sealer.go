package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"sync"
)

// Sealer encrypts values that are kept elsewhere than in a store, under the key of the store: AES-256-GCM under a key that is derived
// (HKDF-SHA256) from that key and a salt of the Sealer's own, which stands with each value. What a value is about is authenticated
// with it, so values that were swapped do not open. It is safe for concurrent use.
//
// The key is fetched when it is first needed, once. No key is made, and nothing is put into a keyring.
type Sealer struct {
	place *Place

	mu      sync.Mutex
	fetched bool
	key     Key   // zero where there is none
	err     error // why
	salt    []byte
	aead    cipher.AEAD // under the salt
}

// forValues is what the key of a Sealer is derived for.
const forValues = "snrun journal 1: values"

// sealVersion is the first byte of a sealed value. After it come the name of the key, the salt, and what AES-GCM gives.
const (
	sealVersion = 1
	sealHead    = 1 + nameSize + saltSize
)

// errNotSealed says that a value does not open though there is its key.
var errNotSealed = errors.New("it is not what was encrypted")

// Sealer gives a Sealer with the key of the place; nil where there surely is none: no variable gives it, and no store was made whose
// key a keyring could have.
func (p *Place) Sealer() *Sealer {
	if p.Getenv == nil || p.Getenv(KeyVariable) == "" && p.Getenv(KeyFileVariable) == "" {
		if p.Keyring == nil || p.empty() {
			return nil
		}
	}
	return &Sealer{place: p}
}

// Seal encrypts a value. It gives nil, and no error, where there is no key after all, such as in a keyring that is locked: the value
// is not to be kept then.
func (s *Sealer) Seal(plain []byte, about string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetch() != nil {
		return nil, nil
	}
	if s.aead == nil {
		salt := make([]byte, saltSize)
		_, _ = rand.Read(salt) // it gives no error
		aead, err := cipherOf(s.key, salt)
		if err != nil {
			return nil, err
		}
		s.salt, s.aead = salt, aead
	}
	head := append([]byte{sealVersion}, s.key.name()...)
	head = append(head, s.salt...)
	return s.aead.Seal(head, nil, plain, []byte(about)), nil
}

// Open gives a value that Seal gave, of any process. The error is a *KeyError where there is no key, or another one
// than those that the store has or had.
func (s *Sealer) Open(sealed []byte, about string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(sealed) < sealHead || sealed[0] != sealVersion {
		return nil, errNotSealed
	}
	if err := s.fetch(); err != nil {
		return nil, err
	}
	name, salt := sealed[1:1+nameSize], sealed[1+nameSize:sealHead]
	key, err := s.place.named(name, s.key)
	if err == nil && key.IsZero() {
		err = &KeyError{"it was encrypted under another key", "set the key that it was encrypted under, in " + KeyVariable + " or " + KeyFileVariable}
	}
	if err != nil {
		return nil, err
	}
	aead := s.aead
	if !key.Equal(s.key) || !bytes.Equal(salt, s.salt) {
		if aead, err = cipherOf(key, salt); err != nil {
			return nil, err
		}
	}
	plain, err := aead.Open(nil, nil, sealed[sealHead:], []byte(about))
	if err != nil {
		return nil, errNotSealed
	}
	return plain, nil
}

// cipherOf makes the cipher for the values that are sealed under a key with a salt.
func cipherOf(key Key, salt []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.derive(salt, forValues, keySize))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// fetch gets the key, and gives the error for which there is none.
func (s *Sealer) fetch() error {
	if !s.fetched {
		s.fetched = true
		s.key, s.err = s.place.key()
	}
	return s.err
}

// key gives the key that is given, else that of the store that is there.
func (p *Place) key() (Key, error) {
	key, _, err := p.given()
	if err != nil || !key.IsZero() {
		return key, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.existing()
	if err != nil {
		return Key{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key, nil
}
