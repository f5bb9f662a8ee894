package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// maxAudit is how many requests are remembered; then the older half is forgotten.
const maxAudit = 100_000

// Request is one request that the sandbox was asked.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`  // decoded, in the order sent; secrets and tokens are ***
	Status int    `json:"status"` // 0 when the connection closed without an answer
	// Auth names the sign-in, never the secret: "token-1" (the first token given), "basic", "api_key", "unknown", or "".
	Auth string `json:"auth"`
	// GrantType is that of a token request, "unknown" for one that there is not.
	GrantType string `json:"grant_type,omitempty"`
	// Secret says that a secret or a token came with the request; told only where none should, of Elsewhere.
	Secret bool `json:"secret,omitempty"`
}

type audit struct {
	mu       sync.Mutex
	requests []*Request
}

// Requests are the requests so far in the order they came, those of /sandbox/ left out.
func (s *Server) Requests() []Request { return s.audit.list() }

func (a *audit) list() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Request, 0, len(a.requests))
	for _, r := range a.requests {
		list = append(list, *r)
	}
	return list
}

func (a *audit) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = nil
}

func (a *audit) add(r *Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.requests) >= maxAudit {
		a.requests = append([]*Request(nil), a.requests[maxAudit/2:]...)
	}
	a.requests = append(a.requests, r)
}

// record notes every request before it is answered, and its status before the client can see it.
func (a *audit) record(who func(*http.Request) string, secret func(string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isControl(r) {
			next.ServeHTTP(w, r)
			return
		}
		noted := &Request{Method: r.Method, Path: r.URL.Path, Query: readable(r.URL.RawQuery, secret), Auth: who(r)}
		if r.URL.Path == tokenPath && r.Method == http.MethodPost {
			noted.GrantType = grantTypeOf(peek(r))
		}
		a.add(noted)
		next.ServeHTTP(&statusWriter{ResponseWriter: w, audit: a, noted: noted}, r)
	})
}

// peek gives the beginning of a body, and leaves it to be read as it came.
func peek(r *http.Request) []byte {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), r.Body}
	return body
}

// failing is what is left of a body that broke off.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// grantTypeOf gives the grant_type of a form, "unknown" where it is none, since it might be a secret in the wrong place.
func grantTypeOf(body []byte) string {
	form, _ := url.ParseQuery(string(body)) // of a form with mistakes the rest
	if kind := form.Get("grant_type"); slices.Contains(grantTypes[:], kind) {
		return kind
	}
	return "unknown"
}

// hidden are parameters that hold secrets, also where they are those of somebody else.
var hidden = [...]string{"code", "state", "token", "user_code"}

func readable(raw string, secret func(string) bool) string {
	var parts []string
	for _, p := range parameters(raw) {
		if secret(p.value) || slices.Contains(hidden[:], p.name) {
			p.value = "***"
		}
		parts = append(parts, p.name+"="+p.value)
	}
	return strings.Join(parts, "&")
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	audit *audit
	noted *Request
}

// WriteHeader notes the status and sends it.
func (w *statusWriter) WriteHeader(status int) {
	w.audit.mu.Lock()
	if w.noted.Status == 0 {
		w.noted.Status = status
	}
	w.audit.mu.Unlock()
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that the status is 200 when none was given before.
func (w *statusWriter) Write(body []byte) (int, error) {
	w.audit.mu.Lock()
	first := w.noted.Status == 0
	w.audit.mu.Unlock()
	if first {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(body)
}

// Unwrap gives the writer below, for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
