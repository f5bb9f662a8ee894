package rest

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
)

// segment is a stretch of a multipart body: bytes, or a file.
type segment struct {
	data []byte
	file string // "" for bytes
	size int64
}

// form collects the segments of a multipart body.
type form struct {
	dir      string
	buffer   bytes.Buffer // what the writer wrote since the last segment
	writer   *multipart.Writer
	segments []segment
}

// encodeMultipart lays out a multipart/form-data body (RFC 7578). Nothing of the files is read yet, but their sizes are
// known, so that the request has a Content-Length and can be sent again.
func encodeMultipart(pairs steps.Pairs, dir string) (*exchange.Body, error) {
	f := &form{dir: dir}
	f.writer = multipart.NewWriter(&f.buffer)
	for _, e := range pairs {
		for _, value := range listOf(e.Value) {
			if err := f.add(e.Key, value); err != nil {
				return nil, exchange.WrapInput("multipart."+e.Key, err)
			}
		}
	}
	if err := f.writer.Close(); err != nil {
		return nil, err
	}
	f.flush()
	b := &exchange.Body{ContentType: f.writer.FormDataContentType(), Open: f.open, Record: f.record()}
	for _, s := range f.segments {
		b.Size += s.size
	}
	return b, nil
}

func (f *form) add(name string, value any) error {
	part, ok := value.(steps.Input)
	if !ok {
		return f.addText(name, steps.Input{"value": exchange.AsText(value)})
	}
	if part.Has("file") {
		return f.addFile(name, part)
	}
	return f.addText(name, part)
}

func (f *form) addText(name string, part steps.Input) error {
	w, err := f.writer.CreatePart(partHeader(name, part.Text("filename"), part.Text("content_type")))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, part.Text("value"))
	return err
}

func (f *form) addFile(name string, part steps.Input) error {
	path := exchange.InDir(part.Text("file"), f.dir)
	size, err := exchange.FileSize(path)
	if err != nil {
		return err
	}
	filename, contentType := part.Text("filename"), part.Text("content_type")
	if filename == "" {
		filename = filepath.Base(path)
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	if _, err := f.writer.CreatePart(partHeader(name, filename, contentType)); err != nil {
		return err
	}
	f.flush()
	f.segments = append(f.segments, segment{file: path, size: size})
	return nil
}

// flush makes a segment of what the writer wrote.
func (f *form) flush() {
	data := bytes.Clone(f.buffer.Bytes())
	f.buffer.Reset()
	f.segments = append(f.segments, segment{data: data, size: int64(len(data))})
}

func (f *form) open() (io.ReadCloser, error) {
	r := &segmentReader{}
	for _, s := range f.segments {
		if s.file == "" {
			r.readers = append(r.readers, bytes.NewReader(s.data))
			continue
		}
		file, err := os.Open(s.file)
		if err != nil {
			r.Close()
			return nil, exchange.WrapInput("multipart", exchange.FileError(err))
		}
		// A file that grew since would make the body longer than its Content-Length says.
		r.readers, r.files = append(r.readers, io.LimitReader(file, s.size)), append(r.files, file)
	}
	r.Reader = io.MultiReader(r.readers...)
	return r, nil
}

// record is the body with each file named in place of its content.
func (f *form) record() []byte {
	var b bytes.Buffer
	for _, s := range f.segments {
		if s.file == "" {
			b.Write(s.data)
			continue
		}
		fmt.Fprintf(&b, "(file %s, %d bytes)", filepath.Base(s.file), s.size)
	}
	return b.Bytes()
}

// segmentReader reads the segments one after the other, and closes their files.
type segmentReader struct {
	io.Reader
	readers []io.Reader
	files   []*os.File
}

// Close closes the files.
func (r *segmentReader) Close() error {
	for _, f := range r.files {
		f.Close()
	}
	return nil
}

// partHeader is the header of one part. Line breaks and quotes in names are escaped as browsers do (WHATWG HTML,
// multipart form data).
func partHeader(name, filename, contentType string) textproto.MIMEHeader {
	quote := strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace
	disposition := `form-data; name="` + quote(name) + `"`
	if filename != "" {
		disposition += `; filename="` + quote(filename) + `"`
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if contentType != "" {
		h.Set("Content-Type", strings.NewReplacer("\r", " ", "\n", " ").Replace(contentType))
	}
	return h
}
