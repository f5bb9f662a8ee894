package web

import "net/http"

// jobs lists the jobs of the project.
func (s *Site) jobs(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "jobs", page{Title: "Jobs", Here: "/jobs"})
}

// job shows one job.
func (s *Site) job(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, "job", page{Title: r.PathValue("job"), Here: "/jobs"})
}
