package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// walk walks a job under the id of a run; again says that it was begun before.
func walk(t *testing.T, e *Engine, yaml, id string, again bool) flow.Outcome {
	t.Helper()
	file := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := jobs.Open(t.TempDir(), jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: steps.NewSet(jobs.Kinds()...)})
	if err != nil {
		t.Fatal(err)
	}
	job, err := project.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Job: job}
	b, x, err := e.begin(req)
	if err != nil {
		t.Fatal(err)
	}
	x.contexts(t.Context())
	defer x.stop()
	if id != "" {
		x.run.ID = id
	}
	x.again = again
	return flow.Run(&host{execution: x}, job, x.given(b))
}

// TestRoundsGoOn holds that rounds which were done are not done again: what they carried and saved is known still.
func TestRoundsGoOn(t *testing.T) {
	t.Parallel()
	j := NewMemory()
	e := New(Config{Journal: j, Redactor: auth.NewRedactor()})
	const id = "before"
	if err := j.Begin(&Run{ID: id}); err != nil {
		t.Fatal(err)
	}
	yaml := "name: j\nstate: {n: {initial: 0}}\nsteps:\n  - id: r\n    repeat:\n      until: list == \"012345\"\n      index: i\n" +
		"      carry: {list: {initial: \"\", next: \"${list}${i}\"}}\n      steps: [{if: i == 0, save: {n: 7}}, {if: \"i == 3 && %s\", fail: half way}, {log: \"${list}${i} ${state.n}\"}]\noutput: ${steps.r.output}"
	broken, mended := replaced(yaml, "true"), replaced(yaml, "false")
	if out := walk(t, e, broken, id, false); out.Error == nil {
		t.Fatalf("got %v, want a failure", out.Output)
	}
	if out := walk(t, e, mended, id, false); out.Error != nil || out.Output != "0123456 7" {
		t.Errorf("from the beginning: got %v, %v", out.Output, out.Error)
	}
	if err := j.Begin(&Run{ID: id}); err != nil {
		t.Fatal(err)
	}
	walk(t, e, broken, id, false)
	j.state = map[string]map[string][]byte{} // what is known of it then is from the rounds
	out := walk(t, e, mended, id, true)
	if out.Error != nil || out.Output != "0123456 7" {
		t.Errorf("got %v, %v", out.Output, out.Error)
	}
	if state, _ := j.State("j"); len(state) != 0 {
		t.Errorf("%v was saved again, so the first round was run again", state)
	}
}

func replaced(yaml, condition string) string { return strings.Replace(yaml, "%s", condition, 1) }

// TestWaitGoesOn holds that a run that is gone on with waits for the rest only, and that short waits are not kept.
func TestWaitGoesOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		wait          string
		later, before time.Duration // how much later it goes on, and when it was over, counted from the beginning
	}{
		{"1h", 20 * time.Minute, time.Hour},
		{"1h", 2 * time.Hour, 2 * time.Hour},
		{`{until: "${date(run.started) + duration('1h')}"}`, 0, time.Hour},
		{"500ms", time.Second, 1500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := NewMemory()
			e := New(Config{Journal: j, Redactor: auth.NewRedactor()})
			if err := j.Begin(&Run{ID: "before"}); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			yaml := "steps: [{id: w, wait: " + test.wait + "}]"
			done := make(chan struct{})
			go func() { // it is left behind, as by a crash
				defer close(done)
				walk(t, e, yaml, "before", false)
			}()
			synctest.Wait()
			if test.later > 0 {
				time.Sleep(test.later)
			}
			if out := walk(t, e, yaml, "before", true); out.Error != nil || out.Halt != nil {
				t.Errorf("got %v, %v", out.Error, out.Halt)
			}
			if over := time.Since(began); over != test.before {
				t.Errorf("%s: it was over after %s, want %s", test.wait, over, test.before)
			}
			<-done
		})
	}
}

// escaped is a page whose server writes what it likes with escapes.
type escaped struct{ steps.Items }

func (escaped) Text() ([]byte, error) {
	return []byte(`[{"path":"\/s\u00e9s\u0061me\/open"},{"n":1.0}]`), nil
}

// TestPageThatHidesASecret holds that a secret in a page is not kept in plain text, however the server has escaped it, and that a
// page without one is kept as it came.
func TestPageThatHidesASecret(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"/sésame/open": "", "n/sésame": `{"value":[{"path":"/sésame/open"},{"n":1}],"total":-1}`,
	} {
		x := &execution{Engine: New(Config{Journal: NewMemory(), Redactor: auth.NewRedactor()}), run: &Run{ID: "r"}}
		x.Redactor.Add(secret)
		got, err := x.encode(flow.Call{Key: "/l/page:1", Cursor: 1}, outcome{result: flow.Result{Items: escaped{}, Total: -1}})
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", secret, got, err, want)
		}
	}
	x := &execution{Engine: New(Config{Journal: NewMemory(), Redactor: auth.NewRedactor()}), run: &Run{ID: "r"}}
	page := steps.ItemsOf([]any{"a", 1})
	got, err := x.encode(flow.Call{Key: "/l/page:1"}, outcome{result: flow.Result{Items: page}})
	if want := `{"value":["a",1]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
