package rest

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/xml"
)

// encodeBody encodes the content of one of the body fields; field "" gives nil.
func encodeBody(field string, content any, dir string) (*exchange.Body, error) {
	switch field {
	case "json":
		data, err := steps.EncodeJSON(content)
		return inMemory("application/json", data, exchange.WrapInput("json", err))
	case "form":
		pairs, _ := content.(steps.Pairs)
		return inMemory("application/x-www-form-urlencoded", encodeForm(pairs), nil)
	case "multipart":
		pairs, _ := content.(steps.Pairs)
		return encodeMultipart(pairs, dir)
	case "xml":
		data, err := encodeXML(content)
		return inMemory("application/xml", data, exchange.WrapInput("xml", err))
	case "body":
		return inMemory("text/plain; charset=utf-8", []byte(exchange.AsText(content)), nil)
	case "body_file":
		return fromFile(exchange.AsText(content), dir)
	}
	return nil, nil
}

func inMemory(contentType string, data []byte, err error) (*exchange.Body, error) {
	if err != nil {
		return nil, err
	}
	return exchange.InMemory(contentType, data), nil
}

// encodeForm writes fields as HTML forms do (WHATWG URL, application/x-www-form-urlencoded), in the order written.
func encodeForm(pairs steps.Pairs) []byte {
	var b strings.Builder
	write := func(name string, value any) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(exchange.AsText(value)))
	}
	for _, e := range pairs {
		for _, value := range listOf(e.Value) {
			write(e.Key, value)
		}
	}
	return []byte(b.String())
}

// listOf gives the values of a parameter that may be one value, a list, or null for none. Nulls are left out.
func listOf(value any) []any {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	kept := make([]any, 0, len(list))
	for _, v := range list {
		if v != nil {
			kept = append(kept, v)
		}
	}
	return kept
}

func encodeXML(content any) ([]byte, error) {
	switch v := content.(type) {
	case string:
		return []byte(v), nil
	case steps.Scalar:
		return []byte(v.Text), nil
	}
	return xml.Encode(content, xml.WriteOptions{})
}

func fromFile(name, dir string) (*exchange.Body, error) {
	path := exchange.InDir(name, dir)
	size, err := exchange.FileSize(path)
	if err != nil {
		return nil, exchange.WrapInput("body_file", err)
	}
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, exchange.WrapInput("body_file", exchange.FileError(err))
		}
		return f, nil
	}
	record := fmt.Appendf(nil, "(file %s, %d bytes)", filepath.Base(path), size)
	return &exchange.Body{ContentType: "application/octet-stream", Size: size, Open: open, Record: record}, nil
}
