package web

import "net/http"

// runs shows …
func (s *Site) runs(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "runs", page{Title: "Runs", Here: "/runs"})
}
