// Package schedules says the schedules of jobs to a Temporal server: exactly, or not at all.
//
// A server's own calendars skip the times that a clock skips, and repeat, or lose, some of those that come twice. What a job's schedule
// names is therefore said in one of three ways, the first that is the same: as a rule in UTC, as a rule in its zone, or as the times
// themselves for three years. Each is compared with jobs.Schedule before it is used.
//
// The files:
//
//	spec      a schedule of a job as a server takes it
//	rule      rules: intervals, calendars in UTC and in a zone
//	written   the times themselves
//	server    what a server makes of all that
//	agree     whether both agree
//	wanted    what is to stand on a server for a job, and how it is known there
//	apply     the server is brought in line with it
//	pause     what is paused there: as the store says, or by somebody
//	verify    the server is asked whether its times are ours
package schedules

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/jobs"
)

// Spec is how a schedule is said to a server.
type Spec struct {
	client.ScheduleSpec
	Until time.Time // the first moment that it does not know; zero: it holds for good
}

// SpecOf says a schedule to a server. One without a zone goes by the one given. What a server cannot do alike is a *Difference, or another
// error that says why.
func SpecOf(s jobs.Schedule, zone *time.Location, now time.Time) (Spec, error) {
	if s.Zone == nil {
		s.Zone = zone
	}
	f := s.Cron.Fields()
	if f.Every > 0 {
		spec := within(everyInterval(&s, f.Every), &s)
		return Spec{ScheduleSpec: spec}, agree(&s, spec, time.UTC, now, time.Time{})
	}
	changes := changesOf(s.Zone, now)
	if spec, ok := steadyRule(f, changes.offsets); ok {
		spec = within(spec, &s)
		if agree(&s, spec, time.UTC, now, time.Time{}) == nil {
			return Spec{ScheduleSpec: spec}, nil
		}
	}
	if s.Zone.String() != unnamed {
		spec := within(zoneRule(f, s.Zone), &s)
		if agree(&s, spec, s.Zone, now, time.Time{}) == nil {
			return Spec{ScheduleSpec: spec}, nil
		}
	}
	spec, until, err := writtenOut(&s, now)
	if err != nil {
		return Spec{}, fmt.Errorf("a calendar of Temporal is due at other times where the clock of %s is changed, and %w", s.Zone, err)
	}
	spec = within(spec, &s)
	return Spec{spec, until}, agree(&s, spec, time.UTC, now, until)
}

// within gives a specification the window of a schedule. A server takes both ends for times at which it may be due.
func within(spec client.ScheduleSpec, s *jobs.Schedule) client.ScheduleSpec {
	spec.Jitter = s.Jitter
	if !s.Starts.IsZero() {
		spec.StartAt = ceil(s.Starts)
	}
	if !s.Ends.IsZero() {
		spec.EndAt = ceil(s.Ends).Add(-time.Second)
	}
	return spec
}

// ceil gives the first whole second that is not before a time.
func ceil(t time.Time) time.Time {
	whole := t.UTC().Truncate(time.Second)
	if whole.Before(t) {
		whole = whole.Add(time.Second)
	}
	return whole
}

// unnamed is what Go calls the zone of a machine that has no other name.
const unnamed = "Local"
