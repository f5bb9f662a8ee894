package xml

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// declaration finds the encoding that the first line of a document declares, in any encoding that has ASCII in it.
var declaration = regexp.MustCompile(`^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// toUTF8 gives the document in UTF-8 without a byte order mark. A mark beats charset, which is what the transport says,
// and that beats the document's own declaration (RFC 7303, section 3). A document begins with ASCII, so one with a zero byte in
// its first two is UTF-16, and any other is not, whatever is said of it: .NET declares it and sends UTF-8.
func toUTF8(data []byte, charset string) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		return fromUTF16(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		return fromUTF16(data[2:], binary.LittleEndian)
	case len(data) > 1 && data[0] == 0 && data[1] != 0:
		return fromUTF16(data, binary.BigEndian)
	case len(data) > 1 && data[0] != 0 && data[1] == 0:
		return fromUTF16(data, binary.LittleEndian)
	}
	if charset == "" {
		if found := declaration.FindSubmatch(data[:min(len(data), 1024)]); found != nil {
			charset = string(found[1])
		}
	}
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16be", "utf-16le":
		return data, nil
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "cp-1252":
		return fromLatin1(data), nil
	}
	return nil, &Error{1, 1, fmt.Sprintf("the encoding %q cannot be read; UTF-8, UTF-16, ISO-8859-1 and windows-1252 can", short(charset))}
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	out := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		if i+2 > len(data) {
			return nil, errorAfter(out, "the document is UTF-16, but ends in the middle of a character")
		}
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			r2 := rune(0)
			if i+4 <= len(data) {
				r2 = rune(order.Uint16(data[i+2:]))
			}
			if r = utf16.DecodeRune(r, r2); r == utf8.RuneError {
				return nil, errorAfter(out, "the document is UTF-16, but has half a surrogate pair in it")
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

// errorAfter is a mistake behind what could be read.
func errorAfter(read []byte, message string) error {
	at := position{line: 1, column: 1}.forward(read, len(read))
	return &Error{at.line, at.column, message}
}

// windows1252 is what differs from ISO-8859-1, from 0x80 on. Who declares ISO-8859-1 and uses these bytes means
// windows-1252, because they are control characters otherwise.
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ"

func fromLatin1(data []byte) []byte {
	high := []rune(windows1252)
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		r := rune(c)
		if c >= 0x80 && int(c)-0x80 < len(high) {
			r = high[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// ToUTF8 gives a document in UTF-8 without a byte order mark. Charset is what the transport says of it, "" for nothing; what the
// document itself declares stays in it. Errors are *Error.
func ToUTF8(data []byte, charset string) ([]byte, error) { return toUTF8(data, charset) }
