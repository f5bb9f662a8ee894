package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// operation is something that programs can ask for. What it takes and gives stands in openapi.yaml too, and a test holds the two together.
type operation struct {
	method string
	path   string // below apiPath, as http.ServeMux takes it
	role   Role
	query  []string // the parameters that it takes in the address
	answer func(*Site, *ask) (any, error)
}

// operations are all that programs can ask for.
func operations() []operation {
	return slices.Concat(runOperations(), projectOperations(), deedOperations(), []operation{
		{"GET", "/openapi.yaml", Viewer, nil, (*Site).apiDescription},
		{"GET", "/openapi.json", Viewer, nil, (*Site).apiDescriptionJSON},
	})
}

// apiRoutes are the routes of the API.
func apiRoutes() []route {
	var routes []route
	for _, o := range operations() {
		routes = append(routes, route{o.method + " " + apiPath + o.path, o.role, o.serve})
	}
	return routes
}

// ask is a request of a program.
type ask struct {
	*http.Request
	w      http.ResponseWriter
	query  url.Values
	status int // of the answer; 0 is 200
}

// answered is an answer that is not JSON.
type answered struct {
	kind string // the media type
	text []byte
}

// served says that the operation has written the answer itself.
type served struct{}

// serve answers one request.
func (o operation) serve(s *Site, w http.ResponseWriter, r *http.Request) error {
	a := &ask{Request: r, w: w}
	if err := o.read(a); err != nil {
		return err
	}
	answer, err := o.answer(s, a)
	if err != nil {
		return err
	}
	switch v := answer.(type) {
	case served:
		return nil
	case answered:
		return s.tell(a, v)
	}
	text, err := review.JSON(answer)
	if err != nil {
		return err
	}
	return s.tell(a, answered{jsonType, text})
}

// read checks a request before it is answered.
func (o operation) read(a *ask) error {
	var err error
	if a.query, err = url.ParseQuery(a.URL.RawQuery); err != nil {
		return wrong("the address has parameters that cannot be read: "+words.InLine(err.Error()), "escape what is neither a letter nor a digit as %XX")
	}
	for _, name := range slices.Sorted(maps.Keys(a.query)) {
		switch {
		case !slices.Contains(o.query, name):
			return wrong("there is no parameter "+quoted(atMost(name, listText)), o.parameterHint(name))
		case len(a.query[name]) > 1:
			return wrong("the parameter "+name+" stands there more than once", "write it once")
		}
	}
	if o.method == http.MethodPost {
		return a.checkBodyType()
	}
	return nil
}

// parameterHint says which parameter may have been meant.
func (o operation) parameterHint(name string) string {
	if hint := steps.Hint(name, o.query); hint != "" {
		return hint
	}
	if len(o.query) == 0 {
		return "this takes none"
	}
	return "this takes " + strings.Join(o.query, ", ")
}

// tell answers with a text, or with nothing where the program has it already. No secret shows in it.
func (s *Site) tell(a *ask, v answered) error {
	if err := a.mustAccept(v.kind); err != nil {
		return err
	}
	text := s.Redactor.Bytes(v.text)
	h := a.w.Header()
	h.Set("Content-Type", v.kind)
	h.Set("Cache-Control", "private, no-cache")
	if a.Method == http.MethodGet || a.Method == http.MethodHead {
		sum := sha256.Sum256(text)
		tag := `"` + hex.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		if knows(a.Header.Values("If-None-Match"), tag) {
			a.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(text)))
	if a.status != 0 {
		a.w.WriteHeader(a.status)
	}
	a.w.Write(text)
	return nil
}

// mustAccept refuses to answer with what a program says that it does not take.
func (a *ask) mustAccept(kind string) error {
	if accepts(a.Header.Values("Accept"), kind) {
		return nil
	}
	return &Problem{Status: http.StatusNotAcceptable, Message: "this is " + kind + ", which the header Accept does not allow", Hint: "leave the header out, or write Accept: " + kind}
}

// knows says whether a program has what a tag is of.
func knows(headers []string, tag string) bool {
	for _, known := range strings.Split(strings.Join(headers, ","), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == tag {
			return true
		}
	}
	return false
}

// accepts says whether what a request accepts has room for a media type: by RFC 9110, without regard to preferences.
func accepts(headers []string, kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	family, _, _ := strings.Cut(kind, "/")
	list := strings.Join(headers, ",")
	if strings.TrimSpace(list) == "" {
		return true
	}
	for _, one := range strings.Split(list, ",") {
		accepted, params, err := mime.ParseMediaType(strings.TrimSpace(one))
		if err == nil && params["q"] != "0" && (accepted == kind || accepted == "*/*" || accepted == family+"/*") {
			return true
		}
	}
	return false
}

// apiNothing says that there is nothing at a path, or nothing for a method.
func (s *Site) apiNothing(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return &Problem{Status: http.StatusNotFound, Message: "the API has nothing at " + atMost(r.URL.Path, listText), Hint: "what there is stands in " + apiPath + "/openapi.yaml"}
	}
	if allowed[0] == http.MethodGet {
		allowed = slices.Insert(allowed, 1, http.MethodHead)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &Problem{Status: http.StatusMethodNotAllowed, Message: "this is not for " + atMost(r.Method, listText), Hint: "use " + strings.Join(allowed, " or ")}
}
