package web

import "net/http"

// run shows …
func (s *Site) run(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "run", page{Title: "Run", Here: "/runs"})
}
