package engine

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"snrun/engine/flow"
	"snrun/steps"
)

// Tell passes on what happens to a step: an event for whoever watches, and at its end a row of history.
func (h *host) Tell(n flow.Note) {
	e := Event{
		Key: n.Key, ID: n.Step.ID, Name: n.Step.Name, Kind: n.Step.Kind.Name, Depth: n.Depth, Item: n.Item,
		Attempt: n.Tries, Wait: n.Wait, Page: n.Page, Error: h.masked(n.Error),
	}
	if n.Message != "" {
		e.Message = h.Redactor.Text(n.Message)
	}
	e.Counts = CountsOf(n)
	switch n.Type {
	case flow.Began:
		e.Type = StepStarted
		h.began(n, e)
	case flow.Ended:
		e.Type = StepEnded
		for _, held := range h.progress.end(n.Key, e.Counts) {
			h.tell(held)
		}
		h.ended(n, &e)
	case flow.PageRead:
		e.Type = PageRead
	case flow.ItemEnded:
		e.Type = ItemEnded
	case flow.RetryWaits:
		e.Type = RetryWaits
		h.progress.retried(n.Key)
		h.aside(e, true)
	case flow.Logged:
		e.Type = Logged
	case flow.Tolerated:
		h.tolerated.addAll(n.Error.Calls)
		return
	}
	if e.Type == PageRead || e.Type == ItemEnded {
		now := time.Now()
		if !h.progress.advance(&e, now) {
			return
		}
		if row, due := h.rows.counted(e.Key, e.Counts, now); due {
			_ = h.recorded(h.Journal.Note(h.run.ID, row))
		}
	}
	h.tell(e)
}

// clocks remember when the steps under way began.
type clocks struct {
	mu   sync.Mutex
	open map[string]opening
}

// opening is the beginning of a step.
type opening struct {
	at   time.Time
	kept bool // the history has it
}

// start remembers that a step begins now.
func (c *clocks) start(key string, kept bool) time.Time {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]opening{}
	}
	c.open[key] = opening{now, kept}
	return now
}

// end gives how a step began: now, for one that was skipped.
func (c *clocks) end(key string) (o opening, began bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, began = c.open[key]
	delete(c.open, key)
	if !began {
		o.at = time.Now()
	}
	return o, began
}

// began keeps the step in the history as running. Inside loops the history has some of them only.
func (h *host) began(n flow.Note, e Event) {
	kept := !n.Item || h.samples.step(n.Step)
	started := h.clocks.start(n.Key, kept)
	if kept {
		h.note(StepRun{Key: e.Key, ID: e.ID, Name: e.Name, Kind: e.Kind, Status: Running, Started: started})
	}
}

// note keeps a step in the history. An error of the journal ends the run: its next call finds the context ended.
func (h *host) note(step StepRun) {
	step.Asides = h.rows.asides(step.Key)
	h.rows.keep(step)
	_ = h.recorded(h.Journal.Note(h.run.ID, step))
}

// ended completes the event of a step's end, and keeps its outcome in the history: always when it failed.
func (h *host) ended(n flow.Note, e *Event) {
	o, began := h.clocks.end(n.Key)
	now := time.Now()
	e.Status, e.Elapsed, e.Before = StatusOf(n), now.Sub(o.at), n.Before
	if n.Error != nil && h.doubts.of(n.Key) {
		e.Status = InDoubt
	}
	if e.Status == Cancelled && h.leaves() {
		return // it has no end: another process goes on with it, which may not keep how it ended
	}
	if !began {
		o.kept = !n.Item || h.samples.step(n.Step)
	}
	if !o.kept && n.Error == nil {
		return
	}
	h.note(StepRun{
		Key: e.Key, ID: e.ID, Name: e.Name, Kind: e.Kind, Status: e.Status, Attempts: n.Tries, Message: e.Message,
		Started: o.at, Ended: now, Error: e.Error, Counts: e.Counts, Before: n.Before,
	})
}

// leaves says whether this process leaves the run to others.
func (h *host) leaves() bool {
	var s *Suspend
	return h.elsewhere && errors.As(h.over(h.ctx), &s)
}

// StatusOf says how a step ended that a note tells of, as far as the flow knows: a call in doubt is a failure there.
func StatusOf(n flow.Note) Status {
	switch {
	case n.Skipped:
		return Skipped
	case n.Error == nil:
		return OK
	case n.Error.Kind == steps.Cancelled:
		return Cancelled
	}
	return Failed
}

// CountsOf gives how far a note says that a loop or a walk has come; nil where it says nothing of that.
func CountsOf(n flow.Note) *Counts {
	if n.Counts == (flow.Counts{}) {
		return nil
	}
	return &Counts{Pages: n.Counts.Pages, Total: n.Counts.Total, Succeeded: n.Counts.Succeeded, Failed: n.Counts.Failed}
}

// maskedExchanges are exchanges in which no secret shows.
func (h *host) maskedExchanges(list []steps.Exchange) []steps.Exchange {
	for i, x := range list {
		list[i] = h.maskedExchange(x)
	}
	return list
}

// maskedExchange is an exchange in which no secret shows.
func (h *host) maskedExchange(x steps.Exchange) steps.Exchange {
	x.URL, x.Error = h.Redactor.Text(x.URL), h.Redactor.Text(x.Error)
	x.Request, x.Response = h.maskedMessage(x.Request), h.maskedMessage(x.Response)
	return x
}

func (h *host) maskedMessage(m steps.Message) steps.Message {
	if m.Size == int64(len(m.Body)) {
		m.Body = h.Redactor.Bytes(m.Body)
	} else {
		m.Body = h.Redactor.Cut(m.Body)
	}
	var masked http.Header
	for name, values := range m.Header {
		for i, v := range values {
			clean := h.Redactor.Text(v)
			if confidential[name] {
				clean = "***"
			}
			if clean == v {
				continue
			}
			if masked == nil {
				masked = m.Header.Clone()
			}
			masked[name][i] = clean
		}
	}
	if masked != nil {
		m.Header = masked
	}
	return m
}

// confidential are the headers whose values are never shown, secret or not.
var confidential = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-Api-Key": true,
	"Authentication-Info": true,
}
