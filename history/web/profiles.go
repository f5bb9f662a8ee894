package web

import "net/http"

// profiles shows …
func (s *Site) profiles(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "profiles", page{Title: "Profiles", Here: "/profiles"})
}
