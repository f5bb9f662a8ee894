// Package daemon runs the jobs of a project in the background: it keeps them in memory as texts, has a schedule.Scheduler fire
// them, carries their runs out, and ends without losing one.
//
// The files:
//
//	daemon, life                   what a Daemon is given; from its first breath to its last
//	library, reading, each, watch  the jobs, how their files are read again, and when
//	runs, interrupted, keyrings    carrying runs out, going on with those that were cut off, signing them in
//	again, asked, pauses           what a person wants: a run that goes on, a new one, an end, a pause
//	signins                        the profiles' keyrings, for who wants to see how it stands with them
//	idle, worker, elsewhere        a daemon that fires nothing: pages for one person, a worker; runs that others conduct
//	told                           which jobs there are, and what they use, for pages
//	health, certificate            what the address on the network tells, and how it is encrypted
//	control, client, socket        what commands ask over the socket, and where that is
//	systemd                        what a service manager is told
package daemon

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/history/review"
)

// Store is what a Daemon needs of a history.
type Store interface {
	engine.Journal
	schedule.Book
	// Run gives a run with its texts.
	Run(id string) (*engine.Run, error)
	// Head gives a run without its steps and texts.
	Head(id string) (*engine.Run, error)
	// Interrupted gives the runs of these jobs that a daemon carried out, and that were cut off.
	Interrupted(jobs []string) ([]engine.Interruption, error)
	// Enlist records that this process is a daemon; SignOfLife that it still is; Dismiss that it is none any more.
	Enlist(engine.Daemon) error
	SignOfLife(now time.Time) error
	Dismiss() error
	// Abandon says that this process carries a run out no more, also where the run's end could not be recorded.
	Abandon(run string)
	// InDoubt gives the calls of a run of which it is not known whether they were carried out.
	InDoubt(run string) ([]string, error)
	// Find gives the id of a run by @last:JOB.
	Find(ref string) (string, error)
	Triggers
	// Cancel ends a queued run, or asks the process of one that is running to end it, and gives the status that it had.
	Cancel(now time.Time, run, who string) (engine.Status, error)
	// Pause has a job not be run by its schedules until Unpause, which is false where it was not paused.
	Pause(engine.Pause) error
	Unpause(job string) (bool, error)
}

// Config is what a Daemon works with. All but what says otherwise must be given.
type Config struct {
	Open      func() (*Project, error) // reads settings and profiles anew; mistakes in them are source.Errors
	Store     Store
	Redactor  *auth.Redactor
	Limits    *auth.Limits
	Log       *slog.Logger
	Env       map[string]any // what env.NAME gives
	Space     string         // of the runs; see engine.Request
	Renewed   map[string]any // variables that are others in runs that go on: what the sandbox's address is now
	Program   string         // how a person calls snrun
	UserAgent string
	Version   string

	MaxRuns, MaxQueue int           // as in schedule.Config
	LateAfter         time.Duration // as in schedule.Config
	Grace             time.Duration // how long runs may go on once the daemon is to end
	Listen            string        // the address for pages, health and metrics, as HOST:PORT; "" for none
	Certificate       *Certificate  // that the address has; nil where what is sent there is not encrypted
	Public            bool          // others than the users of this machine reach the address, which then tells less
	Socket            string        // the file of the control socket; "" for none

	Pages     http.Handler         // serves the address, with what Health gives among it, and says who may come to what; nil for Health alone, on loopback
	Metrics   http.Handler         // serves /metrics; nil for nobody
	Watch     func(engine.Event)   // hears of what happens in runs; nil for nobody
	Doubted   func(engine.Event)   // hears of the runs in doubt that were found, as of their end, which Watch heard of in its time; nil for nobody
	Scheduled func(schedule.Event) // hears of what the scheduler does; nil for nobody
	Token     func(auth.TokenEvent)
	Requested func(profile string, status int) // as in engine.Config
	Tracer    engine.Tracer                    // follows calls; nil for nobody
	Tasks     []Task
	Commands  review.Commands // that a person is told of
	// Idle makes a daemon that fires nothing, takes nothing over and is not listed as one: it runs what a person asks it for. Bare
	// stands in for a project with mistakes in its settings or profiles then: it has none of what they say.
	Idle bool
	Bare func() *Project
	// Elsewhere steers runs that somebody else carries out; nil where nobody here can.
	Elsewhere Elsewhere
	// Worker carries out what others begin, until the context ends and what is under way has ended too. A daemon that has one is Idle, reads
	// no jobs, and does nothing else.
	Worker func(context.Context) error
	// Link makes a link by which somebody may enter the pages once, in a role; nil where there are none.
	Link func(role, who string) (string, error)
	// GoOn gives the commands with which a person goes on with a run.
	GoOn func(run string, inDoubt bool) []string
	// SignIn signs a profile in that is new; nil leaves that to when a token is needed.
	SignIn func(context.Context, *auth.Keyring, auth.Profile) error
	// Loaded hears of each time that the files were read, and which jobs there are then, sorted; nil for nobody.
	Loaded func(p *Project, names []string)
}

// Task is something that is done in the background for as long as the daemon lives.
type Task struct {
	Name string
	Run  func(context.Context) error // until the context ends
}

// Daemon runs the jobs of a project.
type Daemon struct {
	Config
	library   *Library
	keyrings  *keyrings
	scheduler *schedule.Scheduler
	started   time.Time
	pulse     atomic.Int64 // when the scheduler looked at its book last, in Unix nanoseconds
	draining  atomic.Bool
	unwell    atomic.Pointer[string] // why the database cannot be written; nil where it can
	unplanned atomic.Bool            // the scheduler does not know the jobs as they are
	address   string                 // where it listens; "" for nowhere
	reloads   chan struct{}          // has room for one
	reloading sync.Mutex             // held by who reads the files again
	cutOff    cutOff
	wishes    wishes
	unfilled  struct {
		mu sync.Mutex
		of map[string]notFilled // by profile
	}
	tasks sync.WaitGroup
}

// New makes a daemon that does nothing yet.
func New(c Config) *Daemon {
	if c.Watch == nil {
		c.Watch = func(engine.Event) {}
	}
	if c.Doubted == nil {
		c.Doubted = func(engine.Event) {}
	}
	if c.Scheduled == nil {
		c.Scheduled = func(schedule.Event) {}
	}
	if c.Loaded == nil {
		c.Loaded = func(*Project, []string) {}
	}
	d := &Daemon{Config: c, library: NewLibrary(c.Open), reloads: make(chan struct{}, 1), started: time.Now()}
	if c.Idle {
		d.library.bare = c.Bare
	}
	d.library.jobless = c.Worker != nil
	return d
}

// Standing is how it stands with the scheduler.
func (d *Daemon) Standing() schedule.Standing { return d.scheduler.Standing() }

// Project gives the project as it is now.
func (d *Daemon) Project() *Project { return d.library.Project() }

// Broken gives the files with mistakes, sorted.
func (d *Daemon) Broken() []Broken { return d.library.Broken() }

// freeMemory gives back what reading and planning the jobs has taken: much of it is of no use any more, for a long time.
func freeMemory() { debug.FreeOSMemory() }

// newKeyring makes the keyring of a profile, whose secrets masks is told; of one without a name, which signs in nowhere.
func (d *Daemon) newKeyring(p auth.Profile, masks *auth.Redactor) (*auth.Keyring, error) {
	var profiles []auth.Profile
	if p.Name != "" {
		profiles = append(profiles, p)
	}
	project := d.library.Project()
	return auth.NewKeyring(profiles, auth.Options{
		Redactor: masks, Dir: project.Dir, Store: project.Tokens, Program: d.Program, UserAgent: d.UserAgent, Limits: d.Limits,
		Notify: d.Token,
	})
}

// ticking is a Book that notes when its Scheduler looks into it.
type ticking struct {
	schedule.Book
	pulse *atomic.Int64
}

// Changed notes the time.
func (t ticking) Changed() (bool, error) {
	t.pulse.Store(time.Now().UnixNano())
	return t.Book.Changed()
}
