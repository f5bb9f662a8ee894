package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
)

// deed is something that a visitor wants done. All of them are here, and each is a row in the audit, also one that was not done.
type deed struct {
	action  string // resume, retry, cancel, rerun, run, pause, unpause, test or reset
	subject string // run:ID, job:NAME or profile:NAME
	with    string // how, for the audit; "" where there is nothing to say
	do      func(ctx context.Context) (deedDone, error)
}

// deedDone is what came of a deed.
type deedDone struct {
	Run     string   `json:"run,omitempty"`     // that was made, or is about it
	Word    string   `json:"done"`              // one of outcomes
	Note    string   `json:"note,omitempty"`    // what a person should know of it
	Details []string `json:"details,omitempty"` // what a test of a profile told, line by line

	await func(context.Context) (deedDone, error) // what came of it in the end; nil: that is known
}

// outcomes are what may have come of a deed, as a page tells it that the visitor is led to.
func outcomes() map[string]string {
	return map[string]string{
		"resumed":   "The run goes on.",
		"retried":   "The failed items are tried again.",
		"waits":     "The run goes on as soon as it may: it waits for its turn.",
		"cancelled": "The run is cancelled.",
		"cancels":   "The run is told to end; its finally steps are still carried out.",
		"withdrawn": "The run does not go on: it had not begun to.",
		"started":   "A new run was started: this one.",
		"paused":    "The job is paused: its due times are skipped from now on.",
		"unpaused":  "The job runs by its schedule again.",
		"tested":    "The sign-in works.",
		"reset":     "The tokens are forgotten.",
	}
}

// beginsWithin is how long a deed waits to tell whether a run goes on.
const beginsWithin = 3 * time.Second

// carryOut does what a visitor wants, and puts it on record. The error is a *Problem.
func (s *Site) carryOut(r *http.Request, d deed) (deedDone, error) {
	ctx, cancel := context.WithTimeout(r.Context(), beginsWithin)
	defer cancel()
	return s.finish(ctx, r, d, s.begin(r, d))
}

// begun is a deed that was begun.
type begun struct {
	done deedDone
	err  error
}

// begin begins what a visitor wants.
func (s *Site) begin(r *http.Request, d deed) begun {
	if v := visitorOf(r); !v.May(Operator) {
		return begun{err: &Problem{Status: http.StatusForbidden, Message: "a viewer may look, and nothing else", Hint: "sign in as an operator"}}
	}
	done, err := d.do(r.Context())
	return begun{done, err}
}

// finish waits for what comes of a deed, as long as the context lasts, and puts it on record.
func (s *Site) finish(ctx context.Context, r *http.Request, d deed, b begun) (deedDone, error) {
	done, err := b.done, b.err
	if err == nil && done.await != nil {
		done, err = done.await(ctx)
	}
	if err != nil {
		err = s.told(d, err)
	}
	s.audit(r, d, done, err)
	return done, err
}

// told makes why a deed was not done a Problem. Where somebody was quicker it says who.
func (s *Site) told(d deed, err error) error {
	var why *review.Refusal
	if !errors.As(err, &why) {
		return problemOf(err)
	}
	p := &Problem{Status: statusOf(why.Reason), Message: why.Message, Hint: why.Hint}
	if why.Reason != review.Taken {
		return p
	}
	last, err := s.Store.Audits(history.AuditFilter{Subject: d.subject, Limit: 1}, 0)
	if err == nil && len(last) > 0 && last[0].Outcome == history.AuditDone && !strings.Contains(p.Message, last[0].Who) {
		p.Message += " (" + last[0].Action + " by " + last[0].Who + ", " + last[0].At.Local().Format(time.DateTime) + ")"
	}
	return p
}

// statusOf is the status of HTTP for a refusal.
func statusOf(r review.Reason) int {
	switch r {
	case review.Unknown:
		return http.StatusNotFound
	case review.Unfit, review.Taken:
		return http.StatusConflict
	case review.Invalid:
		return http.StatusUnprocessableEntity
	}
	return http.StatusServiceUnavailable
}

// audit puts a deed on record. What cannot be put there was done all the same: the log says so.
func (s *Site) audit(r *http.Request, d deed, done deedDone, err error) {
	v := visitorOf(r)
	row := history.Audit{Who: v.Name, Role: string(v.Role), Origin: v.Origin, Action: d.action, Subject: d.subject, Outcome: history.AuditDone}
	row.Detail = d.with
	if err != nil {
		p := problemOf(err)
		row.Outcome, row.Detail = history.AuditRefused, join(d.with, p.Message)
		if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable {
			row.Outcome = history.AuditFailed
		}
	} else if done.Run != "" && d.subject != "run:"+done.Run {
		row.Detail = join(d.with, "run "+done.Run)
	} else {
		row.Detail = join(d.with, done.Note)
	}
	s.Record(row)
}

// Record puts into the audit what somebody did, or was not let do, as of now and with secrets masked.
func (s *Site) Record(a history.Audit) {
	a.At = time.Now()
	for _, text := range []*string{&a.Who, &a.Origin, &a.Subject, &a.Detail} {
		*text = cut(s.Redactor.Text(*text))
	}
	if err := s.Store.Audit(a); err != nil {
		s.Log.Error("what somebody did could not be recorded", "who", a.Who, "action", a.Action, "subject", a.Subject, "outcome", a.Outcome, "error", err)
	}
	s.Log.Info("on the pages", "who", a.Who, "action", a.Action, "subject", a.Subject, "outcome", a.Outcome)
}

// cut gives a text that is not longer than a row of the audit needs it.
func cut(text string) string {
	const most = 1000
	if list := []rune(text); len(list) > most {
		return string(list[:most]) + "…"
	}
	return text
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// resume has a run go on, by all of its id or @last.
func (s *Site) resume(run string, how daemon.GoingOn) deed {
	d := deed{action: "resume", subject: "run:" + run}
	if how.FailedItems {
		d.action = "retry"
	}
	switch how.Assume {
	case engine.AssumeDone:
		d.with = "assume done"
	case engine.AssumeRedo:
		d.with = "assume redo"
	}
	if how.Current {
		d.with = join(d.with, "with the job as it is now")
	}
	d.do = func(context.Context) (deedDone, error) {
		wish, err := s.Daemon.Resume(run, how)
		if err != nil {
			return deedDone{}, err
		}
		return deedDone{await: func(ctx context.Context) (deedDone, error) {
			waits, err := wish.Begun(ctx)
			done := deedDone{Run: run, Word: "resumed", Note: wish.Note}
			switch {
			case waits != "":
				done.Word, done.Note = "waits", join(waits, wish.Note)
			case how.FailedItems:
				done.Word = "retried"
			}
			return done, err
		}}, nil
	}
	return d
}

// cancel ends a run.
func (s *Site) cancel(run, who string) deed {
	return deed{action: "cancel", subject: "run:" + run, do: func(context.Context) (deedDone, error) {
		status, err := s.Daemon.Cancel(run, who)
		word := "withdrawn"
		switch status {
		case engine.Running:
			word = "cancels"
		case engine.Cancelled:
			word = "cancelled"
		}
		return deedDone{Run: run, Word: word}, err
	}}
}

// rerun has the job of a run be run again with the same inputs.
func (s *Site) rerun(run string) deed {
	return deed{action: "rerun", subject: "run:" + run, do: func(ctx context.Context) (deedDone, error) {
		id, err := s.Daemon.Rerun(ctx, run)
		return deedDone{Run: id, Word: "started"}, err
	}}
}

// runJob has a job be run.
func (s *Site) runJob(job string, inputs map[string]any) deed {
	return deed{action: "run", subject: "job:" + job, do: func(ctx context.Context) (deedDone, error) {
		id, err := s.Daemon.RunJob(ctx, job, inputs)
		return deedDone{Run: id, Word: "started"}, err
	}}
}

// pause has a job not be run by its schedules.
func (s *Site) pause(job, who, why string) deed {
	return deed{action: "pause", subject: "job:" + job, with: why, do: func(context.Context) (deedDone, error) {
		return deedDone{Word: "paused"}, s.Daemon.Pause(job, who, why)
	}}
}

// unpause has a job be run by its schedules again.
func (s *Site) unpause(job string) deed {
	return deed{action: "unpause", subject: "job:" + job, do: func(context.Context) (deedDone, error) {
		return deedDone{Word: "unpaused"}, s.Daemon.Unpause(job)
	}}
}

// testProfile signs in as a profile and asks the system something.
func (s *Site) testProfile(name string) deed {
	return deed{action: "test", subject: "profile:" + name, do: func(ctx context.Context) (deedDone, error) {
		lines, err := s.TestProfile(ctx, name)
		return deedDone{Word: "tested", Details: lines}, err
	}}
}

// resetProfile forgets the tokens of a profile.
func (s *Site) resetProfile(name string) deed {
	return deed{action: "reset", subject: "profile:" + name, do: func(ctx context.Context) (deedDone, error) {
		lines, err := s.ResetProfile(ctx, name)
		return deedDone{Word: "reset", Details: lines}, err
	}}
}
