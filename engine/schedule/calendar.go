package schedule

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// calendar is all timetables, by what each is known by, and those that have a slot to come as a heap: the soonest first.
type calendar struct {
	jobs   []string // all that there are, also those without schedules
	tables map[string]*timetable
	soon   soonest
}

// keyOf tells apart what has slots of its own: a job with the inputs that a schedule gives it.
func keyOf(job string, inputs map[string]any) (string, error) {
	if len(inputs) == 0 {
		return job, nil
	}
	text, err := steps.EncodeJSON(inputs)
	if err != nil {
		return "", fmt.Errorf("the inputs that the schedule of %s gives: %w", job, err)
	}
	return job + "\x00" + string(text), nil
}

// newCalendar groups the schedules of jobs. Schedules without a zone go by the one given.
func newCalendar(list []Job, zone *time.Location) (calendar, error) {
	c := calendar{tables: map[string]*timetable{}}
	for _, job := range list {
		c.jobs = append(c.jobs, job.Name)
		for _, s := range job.Schedules {
			key, err := keyOf(job.Name, s.Inputs)
			if err != nil {
				return calendar{}, err
			}
			t := c.tables[key]
			if t == nil {
				t = &timetable{job: job.Name, file: job.File, inputs: s.Inputs}
				c.tables[key] = t
			}
			l := line{Schedule: s, text: s.Line()}
			if l.Zone == nil {
				l.Zone = zone
			}
			if t.line(l.text) == nil {
				t.lines = append(t.lines, l)
			}
		}
	}
	slices.Sort(c.jobs)
	return c, nil
}

// has says whether there is a job.
func (c *calendar) has(job string) bool {
	_, found := slices.BinarySearch(c.jobs, job)
	return found
}

// gone gives what the book is to know of the jobs that another calendar has no more.
func (c *calendar) gone(now *calendar) []engine.Plan {
	var plans []engine.Plan
	for _, job := range c.jobs {
		if !now.has(job) {
			plans = append(plans, engine.Plan{Job: job})
		}
	}
	return plans
}

// window gives how long after it was due a queued run may still be begun by another daemon; 0 is for ever.
func (c *calendar) window(r engine.QueuedRun) time.Duration {
	key, err := keyOf(r.Job, r.Inputs)
	t := c.tables[key]
	if err != nil || t == nil || r.Trigger == engine.TriggerManual {
		return 0
	}
	return t.window()
}

// line gives the schedule that says so, nil where there is none.
func (t *timetable) line(text string) *line {
	for i := range t.lines {
		if t.lines[i].text == text {
			return &t.lines[i]
		}
	}
	return nil
}

// plans gives what the book is to know, and of which line each is. Of a job that has no schedule it is to know that.
func (c *calendar) plans() (plans []engine.Plan, keys []string) {
	scheduled := map[string]bool{}
	for _, key := range sortedKeys(c.tables) {
		t := c.tables[key]
		scheduled[t.job] = true
		for _, p := range t.plans() {
			plans, keys = append(plans, p), append(keys, key)
		}
	}
	for _, job := range c.jobs {
		if !scheduled[job] {
			plans = append(plans, engine.Plan{Job: job})
		}
	}
	return plans, keys
}

// learn sets how far slots are decided upon to what the book knows of it. A schedule that the calendar before had, too, keeps its place.
func (c *calendar) learn(known []engine.Plan, keys []string, before *calendar, now time.Time) {
	for i, p := range known {
		l := c.tables[keys[i]].line(p.Line)
		decided, watched := p.Decided, now
		if t := before.tables[keys[i]]; t != nil && t.line(p.Line) != nil {
			old := t.line(p.Line)
			decided, watched = later(decided, old.decided), old.watched
		}
		l.decided, l.watched = decided, watched
	}
	c.sort()
}

// sort makes the heap anew.
func (c *calendar) sort() {
	c.soon = c.soon[:0]
	for i, key := range sortedKeys(c.tables) {
		t := c.tables[key]
		t.place = i
		if t.findNext(); !t.next.IsZero() {
			c.soon = append(c.soon, t)
		}
	}
	heap.Init(&c.soon)
}

// rewind makes what comes after a moment come again.
func (c *calendar) rewind(now time.Time) {
	for _, t := range c.tables {
		t.rewind(now)
	}
	c.sort()
}

// next gives when the next slot comes; zero: never.
func (c *calendar) next() time.Time {
	if len(c.soon) == 0 {
		return time.Time{}
	}
	return c.soon[0].next
}

// take gives a timetable that has slots up to a moment, and takes it off the heap until it is put back. It is nil where there
// is none.
func (c *calendar) take(now time.Time) *timetable {
	if len(c.soon) == 0 || c.soon[0].next.After(now) {
		return nil
	}
	return heap.Pop(&c.soon).(*timetable)
}

// put puts a timetable back.
func (c *calendar) put(t *timetable) {
	if !t.next.IsZero() {
		heap.Push(&c.soon, t)
	}
}

// soonest is a heap of timetables by their next slots.
type soonest []*timetable

func (h soonest) Len() int      { return len(h) }
func (h soonest) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h soonest) Less(i, j int) bool {
	return h[i].next.Before(h[j].next) || h[i].next.Equal(h[j].next) && h[i].place < h[j].place
}

// Push is for container/heap.
func (h *soonest) Push(x any) { *h = append(*h, x.(*timetable)) }

// Pop is for container/heap.
func (h *soonest) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
