package httpsig

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// queryParam gives the value of a parameter of a query, by its encoded name (RFC 9421 §2.2.8).
func queryParam(query, name string) (string, error) {
	found, value := false, ""
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		key, text, _ := strings.Cut(part, "=")
		if encoded, err := reencode(key); err != nil || encoded != name {
			continue
		}
		if found {
			return "", errors.New("the query has this parameter more than once; sign @query instead")
		}
		found, value = true, text
	}
	if !found {
		return "", errors.New("the query has no such parameter")
	}
	encoded, err := reencode(value)
	if err != nil {
		return "", fmt.Errorf("its value: %w", err)
	}
	return encoded, nil
}

// reencode decodes a name or a value of a query as a form (WHATWG URL, application/x-www-form-urlencoded), and encodes it in
// the one way that signer and verifier share.
func reencode(text string) (string, error) {
	plain := decode(text)
	if !utf8.ValidString(plain) {
		return "", errors.New("it holds bytes that are no UTF-8")
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(plain) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("*-._", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String(), nil
}

// decode undoes percent-encoding, and leaves a percent sign that encodes nothing as it is.
func decode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			b.WriteByte(' ')
		case text[i] == '%' && i+2 < len(text) && hex(text[i+1]) >= 0 && hex(text[i+2]) >= 0:
			b.WriteByte(byte(hex(text[i+1])<<4 | hex(text[i+2])))
			i += 2
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// hex is the value of a hexadecimal digit, -1 for what is none.
func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
