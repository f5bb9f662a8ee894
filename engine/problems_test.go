package engine_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// mistakesAt is how a kind tells of mistakes in values that only the run knows.
func mistakesAt(in steps.Input) *steps.Error {
	e := &steps.Error{Kind: steps.Content, Message: "not said", Repeat: steps.Always}
	for _, path := range in.List("wrong") {
		e.Problems = append(e.Problems, steps.Problem{Path: path.(string), Message: fmt.Sprintf("cannot be as in %v", in["params"]), Hint: "mend it"})
	}
	return e
}

// placed is a file's name with its folder.
var placed = regexp.MustCompile(`/\S+/job\.yaml`)

// TestMistakesInARun holds that mistakes which only a run can find are all told with their places, as the job's own: the call is not
// made again, there is no doubt whether it was made, and no secret shows.
func TestMistakesInARun(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want string }{
		{
			"one", "inputs: {n: {default: 1}}\nsteps:\n  - id: a\n    probe: {unsafe: true, wrong: [params.order.qty], params: {order: {qty: \"${inputs.n}\"}}}",
			"input(a) job.yaml:5:76: params.order.qty: cannot be as in [{order [{qty 1}]}]",
		},
		{
			"several", "inputs: {n: {default: 1}}\nsteps:\n  - id: a\n    probe:\n      unsafe: true\n      wrong: [params.a, \"params.b[1]\"]\n      params:\n        a: ${inputs.n}\n        b: [1, 2]",
			"input(a) 2 mistakes in params; nothing was sent:\njob.yaml:9:12: params.a: cannot be as in [{a 1} {b [{1 1} {2 2}]}]\n  mend it\n" +
				"job.yaml:10:16: params.b[1]: cannot be as in [{a 1} {b [{1 1} {2 2}]}]\n  mend it",
		},
		{
			"a secret", "steps:\n  - id: a\n    probe: {unsafe: true, wrong: [params.key], params: {key: \"${secret.KEY}\"}}",
			"input(a) job.yaml:4:62: params.key: cannot be as in [{key ***}]",
		},
		{
			"a value computed from a secret", "steps:\n  - id: a\n    probe: {unsafe: true, wrong: [params.key], params: {key: \"${upper(secret.KEY)}\"}}",
			"input(a) job.yaml:4:62: params.key: cannot be as in [{key ***}]",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.Inputs = map[string]any{"n": 1}
			w.request.Secrets = map[string]any{"KEY": "hunter2-hunter2"}
			w.redactor.Add("hunter2-hunter2")
			run := w.run(test.yaml)
			check(t, "outcome", placed.ReplaceAllString(outcome(run), "job.yaml"), "failed null "+test.want)
			check(t, "calls", strings.Join(w.probe.calls, " "), "/a")
			check(t, "steps", keys(run), "/a failed")
			if doubt, err := w.journal.InDoubt(run.ID); len(doubt) > 0 || err != nil {
				t.Errorf("in doubt: %v, %v", doubt, err)
			}
			record, err := json.Marshal(map[string]any{"run": run, "events": w.events})
			if err != nil || strings.Contains(strings.ToLower(string(record)), "hunter2") {
				t.Errorf("the secret shows in the record: %s, %v", record, err)
			}
			if run.Status != engine.Failed || run.Error.Step != "a" {
				t.Errorf("got %s", outcome(run))
			}
		})
	}
}

// TestFault holds that a fault's fields are read in the job, stand in the record, and are there again when the run goes on.
func TestFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := `
steps:
  - id: t
    try: [{id: a, probe: {unsafe: true, fault: {code: Server, subcodes: [x], message: no, detail: {n: 5}}}}]
    catch: [{when: 'error.fault?.code == "Server"', steps: [{set: {n: "${error.fault.detail.n + 1}", none: "${error.status}"}}]}]
  - id: none
    try: [{id: b, probe: {fails: 9, kind: status}}]
    catch: [{steps: [{set: {fault: "${error.fault?.code}"}}]}]
  - {id: c, probe: {fails: 1, value: 1}}
  - {id: d, probe: {fault: {code: Last}}}
output: ["${steps.t.output}", "${steps.none.output}"]`
	run := w.run(yaml)
	check(t, "first", outcome(run), "failed null network(c) failure 1")
	w.probe.calls = nil
	run = w.goOn(run, yaml, nil)
	check(t, "calls of the second time", strings.Join(w.probe.calls, " "), "/c /d")
	check(t, "then", outcome(run), "failed null fault(d) it says no")
	record, err := json.Marshal(run.Error)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "record", string(record), `{"kind":"fault","message":"it says no","step":"d","attempts":1,"fault":{"code":"Last"}}`)
	run = w.goOn(run, strings.Replace(yaml, "fault: {code: Last}", "value: 1", 1), nil)
	check(t, "at last", outcome(run), `ok [{"n":6,"none":null},{"fault":null}]`)
}
