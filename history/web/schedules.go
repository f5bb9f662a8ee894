package web

import "net/http"

// schedules shows …
func (s *Site) schedules(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "schedules", page{Title: "Schedules", Here: "/schedules"})
}
