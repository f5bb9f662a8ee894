// Package web serves the pages on which people review runs and go on with them, and the same for programs: the API.
//
// Who comes is known by a session, that a one-time link or a password begins, or by a password as a bearer token. Pages are plain
// links and forms, and work without scripts.
//
// The files:
//
//	web, routes      a Site; what is served where, and who may see it
//	guard            who may come in
//	page             what all pages have in common
//	live, watch      changes told to those who look at a page
//	overview, runs, run, jobs, schedules, profiles, system
//	                 the pages, each with a template of its name in pages
package web

import (
	"log/slog"
	"net/http"
	"time"

	"snrun/auth"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
)

// Config is what a Site works with. All must be given.
type Config struct {
	Store    *history.Store
	Daemon   *daemon.Daemon // what is known of the project, and what carries runs out
	Redactor *auth.Redactor
	Log      *slog.Logger
	Commands review.Commands // that do the same in a terminal
	Version  string
}

// Site is the pages and the API.
type Site struct {
	Config
	templates templates
	mux       *http.ServeMux
	started   time.Time
	watchers  *watchers
}

// New makes a Site.
func New(c Config) *Site {
	s := &Site{
		Config: c, templates: readTemplates(), mux: http.NewServeMux(), started: time.Now(),
		watchers: &watchers{store: c.Store, every: lookEvery},
	}
	for _, r := range routes() {
		s.mux.Handle(r.pattern, s.admit(r))
	}
	return s
}

// ServeHTTP serves a page, a part of one, or the API.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }
