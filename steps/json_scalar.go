package steps

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Strings of up to maxShared bytes are cut from chunks of chunkSize bytes.
const (
	maxShared = 48
	chunkSize = 256
)

// scan goes past a string and gives what stands between its quotes. It is plain when that is the string itself.
func (d *jsonDecoder) scan() (raw []byte, plain bool, err error) {
	data, start := d.data, d.pos+1
	plain = true
	for i := start; ; {
		i = special(data, i)
		if i >= len(data) {
			return nil, false, d.cutOff(start-1, "the text ends inside the string that begins here")
		}
		switch c := data[i]; {
		case c == '"':
			raw, d.pos = data[start:i], i+1
			return raw, plain && utf8.Valid(raw), nil
		case c < 0x20:
			return nil, false, d.errorf(i, `a control character (%U) stands in a string; write it as \u%04x`, c, c)
		}
		plain = false
		n := escapeLength(data[i:])
		if n == 0 && len(data)-i < len(`\u0000`) {
			return nil, false, d.cutOff(i, unknownEscape)
		} else if n == 0 {
			return nil, false, d.errorf(i, unknownEscape)
		}
		i += n
	}
}

const unknownEscape = `an unknown escape; these exist: \" \\ \/ \b \f \n \r \t \uXXXX`

// escapeLength gives how many bytes the escape at the start of b takes, 0 when it is none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, b[1]) < 0 {
			return 0
		}
		return 2
	}
	if hex4(b) < 0 {
		return 0
	}
	return 6
}

// hex4 gives the code unit of a \uXXXX at the start of b, -1 when there is none.
func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// text gives the string whose content scan gave. Short ones share chunks of memory, each small enough to be kept alive
// by one string.
func (d *jsonDecoder) text(raw []byte, plain bool) string {
	if !plain {
		return unescape(raw)
	}
	if len(raw) > maxShared || d.lean {
		return string(raw)
	}
	if d.chunk.Cap()-d.chunk.Len() < len(raw) {
		d.chunk.Reset()
		d.chunk.Grow(min(chunkSize, len(raw)+len(d.data)-d.pos))
	}
	start := d.chunk.Len()
	d.chunk.Write(raw)
	return d.chunk.String()[start:]
}

// unescape resolves the escapes of a string, and replaces what is no UTF-8.
func unescape(raw []byte) string {
	b := make([]byte, 0, len(raw)+utf8.UTFMax)
	for len(raw) > 0 {
		if raw[0] != '\\' {
			r, n := utf8.DecodeRune(raw)
			b, raw = utf8.AppendRune(b, r), raw[n:]
			continue
		}
		if raw[1] != 'u' {
			b, raw = append(b, "\"\\/\b\f\n\r\t"[strings.IndexByte(`"\/bfnrt`, raw[1])]), raw[2:]
			continue
		}
		r := hex4(raw)
		raw = raw[6:]
		if utf16.IsSurrogate(r) {
			if pair := utf16.DecodeRune(r, hex4(raw)); pair != utf8.RuneError {
				r, raw = pair, raw[6:]
			}
		}
		b = utf8.AppendRune(b, r) // writes U+FFFD for half a surrogate
	}
	return string(b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

// scanNumber gives the length of the number at the start of b, and whether it is written without a fraction and an
// exponent. Where there is no number, n is the negative of the place where a digit is missing.
func scanNumber(b []byte) (n int, whole bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i++
	}
	end := digits(b, i)
	if end == i {
		return -i, false
	}
	if b[i] == '0' {
		end = i + 1
	}
	i, whole = end, true
	if i < len(b) && b[i] == '.' {
		if end = digits(b, i+1); end == i+1 {
			return -end, false
		}
		i, whole = end, false
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		start := i + 1
		if start < len(b) && (b[start] == '+' || b[start] == '-') {
			start++
		}
		if end = digits(b, start); end == start {
			return -end, false
		}
		i, whole = end, false
	}
	return i, whole
}

// numberValue gives the value of a well-formed JSON number: an int, a float64 that is exactly it, else the text.
func numberValue(raw []byte, whole bool) any {
	if whole && len(raw) < 19 {
		return smallInt(raw)
	}
	text := string(raw)
	if whole {
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !sameDecimal(text, f) {
		return json.Number(text)
	}
	return f
}

// smallInt reads an integer of at most 18 characters.
func smallInt(raw []byte) int {
	n := 0
	for _, c := range raw {
		if c != '-' {
			n = n*10 + int(c-'0')
		}
	}
	if raw[0] == '-' {
		return -n
	}
	return n
}

// sameDecimal says whether the shortest text that stands for f denotes the same number as text.
func sameDecimal(text string, f float64) bool {
	if len(text) <= 16 && !strings.ContainsAny(text, "eE") {
		return true // a float64 tells any two numbers of 15 digits apart
	}
	var buf [32]byte
	ours, exp := decimal([]byte(text))
	short, shortExp := decimal(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))
	return bytes.Equal(ours, short) && (exp == shortExp || len(ours) == 0)
}

// decimal gives a number's digits without zeros at both ends, and the power of ten of the last of them. It changes b.
func decimal(b []byte) (significant []byte, exp int) {
	out := b[:0]
	fraction := false
	for i, c := range b {
		if c|0x20 == 'e' {
			exp += exponent(b[i+1:])
			break
		}
		switch {
		case c == '.':
			fraction = true
		case isDigit(c):
			out = append(out, c)
			if fraction {
				exp--
			}
		}
	}
	trimmed := bytes.TrimRight(out, "0")
	exp += len(out) - len(trimmed)
	return bytes.TrimLeft(trimmed, "0"), exp
}

// exponent reads an exponent; one beyond what any float has stays beyond.
func exponent(b []byte) int {
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return 1 << 40
	}
	return n
}
