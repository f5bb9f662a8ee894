package schedule

import (
	"fmt"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// Fired is a slot that another clock than a Scheduler's found due: that of a server which begins a run of its own for each.
type Fired struct {
	Run, Workflow string // the run that the slot is to have, and what carries it out
	Job, File     string
	Inputs        map[string]any
	Schedule      jobs.Schedule // with its zone
	Due           time.Time
	MaxQueue      int // as in Book.Claim
}

// Claim gives what is to be decided upon the slot, as a Scheduler would that looks at it now. Paused is since when the job is; zero: it is
// not. A slot counts as looked at in time where whoever begins runs was no more than a minute late.
func (f Fired) Claim(now, paused time.Time) engine.Claim {
	s := &f.Schedule
	c := engine.Claim{
		Run: f.Run, Workflow: f.Workflow, Job: f.Job, File: f.File, Inputs: f.Inputs, Trigger: engine.TriggerSchedule, Due: f.Due, Start: f.Due, Overlap: s.Overlap,
	}
	inTime := now.Sub(f.Due) <= onTime+s.Jitter
	switch {
	case !paused.IsZero() && !f.Due.Before(paused):
		c.Reason, c.Detail = engine.ReasonPaused, "the job is paused"
	case inTime:
	default:
		if why := f.missed(now, !paused.IsZero()); why != "" {
			c.Reason, c.Detail = engine.ReasonMissed, fmt.Sprintf("no worker was there to run it until %s; %s", now.In(f.Due.Location()).Format(written), why)
			break
		}
		c.Trigger = engine.TriggerCatchUp
		if s.CatchUp.Mode == "all" && s.Overlap != "allow" {
			c.Overlap = "queue" // else each would give way to the one before, or end it
		}
	}
	return c
}

// missed says why a slot that passed is not caught up with, "" where it is.
func (f Fired) missed(now time.Time, halted bool) string {
	s := &f.Schedule
	switch {
	case s.CatchUp.Mode == "none":
		return "catch_up is none"
	case s.CatchUp.Window > 0 && now.Sub(f.Due) > s.CatchUp.Window:
		return "that is longer ago than catch_up.window"
	case halted:
		return "the job was paused before it could be caught up with"
	case s.CatchUp.Mode == "latest":
		if next, ok := s.Next(f.Due); ok && !next.At.After(now) {
			return "catch_up runs only the latest"
		}
	case s.Count(f.Due, now) >= f.MaxQueue:
		return fmt.Sprintf("catch_up runs no more than %d of them (max_queue)", f.MaxQueue)
	}
	return ""
}
