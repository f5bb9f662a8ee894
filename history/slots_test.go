package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
)

// at is a time so many minutes after day.
func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

// due is a claim of a job's slot that is due then.
func due(run, job string, minutes int) engine.Claim {
	return engine.Claim{Run: run, Job: job, File: "/p/jobs/" + job + ".yaml", Trigger: engine.TriggerSchedule, Due: at(minutes), Overlap: "skip"}
}

// missed is a claim of slots, one each minute, that nobody was there to run.
func missed(run, job string, from, to int) engine.Claim {
	c := due(run, job, from)
	c.Until, c.Count, c.Reason, c.Detail = at(to), to-from+1, engine.ReasonMissed, "nobody was there"
	return c
}

func claimed(t *testing.T, s *Store, claims ...engine.Claim) []engine.Verdict {
	t.Helper()
	verdicts, err := s.Claim(at(1000), 2, claims)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

// told writes verdicts as run=status reason.
func told(verdicts []engine.Verdict) string {
	var all []string
	for _, v := range verdicts {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s=%s %s", v.Run, v.Status, v.Reason)))
	}
	return strings.Join(all, ", ")
}

// slotsOf writes what was decided upon slots: inputs from-to xcount run status reason.
func slotsOf(t *testing.T, s *Store, job string) string {
	t.Helper()
	rows, err := s.read.Query(`SELECT slots.inputs, slots.due, until, count, slots.reason, runs.run, status FROM slots
		JOIN runs ON runs.id = slots.run WHERE slots.job = ? ORDER BY slots.inputs, slots.due`, job)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var inputs, reason, run, status string
		var from, to, count int64
		if err := rows.Scan(&inputs, &from, &to, &count, &reason, &run, &status); err != nil {
			t.Fatal(err)
		}
		minutes := func(micros int64) string { return fmt.Sprint(time.UnixMicro(micros).Sub(day).Minutes()) }
		text := minutes(from)
		if from != to {
			text += "-" + minutes(to)
		}
		if count > 1 {
			text += fmt.Sprintf("x%d", count)
		}
		text = strings.TrimPrefix(inputs+" ", "{} ") + text + " " + run + " " + status
		all = append(all, strings.TrimSpace(text+" "+reason))
	}
	return strings.Join(all, ", ")
}

func TestClaim(t *testing.T) {
	t.Parallel()
	paused := func(run string, minutes int) engine.Claim {
		c := due(run, "sync", minutes)
		c.Reason, c.Detail = engine.ReasonPaused, "ann paused the job"
		return c
	}
	with := func(c engine.Claim, overlap string, inputs map[string]any) engine.Claim {
		c.Overlap, c.Inputs = overlap, inputs
		return c
	}
	tests := []struct {
		name   string
		before func(t *testing.T, s *Store)
		claims []engine.Claim
		want   string
		slots  string
	}{
		{name: "a slot is queued", claims: []engine.Claim{due("a", "sync", 1)}, want: "a=queued", slots: "1 a queued"},
		{
			name: "once", claims: []engine.Claim{due("a", "sync", 1), due("b", "sync", 1)}, want: "a=queued, a=", slots: "1 a queued",
		},
		{
			name:   "skip: the job still waits",
			claims: []engine.Claim{due("a", "sync", 1), due("b", "sync", 2), due("c", "sync", 3)},
			want:   "a=queued, b=skipped overlap, b=skipped overlap", slots: "1 a queued, 2-3x2 b skipped overlap",
		},
		{
			name:   "skip: it runs, started by a person",
			before: func(t *testing.T, s *Store) { begin(t, s, aRun("r", "sync")) },
			claims: []engine.Claim{due("a", "sync", 1)}, want: "a=skipped overlap", slots: "1 a skipped overlap",
		},
		{
			name:   "skip: it has ended",
			before: func(t *testing.T, s *Store) { finish(t, s, begin(t, s, aRun("r", "sync")), engine.OK) },
			claims: []engine.Claim{due("a", "sync", 1)}, want: "a=queued", slots: "1 a queued",
		},
		{
			name:   "allow",
			before: func(t *testing.T, s *Store) { begin(t, s, aRun("r", "sync")) },
			claims: []engine.Claim{with(due("a", "sync", 1), "allow", nil), with(due("b", "sync", 2), "allow", nil)},
			want:   "a=queued, b=queued", slots: "1 a queued, 2 b queued",
		},
		{
			name:   "queue, up to maxQueue",
			before: func(t *testing.T, s *Store) { begin(t, s, aRun("r", "sync")) },
			claims: []engine.Claim{
				with(due("a", "sync", 1), "queue", nil), with(due("b", "sync", 2), "queue", nil), with(due("c", "sync", 3), "queue", nil),
				with(due("d", "sync", 4), "queue", nil), with(due("e", "other", 4), "queue", nil),
			},
			want:  "a=queued, b=queued, c=skipped queue_full, c=skipped queue_full, e=queued",
			slots: "1 a queued, 2 b queued, 3-4x2 c skipped queue_full",
		},
		{
			name: "other inputs are other slots",
			claims: []engine.Claim{with(due("a", "sync", 1), "allow", map[string]any{"n": 1, "a": "<"}), with(due("b", "sync", 1), "allow", nil),
				with(due("c", "sync", 1), "allow", map[string]any{"a": "<", "n": 1}), with(due("d", "sync", 1), "allow", map[string]any{})},
			want:  "a=queued, b=queued, a=, b=",
			slots: `{"a":"<","n":1} 1 a queued, 1 b queued`,
		},
		{
			name:   "several that were missed, and one more",
			claims: []engine.Claim{missed("a", "sync", 1, 60), missed("b", "sync", 61, 61), due("c", "sync", 62)},
			want:   "a=skipped missed, a=skipped missed, c=queued", slots: "1-61x61 a skipped missed, 62 c queued",
		},
		{
			name:   "another reason is another decision",
			claims: []engine.Claim{missed("a", "sync", 1, 60), paused("b", 61), paused("c", 62), missed("d", "sync", 63, 64)},
			want:   "a=skipped missed, b=skipped paused, b=skipped paused, d=skipped missed",
			slots:  "1-60x60 a skipped missed, 61-62x2 b skipped paused, 63-64x2 d skipped missed",
		},
		{
			name:   "a run in between parts them",
			claims: []engine.Claim{missed("a", "sync", 1, 2), due("b", "sync", 3), missed("c", "sync", 4, 5)},
			want:   "a=skipped missed, b=queued, c=skipped missed", slots: "1-2x2 a skipped missed, 3 b queued, 4-5x2 c skipped missed",
		},
		{
			name:   "within what was missed",
			claims: []engine.Claim{missed("a", "sync", 1, 60), due("b", "sync", 30), missed("c", "sync", 10, 60), due("d", "sync", 61)},
			want:   "a=skipped missed, a=, a=, d=queued", slots: "1-60x60 a skipped missed, 61 d queued",
		},
		{
			name:   "somebody else had decided upon the first of them",
			claims: []engine.Claim{missed("a", "sync", 1, 60), missed("b", "sync", 1, 65)},
			want:   "a=skipped missed, a=skipped missed", slots: "1-65x65 a skipped missed",
		},
		{
			name:   "somebody else had run one of them",
			claims: []engine.Claim{missed("a", "sync", 1, 60), due("b", "sync", 61), missed("c", "sync", 1, 63)},
			want:   "a=skipped missed, b=queued, c=skipped missed", slots: "1-60x60 a skipped missed, 61 b queued, 62-63x2 c skipped missed",
		},
		{
			name:   "one before others, the clock was set back",
			claims: []engine.Claim{due("a", "sync", 60), with(due("b", "sync", 10), "allow", nil), due("c", "sync", 60), with(due("d", "sync", 11), "allow", nil)},
			want:   "a=queued, b=queued, a=, d=queued", slots: "10 b queued, 11 d queued, 60 a queued",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, together := range []bool{true, false} {
				s := openTemp(t)
				if test.before != nil {
					test.before(t, s)
				}
				var verdicts []engine.Verdict
				if together {
					verdicts = claimed(t, s, test.claims...)
				} else {
					for _, c := range test.claims {
						verdicts = append(verdicts, claimed(t, s, c)...)
					}
				}
				if got := told(verdicts); got != test.want {
					t.Errorf("together %v: %s\nwant %s", together, got, test.want)
				}
				if got := slotsOf(t, s, "sync"); got != test.slots {
					t.Errorf("together %v: the slots are\n%s\nwant\n%s", together, got, test.slots)
				}
			}
		})
	}
}
