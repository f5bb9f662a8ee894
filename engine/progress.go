package engine

import (
	"math"
	"strings"
	"sync"
	"time"
)

const (
	// tellEvery is how often a walk or a loop tells how far it is, at most; its failures it tells of always.
	tellEvery = 100 * time.Millisecond
	// How many marks the speed is taken from, and how far they lie apart at least.
	speedMarks = 30
	speedEvery = time.Second
)

// progress is how far the steps under way are, as people see it.
type progress struct {
	mu    sync.Mutex
	steps map[string]*course // by their keys
	all   course             // counts for all of them together
}

// course is how far one step is.
type course struct {
	retries int // of the step and, of a loop, of all in it
	waits   int // for limits
	marks   []pace
	pages   teller
	items   teller
	limits  time.Time // when a wait in one of its items was last told
}

// pace is how much was done at a time.
type pace struct {
	at   time.Time
	done int
}

// teller thins out the events of one type.
type teller struct {
	at     time.Time // of the last one that was told
	failed int       // how many had failed then
	held   Event     // the latest that was not told
	holds  bool      // whether there is one
}

func (p *progress) course(key string) *course {
	key = withoutTry(key)
	if p.steps == nil {
		p.steps = map[string]*course{}
	}
	c := p.steps[key]
	if c == nil {
		c = &course{}
		p.steps[key] = c
	}
	return c
}

// holders are the step that a key is of, and the outermost loop around it.
func (p *progress) holders(key string) []*course {
	step := withoutPage(key)
	outer, _, inside := strings.Cut(step, "[")
	if !inside {
		return []*course{p.course(step)}
	}
	return []*course{p.course(step), p.course(withoutPage(outer))}
}

// withoutTry is the key of the step that the key of one of its tries is of.
func withoutTry(key string) string {
	if i := strings.LastIndexByte(key, '#'); i > strings.LastIndexByte(key, '/') {
		return key[:i]
	}
	return key
}

// withoutPage is the key of the step that a page's key is of.
func withoutPage(key string) string {
	i := strings.LastIndex(key, "/page:")
	if i < 0 || strings.Trim(key[i+len("/page:"):], "0123456789") != "" {
		return key
	}
	return key[:i]
}

// retried counts that something in the step of a key is tried again.
func (p *progress) retried(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all.retries++
	for _, c := range p.holders(key) {
		c.retries++
	}
}

// troubles are how often something was tried again, and how many requests a limit held back.
func (p *progress) troubles() (retries, waits int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.retries, p.all.waits
}

// limited counts a request that is held back, if it is a new one, and says whether to tell of it: of those in a loop's items now
// and then, since there may be very many.
func (p *progress) limited(key string, item, fresh bool, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	holders := p.holders(key)
	if fresh {
		p.all.waits++
		for _, c := range holders {
			c.waits++
		}
	}
	outer := holders[len(holders)-1]
	if item && now.Sub(outer.limits) < time.Second {
		return false
	}
	outer.limits = now
	return true
}

// advance completes the event of a page or an item, and says whether to tell of it now.
func (p *progress) advance(e *Event, now time.Time) bool {
	if e.Counts == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.course(e.Key)
	e.Counts.Retries, e.Counts.LimitWaits = c.retries, c.waits
	done := e.Counts.Succeeded + e.Counts.Failed
	e.PerSecond = c.speed(now, done)
	if left := e.Counts.Total - done; left > 0 && e.PerSecond > 0 {
		e.Left = time.Duration(float64(left) / e.PerSecond * float64(time.Second)).Round(time.Millisecond)
	}
	t := &c.items
	if e.Type == PageRead {
		t = &c.pages
	}
	if t.at.IsZero() || now.Sub(t.at) >= tellEvery || e.Counts.Failed > t.failed {
		*t = teller{at: now, failed: e.Counts.Failed}
		return true
	}
	t.held, t.holds = *e, true
	return false
}

// speed is how much is done in a second: lately, and 0 while that cannot be told.
func (c *course) speed(now time.Time, done int) float64 {
	if n := len(c.marks); n == 0 || now.Sub(c.marks[n-1].at) >= speedEvery {
		c.marks = append(c.marks, pace{now, done})
	}
	if len(c.marks) > speedMarks {
		c.marks = c.marks[1:]
	}
	first := c.marks[0]
	if now.Sub(first.at) < speedEvery {
		return 0
	}
	return math.Round(float64(done-first.done)/now.Sub(first.at).Seconds()*1000) / 1000
}

// end forgets a step that ended. It gives the events that were not told yet, and completes its counts.
func (p *progress) end(key string, counts *Counts) []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.steps[key]
	if c == nil {
		return nil // it never told how far it was
	}
	delete(p.steps, key)
	if counts != nil {
		counts.Retries, counts.LimitWaits = c.retries, c.waits
	}
	var held []Event
	for _, t := range []*teller{&c.pages, &c.items} {
		if t.holds {
			held = append(held, t.held)
		}
	}
	return held
}
