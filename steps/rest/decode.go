package rest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"snrun/steps"
	"snrun/steps/xml"
)

const htmlHint = "this looks like a page for people (sign-in, maintenance, hibernation?); write accept: text if HTML is what you want"

// decode turns the body into the data that accept asks for. An empty body is null.
func (a *answer) decode() error {
	data := a.received
	if len(data) == 0 {
		return nil
	}
	if enc := a.resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return a.contentError("the body is compressed as "+clean(enc, 40)+", which was not asked for", "leave Accept-Encoding out of headers: compression is dealt with by itself")
	}
	accept := a.call.in.Text("accept")
	if accept == "bytes" {
		a.body = base64.StdEncoding.EncodeToString(data)
		return nil
	}
	contentType := a.resp.Header.Get("Content-Type")
	media := mediaType(contentType)
	format := accept
	if accept == "" || accept == "auto" {
		format = formatOf(media, data)
	}
	if format != "text" && (isHTMLType(media) || isHTML(data)) {
		return a.contentError("the body is an HTML page, not "+wanted(accept), htmlHint)
	}
	return a.decodeAs(format, contentType)
}

// wanted says what accept asks for, in a sentence.
func wanted(accept string) string {
	switch accept {
	case "json":
		return "JSON"
	case "xml":
		return "XML"
	}
	return "data"
}

func (a *answer) decodeAs(format, contentType string) error {
	var err error
	switch format {
	case "json":
		reads := a.call.readsOfBody()
		a.partial = reads != nil
		if a.body, err = decodeJSON(a.received, contentType, reads); err != nil {
			return a.notJSON(err)
		}
	case "xml":
		if a.body, err = decodeXML(a.received, contentType); err != nil {
			return a.contentError("the body is not XML: "+err.Error(), "write accept: text to take it as it is")
		}
	case "text":
		if a.body, err = decodeText(a.received, contentType); err != nil {
			return a.contentError("the body is not text: "+err.Error(), "write accept: bytes, or save_to: for a file")
		}
	default:
		return a.contentError("the body is binary data", "write accept: bytes, or save_to: for a file")
	}
	return nil
}

func (a *answer) notJSON(err error) error {
	return a.contentError("the body is not JSON: "+err.Error(), "write accept: text to take it as it is")
}

// formatOf says what a body is by its media type; html counts as "html", what is neither data nor text as "binary".
func formatOf(media string, data []byte) string {
	switch {
	case media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"):
		return "json"
	case isHTMLType(media) || isHTML(data):
		return "html"
	case media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml"):
		return "xml"
	case media == "" && looksLikeJSON(data):
		return "json"
	case strings.HasPrefix(media, "text/") || utf8.Valid(data) && bytes.IndexByte(data, 0) < 0:
		return "text"
	}
	return "binary"
}

// mediaType is the type of a Content-Type without its parameters, in lower case (RFC 9110 section 8.3.1).
func mediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

func isHTMLType(media string) bool { return media == "text/html" || media == "application/xhtml+xml" }

// isHTML says whether a body begins like an HTML page, whatever it is called.
func isHTML(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(data) == 0 || data[0] != '<' {
		return false
	}
	head := bytes.ToLower(data[:min(len(data), 20)])
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html>")) || bytes.HasPrefix(head, []byte("<html "))
}

// looksLikeJSON guesses for a body without Content-Type.
func looksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

// decodeJSON decodes what is read of a body, all of it for nil.
func decodeJSON(data []byte, contentType string, reads steps.Reads) (any, error) {
	data, err := toUTF8(data, contentType)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	return steps.DecodeReads(data, reads)
}

// decodeXML leaves the document's encoding to the reader, which knows its declaration.
func decodeXML(data []byte, contentType string) (any, error) {
	return xml.Decode(data, xml.ReadOptions{Charset: charset(contentType)})
}

func decodeText(data []byte, contentType string) (any, error) {
	data, err := toUTF8(data, contentType)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8, and no other charset is named")
	}
	return string(data), nil
}

// toUTF8 converts a body by its byte order mark, else by the charset of its Content-Type.
func toUTF8(data []byte, contentType string) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return data[3:], nil
	}
	if hasUTF16BOM(data) {
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
	}
	name := charset(contentType)
	if name == "" || strings.EqualFold(name, "utf-8") {
		return data, nil
	}
	enc, err := encodingOf(name)
	if err != nil {
		return nil, fmt.Errorf("the charset %q is not known", clean(name, 40))
	}
	return enc.NewDecoder().Bytes(data)
}

// encodingOf finds a charset by the names that browsers know. Without a byte order mark "utf-16" is big-endian
// (RFC 2781 section 4.3), against what browsers think.
func encodingOf(name string) (encoding.Encoding, error) {
	if strings.EqualFold(name, "utf-16") {
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	}
	return htmlindex.Get(name)
}

func hasUTF16BOM(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xfe, 0xff}) || bytes.HasPrefix(data, []byte{0xff, 0xfe})
}

// charset gives the parameter of a Content-Type, "" when it has none.
func charset(contentType string) string {
	if !strings.Contains(contentType, ";") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}
