package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"snrun/history"
)

// visitor is who makes a request. The zero value is nobody who is known.
type visitor struct {
	Name   string
	Role   Role
	Origin string // the address that the request comes from

	session *session // nil for one without
}

// May says whether the visitor may do what a role may.
func (v visitor) May(role Role) bool {
	switch role {
	case Anybody:
		return true
	case Viewer:
		return v.Role == Viewer || v.Role == Operator
	case Operator:
		return v.Role == Operator
	}
	return false
}

// visitorKey is the key under which a request's context has its visitor.
type visitorKey struct{}

// visitorOf gives who makes a request.
func visitorOf(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

// maxBody bounds what a request brings, in bytes.
const maxBody = 64 << 10

// ServeHTTP serves a page, a part of one, or the API: to requests that are meant for this site, and that no other site makes a browser send.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.secure(w.Header(), r)
	probe := r.URL.Path == healthPath || r.URL.Path == readyPath // by whatever name: they tell nothing that is of use
	if !probe && !s.Access.answersTo(r) {
		http.Error(w, "snrun does not answer to this name: write it under server.hosts, where it is one of its own", http.StatusMisdirectedRequest)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, &Problem{
			Status: http.StatusForbidden, Message: "another site had the browser send this, so nothing was done",
			Hint: "open the page itself, and press the button there; a proxy that stands before snrun is named by --behind-proxy",
		})
		return
	}
	w, done := compressed(w, r)
	defer done()
	s.mux.ServeHTTP(w, r)
}

// admit serves a route to those who may see it. Nothing else lets anybody in.
func (s *Site) admit(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.whoComes(r)
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		if refused := s.mayCome(v, to.role); refused != nil {
			s.recordRefusal(r, to.role)
			s.problem(w, r, cmp.Or(err, refused))
			return
		}
		if err = readForm(r); err != nil {
			s.problem(w, r, unreadable(err))
			return
		}
		if err := to.serve(s, w, r); err != nil {
			s.problem(w, r, err)
		}
	})
}

// readForm reads the form of a page, if there is one: here, as FormValue takes one that is too large for an empty one.
func readForm(r *http.Request) error {
	if forPrograms(r) {
		return nil
	}
	return r.ParseForm()
}

// unreadable makes an error of a form a Problem.
func unreadable(err error) error {
	if p := problemOf(err); p.Status == http.StatusRequestEntityTooLarge {
		return p
	}
	return &Problem{Status: http.StatusBadRequest, Message: "the request cannot be read: " + err.Error()}
}

const notSignedIn = "nobody is signed in"

// mayCome says why a visitor may not do what a role may, nil where he may.
func (s *Site) mayCome(v visitor, role Role) error {
	switch {
	case v.May(role), role == Neighbour && (s.Access.confined() || v.May(Viewer)):
		return nil
	case v.Role == "":
		return &Problem{Status: http.StatusUnauthorized, Message: notSignedIn}
	}
	return &Problem{
		Status: http.StatusForbidden, Message: fmt.Sprintf("%s is a %s, who may look at everything and change nothing", v.Name, v.Role),
		Hint: "somebody with the role operator can do this",
	}
}

// recordRefusal puts on record that somebody who is known wanted to do what his role does not let him: of one who does so over and over, now
// and then.
func (s *Site) recordRefusal(r *http.Request, role Role) {
	v := visitorOf(r)
	if role != Operator || v.Role == "" {
		return
	}
	if !s.refusals.count(v.Name) {
		s.Log.Warn("somebody was not let do something, again", "who", v.Name, "origin", v.Origin, "path", r.URL.Path)
		return
	}
	row := history.Audit{Who: v.Name, Role: string(v.Role), Origin: v.Origin, Outcome: history.AuditRefused, Detail: "as a " + string(v.Role)}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), apiPath), "/"), "/") // as runs/ID/resume
	row.Action = parts[len(parts)-1]
	if len(parts) == 3 {
		name, _ := url.PathUnescape(parts[1]) // which may have slashes; the path was read before
		row.Subject = strings.TrimSuffix(parts[0], "s") + ":" + name
	}
	s.Record(row)
}

// whoComes gives who makes a request: the one whose session it is, or for programs the one whose password it brings. Pages do not look at
// passwords in headers: a proxy that asks for one of its own leaves it there.
func (s *Site) whoComes(r *http.Request) (visitor, error) {
	origin := s.Access.origin(r)
	for _, c := range r.CookiesNamed(s.cookieName(r)) {
		if session := s.sessions.of(c.Value); session != nil {
			v := session.visitor
			v.Origin, v.session = origin, session
			return v, nil
		}
	}
	if !forPrograms(r) || r.Header.Get("Authorization") == "" {
		return visitor{Origin: origin}, nil
	}
	name, password, is := credentials(r)
	if !is {
		return visitor{Origin: origin}, &Problem{
			Status: http.StatusUnauthorized, Message: "the header Authorization is not of a kind that is known here",
			Hint: "write it as Authorization: Bearer PASSWORD, or Basic with name and password",
		}
	}
	p, err := s.check(r, origin, name, password)
	if err != nil {
		return visitor{Origin: origin}, err
	}
	return visitor{Name: p.Name, Role: p.Role, Origin: origin}, nil
}

// forPrograms says whether a request is for what programs read.
func forPrograms(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, apiPath+"/") || r.URL.Path == metricsPath
}

// credentials gives the name, which may be "", and the password that a program brings.
func credentials(r *http.Request) (name, password string, is bool) {
	if name, password, is = r.BasicAuth(); is {
		return name, password, name != "" && password != ""
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return "", strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(token) != ""
}
