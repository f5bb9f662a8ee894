package schedule

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // so that the tests do not depend on the machine's zones

	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
)

// daemon is a scheduler at work on a real history, inside a bubble. Its runs take as long as take says.
type daemon struct {
	*Scheduler
	t     *testing.T
	file  string
	store *history.Store
	shift atomic.Int64 // how far the clock on the wall is off
	stop  context.CancelFunc
	ended chan struct{}

	mayFail bool // the book

	mu     sync.Mutex
	begun  []started
	events []Event
}

// started is a run that the scheduler started.
type started struct {
	engine.QueuedRun
	at, until time.Time
	cause     string // why its context ended; "" where it ran to its end
}

// options say how a daemon of a test is. The zero value is right for most.
type options struct {
	Config
	take  func(engine.QueuedRun) time.Duration             // how long a run takes; nil: no time
	start func(*daemon, context.Context, engine.QueuedRun) // in place of a run that takes so long
	book  func(Book) Book
	shift time.Duration // how far the clock on the wall is off
	idle  bool          // Run is not called
}

// open opens the history in a file.
func open(t *testing.T, file string) *history.Store {
	t.Helper()
	store, err := history.Open(file, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// newDaemon starts a daemon on the history in a file. It must be ended by end or kill.
func newDaemon(t *testing.T, file string, o options, list ...Job) *daemon {
	t.Helper()
	d := &daemon{t: t, file: file, store: open(t, file), ended: make(chan struct{})}
	d.shift.Store(int64(o.shift))
	c := o.Config
	c.Book, c.Now, c.Watch = d.store, d.now, d.watch
	if o.book != nil {
		c.Book, d.mayFail = o.book(d.store), true
	}
	if c.NewID == nil {
		e := &engine.Engine{} // its ids begin in 2020; two daemons of a bubble often make some in the same millisecond
		c.NewID = func(at time.Time) string { return e.NewID(at.AddDate(26, 0, 0)) + rand.Text()[:5] }
	}
	c.Start = func(ctx context.Context, r engine.QueuedRun) {
		if o.start != nil {
			o.start(d, ctx, r)
			return
		}
		d.carryOut(ctx, r, o.take)
	}
	d.Scheduler = New(c)
	if err := d.Plan(list); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	if o.idle {
		close(d.ended)
		return d
	}
	go func() {
		defer close(d.ended)
		_ = d.Run(ctx)
	}()
	return d
}

// now is the clock on the wall.
func (d *daemon) now() time.Time { return time.Now().Add(time.Duration(d.shift.Load())).UTC() }

func (d *daemon) watch(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	if e.Type == BookFailed && !d.mayFail {
		d.t.Errorf("at %s: %s", clockOf(d.now()), e.Message)
	}
}

// carryOut is a run.
func (d *daemon) carryOut(ctx context.Context, r engine.QueuedRun, take func(engine.QueuedRun) time.Duration) {
	run := &engine.Run{ID: r.Run, Job: r.Job, Status: engine.Running, Trigger: r.Trigger, Due: r.Due, Started: d.now(), Inputs: r.Inputs, Text: "version: 1\n", Daemon: true, Attempt: 1}
	if err := d.store.Begin(run); err != nil {
		d.t.Errorf("run %s of %s, due %v: %v", r.Run, r.Job, r.Due, err)
		return
	}
	s := started{QueuedRun: r, at: d.now()}
	if take != nil {
		select {
		case <-time.After(take(r)):
		case <-ctx.Done():
			s.cause = context.Cause(ctx).Error()
		}
	}
	s.until = d.now()
	run.Status, run.Ended = engine.OK, s.until
	if s.cause != "" {
		run.Status = engine.Cancelled
	}
	if err := d.store.Finish(run); err != nil {
		d.t.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun = append(d.begun, s)
}

// story tells what became of a job's slots.
func (d *daemon) story(name string) string {
	d.t.Helper()
	return story(d.t, d.store, name)
}

// end ends the daemon, once its runs have ended.
func (d *daemon) end() {
	d.t.Helper()
	d.stop()
	<-d.ended
	d.Drain(context.Background(), nil)
	if err := d.store.Close(); err != nil {
		d.t.Error(err)
	}
}

// after lets time pass, and waits until all has been done that there is to do then.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// started gives the runs that have ended, by due times.
func (d *daemon) started() []started {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.begun)
	slices.SortStableFunc(list, func(a, b started) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Run, b.Run)) })
	return list
}

// told gives the events of one type.
func (d *daemon) told(kind EventType) []Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.events), func(e Event) bool { return e.Type != kind })
}

// newFile gives where a history is kept.
func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "snrun.db") }

// job makes a job with a schedule.
func job(t testing.TB, name, cron string, change ...func(*jobs.Schedule)) Job {
	t.Helper()
	return Job{Name: name, File: "/project/jobs/" + name + ".yaml", Schedules: []jobs.Schedule{schedule(t, cron, change...)}}
}

func schedule(t testing.TB, cron string, change ...func(*jobs.Schedule)) jobs.Schedule {
	t.Helper()
	c, err := jobs.ParseCron(cron)
	if err != nil {
		t.Fatal(err)
	}
	s := jobs.Schedule{Cron: c, Zone: time.UTC, Overlap: "skip", CatchUp: jobs.CatchUp{Mode: "none"}}
	for _, f := range change {
		f(&s)
	}
	return s
}

func overlap(policy string) func(*jobs.Schedule) {
	return func(s *jobs.Schedule) { s.Overlap = policy }
}

func catchUp(mode string, window time.Duration) func(*jobs.Schedule) {
	return func(s *jobs.Schedule) { s.CatchUp = jobs.CatchUp{Mode: mode, Window: window} }
}

// story tells what became of a job's slots, the oldest first: each as minutes:seconds after the bubble's beginning, with its
// run's status; several that were skipped together with their number.
func story(t *testing.T, store *history.Store, name string) string {
	t.Helper()
	slots, err := store.Slots(name, 1_000_000, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range slices.Backward(slots) {
		text := clockOf(s.Due)
		if s.Count > 1 {
			text += fmt.Sprintf("-%s(%d)", clockOf(s.Until), s.Count)
		}
		if text += " " + string(s.Run.Status); s.Reason != "" {
			text += ":" + s.Reason
		}
		if s.Run.Trigger == engine.TriggerCatchUp {
			text += "/late"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// beginning is when bubbles begin.
var beginning = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func clockOf(t time.Time) string {
	d := t.Sub(beginning)
	return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
}
