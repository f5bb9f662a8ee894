package sandbox

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"net/http"
	"sync"
)

// once remembers the answers to requests with an Idempotency-Key, by method, path and key, as the draft
// draft-ietf-httpapi-idempotency-key-header describes it.
type once struct {
	mu    sync.Mutex
	known map[string]*keyed
}

// keyed is one request with a key. The first one holds the lock until it has its answer.
type keyed struct {
	mu      sync.Mutex
	request [sha256.Size]byte
	answer  *said // nil until there is one
}

func (o *once) of(name string) *keyed {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = map[string]*keyed{}
	}
	if o.known[name] == nil {
		o.known[name] = &keyed{}
	}
	return o.known[name]
}

// carry has a request carried out once for each key. Whoever sends it again gets the same answer, marked by the header
// Idempotent-Replayed; one with the same key and another body gets 422. What failed with 5xx was not carried out.
func (o *once) carry(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			next(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
		if err != nil {
			problem(w, http.StatusBadRequest, "invalid_body", err.Error())
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.of(r.Method+" "+r.URL.Path+" "+key).serve(w, r, sha256.Sum256(body), next)
	}
}

func (k *keyed) serve(w http.ResponseWriter, r *http.Request, request [sha256.Size]byte, next http.HandlerFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.answer == nil:
		answer := &said{header: http.Header{}, status: http.StatusOK}
		next(answer, r)
		if answer.status < http.StatusInternalServerError {
			k.request, k.answer = request, answer
		}
		answer.send(w)
	case k.request != request:
		problem(w, http.StatusUnprocessableEntity, "idempotency_key_reused", "this Idempotency-Key came with another body before")
	default:
		w.Header().Set("Idempotent-Replayed", "true")
		k.answer.send(w)
	}
}

// said is an answer that is kept.
type said struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *said) Header() http.Header { return a.header }

func (a *said) WriteHeader(status int) { a.status = status }

func (a *said) Write(body []byte) (int, error) { return a.body.Write(body) }

func (a *said) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}
