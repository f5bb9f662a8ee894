package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxFile is how large an upload may be, bytes.
const maxFile = 32 << 20

// blob is the content of a file or an attachment.
type blob struct {
	data []byte
	kind string // its Content-Type
}

func (b blob) sum() string {
	sum := sha256.Sum256(b.data)
	return hex.EncodeToString(sum[:])
}

// serve answers with the content: Content-Length, ETag, and what http.ServeContent knows of ranges and conditions.
func (b blob) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", b.kind)
	w.Header().Set("ETag", `"`+b.sum()+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
}

// blobs are kept in memory, by name.
type blobs struct {
	mu     sync.Mutex
	byName map[string]blob
}

// put keeps a blob, and says whether the name is new.
func (b *blobs) put(name string, content blob) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName == nil {
		b.byName = map[string]blob{}
	}
	_, known := b.byName[name]
	b.byName[name] = content
	return !known
}

func (b *blobs) get(name string) (blob, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.byName[name]
	return content, ok
}

func (b *blobs) remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byName, name)
}

func (b *blobs) names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.byName))
}

// fileRoutes: a file area with one file from the start, incidents.csv. It asks for the user's name and password.
func (s *Server) fileRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /files/{$}", s.asUser(s.listFiles))
	mux.HandleFunc("GET /files/{name}", s.asUser(s.download))
	mux.HandleFunc("PUT /files/{name}", s.asUser(s.upload))
	mux.HandleFunc("POST /files/{name}", s.asUser(s.upload))
}

func (s *Server) listFiles(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"files": s.files.names()})
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	content, ok := s.files.get(r.PathValue("name"))
	if !ok {
		problem(w, http.StatusNotFound, "not_found", "there is no such file")
		return
	}
	content.serve(w, r)
}

// upload takes the body as it is, or the first file of a multipart body; 201 for a new name, 200 for a known one.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	sent, err := readUpload(w, r)
	if err != nil {
		answerUploadError(w, err)
		return
	}
	status := http.StatusOK
	if s.files.put(r.PathValue("name"), sent.blob) {
		status = http.StatusCreated
	}
	writeJSON(w, status, receipt{
		Name: r.PathValue("name"), Size: len(sent.data), SHA256: sent.sum(), Type: sent.kind,
		Sent: sent.filename, Fields: sent.fields,
	})
}

// receipt tells what came with an upload.
type receipt struct {
	Name   string            `json:"name"`
	Size   int               `json:"size"` // bytes
	SHA256 string            `json:"sha256"`
	Type   string            `json:"type"`
	Sent   string            `json:"sent,omitempty"`   // the file name of the part
	Fields map[string]string `json:"fields,omitempty"` // the other parts
}

func answerUploadError(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		problem(w, http.StatusRequestEntityTooLarge, "too_large", "a file may have 32 MB")
		return
	}
	problem(w, http.StatusBadRequest, "invalid_upload", err.Error())
}

// sentFile is a file as it was uploaded: raw, or as a part beside further fields.
type sentFile struct {
	blob
	filename string // of the part, "" when raw
	fields   map[string]string
}

var errNoFile = errors.New("the multipart body has no file")

func readUpload(w http.ResponseWriter, r *http.Request) (sentFile, error) {
	body := http.MaxBytesReader(w, r.Body, maxFile)
	kind := orElse(r.Header.Get("Content-Type"), "application/octet-stream")
	media, params, err := mime.ParseMediaType(kind)
	if err == nil && strings.HasPrefix(media, "multipart/") {
		return readParts(multipart.NewReader(body, params["boundary"]))
	}
	data, err := io.ReadAll(body)
	return sentFile{blob: blob{data, kind}}, err
}

func readParts(parts *multipart.Reader) (sentFile, error) {
	sent := sentFile{fields: map[string]string{}}
	found := false
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sent, err
		}
		data, err := io.ReadAll(part)
		switch {
		case err != nil:
			return sent, err
		case part.FileName() == "":
			sent.fields[part.FormName()] = string(data)
		case !found:
			found = true
			sent.filename = part.FileName()
			sent.blob = blob{data, orElse(part.Header.Get("Content-Type"), "application/octet-stream")}
		}
	}
	if !found {
		return sent, errNoFile
	}
	return sent, nil
}
