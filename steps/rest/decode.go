package rest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/xml"
)

const htmlHint = "this looks like a page for people (sign-in, maintenance, hibernation?); write accept: text if HTML is what you want"

// decode turns the body into the data that accept asks for. An empty body is null.
func (a *answer) decode() error {
	data := a.Received
	if len(data) == 0 {
		return nil
	}
	if enc := a.Resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return a.ContentError("the body is compressed as "+exchange.Clean(enc, 40)+", which was not asked for", "leave Accept-Encoding out of headers: compression is dealt with by itself")
	}
	accept := a.Call.In.Text("accept")
	if accept == "bytes" {
		a.Value = base64.StdEncoding.EncodeToString(data)
		return nil
	}
	contentType := a.Resp.Header.Get("Content-Type")
	media := exchange.MediaType(contentType)
	format := accept
	if accept == "" || accept == "auto" {
		format = exchange.FormatOf(media, data)
	}
	if format != "text" && (exchange.IsHTMLType(media) || exchange.IsHTML(data)) {
		return a.ContentError("the body is an HTML page, not "+wanted(accept), htmlHint)
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
		if reads != nil {
			a.readsPart()
		}
		if a.Value, err = decodeJSON(a.Received, contentType, reads); err != nil {
			return a.notJSON(err)
		}
	case "xml":
		if a.Value, err = decodeXML(a.Received, contentType); err != nil {
			return a.ContentError("the body is not XML: "+err.Error(), "write accept: text to take it as it is")
		}
	case "text":
		if a.Value, err = decodeText(a.Received, contentType); err != nil {
			return a.ContentError("the body is not text: "+err.Error(), "write accept: bytes, or save_to: for a file")
		}
	default:
		return a.ContentError("the body is binary data", "write accept: bytes, or save_to: for a file")
	}
	return nil
}

func (a *answer) notJSON(err error) error {
	return a.ContentError("the body is not JSON: "+err.Error(), "write accept: text to take it as it is")
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
	return xml.Decode(data, xml.ReadOptions{Charset: exchange.Charset(contentType)})
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
	name := exchange.Charset(contentType)
	if name == "" || strings.EqualFold(name, "utf-8") {
		return data, nil
	}
	enc, err := encodingOf(name)
	if err != nil {
		return nil, fmt.Errorf("the charset %q is not known", exchange.Clean(name, 40))
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
