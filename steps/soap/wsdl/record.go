package wsdl

import (
	"bytes"
	"context"
	"fmt"

	"snrun/steps/soap/xsd"
)

// The bounds of what belongs to one WSDL.
const (
	maxDocuments = 200
	maxBytes     = 64 << 20 // of all documents
	maxDocument  = 16 << 20 // of one
)

// isPage is said of a web page that came in place of a document.
const (
	isPage   = "this is an HTML page, as a rule one where people sign in, or one about the service"
	pageHint = "open it in a browser to see what it says; the address of a WSDL often ends with ?wsdl"
)

// isNoXML is said of what is neither XML nor a web page.
const (
	isNoXML   = "this is not XML, so it is no WSDL and no schema"
	otherHint = "a WSDL is an XML document with the root element definitions; its address often ends with ?wsdl"
)

// recorder reads each document of a source once, and keeps what it read.
type recorder struct {
	src   xsd.Source
	files []File
	index map[string]int // into files, by location
	bytes int
	asked int // documents, also those that could not be had
}

func newRecorder(src xsd.Source) *recorder { return &recorder{src: src, index: map[string]int{}} }

// Resolve asks the source.
func (r *recorder) Resolve(from, named string) (string, error) { return r.src.Resolve(from, named) }

// Read gives a document, from the source only the first time.
func (r *recorder) Read(ctx context.Context, location string) ([]byte, error) {
	if i, known := r.index[location]; known {
		return r.files[i].Data, nil
	}
	data, err := r.fetch(ctx, location)
	if err != nil {
		return nil, err
	}
	r.index[location] = len(r.files)
	r.files = append(r.files, File{location, data})
	r.bytes += len(data)
	return data, nil
}

func (r *recorder) fetch(ctx context.Context, location string) ([]byte, error) {
	if r.asked++; r.asked > maxDocuments {
		return nil, fmt.Errorf("the WSDL is made of more than %d documents", maxDocuments)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := r.src.Read(ctx, location)
	switch {
	case err != nil:
		return nil, err
	case r.bytes+len(data) > maxBytes:
		return nil, fmt.Errorf("the documents of the WSDL have more than %d MB in all", maxBytes>>20)
	case isHTML(data):
		return nil, &xsd.Error{Location: location, Message: isPage, Hint: pageHint}
	case isOther(data):
		return nil, &xsd.Error{Location: location, Message: isNoXML, Hint: otherHint}
	}
	return data, nil
}

// isHTML says whether a document begins as a web page does.
func isHTML(data []byte) bool {
	start := bytes.ToLower(beginning(data))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// isOther says whether a document begins as no XML does. One in UTF-16, which has zeros, is left to the reader.
func isOther(data []byte) bool {
	start := beginning(data)
	return len(start) > 0 && start[0] != '<' && bytes.IndexByte(start, 0) < 0
}

// beginning gives the first bytes of a document without what may stand before its first character.
func beginning(data []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), 512)], []byte("\xef\xbb\xbf")))
}
