package rest

import (
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpguts"

	"snrun/steps"
)

// signInHeader asks a profile's client to leave the sign-in off. The client takes the header away.
const signInHeader = "Snrun-Sign-In"

// request is what a step is about to send, still open to what a walk puts into it.
type request struct {
	method string
	url    *url.URL // without its query
	query  query
	header http.Header
	// field is the step's field that gives the body, "" without one, and content what stands in it.
	field   string
	content any
}

// newRequest makes the request that the step's fields describe.
func newRequest(in steps.Input) (*request, error) {
	if p := checkBody(in); len(p) > 0 {
		return nil, hinted(badInput("%s %s", p[0].Path, p[0].Message), p[0].Hint)
	}
	u, q, err := target(in)
	if err != nil {
		return nil, err
	}
	r := &request{method: method(in), url: u, query: q, header: make(http.Header, 6)}
	for _, e := range in.Pairs("query") {
		r.query = r.query.add(e.Key, e.Value)
	}
	for _, name := range bodies {
		if value, there := in[name]; there {
			r.field, r.content = name, value
		}
	}
	return r, r.setHeaders(in)
}

func (r *request) setHeaders(in steps.Input) error {
	if a := acceptHeader(in); a != "" {
		r.header["Accept"] = []string{a}
	}
	for _, h := range in.Pairs("headers") {
		if h.Value == nil {
			continue
		}
		if err := r.setHeader("headers."+h.Key, h.Key, asText(h.Value)); err != nil {
			return err
		}
	}
	if key := in.Text("idempotency_key"); key != "" {
		name := in.Text("idempotency_header")
		if name == "" {
			name = defaultKeyHeader
		}
		if err := r.setHeader("idempotency_key", name, key); err != nil {
			return err
		}
	}
	if in.Text("auth") == "none" {
		r.header[signInHeader] = []string{"none"}
	}
	return nil
}

// setHeader sets one header; path is where it stands in the step. The value is not shown: it may be a secret.
func (r *request) setHeader(path, name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return badInput("%s: %q is not the name of a header", path, name)
	}
	if forbiddenHeader(name) {
		return hinted(badInput("%s: cannot be set by a step", path), "describe the sign-in in a profile (auth:)")
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return hinted(badInput("%s: the value has a line break or a control character", path), "trim it, or encode it (base64, URL) as the server wants it")
	}
	r.header.Set(name, value)
	return nil
}

// acceptHeader says what the step wants. Under `auto` with a profile nothing is said, so that an Accept header of the
// profile, which its client adds where there is none, holds.
func acceptHeader(in steps.Input) string {
	switch in.Text("accept") {
	case "json":
		return "application/json, application/*+json, */*;q=0.1"
	case "xml":
		return "application/xml, text/xml, application/*+xml, */*;q=0.1"
	case "text":
		return "text/plain, text/*;q=0.9, */*;q=0.1"
	case "bytes":
		return "*/*"
	}
	if in.Has("profile") || in.Has("save_to") {
		return ""
	}
	return "application/json, */*;q=0.1"
}

// build gives the request for net/http. Its context and trace are the sender's.
func (r *request) build(in steps.Input, env *steps.Env) (*http.Request, *body, error) {
	b, err := encodeBody(r.field, r.content, env.Dir)
	if err != nil {
		return nil, nil, err
	}
	u := *r.url
	u.RawQuery = r.query.String()
	req := &http.Request{Method: r.method, URL: &u, Header: r.header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if _, set := r.header["User-Agent"]; !set && env.UserAgent != "" {
		r.header["User-Agent"] = []string{env.UserAgent}
	}
	// net/http takes the Host header from the request's field only.
	if host := r.header.Get("Host"); host != "" {
		req.Host = host
		r.header.Del("Host")
	}
	if b == nil {
		return req, nil, nil
	}
	if _, set := r.header["Content-Type"]; !set {
		r.header["Content-Type"] = []string{b.contentType}
	}
	req.ContentLength, req.GetBody = b.size, b.open
	if req.Body, err = b.open(); err != nil {
		return nil, nil, err
	}
	if b.size == 0 {
		req.Body = http.NoBody
	}
	return req, b, nil
}
