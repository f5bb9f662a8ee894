// Package notify tells people what is wrong: once when a job begins to fail, is late or a profile needs a person, and once when that
// is over. Notices wait in the history until they have reached their targets, so a slow target holds up nobody and a restart loses none.
//
// The files:
//
//	notify    the Notifier: what it is given, its life
//	notice    what people are told
//	tell      what is wrong and right again, and who is told
//	deliver   notices on their way: one target after the other's pace, again and again
//	target    one whom to tell, and trying it
//	http      webhooks, chats, pings
//	smtp, mail
//	          a mail: handing it to a server, and writing it
package notify

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"snrun/auth"
	"snrun/history"
)

// Config is what a Notifier works with.
type Config struct {
	Targets  []*Target
	Store    *history.Store
	Redactor *auth.Redactor
	Commands Commands
	Project  string // the project's folder
	// LateAfter is how long after its time a run that starts counts as late; 0 is 5 minutes.
	LateAfter time.Duration
	UserAgent string
	Now       func() time.Time // the clock on the wall; nil for time.Now
	Log       *slog.Logger     // nil: what goes wrong is not told
}

// Commands give the command lines with which a person looks at what is wrong.
type Commands struct {
	Run     func(run string) string     // at a run
	Job     func(job string) string     // at why a job did not run
	Profile func(profile string) string // at the sign-in of a profile
}

// Notifier tells people what is wrong. Its methods may be called from many goroutines. Those that are told something return once it is
// in the history, and wait for no target. It is made anew when the settings change: what waits is in the history.
type Notifier struct {
	Config
	host  string
	wake  map[string]chan struct{} // by the keys of targets: there is something new
	tries sender
}

// New makes a Notifier.
func New(c Config) *Notifier {
	if c.LateAfter == 0 {
		c.LateAfter = 5 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Redactor == nil {
		c.Redactor = auth.NewRedactor()
	}
	n := &Notifier{Config: c, wake: map[string]chan struct{}{}, tries: sender{c.Redactor, c.UserAgent, c.Project}}
	n.host, _ = os.Hostname() // without a name the notice has none
	for _, t := range c.Targets {
		n.wake[n.key(t)] = make(chan struct{}, 1)
	}
	return n
}

// key is what a target is called in the history: projects that share one may have targets of the same name.
func (n *Notifier) key(t *Target) string { return t.Name + "@" + n.Project }

// Run delivers notices until the context ends. What is left then is delivered by the next one.
func (n *Notifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, t := range n.Targets {
		all.Go(func() { n.deliver(ctx, t) })
	}
	all.Go(func() { n.sweep(ctx) })
	all.Wait()
}
