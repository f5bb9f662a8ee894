package web

import (
	"fmt"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/steps"
)

// around is how many lines of a job's text are shown before and after the one that failed.
const around = 3

// todo is what a person can do about a run. What each would do is said in a sentence.
type todo struct {
	can
	Rerun   bool
	Failed  string // how many failed items there are: "3 failed items"; "" where that is not known
	InDoubt bool
	Next    int  // the attempt that going on would be
	Changed bool // the job has another text now than the last attempt had
	Other   bool // and that was another one than the run began with
	Gone    bool // the project has no such job any more
	Mend    bool // what failed may well be the job's own text, so that going on helps once that is mended
	Who     string
	Waits   string // for what the run waits that Who had go on
}

// Current says whether the job as it is now is what helps most likely.
func (t todo) Current() bool { return t.Changed && t.Mend }

// Any says whether there is anything to do.
func (t todo) Any() bool { return t.can.Any() || t.Rerun }

// todoOf says what can be done about a run.
func (s *Site) todoOf(body *runPage) todo {
	run := body.Run
	t := todo{can: body.Can, InDoubt: body.InDoubt, Next: max(run.Attempt, 1) + 1}
	if n := body.FailedItems; n > 0 {
		t.Failed = words.Plural(n, "failed item")
		t.Retry = body.Began && body.Ended
	}
	if t.Who, t.Waits = s.Daemon.Wished(run.ID); t.Waits != "" {
		t.Resume, t.Retry = false, false
	}
	changed, known := s.changedSince(run)
	t.Changed, t.Other, t.Gone = changed, run.Latest != nil, !known
	t.Rerun = known && body.Ended && t.Waits == ""
	t.Mend = known && review.MayBeTheJob(run.Error)
	return t
}

// changedSince says whether a job has another text now than the last attempt of a run had, and whether it is there at all.
func (s *Site) changedSince(run *engine.Run) (changed, known bool) {
	file, text, called, known := s.Daemon.TextOf(run.Job)
	return known && !run.Had(append([]engine.Text{{File: file, Text: text}}, called...)), known
}

// fillFirst puts the first error on the page, with the request that led to it and the lines of the job around its step.
func (body *runPage) fillFirst() {
	first := body.First
	if first == nil {
		return
	}
	if first.Exchange != nil {
		kept := first.Exchange.Kept
		body.Exchange = viewOf(body.Run, &kept, first.Exchange.ID, firstBody)
		body.ExchangePath = tabPath(body.Run.ID, "exchanges", "step", kept.StepKey, "x", fmt.Sprint(first.Exchange.ID))
	}
	if first.Step != nil {
		body.StepPath = tabPath(body.Run.ID, "steps", "step", first.Step.Key)
		body.LinePath = tabPath(body.Run.ID, "job", "step", first.Step.Key)
	}
	if first.Error.Kind == steps.Auth {
		body.SignInPath = "/profiles"
		if profile := first.Profile(body.Run); profile != "" {
			body.SignInPath += "#profile-" + profile
		}
	}
	if first.Line == 0 {
		return
	}
	lines := linesOf(textAt(body.Run, first.File), first.Line)
	body.Lines = lines[max(first.Line-1-around, 0):min(first.Line+2*around, len(lines))]
}

// textAt gives the text of a run that stood in a file.
func textAt(run *engine.Run, file string) string {
	for _, t := range run.Texts() {
		if t.File == file {
			return t.Text
		}
	}
	return run.Text
}
