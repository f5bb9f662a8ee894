package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// runRecord is a run as `history show --json` prints it.
type runRecord struct {
	*engine.Run
	Exchanges []exchangeRecord `json:"exchanges,omitempty"`

	exchanges []history.Exchange
	more      int // how many of the steps asked for are left out
}

// shownSteps is how many times of one step `history show` tells of to a person; failed ones come first.
const shownSteps = 20

// exchangeRecord is a request and its answer, for programs. Durations are milliseconds.
type exchangeRecord struct {
	Step      string        `json:"step"` // the step's key
	Attempt   int           `json:"attempt"`
	Page      int           `json:"page,omitempty"`
	Method    string        `json:"method"`
	URL       string        `json:"url"`
	Status    int           `json:"status"` // 0: there was no answer
	Error     string        `json:"error,omitempty"`
	Started   time.Time     `json:"started"`
	Duration  int64         `json:"duration"`
	Connect   int64         `json:"connect"`
	FirstByte int64         `json:"first_byte"`
	Request   messageRecord `json:"request"`
	Response  messageRecord `json:"response"`
}

// messageRecord is a header and what was kept of a body: as text, or as base64 where it is none.
type messageRecord struct {
	Headers http.Header `json:"headers"`
	Body    string      `json:"body,omitempty"`
	Base64  []byte      `json:"body_base64,omitempty"`
	Size    int64       `json:"size"` // of the whole body; -1 when it is not known
}

// readRecord reads of a run what the options ask for.
func readRecord(store *history.Store, ref string, o showOptions) (*runRecord, error) {
	id, err := store.Find(ref)
	if err != nil {
		return nil, err
	}
	run, err := store.Run(id)
	if err != nil {
		return nil, err
	}
	r := &runRecord{Run: run}
	if o.step != "" {
		if run.Steps, err = stepsNamed(run, o.step); err != nil {
			return nil, err
		}
		if !o.asJSON {
			r.shorten()
		}
	}
	if o.http {
		if r.exchanges, err = exchangesOf(store, run, o.step != ""); err != nil {
			return nil, err
		}
	}
	for _, x := range r.exchanges {
		r.Exchanges = append(r.Exchanges, newExchangeRecord(x))
	}
	return r, nil
}

// shorten leaves of many steps the first loops and the first that failed, then the first of the others.
func (r *runRecord) shorten() {
	if r.more = len(r.Steps) - shownSteps; r.more <= 0 {
		return
	}
	slices.SortStableFunc(r.Steps, func(a, b engine.StepRun) int { return rank(a) - rank(b) })
	r.Steps = r.Steps[:shownSteps]
}

func rank(s engine.StepRun) int {
	if !isLoop(s) && (s.Status == engine.OK || s.Status == engine.Skipped) {
		return 1
	}
	return 0
}

// isLoop says whether what is inside a step is folded into its line.
func isLoop(s engine.StepRun) bool { return s.Kind == "foreach" || s.Kind == "repeat" }

// stepsNamed gives the steps with an id or a key, or without an id at a place such as fail:2, and of a loop also what failed in its items. There is at least one.
func stepsNamed(run *engine.Run, name string) ([]engine.StepRun, error) {
	named := func(s engine.StepRun) bool {
		return s.ID == name || s.Key == name || strings.TrimPrefix(s.Key, "/") == name || s.ID == "" && strings.HasSuffix(s.Key, "/"+name)
	}
	names, loops := map[string]bool{}, map[string]bool{} // what may be named; the named loops, by their keys
	for _, s := range run.Steps {
		if s.ID != "" {
			names[s.ID] = true
		}
		loops[s.Key] = isLoop(s) && named(s)
	}
	var found []engine.StepRun
	for _, s := range run.Steps {
		if named(s) || s.Status == engine.Failed && isItemKey(s.Key) && loops[lineKey(s.Key)] {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		hint := steps.Hint(name, slices.Sorted(maps.Keys(names)))
		return nil, &exitError{exitFailed, fmt.Errorf("run %s has no step %q", run.ID, name), hint}
	}
	return found, nil
}

// exchangesOf gives the exchanges of the run's steps as they are, or of all of it.
func exchangesOf(store *history.Store, run *engine.Run, some bool) ([]history.Exchange, error) {
	if some && len(run.Steps) == 1 {
		return store.Exchanges(run.ID, run.Steps[0].Key)
	}
	all, err := store.Exchanges(run.ID, "")
	if err != nil || !some {
		return all, err
	}
	wanted := map[string]bool{}
	for _, s := range run.Steps {
		wanted[s.Key] = true
	}
	return slices.DeleteFunc(all, func(x history.Exchange) bool { return !wanted[x.StepKey] }), nil
}

func newExchangeRecord(x history.Exchange) exchangeRecord {
	return exchangeRecord{
		Step: x.StepKey, Attempt: x.Attempt, Page: x.Page, Method: x.Method, URL: x.URL, Status: x.Status, Error: x.Error,
		Started: x.Started, Duration: x.Duration.Milliseconds(), Connect: x.Connect.Milliseconds(), FirstByte: x.FirstByte.Milliseconds(),
		Request: newMessageRecord(x.Request), Response: newMessageRecord(x.Response),
	}
}

func newMessageRecord(m steps.Message) messageRecord {
	r := messageRecord{Headers: m.Header, Size: m.Size}
	if utf8.Valid(m.Body) {
		r.Body = string(m.Body)
	} else {
		r.Base64 = m.Body
	}
	return r
}

// page is the record for people.
func (r *runRecord) page(p page, next review.Commands, o showOptions) string {
	var b strings.Builder
	if o.step == "" {
		b.WriteString(runPage(p, r.Run, next))
	} else {
		b.WriteString(stepPage(p, r.Steps, r.more))
	}
	for _, x := range r.exchanges {
		title := fmt.Sprintf("%s, try %d", strings.TrimPrefix(x.StepKey, "/"), x.Attempt)
		b.WriteString("\n" + exchangePage(p, title, x.Exchange))
	}
	if o.http && len(r.exchanges) == 0 {
		b.WriteString("\n" + r.noRequests() + "\n")
	}
	return b.String()
}

// noRequests says why there are no requests to show.
func (r *runRecord) noRequests() string {
	for _, s := range r.Steps {
		if s.Status == engine.OK && strings.Contains(s.Key, "[") {
			return fmt.Sprintf("no requests are on record: of a loop's items that go well, the first %d of each step keep theirs", engine.Sampled)
		}
	}
	return "no requests were made"
}
