package flow

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is how many bytes of an item's key stand in the keys of its calls.
const longestName = 200

// nameOf gives an item's key as it stands in brackets in the keys of its calls. Brackets in it are written as %5B and %5D,
// since they would begin or end another item there; what is no text is escaped too, and the end of a long one is a digest.
func nameOf(key string) string {
	name := key
	if !plain(key) {
		name = escaped(key)
	}
	if len(name) <= longestName {
		return name
	}
	end := longestName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%s~%x", name[:end], sum[:8])
}

// plain says whether a key can stand as it is.
func plain(key string) bool {
	return utf8.ValidString(key) && strings.IndexFunc(key, marked) < 0
}

// marked says whether a character has a meaning in keys, or in a terminal.
func marked(r rune) bool { return r == '[' || r == ']' || unicode.IsControl(r) }

func escaped(key string) string {
	var b strings.Builder
	for i, r := range key {
		_, size := utf8.DecodeRuneInString(key[i:])
		if !marked(r) && (r != utf8.RuneError || size > 1) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(key[i : i+size]) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
