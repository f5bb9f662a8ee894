package auth

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask is what stands where a secret stood.
const Mask = "***"

// Secret is a text that must not be seen. It prints as Mask through every verb of fmt, as JSON, as text and in slog, also
// as an unexported field of a struct that is printed. The zero Secret is empty.
type Secret struct {
	// A pointer, because fmt does not call the methods of unexported fields: it prints the address then.
	text *string
}

// NewSecret makes a Secret of a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal gives the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String gives Mask.
func (s Secret) String() string { return Mask }

// Format writes Mask, whatever the verb and its flags.
func (s Secret) Format(f fmt.State, _ rune) {
	// A Formatter cannot report that the writer is gone.
	_, _ = io.WriteString(f, Mask)
}

// MarshalJSON gives Mask as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Mask + `"`), nil }

// MarshalText gives Mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue gives Mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Mask) }
