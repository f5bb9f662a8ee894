package daemon

import (
	"encoding/json"
	"net/http"
	"time"

	"snrun/engine/schedule"
)

// maxShown is how many waiting runs Status names.
const maxShown = 1000

// Status is how it stands with a daemon, as its socket tells it.
type Status struct {
	Process  string             `json:"process"` // pid@host
	Project  string             `json:"project"` // its folder
	Version  string             `json:"version"`
	Address  string             `json:"address,omitempty"` // of health and metrics
	Started  time.Time          `json:"started"`
	State    string             `json:"state"` // running, draining or hanging
	Jobs     int                `json:"jobs"`
	Broken   []Broken           `json:"broken"` // files with mistakes
	MaxRuns  int                `json:"max_runs"`
	Running  []schedule.Waiting `json:"running"`
	Queued   []schedule.Waiting `json:"queued"` // the first thousand
	InQueue  int                `json:"in_queue"`
	Next     *time.Time         `json:"next,omitempty"` // the next due time
	Database string             `json:"database_error,omitempty"`
}

// control serves what commands ask. The socket is for its owner only.
func (d *Daemon) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /wake", func(w http.ResponseWriter, _ *http.Request) {
		d.scheduler.Wake()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { d.writeJSON(w, http.StatusOK, d.status()) })
	mux.HandleFunc("POST /link", d.newLink)
	return mux
}

// link is what a person enters the pages by.
type link struct {
	URL string `json:"url"`
}

// newLink makes a link to the pages for whoever may use the socket. Nothing of it is logged.
func (d *Daemon) newLink(w http.ResponseWriter, r *http.Request) {
	if d.Link == nil || d.address == "" {
		http.Error(w, "this daemon serves no pages", http.StatusNotFound)
		return
	}
	address, err := d.Link(r.FormValue("role"), r.FormValue("who"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(link{address}) // who went away does not need it
}

// Address is where the pages are, as HOST:PORT; "" for nowhere.
func (d *Daemon) Address() string { return d.address }

// status is how it stands now.
func (d *Daemon) status() Status {
	standing := d.scheduler.Standing()
	s := Status{
		Process: ProcessName(), Project: d.library.Project().Dir, Version: d.Version, Address: d.address, Started: d.started, State: "running",
		Jobs: len(d.library.Names()), Broken: d.library.due(d.library.Broken(), time.Now()), MaxRuns: standing.MaxRuns, Running: standing.Running, Queued: standing.Queued,
		InQueue: len(standing.Queued),
	}
	switch {
	case d.draining.Load():
		s.State = "draining"
	case d.hanging() > 0:
		s.State = "hanging"
	}
	if !standing.Next.IsZero() {
		s.Next = &standing.Next
	}
	if unwell := d.unwell.Load(); unwell != nil {
		s.Database = *unwell
	}
	s.Queued = s.Queued[:min(len(s.Queued), maxShown)]
	if s.Broken == nil {
		s.Broken = []Broken{}
	}
	return s
}
