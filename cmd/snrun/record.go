package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

// runRecord is a run as `history show` tells of it.
type runRecord struct {
	*review.Run
	more int // how many of the steps asked for are left out
}

// shownSteps is how many times of one step `history show` tells of to a person; failed ones come first.
const shownSteps = 20

// readRecord reads of a run what the options ask for.
func readRecord(store *history.Store, ref string, o showOptions) (*runRecord, error) {
	id, err := store.Find(ref)
	if err != nil {
		return nil, err
	}
	run, err := review.Read(store, id, review.Options{Step: o.step, HTTP: o.http})
	if missing := (*review.StepError)(nil); errors.As(err, &missing) {
		return nil, &exitError{exitFailed, err, missing.Hint}
	}
	if err != nil {
		return nil, err
	}
	r := &runRecord{Run: run}
	if o.step != "" && !o.output.asJSON {
		r.shorten()
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
	r.Exchanges = slices.DeleteFunc(r.Exchanges, func(x review.Exchange) bool {
		return !slices.ContainsFunc(r.Steps, func(s engine.StepRun) bool { return s.Key == x.Step })
	})
}

func rank(s engine.StepRun) int {
	if !review.IsLoop(&s) && (s.Status == engine.OK || s.Status == engine.Skipped) {
		return 1
	}
	return 0
}

// page is the record for people.
func (r *runRecord) page(p page, next review.Commands, o showOptions) string {
	var b strings.Builder
	if o.step == "" {
		b.WriteString(runPage(p, r.Run.Run, next))
	} else {
		b.WriteString(stepPage(p, r.Steps, r.more))
	}
	for _, x := range r.Exchanges {
		title := fmt.Sprintf("%s, try %d", strings.TrimPrefix(x.Step, "/"), x.Attempt)
		b.WriteString("\n" + exchangePage(p, title, x.Kept.Exchange))
	}
	if o.http && len(r.Exchanges) == 0 {
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
