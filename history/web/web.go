// Package web serves the pages on which people review runs and go on with them, and the same for programs: the API.
//
// Who comes is known by a session, that a one-time link or a password begins, or by a password as a bearer token. Pages are plain
// links and forms, and work without scripts.
//
// The files:
//
//	web, routes      a Site; what is served where, and who may see it
//	guard, access    who may come in, and to what a request must be addressed
//	enter, links, login, sessions, throttle
//	                 how visitors sign in, and are known then
//	headers, compress
//	                 what browsers are told to leave alone; answers that go out smaller
//	shared           what is found out once for all who ask at the same time
//	streams, searches
//	                 answers that go on for long, searches and exports: not too many at once
//	page             what all pages have in common
//	live, watch      changes told to those who look at a page
//	inputs           fields for the inputs of a job
//	lane, calendar, trend
//	                 pictures of what jobs did and will do, of a job's days, of how long its runs take
//	outlook          which jobs are late, and when they are due
//	project          the jobs of the project, and how it stands with them
//	deeds, actions, results
//	                 what people have done; the forms that ask for it; what came of several at once
//	api, openapi     the same for programs, and the description of what they are given
//	overview, runs, run, jobs, job, schedules, profiles, system
//	                 the pages, each with a template of its name in pages
package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
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
	// SignIns tells how it stands with all profiles. TestProfile signs in as one and asks the system something, ResetProfile forgets its
	// tokens: both give what there is to tell, line by line, also beside an error, which is a *review.Refusal.
	SignIns      func(context.Context) ([]review.SignIn, error)
	TestProfile  func(ctx context.Context, name string) ([]string, error)
	ResetProfile func(ctx context.Context, name string) ([]string, error)
	Access       Access // the zero value is a loopback address
}

// Site is the pages and the API.
type Site struct {
	Config
	templates templates
	mux       *http.ServeMux
	started   time.Time
	agenda    agenda
	overviews shared[*overviewPage]
	standing  http.Handler // tells how the daemon stands
	watchers  *watchers
	answers   answers
	results   results

	// Links lets in whoever is given one.
	Links    Links
	sessions sessions
	streams  streams
	throttle throttle
	refusals refusals
	searches turns
	exports  turns
	admitted atomic.Pointer[[]Person]
	origins  *http.CrossOriginProtection
}

// New makes a Site.
func New(c Config) *Site {
	s := &Site{
		Config: c, templates: readTemplates(), mux: http.NewServeMux(), started: time.Now(), standing: c.Daemon.Health(),
		watchers: &watchers{store: c.Store, every: lookEvery}, searches: newTurns(manySearches), exports: newTurns(manyExports),
	}
	for _, r := range routes() {
		s.mux.Handle(r.pattern, s.admit(r))
	}
	s.mux.Handle(apiPath+"/", s.admit(route{role: Viewer, serve: (*Site).apiNothing}))
	s.origins = http.NewCrossOriginProtection()
	if c.Access.External != nil {
		if err := s.origins.AddTrustedOrigin(c.Access.Address("")); err != nil {
			panic(err) // it is checked where it is read
		}
	}
	return s
}

// Close waits for what the site does beside its answers. The server that it answers for has ended.
func (s *Site) Close() { s.watchers.ended.Wait() }

// Admit says who may come in with a password. Whoever did with one that is not among them any more is signed out.
func (s *Site) Admit(people []Person) {
	s.admitted.Store(&people)
	s.sessions.endOthers(people)
}

// people gives those who may come in with a password.
func (s *Site) people() []Person {
	if list := s.admitted.Load(); list != nil {
		return *list
	}
	return nil
}
