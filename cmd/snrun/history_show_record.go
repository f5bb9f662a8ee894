package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// runRecord is a run as `history show` tells of it.
type runRecord struct {
	*review.Run
	times *review.Timeline // where it is shown as a whole
}

// shownSteps is how many times of one step `history show` tells of to a person; failed ones come first.
const shownSteps = 20

// readRecord reads of a run what the options ask for.
func readRecord(store *history.Store, ref string, o showOptions) (*runRecord, error) {
	id, err := store.Find(ref)
	if err != nil {
		return nil, err
	}
	run, err := review.Read(store, id, o.reads())
	if missing := (*review.StepError)(nil); errors.As(err, &missing) {
		return nil, &exitError{exitFailed, err, missing.Hint}
	}
	if err != nil {
		return nil, err
	}
	return &runRecord{Run: run}, nil
}

// reads gives what is read of the run.
func (o showOptions) reads() review.Options {
	r := review.Options{Step: o.step, HTTP: o.http, After: o.after, Limit: o.limit}
	if o.output.asJSON {
		return r
	}
	if r.Limit == 0 {
		r.Limit = shownSteps
	}
	switch {
	case o.after != "":
	case o.step != "":
		r.Few = true
	default: // its timeline says all else; where there are very many, the page says so
		r.Outer, r.Requests, r.Limit = true, r.Limit, max(r.Limit, shownBars)
	}
	return r
}

// readTimes reads what of a whole run happened when.
func (r *runRecord) readTimes(store *history.Store, o showOptions, now time.Time) (err error) {
	if o.step == "" && o.after == "" {
		r.times, err = review.ReadTimeline(store, r.Run.Run, now)
	}
	return err
}

// printCurl prints a command that makes a request of a run again.
func (a *app) printCurl(store *history.Store, r *runRecord, o showOptions) error {
	x, err := r.RequestOf(store, o.step != "")
	switch {
	case err != nil:
		return err
	case x == nil:
		return &exitError{exitFailed, errors.New(r.noRequests()), ""}
	}
	return a.print(x.Curl(r.Run.Run))
}

// page is the record for people.
func (r *runRecord) page(p page, next review.Commands, o showOptions) string {
	var b strings.Builder
	if r.times != nil {
		b.WriteString(runPage(p, r, next))
	} else {
		b.WriteString(stepPage(p, r, next, o))
	}
	for _, x := range r.Exchanges {
		title := fmt.Sprintf("%s, try %d", strings.TrimPrefix(x.Step, "/"), x.Attempt)
		b.WriteString("\n" + exchangePage(p, title, x.Kept.Exchange))
	}
	switch {
	case o.http && len(r.Exchanges) == 0:
		b.WriteString("\n" + r.noRequests() + "\n")
	case r.LeftRequests > 0:
		fmt.Fprintf(&b, "\n… and %s more: of one step with --step, the first so many with -n, all with --json\n", words.Plural(r.LeftRequests, "request"))
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
