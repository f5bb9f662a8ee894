package flow

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNameOf(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"inc-17": "inc-17", "a/b#2@c.example": "a/b#2@c.example", "a[1]": "a%5B1%5D", "a\n": "a%0A", "ä\u009b": "ä%C2%9B", "\xff": "%FF", "50%": "50%", "\ufffd": "\ufffd",
	} {
		if got := nameOf(key); got != want {
			t.Errorf("nameOf(%q) = %q, want %q", key, got, want)
		}
	}
	exact := strings.Repeat("x", longestName)
	if got := nameOf(exact); got != exact {
		t.Errorf("a key of %d bytes became %q", longestName, got)
	}
}

// TestNameOfAnyKey holds that a name has no bracket, is text, is short, and tells keys apart.
func TestNameOfAnyKey(t *testing.T) {
	t.Parallel()
	pieces := []string{"[", "]", "/", "#", "@", "~", "ä", "\x00", "\xff", "a", "page:1", strings.Repeat("é", 150)}
	random := rand.New(rand.NewPCG(1, 2))
	seen := map[string]string{}
	for range 20_000 {
		var key strings.Builder
		for range 1 + random.IntN(5) {
			key.WriteString(pieces[random.IntN(len(pieces))])
		}
		name := nameOf(key.String())
		if strings.ContainsAny(name, "[]\x00") || !utf8.ValidString(name) || len(name) > longestName+20 {
			t.Fatalf("nameOf(%q) = %q", key.String(), name)
		}
		if other, known := seen[name]; known && other != key.String() {
			t.Fatalf("%q and %q are both named %q", key.String(), other, name)
		}
		seen[name] = key.String()
	}
}
