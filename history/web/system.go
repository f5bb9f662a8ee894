package web

import "net/http"

// system shows …
func (s *Site) system(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "system", page{Title: "System", Here: "/system"})
}
