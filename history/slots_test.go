package history

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
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

// What a verdict and a run say for people.
func TestClaimTells(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r", "sync"))
	full := due("c", "sync", 3)
	full.Overlap = "queue"
	alone, more := full, full
	alone.Run, alone.Due, more.Run, more.Due, full.Due = "a", at(1), "b", at(2), at(3)
	got := claimed(t, s, alone, more, full, due("d", "sync", 4), missed("e", "sync", 5, 6))
	want := []engine.Verdict{
		{Run: "a", Status: engine.Queued, Alone: true, Detail: "it was queued behind run r"},
		{Run: "b", Status: engine.Queued, Alone: true, Detail: "it was queued behind run r and 1 more"},
		{Run: "c", Status: engine.Skipped, Reason: engine.ReasonQueueFull, Detail: "2 runs of the job were waiting already"},
		{Run: "d", Status: engine.Skipped, Reason: engine.ReasonOverlap, Detail: "run r was still going on"},
		{Run: "e", Status: engine.Skipped, Reason: engine.ReasonMissed, Detail: "nobody was there"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the verdicts are\n%+v\nwant\n%+v", got, want)
	}
	runs, err := s.Runs(Filter{Job: "sync", Trigger: engine.TriggerSchedule})
	if err != nil || len(runs) != 5 {
		t.Fatalf("%d runs, %v, want 5", len(runs), err)
	}
	for i, want := range want {
		run := runs[len(runs)-1-i]
		reason := want.Detail
		if want.Run == "e" {
			reason += ", 2 times since " + at(5).Local().Format(time.RFC3339)
		}
		if run.ID != want.Run || run.Status != want.Status || run.Reason != reason || run.File != "/p/jobs/sync.yaml" {
			t.Errorf("on record: %+v, want %+v", run, want)
		}
		if ended := !run.Ended.IsZero(); ended != (want.Status == engine.Skipped) || !run.Started.IsZero() {
			t.Errorf("run %s started %v and ended %v", run.ID, run.Started, run.Ended)
		}
		if _, err := s.Run(run.ID); err != nil {
			t.Errorf("run %s: %v", run.ID, err)
		}
	}
	if text := asJSON(t, runs[0]); strings.Contains(text, `"started"`) {
		t.Errorf("a run that never started says when: %s", text)
	}
}

// A decision to which slots are added tells why the last of them were not run. Where its run is not kept any more there is a new one.
func TestClaimAddsToADecision(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	check := func(run, reason string) {
		t.Helper()
		if got, err := s.Run(run); err != nil || got.Reason != reason+" since "+at(1).Local().Format(time.RFC3339) {
			t.Errorf("%s: %+v, %v, want %s", run, got, err, reason)
		}
	}
	later := missed("c", "sync", 4, 4)
	later.Detail = "again nobody was there"
	claimed(t, s, missed("a", "sync", 1, 2), missed("b", "sync", 3, 3))
	check("a", "nobody was there, 3 times")
	claimed(t, s, later)
	check("a", "again nobody was there, 4 times")
	if err := s.writer.commit(false, row{sql: "DELETE FROM runs"}); err != nil {
		t.Fatal(err)
	}
	if got := told(claimed(t, s, missed("d", "sync", 2, 3), missed("e", "sync", 5, 6))); got != "=, e=skipped missed" {
		t.Errorf("afterwards %s, want a new run", got)
	}
	if got := slotsOf(t, s, "sync"); got != "5-6x2 e skipped missed" {
		t.Errorf("the slots with runs are %s", got)
	}
}

// Of several slots the first of which is decided upon already, all others are counted, also where they do not lie evenly.
func TestClaimCountsTheRest(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	uneven := missed("b", "sync", 1, 12)
	uneven.Count = 8
	claimed(t, s, due("a", "sync", 1), uneven)
	if n := number(t, s, "SELECT sum(count) FROM slots"); n != 8 {
		t.Errorf("%d slots are on record, want 8", n)
	}
}

func TestClaimTakesThePlaceOfOthers(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	begin(t, other, aRun("r", "sync"))
	claim := func(run string, minutes int) engine.Claim {
		c := due(run, "sync", minutes)
		c.Overlap = "cancel_running"
		return c
	}
	allowed := due("o", "sync", 0)
	allowed.Overlap = "allow"
	claimed(t, other, allowed)
	got := claimed(t, s, claim("a", 1), claim("b", 2))
	for i, want := range []engine.Verdict{
		{Run: "a", Status: engine.Queued, Alone: true, Detail: "it was queued behind run r", Replace: []string{"o", "r"}},
		{Run: "b", Status: engine.Queued, Alone: true, Detail: "it was queued behind run r", Replace: []string{"r", "a"}},
	} {
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%+v\nwant %+v", got[i], want)
		}
	}
	if got, want := slotsOf(t, s, "sync"), "0 o skipped, 1 a skipped, 2 b queued"; got != want {
		t.Errorf("the slots are %s, want %s", got, want)
	}
	asked, err := other.ToCancel()
	if err != nil || !reflect.DeepEqual(asked, map[string]string{"r": "run a", "o": "run a"}) {
		t.Errorf("the other process is to cancel %v, %v, want r and o", asked, err)
	}
	if asked, err := s.ToCancel(); err != nil || len(asked) != 0 {
		t.Errorf("this process is to cancel %v, %v, want none: it was told by the verdict", asked, err)
	}
	finish(t, other, aRun("r", "sync"), engine.Cancelled)
	if ok, err := other.Withdraw(day, "o", engine.Cancelled, "x"); ok || err != nil {
		t.Errorf("Withdraw of a run that was replaced: %v, %v, want false", ok, err)
	}
	if asked, err := other.ToCancel(); err != nil || len(asked) != 0 {
		t.Errorf("then the other process is to cancel %v, %v, want none", asked, err)
	}
}

// A run whose process is gone is not in anybody's way; one that it had queued is taken over by others, and is.
func TestClaimBesideTheDead(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	gone, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, gone, aRun("r", "runs"))
	claimed(t, gone, due("q", "waits", 1))
	if err := gone.alive.release(); err != nil { // as if the process had ended; it has nothing more to write
		t.Fatal(err)
	}
	if got, want := told(claimed(t, s, due("a", "runs", 2), due("b", "waits", 2))), "a=queued, b=skipped overlap"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if run, err := s.Run("r"); err != nil || run.Status != engine.Interrupted {
		t.Errorf("the run of the dead is %v, %v, want it interrupted", run, err)
	}
	if err := gone.Close(); err != nil {
		t.Error(err)
	}
}

func TestRewind(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	claimed(t, s, missed("a", "sync", 1, 60), due("b", "sync", 70), missed("c", "sync", 71, 80), missed("d", "other", 1, 10))
	if err := s.Rewind(at(30)); err != nil {
		t.Fatal(err)
	}
	if got, want := slotsOf(t, s, "sync"), "1-30x30 a skipped missed, 70 b queued"; got != want {
		t.Errorf("the slots are %s, want %s", got, want)
	}
	if got, want := slotsOf(t, s, "other"), "1-10x10 d skipped missed"; got != want {
		t.Errorf("the slots of another are %s, want %s", got, want)
	}
	if _, err := s.Run("c"); !errors.Is(err, ErrUnknownRun) {
		t.Errorf("the run of slots still to come: %v, want none", err)
	}
	if got, want := told(claimed(t, s, due("e", "other", 31), due("f", "sync", 31), due("g", "sync", 70))), "e=queued, f=skipped overlap, b="; got != want {
		t.Errorf("afterwards %s, want %s", got, want)
	}
}

func TestClaimsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	odd := due("b", "sync", 2)
	odd.Inputs = map[string]any{"n": math.Inf(1)}
	if _, err := s.Claim(day, 1, []engine.Claim{due("a", "sync", 1), odd}); err == nil || !strings.Contains(err.Error(), "schedule of sync") {
		t.Errorf("inputs that are not JSON: %v, want an error that names the job", err)
	}
	if _, err := s.Claim(day, 1, []engine.Claim{due("a", "sync", 1), due("a", "other", 1)}); err == nil {
		t.Error("an id that is there twice gave no error")
	}
	if got := slotsOf(t, s, "sync"); got != "" {
		t.Errorf("the slots are %s, want none: all or nothing", got)
	}
	if v, err := s.Claim(day, 1, nil); v != nil || err != nil {
		t.Errorf("no claims: %v, %v", v, err)
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	other := due("b", "sync", 61)
	other.Inputs, other.Overlap = map[string]any{"n": 2}, "allow"
	claimed(t, s, missed("a", "sync", 1, 60), due("c", "sync", 61), other, due("d", "sync", 62))
	run := aRun("c", "sync")
	begin(t, s, run)
	run.Error = &steps.Error{Kind: steps.Limit, Message: "too much"}
	finish(t, s, run, engine.Failed)
	got, err := s.Slots("sync", 10, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, slot := range got {
		all = append(all, strings.TrimSpace(fmt.Sprintln(slot.Due.Sub(day), slot.Until.Sub(slot.Due), slot.Count, slot.Inputs, slot.Reason,
			slot.Run.Run, slot.Run.Status, slot.Run.Started.Sub(day) > 0, slot.Run.Error, slot.Run.Reason)))
	}
	want := []string{
		"1h2m0s 0s 1 map[] overlap d skipped false run c was still waiting for its start",
		"1h1m0s 0s 1 map[n:2] b queued false",
		"1h1m0s 0s 1 map[] c failed true too much",
		"1m0s 59m0s 60 map[] missed a skipped false nobody was there",
	}
	for i := range all {
		all[i] = strings.Join(strings.Fields(all[i]), " ")
	}
	if strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
	if got, err := s.Slots("sync", 1, at(61)); err != nil || len(got) != 1 || got[0].Run.Run != "a" {
		t.Errorf("the one before: %+v, %v, want a", got, err)
	}
}
