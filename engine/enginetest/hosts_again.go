package enginetest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
)

// GoOn has a run that has ended go on to its end on record, and gives its record.
type GoOn func(t *testing.T, e *engine.Engine, r engine.Resumption) *engine.Run

// LocallyAgain has a run go on by the local Host.
func LocallyAgain(t *testing.T, e *engine.Engine, r engine.Resumption) *engine.Run {
	t.Helper()
	run, err := e.Resume(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// HostsAgain tests that runs which have ended go on as on one machine, whatever a person says of them: with what failed and was tolerated,
// from a step, with another text, with a word on calls in doubt. Open opens an empty journal.
func HostsAgain(t *testing.T, open func(t *testing.T) engine.Journal, carry Carry, goOn GoOn) {
	t.Helper()
	for _, name := range sortedKeys(goingOnJobs) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, then := goingOnJobs[name].bothEnds(t, open, Locally, LocallyAgain)
			gotFirst, gotThen := goingOnJobs[name].bothEnds(t, open, carry, goOn)
			gotFirst.compare(t, first)
			gotThen.compare(t, then)
		})
	}
}

// secretOfRuns is the secret KEY of runs that go on.
const secretOfRuns = "hunter2hunter2"

// goingOnJob is a job, and how a run of it goes on.
type goingOnJob struct {
	text  string
	then  string // what it goes on with, where that is another
	r     engine.Resumption
	doubt string // the key of a call that was about to be made when its process was lost
	well  bool   // all calls go well once it goes on
}

// bothEnds gives what became of a run, and what did once it went on.
func (g goingOnJob) bothEnds(t *testing.T, open func(t *testing.T) engine.Journal, carry Carry, goOn GoOn) (first, then told) {
	t.Helper()
	w := &world{t: t, text: g.text, dir: t.TempDir(), server: &server{}}
	j := open(t)
	redactor := auth.NewRedactor()
	redactor.Add(secretOfRuns)
	e := engine.New(engine.Config{Journal: j, Redactor: redactor, Dir: w.dir, Sealer: veil{}})
	secrets := map[string]any{"KEY": secretOfRuns}
	req := engine.Request{
		ID: "r1", Job: w.job(), Inputs: map[string]any{}, Secrets: secrets, Env: map[string]any{"REGION": "north", "ZONE": "one"}, Space: "here",
	}
	run := carry(t, e, req)
	first = w.became(j, run)
	r := g.r
	r.Run, r.Job, r.Secrets, r.Space, r.Environ = recordOf(j, run), w.job(), secrets, "here", map[string]any{"REGION": "south", "ZONE": "two"}
	if g.then != "" {
		r.Original, w.text, w.loaded = w.job(), g.then, nil
		r.Job = w.job()
	}
	if g.doubt != "" {
		if err := j.Intend(run.ID, g.doubt); err != nil {
			t.Fatal(err)
		}
	}
	w.server.well = g.well
	return first, w.became(j, goOn(t, e, r))
}

// recordOf is the record of a run, where the journal can tell.
func recordOf(j engine.Journal, run *engine.Run) *engine.Run {
	if kept, keeps := j.(interface{ Run(id string) *engine.Run }); keeps {
		return kept.Run(run.ID)
	}
	return run
}

// became is what a run has done so far.
func (w *world) became(j engine.Journal, run *engine.Run) told {
	w.t.Helper()
	state, err := j.State("killed")
	if err != nil {
		w.t.Fatal(err)
	}
	run = recordOf(j, run)
	got := told{end: fmt.Sprintf("%s, attempt %d", endOf(run), run.Attempt), calls: w.server.sorted(), state: encoded(state)}
	for _, s := range run.Steps {
		if !strings.Contains(s.Key, "[") { // of items it depends on how they were spread which are kept
			got.steps = append(got.steps, story(s))
		}
	}
	return got.without(filepath.Dir(w.job().File))
}

// veil is a Sealer for tests: what matters is that nothing it was given shows.
type veil struct{}

func (veil) Seal(plain []byte, about string) ([]byte, error) {
	sealed := append([]byte(about), plain...)
	for i := range sealed {
		sealed[i] ^= 0x55
	}
	return sealed, nil
}

func (veil) Open(sealed []byte, about string) ([]byte, error) {
	plain := make([]byte, len(sealed))
	for i, b := range sealed {
		plain[i] = b ^ 0x55
	}
	text, is := strings.CutPrefix(string(plain), about)
	if !is {
		return nil, fmt.Errorf("it was sealed as another's than that of %s", about)
	}
	return []byte(text), nil
}

// goingOnJobs are runs that go on, by what they show.
var goingOnJobs = map[string]goingOnJob{
	"failures that were tolerated are tried again": {
		text: `
steps:
  - id: rounds
    repeat:
      attempts: 3
      index: r
      steps:
        - {id: each, foreach: {in: [1, 2, 3], key: "k${item}", tolerate: all, collect: "${steps.p.output}", steps: [{id: p, probe: {value: "${item * 10 + r}", fails: "${item == 2 ? 9 : 0}", unsafe: true}}]}}
        - {id: some, set: {all: "${steps.each.output}", failed: "${steps.each.failed}"}}
  - id: few
    foreach: {in: [1, 2], tolerate: all, steps: [{id: inner, foreach: {in: [1, 2, 3], as: y, tolerate: all, steps: [{probe: {value: "${y}", fails: "${y == 3 ? 9 : 0}"}}]}}]}
  - id: many
    foreach: {in: "${1..130}", concurrency: 1, tolerate: 5, steps: [{probe: {value: "${item}", fails: "${item in [7, 90, 130] ? 9 : 0}", unsafe: true}}]}
  - {id: after, probe: {value: "${steps.many.failed}"}}
output: ["${steps.rounds.output}", "${steps.few.failed}", "${steps.many.failed}", "${steps.after.output}"]
`,
		r: engine.Resumption{FailedItems: true}, well: true,
	},
	"a failure in the middle of much": {
		text: `
steps:
  - {id: large, probe: {value: "${map(1..3000, 'item ' + string(#))}"}}
  - {id: same, set: {all: "${steps.large.output}", n: "${len(steps.large.output)}"}}
  - {id: many, foreach: {in: "${1..120}", concurrency: 1, steps: [{probe: {value: "${item}", fails: "${item == 77 ? 9 : 0}"}}]}}
  - {id: after, probe: {value: "${len(steps.same.output.all)}"}}
on_failure: [{probe: {value: "${error.message}"}}]
output: ["${steps.after.output}", "${steps.same.output.n}", "${len(steps.many.output)}"]
`,
		well: true,
	},
	"from a step": {
		text: `
steps:
  - {id: large, probe: {value: "${map(1..3000, 'item ' + string(#))}", unsafe: true}}
  - {id: mid, probe: {value: "${steps.large.output[1]}", unsafe: true}}
  - {id: saved, save: {n: "${steps.large.output}"}}
  - {id: last, probe: {value: "${len(state.n)}", unsafe: true}}
  - fail: no
state: {n: {initial: []}}
`,
		r: engine.Resumption{From: "mid"},
	},
	"with another text": {
		text: `
steps:
  - {id: large, probe: {value: {list: "${map(1..3000, 'item ' + string(#))}", n: 3}, unsafe: true}}
  - {id: a, probe: {value: "${len(steps.large.output.list)}", unsafe: true}}
  - {id: b, probe: {value: 1, fails: 9}}
output: ["${steps.a.output}", "${steps.b.output}"]
`,
		then: `
inputs: {more: {type: integer, default: 5}}
steps:
  - {id: large, probe: {value: {list: "${map(1..3000, 'item ' + string(#))}", n: 3}, unsafe: true}}
  - {id: a, probe: {value: "${len(steps.large.output.list)}", unsafe: true}}
  - {id: between, probe: {value: "${steps.large.output.list[inputs.more]}"}}
  - {id: b, probe: {value: 2}}
output: ["${steps.a.output}", "${steps.between.output}", "${steps.b.output}"]
`,
	},
	"a call in doubt was made": {
		text: `
steps:
  - {id: first, probe: {value: 1, fails: 9}}
  - {id: each, foreach: {in: [1, 2, 3], tolerate: all, steps: [{id: post, probe: {value: "${item}", unsafe: true}}]}}
  - {id: last, probe: {value: "${steps.each.succeeded}"}}
finally: [{probe: {value: tidy}}]
output: ["${steps.each.output}", "${steps.last.output}"]
`,
		r: engine.Resumption{Assume: engine.AssumeDone}, doubt: "/each[1]/post", well: true,
	},
	"a call in doubt is made again": {
		text: `
steps:
  - {id: first, probe: {value: 1, fails: 9}}
  - {id: post, probe: {value: "${steps.first.output}", unsafe: true}}
  - {id: last, probe: {value: "${steps.post.output}"}}
output: ${steps.last.output}
`,
		r: engine.Resumption{Assume: engine.AssumeRedo}, doubt: "/post", well: true,
	},
	"a call in doubt of which nobody says anything": {
		text: `
steps:
  - {id: first, probe: {value: 1, fails: 9}}
  - id: many
    foreach: {in: "${1..60}", concurrency: 1, steps: [{id: post, probe: {value: "${item}", unsafe: true}}]}
  - {id: last, probe: {value: 2}}
`,
		doubt: "/many[50]/post", well: true,
	},
	"variables and secrets": {
		text: `
steps:
  - {id: a, probe: {value: {region: "${env.REGION}", key: "${secret.KEY}", open: "${secret.KEY == 'hunter2hunter2'}"}}}
  - {if: "env.REGION == 'north' && secret.KEY != nil", log: "${env.ZONE} ${secret.KEY}"}
  - {id: b, set: {zone: "${env.ZONE}", key: "${steps.a.output.key}", twice: "${secret.KEY + env.REGION}"}}
  - {id: c, probe: {value: "${steps.b.output.twice}", fails: "${env.ZONE == 'one' ? 9 : 0}"}}
output: ["${steps.a.output}", "${steps.b.output}", "${steps.c.output}", "${len(steps.c.output)}"]
`,
		r: engine.Resumption{Env: map[string]any{"ZONE": "three"}},
	},
}
