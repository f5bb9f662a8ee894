// Package daemon runs the jobs of a project in the background: it keeps them in memory as texts, has a schedule.Scheduler fire
// them, carries their runs out, and ends without losing one.
//
// The files:
//
//	daemon, life                   what a Daemon is given; from its first breath to its last
//	library, reading, each, watch  the jobs, how their files are read again, and when
//	runs, interrupted, keyrings    carrying runs out, going on with those that were cut off, signing them in
//	health                         what the address on the network tells
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
)

// Store is what a Daemon needs of a history.
type Store interface {
	engine.Journal
	schedule.Book
	// Run gives a run with its texts.
	Run(id string) (*engine.Run, error)
	// Interrupted gives the runs of these jobs that a daemon carried out, and that were cut off.
	Interrupted(jobs []string) ([]engine.Interruption, error)
	// Enlist records that this process is a daemon; SignOfLife that it still is; Dismiss that it is none any more.
	Enlist(engine.Daemon) error
	SignOfLife(now time.Time) error
	Dismiss() error
	// Abandon says that this process carries a run out no more, also where the run's end could not be recorded.
	Abandon(run string)
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
	Program   string         // how a person calls snrun
	UserAgent string
	Version   string

	MaxRuns, MaxQueue int           // as in schedule.Config
	LateAfter         time.Duration // as in schedule.Config
	Grace             time.Duration // how long runs may go on once the daemon is to end
	Listen            string        // the address for health and metrics, as HOST:PORT; "" for none
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
	tasks     sync.WaitGroup
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
	return &Daemon{Config: c, library: NewLibrary(c.Open), reloads: make(chan struct{}, 1), started: time.Now()}
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
