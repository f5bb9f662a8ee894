package jobs_test

import (
	"reflect"
	"testing"
	"time"

	"snrun/jobs"
)

const wholeJob = `version: 1
name: whole-job
description: Everything at once.
inputs:
  priority: {type: integer, default: 1}
state:
  since: {initial: 2026-01-01}
  mark: {initial: ~}
schedule:
  - cron: "*/15 2,3 * * *"
    timezone: Europe/Berlin
    overlap: queue
    catch_up: {mode: all, window: 6h}
    jitter: 30s
    dst: {gap: skip}
    starts: 2026-01-01T00:00:00Z
    inputs: {priority: 2}
  - cron: "@daily"
timeout: 1d
steps:
  - id: first
    name: The first
    if: inputs.priority == 1
    timeout: 90s
    retry: {attempts: 5, backoff: {initial: 2s}, retry_after: {max: 1h}, max_elapsed: 30m, unsafe: true, when: error.status == 409}
    log: "priority ${inputs.priority}"
    output: ${inputs.priority + 1}
  - set: {a: "${steps.first.output}"}
  - id: loop
    retry: none
    foreach:
      in: [1, 2]
      as: number
      index: i
      key: n-${i}
      concurrency: ${inputs.priority + 1}
      batch: 10
      tolerate: 5%
      collect: ${i}
      steps:
        - log: ${len(number)}
  - switch:
      - when: steps.loop.failed > 0
        steps: [{fail: some failed}]
      - steps: [{log: none}]
  - try: [{save: {since: "${run.started}"}}]
    catch:
      - when: error.kind == "status"
        steps: [{log: "${error.message}"}]
    finally: [{steps: [{log: the end}]}]
output: ${steps.loop.output}
on_failure: [{log: "${error.step}"}]
on_success: [{log: ok}]
finally: [{log: bye}]
`

// TestJob holds what a job that uses everything decodes to.
func TestJob(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), "", wholeJob)
	checks := []struct {
		what      string
		got, want any
	}{
		{"name", j.Name, "whole-job"},
		{"description", j.Description, "Everything at once."},
		{"inputs", j.Inputs.Names(), []string{"priority"}},
		{"state", j.State, []jobs.StateValue{{Name: "since", Initial: "2026-01-01"}, {Name: "mark"}}},
		{"timeout", j.Timeout, 24 * time.Hour},
		{"text", j.Text, wholeJob},
		{"segments", segments(j.Steps), []string{"first", "set:2", "loop", "switch:4", "try:5"}},
		{"id", j.Steps[0].ID, "first"},
		{"name of a step", j.Steps[0].Name, "The first"},
		{"timeout of a step", j.Steps[0].Timeout, 90 * time.Second},
		{"place of a step", j.Steps[1].Pos.Line, 28},
		{"on_failure", segments(j.OnFailure), []string{"log:1"}},
		{"on_success", segments(j.OnSuccess), []string{"log:1"}},
		{"finally", segments(j.Finally), []string{"log:1"}},
		{"profiles", len(j.Profiles), 0},
		{"secrets", len(j.Secrets), 0},
	}
	for _, c := range checks {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
}

func segments(list []*jobs.Step) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Segment)
	}
	return names
}

func TestJobSchedules(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), "", wholeJob)
	if len(j.Schedules) != 2 {
		t.Fatalf("got %d schedules, want 2", len(j.Schedules))
	}
	first, second := j.Schedules[0], j.Schedules[1]
	checks := []struct {
		what      string
		got, want any
	}{
		{"zone", first.Zone.String(), "Europe/Berlin"},
		{"overlap", first.Overlap, "queue"},
		{"catch_up", first.CatchUp, jobs.CatchUp{Mode: "all", Window: 6 * time.Hour}},
		{"jitter", first.Jitter, 30 * time.Second},
		{"dst", first.Dst, jobs.Dst{Gap: "skip", Fold: "once"}},
		{"starts", first.Starts.Unix(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()},
		{"inputs", first.Inputs, map[string]any{"priority": 2}},
		{"default overlap", second.Overlap, "skip"},
		{"default catch_up", second.CatchUp, jobs.CatchUp{Mode: "none"}},
		{"default zone", second.Zone == nil, true},
		{"no end", second.Ends.IsZero(), true},
	}
	for _, c := range checks {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestJobLoop(t *testing.T) {
	t.Parallel()
	loop := load(t, allKinds(), "", wholeJob).Steps[2].Body.(*jobs.Foreach)
	limit, err := loop.Concurrency(map[string]any{"inputs": map[string]any{"priority": 3}})
	if err != nil || limit != 4 {
		t.Errorf("concurrency: got %d, %v, want 4", limit, err)
	}
	if _, err := loop.Concurrency(map[string]any{"inputs": map[string]any{"priority": -1}}); err == nil || err.Error() != "concurrency must be at least 1, not 0" {
		t.Errorf("a concurrency of 0: got %v", err)
	}
	other := load(t, allKinds(), "", "version: 1\nstate: {n: {initial: 1}}\nsteps: [{foreach: {in: [1], concurrency: '${state.n}', steps: [{log: a}]}}]\n")
	_, err = other.Steps[0].Body.(*jobs.Foreach).Concurrency(map[string]any{"state": map[string]any{"n": nil}})
	if err == nil || err.Error() != "concurrency must be a whole number, not null" {
		t.Errorf("a concurrency of null: got %v", err)
	}
	key, _, err := loop.Key.Text(map[string]any{"i": 3})
	if err != nil || key != "n-3" {
		t.Errorf("key: got %q, %v, want n-3", key, err)
	}
	if loop.As != "number" || loop.Index != "i" || loop.Batch != 10 || loop.Tolerate != (jobs.Tolerance{Percent: 5}) {
		t.Errorf("got as %q, index %q, batch %d, tolerate %v", loop.As, loop.Index, loop.Batch, loop.Tolerate)
	}
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		tolerance     jobs.Tolerance
		failed, total int
		want          bool
	}{
		{"none failed", jobs.Tolerance{}, 0, 10, true},
		{"one of none", jobs.Tolerance{}, 1, 10, false},
		{"as many as allowed", jobs.Tolerance{Count: 2}, 2, 10, true},
		{"one more", jobs.Tolerance{Count: 2}, 3, 10, false},
		{"the share", jobs.Tolerance{Percent: 5}, 5, 100, true},
		{"more than the share", jobs.Tolerance{Percent: 5}, 6, 100, false},
		{"less than one item", jobs.Tolerance{Percent: 5}, 1, 10, false},
		{"all", jobs.Tolerance{All: true}, 10, 10, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.tolerance.Allows(test.failed, test.total); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestJobRetry(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), "", wholeJob)
	got := *j.Steps[0].Retry
	if got.When == nil {
		t.Error("when is lost")
	}
	got.When = nil
	want := jobs.Retry{
		Attempts: 5, RetryAfterMax: time.Hour, MaxElapsed: 30 * time.Minute, Unsafe: true,
		Backoff: jobs.Backoff{Initial: 2 * time.Second, Multiplier: 2, Max: time.Minute, Jitter: true},
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if attempts := j.Steps[2].Retry.Attempts; attempts != 1 {
		t.Errorf("retry: none: got %d attempts, want 1", attempts)
	}
}

// TestRetryDefaults holds that an empty retry is what holds without one: the table of its keys says what the code does.
func TestRetryDefaults(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), "", "version: 1\nsteps:\n  - {log: a, retry: {backoff: {}, retry_after: {}}}\n")
	if got, want := *j.Steps[0].Retry, *jobs.DefaultRetry(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestRetryPrecedence holds the order: the step's own, then its profile's, then the default.
func TestRetryPrecedence(t *testing.T) {
	t.Parallel()
	profiles := "version: 1\nprofiles:\n  seven: {base_url: \"https://api.example.com\", retry: 7}\n  plain: {base_url: \"https://api.example.com\"}\n"
	tests := []struct {
		name, step string
		want       int
	}{
		{"its own", "{probe: {profile: seven}, retry: 2}", 2},
		{"its profile's", "{probe: {profile: seven}}", 7},
		{"the default", "{probe: {profile: plain}}", 3},
		{"without a profile", "{probe: {}}", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, probeKinds(), profiles, "version: 1\nsteps:\n  - "+test.step+"\n").Steps[0]
			if got := s.Body.(*jobs.Call).Policy(s).Attempts; got != test.want {
				t.Errorf("got %d attempts, want %d", got, test.want)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := jobs.Backoff{Initial: time.Second, Multiplier: 2, Max: 10 * time.Second}
	var got []time.Duration
	for try := 1; try <= 5; try++ {
		got = append(got, b.Wait(try, 0.5))
	}
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	b.Jitter = true
	if got, want := b.Wait(3, 0.25), time.Second; got != want {
		t.Errorf("with jitter: got %v, want %v", got, want)
	}
	if got, want := b.Wait(5000, 0.5), 5*time.Second; got != want {
		t.Errorf("after very many tries: got %v, want %v", got, want)
	}
}

// TestVisibleSteps holds references that are right: each of these jobs must load.
func TestVisibleSteps(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"before in the same block":   "[{id: a, log: x}, {log: \"${steps.a.output}\"}]",
		"before in the block around": "[{id: a, log: x}, {steps: [{foreach: {in: [1], steps: [{log: \"${steps.a.output}\"}]}}]}]",
		"its own result in output":   "[{id: a, foreach: {in: [1], steps: [{log: x}]}, output: \"${steps.a.total}\"}]",
		"inside a loop's collect":    "[{foreach: {in: [1], collect: \"${steps.b.output}\", steps: [{id: b, log: x}]}}]",
		"one loop in another":        "[{foreach: {in: [[1]], as: row, steps: [{foreach: {in: \"${row}\", as: cell, index: c, steps: [{log: \"${cell} ${c} ${len(row)}\"}]}}]}}]",
		"the same name in two loops": "[{foreach: {in: [1], steps: [{log: \"${item}\"}]}}, {foreach: {in: [2], steps: [{log: \"${item}\"}]}}]",
		"entries of a map":           "[{foreach: {in: {a: 1}, steps: [{log: \"${item.key} ${item.value}\"}]}}]",
		"whether it was skipped":     "[{id: a, if: 1 == 1, log: x}, {if: not steps.a.skipped, log: \"${steps.a.output ?? ''}\"}]",
	}
	for name, list := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			load(t, allKinds(), "", "version: 1\nsteps: "+list+"\n")
		})
	}
}

// TestToleranceAsWritten holds how many failed items a loop may have, in all its forms.
func TestToleranceAsWritten(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]jobs.Tolerance{
		"0": {}, "3": {Count: 3}, "all": {All: true}, "0%": {}, "2.5%": {Percent: 2.5}, "100%": {Percent: 100},
	} {
		j := load(t, allKinds(), "", "version: 1\nsteps: [{foreach: {in: [1], tolerate: "+written+", steps: [{log: a}]}}]\n")
		if got := j.Steps[0].Body.(*jobs.Foreach).Tolerate; got != want {
			t.Errorf("%s: got %+v, want %+v", written, got, want)
		}
	}
}
