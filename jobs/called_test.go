package jobs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snrun/jobs"
)

// TestCalled holds what a job knows of those that it calls: each once, with what they need.
func TestCalled(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"profiles.yaml":    "version: 1\nprofiles:\n  a: {base_url: \"https://a.example.com\", auth: {type: bearer, token: \"${secret.A}\"}}\n  b: {base_url: \"https://b.example.com\"}\n",
		"jobs/top.yaml":    "version: 1\nsteps:\n  - rest: {profile: b, path: /}\n  - call: {job: middle}\n  - parallel: {x: [{call: {job: leaf, inputs: {key: 1}}}], y: [{call: {job: leaf, inputs: {key: \"${secret.TOP}\"}}}]}\n",
		"jobs/middle.yaml": "version: 1\nsteps: [{try: [{log: a}], catch: [{steps: [{call: {job: leaf, inputs: {key: 2}}}]}]}]\n",
		"jobs/deep/l.yaml": "version: 1\nname: leaf\ninputs: {key: {}}\nsteps: [{rest: {profile: a, path: /}}, {log: \"${secret.LEAF}\"}]\n",
	})
	j, err := p.Load("top")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, c := range j.Called() {
		files = append(files, filepath.Base(c.File))
		if data, err := os.ReadFile(c.File); err != nil || c.Text != string(data) {
			t.Errorf("%s: its text is not that of the file: %v", c.File, err)
		}
	}
	for _, test := range []struct {
		what      string
		got, want []string
	}{
		{"jobs", files, []string{"l.yaml", "middle.yaml"}},
		{"profiles", j.Profiles, []string{"a", "b"}},
		{"secrets", j.Secrets, []string{"A", "LEAF", "TOP"}},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s: got %v, want %v", test.what, test.got, test.want)
		}
	}
	if leaf, err := p.Load("leaf"); err != nil || leaf.Called() != nil {
		t.Errorf("a job that calls none: got %v, %v", leaf, err)
	}
}

// TestCallBeside holds that a job outside of a project calls those beside it, and that those of the project come first.
func TestCallBeside(t *testing.T) {
	t.Parallel()
	const call = "version: 1\nsteps: [{call: {job: other}}]\n"
	alone := projectOf(t, allKinds(), map[string]string{"a.yaml": call, "b.yml": "version: 1\nname: other\nsteps: [{log: beside}]\n", "profiles.yaml": "version: 1\nprofiles: {}\n"})
	project := projectOf(t, allKinds(), map[string]string{
		"a.yaml": call, "b.yaml": "version: 1\nname: other\nsteps: [{log: beside}]\n", "jobs/c.yaml": "version: 1\nname: other\nsteps: [{log: in the project}]\n",
	})
	for _, test := range []struct {
		p    *jobs.Project
		want string
	}{{alone, "b.yml"}, {project, "c.yaml"}} {
		j, err := test.p.Load(filepath.Join(test.p.Dir, "a.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if got := j.Called(); len(got) != 1 || filepath.Base(got[0].File) != test.want {
			t.Errorf("got %v, want %s", got, test.want)
		}
	}
	missing := projectOf(t, allKinds(), map[string]string{"a.yaml": call, "b.yaml": "version: 1\nname: othre\nsteps: [{log: a}]\n"})
	_, err := missing.Load(filepath.Join(missing.Dir, "a.yaml"))
	if err == nil || !strings.Contains(err.Error(), `did you mean "othre"?`) || !strings.Contains(err.Error(), `there is no job "other" in `+missing.Dir+"\n") {
		t.Errorf("got %v, want where it was looked for, and an advice", err)
	}
}

// TestRunJobCheck holds that the inputs of a call are checked when they are known, and completed.
func TestRunJobCheck(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"jobs/top.yaml":   "version: 1\nsteps: [{call: {job: child, inputs: {n: 1}}}]\n",
		"jobs/child.yaml": "version: 1\ninputs: {n: {type: integer}, m: {default: [1]}}\nsteps: [{log: a}]\n",
	})
	j, err := p.Load("top")
	if err != nil {
		t.Fatal(err)
	}
	call := j.Steps[0].Body.(*jobs.RunJob)
	for _, test := range []struct {
		given any
		want  map[string]any
		err   string
	}{
		{map[string]any{"n": 1}, map[string]any{"n": 1, "m": []any{1}}, ""},
		{nil, nil, "n: this input is missing"},
		{map[string]any{"n": "a", "o": 1}, nil, "o: the job has no such input"},
		{"text", nil, "call.inputs must be a map, not text"},
	} {
		got, err := call.Check(test.given)
		if test.err == "" && (err != nil || !reflect.DeepEqual(got, test.want)) {
			t.Errorf("%v: got %v, %v, want %v", test.given, got, err, test.want)
		}
		if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%v: got %v, want %q", test.given, err, test.err)
		}
	}
}

// TestRoundsInRounds holds that the reading of rounds in rounds takes no time that doubles with each.
func TestRoundsInRounds(t *testing.T) {
	t.Parallel()
	steps := "[{log: a}]"
	for i := range 24 {
		steps = fmt.Sprintf("[{repeat: {attempts: 1, carry: {n%d: {initial: \"${secret.S}\", next: 1}}, steps: %s}}]", i, steps)
	}
	load(t, allKinds(), "", "version: 1\nsteps: "+steps+"\n")
}

// TestCallOfWhatIsGone holds that a job whose file cannot be read is named where it is called.
func TestCallOfWhatIsGone(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{"jobs/top.yaml": "version: 1\nsteps: [{call: {job: gone}}]\n"})
	if err := os.Symlink("nowhere.yaml", filepath.Join(p.Dir, "jobs", "gone.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load("top"); err == nil || !strings.Contains(err.Error(), `the job "gone" cannot be read: `) {
		t.Errorf("got %v, want that it cannot be read", err)
	}
}
