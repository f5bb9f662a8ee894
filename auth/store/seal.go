package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// What keys are derived for (RFC 5869). The name of a key needs no salt: it must be known before the store is.
const (
	forName    = "snrun store 1: name of the key"
	forHead    = "snrun store 1: seal of the head"
	forEntries = "snrun store 1: entries"
)

const (
	nameSize = 16
	saltSize = 32
)

// name tells keys apart. Nothing of the key can be learned from it.
func (k Key) name() []byte { return k.derive(nil, forName, nameSize) }

// label is the name under which the key lies in a keyring.
func (k Key) label() string { return label(k.name()) }

func label(name []byte) string { return "store-key-" + hex.EncodeToString(name) }

func (k Key) derive(salt []byte, purpose string, size int) []byte {
	derived, err := hkdf.Key(sha256.New, []byte(*k.raw), salt, purpose, size)
	if err != nil {
		panic(err) // all sizes are constants, and small
	}
	return derived
}

// head is the row that says which key a store has.
type head struct {
	key, salt []byte
	floor     int64
	seal      []byte
}

// newHead makes the head of a store with a key.
func newHead(k Key, floor int64) head {
	h := head{key: k.name(), salt: make([]byte, saltSize), floor: floor}
	_, _ = rand.Read(h.salt) // it gives no error
	return h.sealed(k)
}

// sealed gives the head with its seal under the key.
func (h head) sealed(k Key) head {
	mac := hmac.New(sha256.New, k.derive(h.salt, forHead, sha256.Size))
	mac.Write(binary.AppendUvarint(nil, uint64(len(h.salt))))
	mac.Write(h.salt)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(h.floor)))
	h.seal = mac.Sum(nil)
	return h
}

func (h head) equal(other head) bool {
	return bytes.Equal(h.key, other.key) && bytes.Equal(h.salt, other.salt) && h.floor == other.floor && bytes.Equal(h.seal, other.seal)
}

// Why a head is not accepted.
var (
	errOtherKey = errors.New("it has another key")
	errHead     = errors.New("its head was changed")
)

// whole says whether the head has what it must have.
func (h head) whole() bool {
	return len(h.key) == nameSize && len(h.salt) == saltSize && len(h.seal) == sha256.Size
}

// check tells another key from damage: of a head that one byte was changed in, either the name or the seal still fits.
func (h head) check(k Key) error {
	if !h.whole() {
		return errHead
	}
	named := bytes.Equal(h.key, k.name())
	sealed := hmac.Equal(h.seal, h.sealed(k).seal)
	switch {
	case named && sealed:
		return nil
	case named || sealed:
		return errHead
	}
	return errOtherKey
}

// sealer encrypts entries and opens them.
type sealer struct{ aead cipher.AEAD }

func newSealer(k Key, h head) (sealer, error) {
	block, err := aes.NewCipher(k.derive(h.salt, forEntries, 32))
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// seal gives an entry's data, encrypted.
func (s sealer) seal(e Entry) []byte { return s.aead.Seal(nil, nil, e.Data, identityOf(e)) }

// open gives the entry with its data, which is encrypted yet. The error says that it is not what was sealed.
func (s sealer) open(e Entry) (Entry, error) {
	data, err := s.aead.Open(nil, nil, e.Data, identityOf(e))
	e.Data = data
	return e, err
}

// identityOf is what is authenticated with an entry's data: no two entries have the same.
func identityOf(e Entry) []byte {
	var b []byte
	for _, text := range []string{e.Kind, e.ID} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Generation))
	return binary.BigEndian.AppendUint64(b, uint64(e.Changed.UnixMicro()))
}

// now is the time as it is kept.
func now() time.Time { return time.UnixMicro(time.Now().UnixMicro()).UTC() }
