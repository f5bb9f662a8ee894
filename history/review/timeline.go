package review

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

const (
	// NamedItems is how many of the steps that failed in a loop's items a Bar names.
	NamedItems = 5
	// shownTries is how many tries of all steps a Timeline tells of.
	shownTries = 1000
	// heldBack is how long a request must have been held back to be told of.
	heldBack = 100 * time.Millisecond
)

// Timeline is a run in time. As JSON its durations are milliseconds.
type Timeline struct {
	Start  time.Time     // of the run
	Length time.Duration // up to now while it goes on
	Queued time.Duration // how long it waited for its start after it was due
	Bars   []Bar         // in the order of the flow
}

// Bar is a step in time: a loop stands for all that is inside its items. Start is counted from the run's.
type Bar struct {
	Key     string           `json:"key"`
	ID      string           `json:"id"`
	Title   string           `json:"title"` // its id, else its name, else its kind
	Kind    string           `json:"kind"`
	Depth   int              `json:"depth"` // how many bars it stands in
	Status  engine.Status    `json:"status"`
	Start   time.Duration    `json:"-"`
	Length  time.Duration    `json:"-"`
	Longest bool             `json:"longest,omitempty"` // no other bar without bars inside took longer
	Tries   []Try            `json:"tries,omitempty"`   // of one that was tried again
	Waits   []Wait           `json:"waits,omitempty"`
	Counts  *engine.Counts   `json:"counts,omitempty"`
	Message string           `json:"message,omitempty"`
	Error   *steps.Error     `json:"error,omitempty"`
	Failed  []engine.StepRun `json:"failed,omitempty"` // the first that failed in its items
	More    int              `json:"more,omitempty"`   // how many failed besides
	Step    engine.StepRun   `json:"-"`
}

// Try is a try of a step, or of a page of it.
type Try struct {
	Attempt int           `json:"attempt"`
	Page    string        `json:"page,omitempty"` // the end of its key, as page:3
	Start   time.Duration `json:"-"`
	Length  time.Duration `json:"-"`
	Error   *steps.Error  `json:"error,omitempty"`
}

// Wait is a time in which a step did nothing.
type Wait struct {
	For    string        `json:"for"` // one of WaitRetry, WaitHeld, WaitStep
	Page   string        `json:"page,omitempty"`
	Try    int           `json:"try,omitempty"` // the one that failed before
	Start  time.Duration `json:"-"`
	Length time.Duration `json:"-"`
	Error  *steps.Error  `json:"error,omitempty"` // of that try
}

// What a Wait is for.
const (
	WaitRetry = "retry" // until the next try
	WaitHeld  = "held"  // for a limit of the profile, or for a sign-in
	WaitStep  = "wait"  // the step is there to wait
)

// ReadTimeline gives the timeline of a run that was read with the steps that are in no item at least.
func ReadTimeline(store *history.Store, run *engine.Run, now time.Time) (*Timeline, error) {
	attempts, err := store.OuterAttempts(run.ID, shownTries)
	if err != nil {
		return nil, err
	}
	sent, err := store.FirstSent(run.ID, shownTries)
	if err != nil {
		return nil, err
	}
	t := newTimeline(run, now)
	t.tried(attempts)
	t.held(sent)
	return t, t.failedItems(store, run.ID)
}

// newTimeline makes the bars of a run's steps.
func newTimeline(run *engine.Run, now time.Time) *Timeline {
	t := &Timeline{Start: run.Started, Queued: max(0, run.Started.Sub(run.Due))}
	if run.Due.IsZero() { // of one that did not begin it is none either
		t.Queued = 0
	}
	end := run.Ended
	if end.IsZero() {
		end = now
	}
	t.Length = max(0, end.Sub(run.Started))
	depths := map[string]int{}
	for _, s := range run.Steps {
		if InItem(s.Key) {
			continue
		}
		b := t.bar(s, end)
		b.Depth = DepthIn(depths, s.Key)
		depths[s.Key] = b.Depth
		t.Bars = append(t.Bars, b)
	}
	t.markLongest()
	return t
}

func (t *Timeline) bar(s engine.StepRun, end time.Time) Bar {
	if !s.Ended.IsZero() {
		end = s.Ended
	}
	b := Bar{
		Key: s.Key, ID: s.ID, Title: cmp.Or(s.ID, s.Name, s.Kind), Kind: s.Kind, Status: s.Status,
		Start: max(0, s.Started.Sub(t.Start)), Length: max(0, end.Sub(s.Started)),
		Counts: s.Counts, Message: s.Message, Error: s.Error, Step: s,
	}
	if s.Kind == "wait" && s.Status != engine.Skipped {
		b.Waits = []Wait{{For: WaitStep, Start: b.Start, Length: b.Length}}
	}
	return b
}

// DepthIn counts the steps around the one with a key, which have depths already.
func DepthIn(depths map[string]int, key string) int {
	for {
		i := strings.LastIndexByte(key, '/')
		if i <= 0 {
			return 0
		}
		key = key[:i]
		if d, known := depths[LineKey(key)]; known {
			return d + 1
		}
	}
}

// markLongest marks the bar that took longest of those without bars inside.
func (t *Timeline) markLongest() {
	longest := -1
	for i, b := range t.Bars {
		inside := i+1 < len(t.Bars) && t.Bars[i+1].Depth > b.Depth
		if !inside && b.Length > 0 && (longest < 0 || b.Length > t.Bars[longest].Length) {
			longest = i
		}
	}
	if longest >= 0 && len(t.Bars) > 1 {
		t.Bars[longest].Longest = true
	}
}

// at gives the bar of a step's key, nil for none.
func (t *Timeline) at(key string) *Bar {
	i := slices.IndexFunc(t.Bars, func(b Bar) bool { return b.Key == key })
	if i < 0 {
		return nil
	}
	return &t.Bars[i]
}

// tried adds the tries, and the waits between them. What was tried before the run was gone on with belongs to no bar.
func (t *Timeline) tried(attempts []history.Attempt) {
	failed := map[string]history.Attempt{} // the last try, by the call's key without its try
	for _, a := range attempts {
		b := t.at(a.StepKey)
		if b == nil || a.Started.Sub(t.Start) < b.Start-time.Millisecond {
			continue
		}
		call := FirstTry(a.Key)
		try := Try{Attempt: a.Attempt, Start: max(0, a.Started.Sub(t.Start)), Length: max(0, a.Ended.Sub(a.Started)), Error: a.Error}
		if IsPage(call) {
			try.Page = call[strings.LastIndexByte(call, '/')+1:]
		}
		if before, again := failed[call]; again {
			b.wait(Wait{For: WaitRetry, Page: try.Page, Try: before.Attempt, Start: before.Ended.Sub(t.Start), Length: a.Started.Sub(before.Ended), Error: before.Error})
		}
		failed[call] = a
		b.Tries = append(b.Tries, try)
	}
}

// wait adds a wait that took any time.
func (b *Bar) wait(w Wait) {
	if w.Length > 0 {
		b.Waits = append(b.Waits, w)
	}
}

// held adds the time in which the first request of a step, or of a further try, was held back.
func (t *Timeline) held(sent []history.Sent) {
	for _, s := range sent {
		b := t.at(s.StepKey)
		if b == nil || s.At.IsZero() {
			continue
		}
		began := b.Start
		for _, try := range b.Tries {
			if try.Attempt == s.Attempt && try.Page == "" {
				began = try.Start
			}
		}
		if wait := s.At.Sub(t.Start) - began; wait >= heldBack && (s.Attempt <= 1 || began > b.Start) {
			b.wait(Wait{For: WaitHeld, Start: began, Length: min(wait, b.Length)})
		}
	}
	for i := range t.Bars {
		slices.SortStableFunc(t.Bars[i].Waits, func(a, b Wait) int { return cmp.Compare(a.Start, b.Start) })
	}
}

// failedItems names the first steps that failed in the items of loops, and counts the others.
func (t *Timeline) failedItems(store *history.Store, run string) error {
	counts, err := store.FailedInItems(run)
	if err != nil || len(counts) == 0 {
		return err
	}
	ofLoop := map[string]int{}
	for before, n := range counts {
		ofLoop[LineKey(before)] += n
	}
	for i := range t.Bars {
		b := &t.Bars[i]
		n := ofLoop[b.Key]
		if n == 0 {
			continue
		}
		if b.Failed, err = store.Steps(run, history.StepFilter{Inside: b.Key, Items: true, Failed: true, Limit: NamedItems}); err != nil {
			return err
		}
		b.More = max(0, n-len(b.Failed))
	}
	return nil
}

// span is a start and a length, as JSON has them.
type span struct {
	Start    int64 `json:"start"`
	Duration int64 `json:"duration"`
}

func spanOf(start, length time.Duration) span {
	return span{start.Milliseconds(), length.Milliseconds()}
}

// MarshalJSON writes durations as milliseconds.
func (t Timeline) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Started  time.Time `json:"started,omitzero"`
		Duration int64     `json:"duration"`
		Queued   int64     `json:"queued,omitempty"`
		Bars     []Bar     `json:"bars"`
	}{t.Start, t.Length.Milliseconds(), t.Queued.Milliseconds(), t.Bars})
}

// MarshalJSON writes durations as milliseconds.
func (b Bar) MarshalJSON() ([]byte, error) {
	type plain Bar
	return json.Marshal(struct {
		plain
		span
	}{plain(b), spanOf(b.Start, b.Length)})
}

// MarshalJSON writes durations as milliseconds.
func (t Try) MarshalJSON() ([]byte, error) {
	type plain Try
	return json.Marshal(struct {
		plain
		span
	}{plain(t), spanOf(t.Start, t.Length)})
}

// MarshalJSON writes durations as milliseconds.
func (w Wait) MarshalJSON() ([]byte, error) {
	type plain Wait
	return json.Marshal(struct {
		plain
		span
	}{plain(w), spanOf(w.Start, w.Length)})
}
