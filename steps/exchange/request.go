package exchange

import (
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpguts"

	"snrun/steps"
)

// signInHeader asks a profile's client to leave the sign-in off. The client takes the header away.
const signInHeader = "Snrun-Sign-In"

// Request is what a step is about to send. It is sent once.
type Request struct {
	Method string
	URL    *url.URL // without its query
	Query  Query
	Header http.Header
	Body   *Body // nil for none
}

// NewRequest makes a request to the target of the step, without headers or a body.
func NewRequest(method string, in steps.Input) (*Request, error) {
	u, q, err := Target(in)
	if err != nil {
		return nil, err
	}
	return &Request{Method: method, URL: u, Query: q, Header: make(http.Header, 6)}, nil
}

// SetHeaders sets the headers that stand in a field of the step, that of its idempotency key, and leaves the sign-in off where
// the step says so. They replace those that the request has.
func (r *Request) SetHeaders(in steps.Input, field string) error {
	for _, h := range in.Pairs(field) {
		if h.Value == nil {
			continue
		}
		if err := r.SetHeader(field+"."+h.Key, h.Key, AsText(h.Value)); err != nil {
			return err
		}
	}
	if key := in.Text("idempotency_key"); key != "" {
		name := in.Text("idempotency_header")
		if name == "" {
			name = defaultKeyHeader
		}
		if err := r.SetHeader("idempotency_key", name, key); err != nil {
			return err
		}
	}
	if in.Text("auth") == "none" {
		r.Header[signInHeader] = []string{"none"}
	}
	return nil
}

// SetHeader sets one header; path is where it stands in the step. The value is not shown: it may be a secret.
func (r *Request) SetHeader(path, name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return BadInput("%s: %q is not the name of a header", path, name)
	}
	if ForbiddenHeader(name) {
		return Hinted(BadInput("%s: cannot be set by a step", path), "describe the sign-in in a profile (auth:)")
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return Hinted(BadInput("%s: the value has a line break or a control character", path), "trim it, or encode it (base64, URL) as the server wants it")
	}
	r.Header.Set(name, value)
	return nil
}

// build gives the request for net/http. Its context and trace are the sender's.
func (r *Request) build(env *steps.Env) (*http.Request, error) {
	u := *r.URL
	u.RawQuery = r.Query.String()
	req := &http.Request{Method: r.Method, URL: &u, Header: r.Header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if _, set := r.Header["User-Agent"]; !set && env.UserAgent != "" {
		r.Header["User-Agent"] = []string{env.UserAgent}
	}
	// net/http takes the Host header from the request's field only.
	if host := r.Header.Get("Host"); host != "" {
		req.Host = host
		r.Header.Del("Host")
	}
	b := r.Body
	if b == nil {
		return req, nil
	}
	if _, set := r.Header["Content-Type"]; !set {
		r.Header["Content-Type"] = []string{b.ContentType}
	}
	req.ContentLength, req.GetBody = b.Size, b.Open
	var err error
	if req.Body, err = b.Open(); err != nil {
		return nil, err
	}
	if b.Size == 0 {
		req.Body = http.NoBody
	}
	return req, nil
}
