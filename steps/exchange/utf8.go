package exchange

import (
	"bytes"
	"unicode/utf8"

	"snrun/steps/xml"
)

// inUTF8 gives a text in UTF-8, whatever charset is said of it: secrets are masked in UTF-8, and would show in any other. Bytes that
// cannot be UTF-8 are taken for windows-1252, one by one. What is no text stays as it is.
func inUTF8(data []byte, contentType string) []byte {
	if utf8.Valid(data) && bytes.IndexByte(data[:min(len(data), 2)], 0) < 0 {
		return data
	}
	if FormatOf(MediaType(contentType), data) == "binary" && !looksLikeXML(data) {
		return data
	}
	if isUTF16(data) {
		text, err := xml.ToUTF8(data[:len(data)&^1], "") // it may have been cut
		if err != nil {
			return []byte("(not shown: it is UTF-16, and cannot be read)")
		}
		return text
	}
	out := make([]byte, 0, len(data)+len(data)/8)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			if read, err := xml.ToUTF8(data[:1], "windows-1252"); err == nil {
				out = append(out, read...)
			}
		} else {
			out = append(out, data[:size]...)
		}
		data = data[size:]
	}
	return out
}

// isUTF16 says whether a text is in UTF-16: it has a mark, or begins with a character of ASCII.
func isUTF16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	marked := bytes.HasPrefix(data, []byte("\xFE\xFF")) || bytes.HasPrefix(data, []byte("\xFF\xFE"))
	return marked || (data[0] == 0) != (data[1] == 0)
}
