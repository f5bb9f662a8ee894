package web

import "net/http"

// overview shows …
func (s *Site) overview(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "overview", page{Title: "Overview", Here: "/"})
}
