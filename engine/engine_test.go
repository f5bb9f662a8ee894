package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/enginetest"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

// probe is a kind whose calls are scripted by their own input, so that the flow can be tested without a server: it gives
// `value`, or fails `fails` times before, with an error of the kind and repeatability given.
type probe struct {
	mu      sync.Mutex
	calls   []string // keys, in the order in which they began
	fails   map[string]int
	counted atomic.Int64
	// during is called in each call; nil for nothing.
	during func(key string)
}

func (p *probe) kind() *steps.Kind {
	return &steps.Kind{
		Name: "probe", Summary: "Answers as it is told",
		Takes: steps.ObjectOf(
			steps.Field{Name: "value", Type: steps.Of(steps.Any)},
			steps.Field{Name: "fails", Type: steps.Of(steps.Int)},
			steps.Field{Name: "kind", Type: steps.Of(steps.Text)},
			steps.Field{Name: "repeat", Type: steps.OneOf("never", "if_safe", "always"), Default: "never"},
			steps.Field{Name: "retry_after", Type: steps.Of(steps.Duration)},
			steps.Field{Name: "takes", Type: steps.Of(steps.Duration)},
			steps.Field{Name: "panics", Type: steps.Of(steps.Bool)},
			steps.Field{Name: "unsafe", Type: steps.Of(steps.Bool)},
			steps.Field{Name: "changes", Type: steps.Of(steps.Bool)}, // safe, but does more than read
			steps.Field{Name: "status", Type: steps.Of(steps.Int), Default: "503"},
			steps.Field{Name: "pages", Type: steps.ListOf(steps.Of(steps.Any))}, // a walk over these lists
			steps.Field{Name: "total", Type: steps.Of(steps.Int)},
			steps.Field{Name: "counts", Type: steps.Of(steps.Bool)}, // gives how many such calls there were
			steps.Field{Name: "silent", Type: steps.Of(steps.Bool)}, // nothing is sent
			steps.Field{Name: "params", Type: steps.Of(steps.Tree)},
			steps.Field{Name: "wrong", Type: steps.ListOf(steps.Of(steps.Text))}, // finds mistakes at these paths
			steps.Field{Name: "fault", Type: steps.Of(steps.Any)},                // fails with this one
		),
		Gives:   []steps.Result{{Name: "output"}, {Name: "status", Type: steps.Int}},
		Safe:    func(in steps.Input) bool { return !in.Bool("unsafe") },
		Changes: func(in steps.Input) bool { return in.Bool("unsafe") || in.Bool("changes") },
		Walks:   func(in steps.Input) bool { return in.Has("pages") },
		Run:     p.run,
	}
}

// page gives one of the lists of a walk.
func page(in steps.Input, env *steps.Env) steps.Output {
	n, _ := env.Cursor.(int)
	pages := in.List("pages")
	out := steps.Output{Value: pages[n], Total: -1, Names: map[string]any{"status": 200}}
	if in.Has("total") {
		out.Total = in.Int("total")
	}
	if n+1 < len(pages) {
		out.Next = n + 1
	}
	return out
}

// tries are the marks of further tries in a key.
var tries = regexp.MustCompile(`#\d+`)

func (p *probe) run(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
	base := tries.ReplaceAllString(env.Key, "")
	p.mu.Lock()
	p.calls = append(p.calls, env.Key)
	failed := p.fails[base]
	p.fails[base]++
	p.mu.Unlock()
	if p.during != nil {
		p.during(env.Key)
	}
	if in.Bool("panics") {
		panic("out of order")
	}
	if in.Has("wrong") {
		return steps.Output{}, mistakesAt(in)
	}
	if in.Has("fault") {
		return steps.Output{}, &steps.Error{Kind: steps.Fault, Message: "it says no", Fields: map[string]any{"fault": in["fault"]}}
	}
	if !in.Bool("silent") {
		env.Observe(steps.Exchange{Method: "POST", URL: "http://127.0.0.1/"})
	}
	select {
	case <-time.After(in.Duration("takes")):
	case <-ctx.Done():
		return steps.Output{}, &steps.Error{Kind: steps.Timeout, Message: "stopped: " + ctx.Err().Error(), Repeat: steps.IfSafe, NoEffect: in.Int("status") == 404}
	}
	if failed < in.Int("fails") {
		kind := in.Text("kind")
		if kind == "" {
			kind = steps.Network
		}
		repeat := map[string]steps.Repeat{"never": steps.Never, "if_safe": steps.IfSafe, "always": steps.Always}[in.Text("repeat")]
		return steps.Output{}, &steps.Error{Kind: kind, Message: fmt.Sprintf("failure %d", failed+1), Status: in.Int("status"), NoEffect: in.Int("status") == 404, Repeat: repeat, RetryAfter: in.Duration("retry_after")}
	}
	if in.Has("pages") {
		return page(in, env), nil
	}
	if in.Bool("counts") {
		return steps.Output{Value: int(p.counted.Add(1))}, nil
	}
	return steps.Output{Value: in["value"], Names: map[string]any{"status": 200}}, nil
}

// world is what one test runs its jobs in.
type world struct {
	t        *testing.T
	probe    *probe
	journal  *engine.Memory
	redactor *auth.Redactor
	clients  steps.Clients
	sealer   engine.Sealer
	request  engine.Request
	ctx      context.Context
	beside   map[string]string // further jobs, by name
	mu       sync.Mutex
	events   []engine.Event
}

func newWorld(t *testing.T) *world {
	return &world{t: t, probe: &probe{fails: map[string]int{}}, journal: engine.NewMemory(), redactor: auth.NewRedactor(), ctx: t.Context()}
}

// loadJob reads a job that may use a kind beside rest and those of the language.
func loadJob(t testing.TB, kind *steps.Kind, yaml string) *jobs.Job {
	t.Helper()
	return loadJobs(t, kind, map[string]string{"job": yaml})
}

// loadJobs reads the job named job, which may call the others.
func loadJobs(t testing.TB, kind *steps.Kind, all map[string]string) *jobs.Job {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "job.yaml")
	for name, yaml := range all {
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte("version: 1\n"+yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kinds := steps.NewSet(append(jobs.Kinds(), rest.Kind(), kind)...)
	project, err := jobs.Open(t.TempDir(), jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	job, err := project.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// run runs a job and gives its record with the steps.
func (w *world) run(yaml string) *engine.Run {
	w.t.Helper()
	req := w.request
	all := map[string]string{"job": yaml}
	maps.Copy(all, w.beside)
	req.Job = loadJobs(w.t, w.probe.kind(), all)
	var run *engine.Run
	var err error
	if *elsewhere {
		run, err = w.apart().Run(w.ctx, w.t, req)
	} else {
		run, err = w.engine().Run(w.ctx, req)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return w.journal.Run(run.ID)
}

func (w *world) engine() *engine.Engine {
	return engine.New(engine.Config{Journal: w.journal, Redactor: w.redactor, Clients: w.clients, Sealer: w.sealer, Dir: w.t.TempDir(), Watch: w.watch})
}

// apart is how the world's flows are walked elsewhere.
func (w *world) apart() enginetest.Apart {
	if w.sealer == nil { // nothing secret can travel without
		w.sealer = veiling{}
	}
	return enginetest.Apart{Engines: []*engine.Engine{w.engine(), w.engine()}, Small: 1, Again: true}
}

func (w *world) watch(e engine.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// outcome writes a run as one line: its status, output and error.
func outcome(run *engine.Run) string {
	out, _ := json.Marshal(run.Output)
	text := fmt.Sprintf("%s %s", run.Status, out)
	if run.Error != nil {
		text += fmt.Sprintf(" %s(%s) %s", run.Error.Kind, run.Error.Step, run.Error.Message)
	}
	return text
}

// keys writes the steps in the order in which they began: their keys and what became of them.
func keys(run *engine.Run) string {
	var list []string
	for _, s := range run.Steps {
		list = append(list, s.Key+" "+string(s.Status))
	}
	return strings.Join(list, "\n")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\ngot\n%s\nwant\n%s", what, got, want)
	}
}

func TestFlow(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want, keys string }{
		{
			name: "a step sees the results before it",
			yaml: "steps:\n  - {id: a, set: {n: 2}}\n  - {id: b, set: {n: \"${steps.a.output.n * 3}\"}}\noutput: ${steps.b.output.n}",
			want: "ok 6", keys: "/a ok\n/b ok",
		},
		{
			name: "a condition that does not hold skips the step",
			yaml: "steps:\n  - {id: a, if: 1 > 2, set: {n: 2}}\noutput: [\"${steps.a.skipped}\", \"${steps.a.output}\"]",
			want: "ok [true,null]", keys: "/a skipped",
		},
		{
			name: "a step's own output takes the place of the kind's",
			yaml: "steps:\n  - {id: a, probe: {value: {n: 7}}, output: \"${response.body.n + 1}\"}\noutput: [\"${steps.a.output}\", \"${steps.a.status}\", \"${steps.a.attempts}\"]",
			want: "ok [8,200,1]", keys: "/a ok",
		},
		{
			name: "a switch takes the first branch that fits",
			yaml: "steps:\n  - id: s\n    switch:\n      - {when: false, steps: [{log: a}]}\n      - {when: true, steps: [{log: b}]}\n      - steps: [{log: c}]\noutput: ${steps.s.output}",
			want: `ok "b"`, keys: "/s ok\n/s/case:2/log:1 ok",
		},
		{
			name: "a catch sees the error and gives the output",
			yaml: "steps:\n  - id: t\n    try: [{probe: {fails: 1, kind: status}}]\n    catch:\n      - {when: error.kind == 'tls', steps: [{log: no}]}\n      - {when: error.status == 503, steps: [{log: \"${error.kind}: ${error.message} in ${error.step}\"}]}\n    finally: [{log: end}]\noutput: ${steps.t.output}",
			want: `ok "status: failure 1 in probe:1"`,
			keys: "/t ok\n/t/try/probe:1 failed\n/t/catch:2/log:1 ok\n/t/finally/log:1 ok",
		},
		{
			name: "what no catch takes goes on",
			yaml: "steps:\n  - id: t\n    try: [{fail: broken}]\n    catch: [{when: error.status == 404, steps: [{log: no}]}]\n    finally: [{log: end}]\n  - log: never",
			want: "failed null input(fail:1) broken",
			keys: "/t failed\n/t/try/fail:1 failed\n/t/finally/log:1 ok",
		},
		{
			name: "a failure runs on_failure and finally, not on_success",
			yaml: "steps:\n  - {id: a, fail: broken}\non_failure: [{log: \"${error.message}\"}]\non_success: [{log: well}]\nfinally: [{log: \"${steps.a.skipped}\"}]",
			want: "failed null input(a) broken",
			keys: "/a failed\n/on_failure/log:1 ok\n/finally/log:1 ok",
		},
		{
			name: "a success runs on_success and finally",
			yaml: "steps:\n  - {log: a}\non_failure: [{log: no}]\non_success: [{log: well}]\nfinally: [{log: end}]",
			want: "ok null", keys: "/log:1 ok\n/on_success/log:1 ok\n/finally/log:1 ok",
		},
		{
			name: "what fails at the end fails a run that was well",
			yaml: "steps:\n  - {log: a}\noutput: 1\nfinally: [{fail: dirty}]",
			want: "failed null input(fail:1) dirty", keys: "/log:1 ok\n/finally/fail:1 failed",
		},
		{
			name: "the first failure is the run's",
			yaml: "steps:\n  - {fail: first}\non_failure: [{fail: second}]\nfinally: [{fail: third}]",
			want: "failed null input(fail:1) first", keys: "/fail:1 failed\n/on_failure/fail:1 failed\n/finally/fail:1 failed",
		},
		{
			name: "an expression that fails names its place",
			yaml: "steps:\n  - {id: a, probe: {value: null}}\n  - {set: {n: \"${steps.a.output.n}\"}}",
			want: "failed null expression(set:2) ", keys: "/a ok\n/set:2 failed",
		},
		{
			name: "a panic in a kind is the step's error",
			yaml: "steps:\n  - {id: a, probe: {panics: true}}",
			want: "failed null input(a) a defect in snrun: out of order", keys: "/a failed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			run := newWorld(t).run(test.yaml)
			if got := outcome(run); !strings.HasPrefix(got, test.want) || run.Error == nil && got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			check(t, "steps", keys(run), test.keys)
		})
	}
}

func TestForeach(t *testing.T) {
	t.Parallel()
	loop := func(keys, inside string) string {
		return "steps:\n  - id: l\n    foreach: {in: [a, b, c, d], as: x" + keys + ", steps: [" + inside + "]}\n" +
			"output: [\"${steps.l.output}\", \"${steps.l.total}\", \"${steps.l.succeeded}\", \"${steps.l.failed}\"]"
	}
	failing := `{id: p, probe: {value: "${x}", fails: "${x in ['b', 'd'] ? 9 : 0}", kind: status}}`
	tests := []struct{ name, yaml, want string }{
		{"the last output is collected", loop("", "{set: {v: \"${x}\"}}"), `ok [[{"v":"a"},{"v":"b"},{"v":"c"},{"v":"d"}],4,4,0]`},
		{"collect says what", loop(`, collect: "${steps.s.output.v + x}"`, "{id: s, set: {v: \"${x}\"}}"), `ok [["aa","bb","cc","dd"],4,4,0]`},
		{"the order is the list's at any concurrency", loop(`, concurrency: 3, index: i, collect: "${i}"`, "{probe: {takes: \"${3 - i}ms\"}}"), `ok [[0,1,2,3],4,4,0]`},
		{"the first failure ends the loop", loop(`, key: "${x}"`, failing), "failed null status(p) 1 of 4 items failed; [b]: failure 1"},
		{"failures are tolerated by number", loop(", tolerate: 2", failing), `ok [["a",null,"c",null],4,2,2]`},
		{"one more is too many", loop(", tolerate: 1", failing), "failed null status(p) 2 of 4 items failed; [1]: failure 1"},
		{"failures are tolerated by share", loop(", tolerate: 50%", failing), `ok [["a",null,"c",null],4,2,2]`},
		{"all failures are tolerated", loop(", tolerate: all", `{probe: {fails: 9, kind: status}}`), `ok [[null,null,null,null],4,0,4]`},
		{"batches are lists", loop(`, batch: 3, collect: "${x}"`, "{log: a}"), `ok [[["a","b","c"],["d"]],2,2,0]`},
		{
			"a map is a sorted list", "steps:\n  - id: l\n    foreach: {in: {b: 2, a: 1}, collect: \"${item.key}${item.value}\", steps: [{log: a}]}\noutput: ${steps.l.output}",
			`ok ["a1","b2"]`,
		},
		{"no items are fine", "steps:\n  - id: l\n    foreach: {in: [], steps: [{log: a}]}\noutput: ${steps.l.output}", `ok []`},
		{
			"null is no list", "steps:\n  - {id: p, probe: {value: null}}\n  - id: l\n    foreach: {in: \"${steps.p.output}\", steps: [{log: a}]}",
			"failed null input(l) foreach.in must be a list or a map, not null",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			check(t, "outcome", outcome(newWorld(t).run(test.yaml)), test.want)
		})
	}
}

// TestKeys holds that keys do not depend on the order in which branches run, and that equal item keys are told apart.
func TestKeys(t *testing.T) {
	t.Parallel()
	yaml := "steps:\n  - id: l\n    foreach:\n      in: [a, b, a, c]\n      key: ${item}\n      concurrency: %d\n" +
		"      steps: [{id: p, probe: {fails: 1, repeat: if_safe}, retry: {attempts: 2, backoff: {initial: 1ms}}}]"
	var got []string
	for _, concurrency := range []int{1, 4} {
		w := newWorld(t)
		w.run(fmt.Sprintf(yaml, concurrency))
		sort.Strings(w.probe.calls)
		got = append(got, strings.Join(w.probe.calls, "\n"))
	}
	check(t, "calls", got[0], "/l[a]/p\n/l[a]/p#2\n/l[a~2]/p\n/l[a~2]/p#2\n/l[b]/p\n/l[b]/p#2\n/l[c]/p\n/l[c]/p#2")
	check(t, "calls at concurrency 4", got[1], got[0])
}

func TestState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yaml := "name: counter\nstate: {n: {initial: 0}}\nsteps:\n  - save: {n: \"${state.n + 1}\"}\n  - id: l\n    foreach: {in: [1, 2], steps: [{save: {n: \"${state.n + 10}\"}}]}\noutput: ${state.n}"
	check(t, "first run", outcome(w.run(yaml)), "ok 21")
	check(t, "second run", outcome(w.run(yaml)), "ok 42")
	check(t, "a failed run keeps what it saved", outcome(w.run(strings.Replace(yaml, "output:", "  - {fail: no}\noutput:", 1))), "failed null input(fail:3) no")
	check(t, "the run after it", outcome(w.run(yaml)), "ok 84")
	w.request.Space = "sandbox"
	check(t, "a space of its own", outcome(w.run(yaml)), "ok 21")
}

// TestSavedInside holds that what is saved in a block, or in a loop, is there behind it.
func TestSavedInside(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, steps, want string }{
		{"a block", "{steps: [{save: {n: 5}}]}", "ok 5"},
		{"a switch", "{switch: [{steps: [{save: {n: 5}}]}]}", "ok 5"},
		{"a try", "{try: [{save: {n: 5}}], catch: [{steps: [{log: no}]}]}", "ok 5"},
		{"what failed, for its catch", "{try: [{save: {n: 5}}, {fail: no}], catch: [{steps: [{save: {n: \"${state.n + 1}\"}}]}]}", "ok 6"},
		{"a loop", "{foreach: {in: [1, 2], steps: [{save: {n: \"${item}\"}}]}}", "ok 2"},
		{"a loop with several items at once", "{foreach: {in: [1], concurrency: 4, steps: [{save: {n: 5}}]}}", "ok 5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			yaml := "state: {n: {initial: 0}}\nsteps:\n  - " + test.steps + "\noutput: ${state.n}"
			check(t, "outcome", outcome(newWorld(t).run(yaml)), test.want)
		})
	}
}

// TestIntent holds that the intent of a call that may not be made twice is in the journal before the call is made.
func TestIntent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	marks := map[string]engine.Mark{}
	w.probe.during = func(key string) {
		_, mark, err := w.journal.Lookup(w.events[0].Run, key)
		if err != nil {
			t.Error(err)
		}
		marks[key] = mark
	}
	w.run("steps:\n  - {id: reads, probe: {value: 1}}\n  - {id: writes, probe: {unsafe: true, fails: 1, repeat: always}, retry: {attempts: 2, backoff: {initial: 1ms}}}")
	want := map[string]engine.Mark{"/reads": engine.Unknown, "/writes": engine.Intended, "/writes#2": engine.Intended}
	if !maps.Equal(marks, want) {
		t.Errorf("in the journal while they were made: %v, want %v", marks, want)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, step string
		want       string
		waited     time.Duration // at the most; the jitter is full unless the step says otherwise
	}{
		{"a safe call is tried three times", "{id: p, probe: {fails: 2, repeat: if_safe, value: 1}}", "ok 1 after 3", 3 * time.Second},
		{"and no more", "{id: p, probe: {fails: 3, repeat: if_safe}}", "failed after 3", 3 * time.Second},
		{"what never passes is not tried again", "{id: p, probe: {fails: 1, repeat: never}}", "failed after 1", 0},
		{"an unsafe call is not repeated", "{id: p, probe: {fails: 1, repeat: if_safe, unsafe: true}}", "failed after 1", 0},
		{"unless it surely had no effect", "{id: p, probe: {fails: 1, repeat: always, unsafe: true, value: 1}}", "ok 1 after 2", time.Second},
		{"or the step allows it", "{id: p, probe: {fails: 1, repeat: if_safe, unsafe: true, value: 1}, retry: {unsafe: true}}", "ok 1 after 2", time.Second},
		{"none is no retry", "{id: p, probe: {fails: 1, repeat: if_safe}, retry: none}", "failed after 1", 0},
		{"a number is the tries in all", "{id: p, probe: {fails: 4, repeat: if_safe, value: 1}, retry: 5}", "ok 1 after 5", 15 * time.Second},
		{"when decides", "{id: p, probe: {fails: 1, repeat: never, value: 1}, retry: {when: error.status == 503}}", "ok 1 after 2", time.Second},
		{"when decides against", "{id: p, probe: {fails: 1, repeat: if_safe}, retry: {when: error.status == 500}}", "failed after 1", 0},
		{"when makes nothing safe", "{id: p, probe: {fails: 1, repeat: if_safe, unsafe: true}, retry: {when: 'true'}}", "failed after 1", 0},
		{"backoff grows to its max", "{id: p, probe: {fails: 4, repeat: if_safe, value: 1}, retry: {attempts: 5, backoff: {initial: 2s, multiplier: 3, max: 10s, jitter: none}}}", "ok 1 after 5", 28 * time.Second},
		{"the server's wait beats the backoff", "{id: p, probe: {fails: 1, repeat: if_safe, retry_after: 7s, value: 1}, retry: {backoff: {initial: 9s, jitter: none}}}", "ok 1 after 2", 7 * time.Second},
		{"a wait that is too long fails at once", "{id: p, probe: {fails: 1, repeat: if_safe, retry_after: 1h}}", "failed after 1", 0},
		{"max_elapsed ends the tries", "{id: p, probe: {fails: 9, repeat: if_safe}, retry: {attempts: 9, max_elapsed: 5s, backoff: {initial: 2s, multiplier: 1, jitter: none}}}", "failed after 3", 4 * time.Second},
		{"a timeout ends the tries", "{id: p, timeout: 5s, probe: {fails: 9, repeat: if_safe}, retry: {attempts: 9, backoff: {initial: 2s, multiplier: 1, jitter: none}}}", "failed after 3", 4 * time.Second},
		{"a block is tried again as a whole", "{id: p, steps: [{log: a}, {probe: {fails: 3, repeat: if_safe, value: 1}, retry: 2}], retry: 2}", "ok 1 after 2", 4 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				began := time.Now()
				run := w.run("steps:\n  - " + test.step + "\noutput: ${steps.p.output}")
				waited := time.Since(began)
				last := run.Steps[0]
				got := fmt.Sprintf("%s after %d", run.Status, last.Attempts)
				if run.Status == engine.OK {
					got = fmt.Sprintf("ok %v after %d", run.Output, last.Attempts)
				}
				check(t, "outcome", got, test.want)
				if strings.Contains(test.step, "jitter: none") && waited != test.waited || waited > test.waited {
					t.Errorf("waited %s, want %s", waited, test.waited)
				}
			})
		})
	}
}

// TestJitter holds that waits are spread, differ from run to run and from try to try, and stay within their bounds.
func TestJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 20 {
			w := newWorld(t)
			w.run("steps:\n  - {probe: {fails: 1, repeat: if_safe}}")
			for _, e := range w.events {
				if e.Type == engine.RetryWaits {
					if e.Wait < 0 || e.Wait >= time.Second {
						t.Errorf("waits %s, want less than 1s", e.Wait)
					}
					seen[e.Wait] = true
				}
			}
		}
		if len(seen) < 15 {
			t.Errorf("20 runs waited %d different times", len(seen))
		}
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want string }{
		{"of a step", "steps:\n  - {id: a, timeout: 2s, probe: {takes: 1h}}", "failed null timeout(a) the timeout of 2s of step a has passed"},
		{"of a block", "steps:\n  - id: b\n    timeout: 3s\n    steps: [{probe: {takes: 2s}}, {id: a, probe: {takes: 2s}}]", "failed null timeout(a) the timeout of 3s of step b has passed"},
		{"of a block, before that of a step inside", "steps:\n  - id: b\n    timeout: 3s\n    steps: [{id: a, timeout: 1h, probe: {takes: 2h}}]", "failed null timeout(a) the timeout of 3s of step b has passed"},
		{"is over with its step", "steps:\n  - {timeout: 2s, probe: {takes: 1s}}\n  - {probe: {takes: 1h}}\noutput: 1", "ok 1"},
		{"can be caught", "steps:\n  - id: t\n    try: [{timeout: 2s, probe: {takes: 1h}}]\n    catch: [{when: error.kind == 'timeout', steps: [{log: late}]}]\noutput: ${steps.t.output}", `ok "late"`},
		{"of the run", "timeout: 2s\nsteps:\n  - {id: a, probe: {takes: 1h}}\nfinally: [{id: f, probe: {takes: 5s}}]", "failed null timeout() the run took longer than its timeout of 2s"},
		{"of the run cannot be caught", "timeout: 2s\nsteps:\n  - id: t\n    try: [{probe: {takes: 1h}}]\n    catch: [{steps: [{log: late}]}]", "failed null timeout() the run took longer than its timeout of 2s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				check(t, "outcome", outcome(newWorld(t).run(test.yaml)), test.want)
			})
		})
	}
}

// TestTimeIsUp holds that a timeout of the run is a failure like any other to on_failure, and that what tidies up behind a
// timeout is not struck by it too, its waits between tries included.
func TestTimeIsUp(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want, keys string }{
		{
			"of the run", "timeout: 2s\nsteps:\n  - {id: a, probe: {takes: 1h}}\non_failure: [{id: f, if: error.kind == 'timeout', probe: {fails: 1, repeat: if_safe}}]\non_success: [{log: no}]",
			"failed null timeout() the run took longer than its timeout of 2s", "/a cancelled\n/on_failure/f ok",
		},
		{
			"of a block", "steps:\n  - id: b\n    timeout: 3s\n    steps:\n      - try: [{id: a, probe: {takes: 1h}}]\n        finally: [{id: f, probe: {takes: 2s, fails: 1, repeat: if_safe}}]",
			"failed null timeout(a) the timeout of 3s of step b has passed", "/b failed\n/b/try:1 failed\n/b/try:1/try/a failed\n/b/try:1/finally/f ok",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				run := newWorld(t).run(test.yaml)
				check(t, "outcome", outcome(run), test.want)
				check(t, "steps", keys(run), test.keys)
			})
		})
	}
}

// TestGivingUp holds that a failure says why it was not tried again, where that is not plain.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, step, want string }{
		{"max_elapsed", "{id: p, probe: {fails: 9, repeat: if_safe}, retry: {attempts: 9, max_elapsed: 1s, backoff: {initial: 2s, jitter: none}}}",
			"network(p) failure 1 (not tried again: the next try would come after max_elapsed of 1s)"},
		{"timeout", "{id: p, timeout: 1s, probe: {fails: 9, repeat: if_safe}, retry: {attempts: 9, backoff: {initial: 2s, jitter: none}}}",
			"network(p) failure 1 (not tried again: the next try would come after the timeout of 1s of step p)"},
		{"when cannot tell", "{id: p, probe: {fails: 1}, retry: {when: response.status == 500}}",
			"network(p) failure 1; whether to try again cannot be told: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := outcome(newWorld(t).run("steps:\n  - " + test.step)); !strings.HasPrefix(got, "failed null "+test.want) {
					t.Errorf("got %s, want %s …", got, test.want)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps:\n  - id: t\n    try: [{id: a, probe: {takes: 1h}}]\n    catch: [{steps: [{log: no}]}]\n    finally: [{id: f, probe: {takes: 5s}}]\n  - log: never\n" +
			"on_failure: [{log: no}]\non_success: [{log: no}]\nfinally: [{id: g, probe: {takes: 5s}}]")
		check(t, "outcome", outcome(run), "cancelled null cancelled() the run was cancelled")
		check(t, "steps", keys(run), "/t cancelled\n/t/try/a cancelled\n/t/finally/f ok\n/finally/g ok")
		if took := run.Ended.Sub(run.Started); took != 12*time.Second {
			t.Errorf("took %s, want 12s", took)
		}
	})
}

// TestGrace holds that the steps at the end of a cancelled run do not go on for ever.
func TestGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.ctx = ctx
		time.AfterFunc(2*time.Second, cancel)
		run := w.run("steps:\n  - {probe: {takes: 1h}}\nfinally: [{id: g, probe: {takes: 1h}}]")
		if took := run.Ended.Sub(run.Started); run.Status != engine.Cancelled || took != 32*time.Second {
			t.Errorf("%s after %s, want cancelled after 32s", run.Status, took)
		}
	})
}

// TestConcurrency holds that a loop works on as many items at once as it may, and no more.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]time.Duration{1: 8 * time.Second, 3: 3 * time.Second, 8: time.Second, 20: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			newWorld(t).run(fmt.Sprintf("steps:\n  - foreach: {in: [1, 2, 3, 4, 5, 6, 7, 8], concurrency: %d, steps: [{probe: {takes: 1s}}]}", limit))
			if took := time.Since(began); took != want {
				t.Errorf("concurrency %d took %s, want %s", limit, took, want)
			}
		})
	}
}

// besides is a journal that remembers beside how many other calls each was.
type besides struct {
	*engine.Memory
	mu   sync.Mutex
	most map[string]int // by step
}

func (b *besides) Commit(run string, entry engine.Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	step := entry.Key[strings.LastIndexByte(entry.Key, '/'):]
	b.most[step] = max(b.most[step], entry.Beside)
	return b.Memory.Commit(run, entry)
}

// TestBeside holds that the journal is told how many calls are under way, also of those of which it hears nothing else.
func TestBeside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &besides{Memory: engine.NewMemory(), most: map[string]int{}}
		p := &probe{fails: map[string]int{}}
		e := engine.New(engine.Config{Journal: b, Redactor: auth.NewRedactor(), Dir: t.TempDir()})
		_, err := e.Run(t.Context(), engine.Request{Job: loadJob(t, p.kind(), fmt.Sprintf(`
steps:
  - {id: first, probe: {}}
  - foreach:
      in: ${1..%d}
      concurrency: 10
      steps:
        - {id: early, if: item <= 100, probe: {takes: 1s}}
        - {id: late, if: item > 100, probe: {takes: 1s, unsafe: true}}
  - {id: last, probe: {}}
`, engine.Sampled+50))})
		if err != nil {
			t.Fatal(err)
		}
		check(t, "beside", fmt.Sprint(b.most), "map[/early:9 /first:0 /last:0 /late:9]")
	})
}

// TestSecrets holds that neither a secret nor what is computed from one shows in the record, the events or the journal.
func TestSecrets(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t)
	server.On("/echo", steptest.Answer{Header: steptest.Header("Content-Type", "application/json"), Body: `{"echo": "hunter2-hunter2"}`, Times: -1})
	w := newWorld(t)
	w.clients = steptest.NewClients(t)
	w.redactor.Add("hunter2-hunter2")
	w.request.Secrets = map[string]any{"KEY": "hunter2-hunter2"}
	w.request.Env = map[string]any{"URL": server.URL}
	run := w.run(`
steps:
  - {id: digest, set: {v: "${upper(secret.KEY)}", reversed: "${join(reverse(split(secret.KEY, '')), '')}"}}
  - {log: "the key is ${secret.KEY}, in capitals ${steps.digest.output.v}"}
  - {id: sent, rest: {url: "${env.URL}/echo", query: {k: "${secret.KEY}"}, headers: {X-Key: "${steps.digest.output.reversed}"}}}
  - foreach: {in: ["${secret.KEY}"], key: "${item}", steps: [{log: "${item}"}]}
  - {id: stop, fail: "no: ${steps.sent.output.echo} ${steps.digest.output.reversed}"}
`)
	if run.Status != engine.Failed || run.Error.Step != "stop" {
		t.Fatalf("got %s", outcome(run))
	}
	if got := server.Last().Query.Get("k"); got != "hunter2-hunter2" {
		t.Errorf("the server got %q", got)
	}
	record, err := json.Marshal(map[string]any{"run": run, "events": w.events})
	if err != nil {
		t.Fatal(err)
	}
	entry, _, err := w.journal.Lookup(run.ID, "/sent")
	if err != nil || entry.Key == "" {
		t.Fatalf("the call is not in the journal: %v", err)
	}
	kept, _ := json.Marshal(entry)
	for _, text := range []string{"hunter2", "HUNTER2", "2retnuh"} {
		for where, data := range map[string][]byte{"the record": record, "the journal": kept, "its result": entry.Result} {
			if strings.Contains(string(data), text) {
				t.Errorf("%q shows in %s:\n%s", text, where, data)
			}
		}
	}
}

// TestSampled holds that the history does not grow with the items of a loop: of those that went well the first keep their
// requests, of those that failed all.
func TestSampled(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t)
	server.On("/ok", steptest.Answer{Times: -1})
	server.On("/bad", steptest.Answer{Status: 422, Times: -1})
	w := newWorld(t)
	w.clients = steptest.NewClients(t)
	w.request.Env = map[string]any{"URL": server.URL}
	run := w.run(`
steps:
  - {id: alone, rest: {url: "${env.URL}/ok"}}
  - foreach:
      in: ${1..300}
      key: ${item}
      concurrency: 4
      tolerate: all
      steps:
        - {id: send, rest: {url: "${env.URL}/${item % 2 == 0 ? 'ok' : 'bad'}"}}
  - {fail: a run that ends well leaves no journal}
`)
	kept := map[string]int{}
	for key := range 301 {
		path := "/alone"
		if key > 0 {
			path = fmt.Sprintf("/foreach:2[%d]/send", key)
		}
		entry, mark, err := w.journal.Lookup(run.ID, path)
		if err != nil {
			t.Fatal(err)
		}
		if mark == engine.Unknown {
			t.Fatalf("%s is not in the journal", path)
		}
		for _, x := range entry.Exchanges {
			kept[fmt.Sprint(strings.Contains(path, "["), x.Status)]++
		}
	}
	if got, want := fmt.Sprint(kept), "map[false 200:1 true 200:100 true 422:150]"; got != want {
		t.Errorf("kept %s, want %s", got, want)
	}
}
