package schedule

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// Config is what a Scheduler works with.
type Config struct {
	Book Book
	// Start carries a queued run out to its end, or records why it could not begin. It is called on a goroutine of its own. When its context
	// ends the run is to be cancelled, with the context's cause. A run that is still queued after it, as nothing could be recorded, is
	// started again a while later.
	Start func(context.Context, engine.QueuedRun)
	NewID func(time.Time) string
	Now   func() time.Time // the clock on the wall; nil for time.Now
	// MaxRuns is how many runs go on at once; 0 is 20. MaxQueue is how many of one job may wait; 0 is 100.
	MaxRuns, MaxQueue int
	// LateAfter is how long after its time a run that has not started counts as late; 0 is 5 minutes.
	LateAfter time.Duration
	Watch     func(Event) // hears what is decided, from many goroutines; nil for nobody
}

// Job is what the scheduler knows of a job.
type Job struct {
	Name      string
	File      string
	Schedules []jobs.Schedule
}

// Event is something that the scheduler did.
type Event struct {
	Type    EventType
	Job     string
	Run     string
	Due     time.Time
	Count   int           // of slots
	Late    time.Duration // of Started: after Due and the jitter
	Reason  string        // one of engine's reasons
	Message string        // for people
}

// EventType says what an Event tells.
type EventType string

// What the scheduler tells of.
const (
	SlotQueued  EventType = "slot_queued"
	SlotSkipped EventType = "slot_skipped" // Count, Reason, Message
	RunStarted  EventType = "run_started"  // Late
	RunLate     EventType = "run_late"     // it waits longer than LateAfter; told once
	ClockMoved  EventType = "clock_moved"  // Message
	BookFailed  EventType = "book_failed"  // Message; told once, and tried again until it works
	StartFailed EventType = "start_failed" // Message: Start panicked
)

// Scheduler fires the slots of jobs. Its methods may be called from many goroutines.
type Scheduler struct {
	config Config
	woken  chan struct{} // there may be something to start
	asked  atomic.Bool   // look at the book, whatever it says
	owned  sync.WaitGroup

	turn     sync.Mutex // held while slots are decided upon, and runs started; guards what follows
	clock    clock
	calendar calendar
	book     reading
	ticked   time.Time
	events   []Event // that are to be told once the turn is over

	mu        sync.Mutex // guards what follows; nothing waits while it is held
	queue     queue
	going     map[string]*going // what goes on here, by run
	elsewhere map[string]bool   // jobs of which runs go on in other processes, as far as that was looked at
	draining  bool
	looked    time.Time // when Run looked at the clock last
	next      time.Time
}

// New makes a scheduler without jobs.
func New(c Config) *Scheduler {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.MaxRuns, c.MaxQueue, c.LateAfter = cmp.Or(c.MaxRuns, 20), cmp.Or(c.MaxQueue, 100), cmp.Or(c.LateAfter, 5*time.Minute)
	return &Scheduler{
		config: c, woken: make(chan struct{}, 1), clock: clock{now: c.Now}, queue: newQueue(),
		going: map[string]*going{}, elsewhere: map[string]bool{},
	}
}

// Plan sets which jobs there are, in place of those before. Slots that passed while nobody was there are decided upon by
// their schedules' catch_up, once Run goes on. Queued runs of jobs that are gone are skipped.
func (s *Scheduler) Plan(list []Job) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	now := s.config.Now().Round(0)
	c, err := newCalendar(list, now.Location())
	if err != nil {
		return err
	}
	if s.calendar.tables == nil {
		if err := s.config.Book.Rewind(now); err != nil {
			return err
		}
	}
	plans, keys := c.plans()
	known, err := s.config.Book.Know(now, append(plans, s.calendar.gone(&c)...))
	if err != nil {
		return err
	}
	c.learn(known, keys, &s.calendar, now)
	s.calendar = c
	s.withdrawGone(now)
	s.Wake()
	return nil
}

// withdrawGone skips the queued runs of jobs that are gone.
func (s *Scheduler) withdrawGone(now time.Time) {
	s.mu.Lock()
	var gone []*waiting
	for _, run := range sortedKeys(s.queue.runs) {
		if w := s.queue.runs[run]; w.do == nil && !s.calendar.has(w.Job) {
			gone = append(gone, w)
		}
	}
	s.mu.Unlock()
	for _, w := range gone {
		// Where this cannot be written the run stays, and what starts it says that there is no such job.
		_ = s.withdraw(now, w.QueuedRun, engine.ReasonGone, "the job is no longer there")
	}
}

// Run fires until the context ends, and then waits for nothing: see Drain.
func (s *Scheduler) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-s.woken:
		}
		timer.Reset(s.look())
	}
}

// Wake has it look at the book at once: something was triggered, paused, resumed or cancelled.
func (s *Scheduler) Wake() {
	s.asked.Store(true)
	s.nudge()
}

// nudge has Run look whether there is something to start.
func (s *Scheduler) nudge() {
	select {
	case s.woken <- struct{}{}:
	default: // it will
	}
}

// tell tells who watches.
func (s *Scheduler) tell(events ...Event) {
	if s.config.Watch == nil {
		return
	}
	for _, e := range events {
		s.config.Watch(e)
	}
}
