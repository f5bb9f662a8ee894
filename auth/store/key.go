package store

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// keySize is the length of a key in bytes.
const keySize = 32

// Key is the key of a store. It prints as *** through every verb of fmt, as JSON, as text and in slog, also as an unexported
// field of a struct that is printed. The zero Key is none.
type Key struct {
	// A pointer, because fmt does not call the methods of unexported fields: it prints the address then. To a string, because
	// it prints the elements of an array all the same, under a verb that does not fit.
	raw *string
}

const mask = "***"

// NewKey makes a random key.
func NewKey() Key {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // it gives no error
	return keyOf(raw)
}

func keyOf(raw []byte) Key {
	text := string(raw)
	return Key{&text}
}

// ParseKey reads a key: 32 bytes as base64 (of either alphabet, padded or not) or as hex, with white space around it or none.
// The error does not quote the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Key{}, errors.New("it is empty: a key is 32 bytes as base64 or hex")
	}
	data, err := decode(text)
	if err != nil {
		return Key{}, errors.New("it is neither base64 nor hex: a key is 32 bytes as either")
	}
	if len(data) != keySize {
		return Key{}, fmt.Errorf("it has %d bytes: a key has %d, as base64 or hex", len(data), keySize)
	}
	return keyOf(data), nil
}

// decode reads hex, else base64.
func decode(text string) ([]byte, error) {
	if data, err := hex.DecodeString(text); err == nil {
		return data, nil
	}
	text = strings.TrimRight(text, "=")
	if data, err := base64.RawStdEncoding.DecodeString(text); err == nil {
		return data, nil
	}
	return base64.RawURLEncoding.DecodeString(text)
}

// IsZero says that there is no key.
func (k Key) IsZero() bool { return k.raw == nil }

// Equal says whether two keys are the same.
func (k Key) Equal(other Key) bool {
	if k.IsZero() || other.IsZero() {
		return k.IsZero() && other.IsZero()
	}
	return *k.raw == *other.raw
}

// reveal gives the key as text that ParseKey reads.
func (k Key) reveal() string { return base64.StdEncoding.EncodeToString([]byte(*k.raw)) }

// String gives ***.
func (k Key) String() string { return mask }

// Format writes ***, whatever the verb and its flags.
func (k Key) Format(f fmt.State, _ rune) {
	// A Formatter cannot report that the writer is gone.
	_, _ = io.WriteString(f, mask)
}

// MarshalJSON gives *** as a JSON string.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText gives ***.
func (k Key) MarshalText() ([]byte, error) { return []byte(mask), nil }

// LogValue gives ***.
func (k Key) LogValue() slog.Value { return slog.StringValue(mask) }
