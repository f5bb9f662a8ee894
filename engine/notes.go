package engine

import (
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
	e.Counts = countsOf(n)
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
	case flow.Logged:
		e.Type = Logged
	}
	if (e.Type == PageRead || e.Type == ItemEnded) && !h.progress.advance(&e, time.Now()) {
		return
	}
	h.tell(e)
}

// clocks remember when the steps under way began.
type clocks struct {
	mu   sync.Mutex
	open map[string]time.Time
}

// start gives the time, and remembers it as when the step began.
func (c *clocks) start(key string) time.Time {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]time.Time{}
	}
	c.open[key] = now
	return now
}

// end gives when a step began: now, for one that was skipped.
func (c *clocks) end(key string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.open[key]
	if !known {
		return time.Now()
	}
	delete(c.open, key)
	return at
}

// began keeps the step in the history as running.
func (h *host) began(n flow.Note, e Event) {
	h.note(StepRun{
		Key: e.Key, ID: e.ID, Name: e.Name, Kind: e.Kind, Status: Running, Started: h.clocks.start(n.Key),
	})
}

// note keeps a step in the history. An error of the journal ends the run: its next call finds the context ended.
func (h *host) note(step StepRun) {
	h.rows.keep(step)
	_ = h.recorded(h.Journal.Note(h.run.ID, step))
}

// ended completes the event of a step's end, and keeps its outcome in the history.
func (h *host) ended(n flow.Note, e *Event) {
	began := h.clocks.end(n.Key)
	now := time.Now()
	e.Status, e.Elapsed = statusOf(n), now.Sub(began)
	h.note(StepRun{
		Key: e.Key, ID: e.ID, Name: e.Name, Kind: e.Kind, Status: e.Status, Attempts: n.Tries, Message: e.Message,
		Started: began, Ended: now, Error: e.Error, Counts: e.Counts,
	})
}

func statusOf(n flow.Note) Status {
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
