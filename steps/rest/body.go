package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"snrun/steps"
	"snrun/steps/xml"
)

// body is what a request carries, encoded once, and readable as often as the request must be sent.
type body struct {
	contentType string
	size        int64 // bytes
	open        func() (io.ReadCloser, error)
	// record is what history may see of it: all of it where it is in memory, else its parts with files named only.
	record []byte
}

// encodeBody encodes the content of one of the body fields; field "" gives nil.
func encodeBody(field string, content any, dir string) (*body, error) {
	switch field {
	case "json":
		data, err := steps.EncodeJSON(content)
		return inMemory("application/json", data, wrapInput("json", err))
	case "form":
		pairs, _ := content.(steps.Pairs)
		return inMemory("application/x-www-form-urlencoded", encodeForm(pairs), nil)
	case "multipart":
		pairs, _ := content.(steps.Pairs)
		return encodeMultipart(pairs, dir)
	case "xml":
		data, err := encodeXML(content)
		return inMemory("application/xml", data, wrapInput("xml", err))
	case "body":
		return inMemory("text/plain; charset=utf-8", []byte(asText(content)), nil)
	case "body_file":
		return fromFile(asText(content), dir)
	}
	return nil, nil
}

func inMemory(contentType string, data []byte, err error) (*body, error) {
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return &body{contentType: contentType, size: int64(len(data)), open: open, record: data}, nil
}

// encodeForm writes fields as HTML forms do (WHATWG URL, application/x-www-form-urlencoded), in the order written.
func encodeForm(pairs steps.Pairs) []byte {
	var b strings.Builder
	write := func(name string, value any) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(asText(value)))
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

func fromFile(name, dir string) (*body, error) {
	path := inDir(name, dir)
	size, err := fileSize(path)
	if err != nil {
		return nil, wrapInput("body_file", err)
	}
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, wrapInput("body_file", fileError(err))
		}
		return f, nil
	}
	record := fmt.Appendf(nil, "(file %s, %d bytes)", filepath.Base(path), size)
	return &body{contentType: "application/octet-stream", size: size, open: open, record: record}, nil
}

// inDir makes a file name absolute: relative names start in the project's folder.
func inDir(name, dir string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fileError(err)
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a file", filepath.Base(path))
	}
	return info.Size(), nil
}

// fileError says what is wrong with a file in plain words, naming the file.
func fileError(err error) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", pe.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read or written by this user", pe.Path)
	}
	return fmt.Errorf("%s: %w", pe.Path, pe.Err)
}
