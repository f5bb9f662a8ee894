package exchange

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"
)

// MediaType is the type of a Content-Type without its parameters, in lower case (RFC 9110 section 8.3.1).
func MediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// Charset gives the parameter of a Content-Type, "" when it has none.
func Charset(contentType string) string {
	if !strings.Contains(contentType, ";") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// FormatOf says what a body is by its media type and how it begins: "json", "xml", "text", or "html" for a page, "binary" for what
// is neither data nor text.
func FormatOf(media string, data []byte) string {
	switch {
	case media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"):
		return "json"
	case IsHTMLType(media) || IsHTML(data):
		return "html"
	case media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml"):
		return "xml"
	case media == "" && LooksLikeJSON(data):
		return "json"
	case strings.HasPrefix(media, "text/") || utf8.Valid(data) && bytes.IndexByte(data, 0) < 0:
		return "text"
	}
	return "binary"
}

// IsHTMLType says whether a media type is that of a page for people.
func IsHTMLType(media string) bool { return media == "text/html" || media == "application/xhtml+xml" }

// IsHTML says whether a body begins like an HTML page, whatever it is called.
func IsHTML(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(data) == 0 || data[0] != '<' {
		return false
	}
	head := bytes.ToLower(data[:min(len(data), 20)])
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html>")) || bytes.HasPrefix(head, []byte("<html "))
}

// LooksLikeJSON guesses for a body without Content-Type.
func LooksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}
