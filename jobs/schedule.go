package jobs

import (
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Schedule says when a job runs by itself.
type Schedule struct {
	Cron    *Cron
	Zone    *time.Location // nil: the zone of the time that Next is given
	Overlap string         // what happens while a run of this job goes on: skip, queue, cancel_running, allow
	CatchUp CatchUp
	Jitter  time.Duration // each run starts up to this much later
	Dst     Dst
	Starts  time.Time // the first moment at which it may run; zero: always
	Ends    time.Time // the first moment at which it no longer may; zero: never
	Inputs  map[string]any
	Pos     source.Pos
}

// CatchUp says what happens to the times that passed while the scheduler was down: none, latest or all of them are run,
// as far as they lie no more than Window back (0: any).
type CatchUp struct {
	Mode   string
	Window time.Duration
}

// Dst says what a schedule whose hour field names hours does where the clock is changed. Gap, for a time that the clock
// skips, is run_after (also "") or skip; Fold, for a time that comes twice, once (also "") or twice.
type Dst struct{ Gap, Fold string }

// Slot is one time at which a schedule is due. Note says what the clock's change did to it, "" mostly.
type Slot struct {
	At   time.Time
	Note string
}

// Next gives the first time after the given one at which the schedule is due, in the schedule's zone. It is false when
// there is none, because the schedule ends before. Jitter, overlap and catch-up are the scheduler's.
func (s *Schedule) Next(after time.Time) (Slot, bool) {
	if s.Zone != nil {
		after = after.In(s.Zone)
	}
	if after.Before(s.Starts) {
		after = s.Starts.In(after.Location()).Add(-1) // so that it may be due at that very moment
	}
	slot := s.Cron.next(after, s.Dst)
	if s.Cron.every > 0 {
		slot.At = s.Cron.everyNext(after, s.anchor())
	}
	if !s.Ends.IsZero() && !slot.At.Before(s.Ends) {
		return Slot{}, false
	}
	return slot, true
}

// anchor is the moment that @every counts from, so that its times stay the same over restarts.
func (s *Schedule) anchor() time.Time {
	if s.Starts.IsZero() {
		return time.Unix(0, 0)
	}
	return s.Starts
}

// Line tells which times the schedule names, in one line: the same text for the same times.
func (s *Schedule) Line() string {
	line := s.Cron.String()
	if s.Zone != nil {
		line += " " + s.Zone.String()
	}
	if s.Dst.Gap == "skip" {
		line += " gap:skip"
	}
	if s.Dst.Fold == "twice" {
		line += " fold:twice"
	}
	return line
}

// scheduleFields describes the keys of an entry under `schedule`.
func scheduleFields() []steps.Field {
	return []steps.Field{
		{
			Name: "cron", Type: steps.Of(steps.Text), Required: true, Static: true, Example: `"*/15 * * * *"`,
			Doc: "When the job runs: minute, hour, day of month, month, day of week. `L` is the last day of the month, Sunday is 0 or 7. " +
				"Also `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` and `@every 90s`, which counts from `starts`, without it from the beginning of 1970 in UTC.",
		},
		{
			Name: "timezone", Type: steps.Of(steps.Text), Static: true, Example: "Europe/Berlin",
			Doc: "The IANA name of the time zone whose clock `cron` goes by. Without it, the machine's.",
		},
		{
			Name: "overlap", Type: steps.OneOf("skip", "queue", "cancel_running", "allow"), Static: true, Default: "skip", Example: "queue",
			Doc: "What happens when the job is due while a run of it still goes on.",
		},
		{
			Name: "catch_up", Static: true, Example: "{mode: latest, window: 6h}",
			Doc: "What happens to runs that were due while the scheduler was down.",
			Type: steps.ObjectOf(
				steps.Field{
					Name: "mode", Type: steps.OneOf("none", "latest", "all"), Static: true, Default: "none", Example: "latest",
					Doc: "Which of the missed runs are made up for.",
				},
				steps.Field{
					Name: "window", Type: steps.Of(steps.Duration), Static: true, Example: "6h",
					Doc: "Runs that were due longer ago than this stay missed. Without it, none is too old.",
				}),
		},
		{
			Name: "jitter", Type: steps.Of(steps.Duration), Static: true, Default: "0s", Example: "30s",
			Doc: "Each run starts up to this much later, so that many jobs do not start in the same second.",
		},
		{
			Name: "dst", Static: true, Example: "{gap: skip, fold: twice}",
			Doc: "What happens where the clock is changed, for schedules whose hour field names hours. With `*` or `*/n` for the hour a schedule follows real time.",
			Type: steps.ObjectOf(
				steps.Field{
					Name: "gap", Type: steps.OneOf("run_after", "skip"), Static: true, Default: "run_after", Example: "skip",
					Doc: "A time that the clock skips: run at the first moment after the gap, or not at all.",
				},
				steps.Field{
					Name: "fold", Type: steps.OneOf("once", "twice"), Static: true, Default: "once", Example: "twice",
					Doc: "A time that comes twice: run the first time only, or both times.",
				}),
		},
		{
			Name: "starts", Type: steps.Of(steps.Text), Static: true, Example: "2026-01-01T00:00:00Z",
			Doc: "The first moment at which the schedule may run the job (RFC 3339, with the offset).",
		},
		{
			Name: "ends", Type: steps.Of(steps.Text), Static: true, Example: "2027-01-01T00:00:00Z",
			Doc: "The first moment at which it no longer may (RFC 3339, with the offset).",
		},
		{
			Name: "inputs", Type: steps.Of(steps.Any), Static: true, Example: "{priority: 1}",
			Doc: "The inputs of the runs that the schedule starts.",
		},
	}
}
