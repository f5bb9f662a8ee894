package jobs_test

import (
	"os"
	"path/filepath"
	"testing"

	"snrun/jobs"
	"snrun/steps"
)

// projectOf opens a project with these files, by their names.
func projectOf(t testing.TB, kinds steps.Set, files map[string]string) *jobs.Project {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := jobs.ReadSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	project, err := jobs.Open(dir, settings, jobs.Options{Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// load reads one job, whose file is jobs/job.yaml, beside profiles (none where they are "").
func load(t testing.TB, kinds steps.Set, profiles, job string) *jobs.Job {
	t.Helper()
	files := map[string]string{"jobs/job.yaml": job}
	if profiles != "" {
		files["profiles.yaml"] = profiles
	}
	p := projectOf(t, kinds, files)
	j, err := p.Load(filepath.Join(p.Dir, "jobs", "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// probe is a kind that takes a value of each form, each under a key named like the form.
func probe() *steps.Kind {
	text, anything := steps.Of(steps.Text), steps.Of(steps.Any)
	fields := []steps.Field{
		{Name: "any", Type: anything}, {Name: "text", Type: text}, {Name: "int", Type: steps.Of(steps.Int)},
		{Name: "float", Type: steps.Of(steps.Float)}, {Name: "bool", Type: steps.Of(steps.Bool)},
		{Name: "duration", Type: steps.Of(steps.Duration)}, {Name: "size", Type: steps.Of(steps.Size)},
		{Name: "enum", Type: steps.OneOf("one", "two", "1.2")},
		{Name: "object", Type: steps.ObjectOf(
			steps.Field{Name: "inner", Type: text, Default: "fallback"},
			steps.Field{Name: "wait", Type: steps.Of(steps.Duration)})},
		{Name: "map", Type: steps.MapOf(text)}, {Name: "list", Type: steps.ListOf(text)}, {Name: "tree", Type: steps.Of(steps.Tree)},
		{Name: "either", Type: steps.EitherOf(text, steps.ListOf(text))},
		{Name: "limit", Type: steps.EitherOf(steps.Of(steps.Duration), steps.ObjectOf(steps.Field{Name: "total", Type: steps.Of(steps.Duration)}))},
		{Name: "condition", Type: steps.Of(steps.Condition)},
		{Name: "late", Type: anything, Late: true},
		{Name: "profile", Type: steps.Of(steps.Profile), Static: true},
		{Name: "base_url", Type: text, FromProfile: true},
		{Name: "profile_expect", Type: steps.EitherOf(steps.Of(steps.Condition), steps.ListOf(steps.Of(steps.Condition))), FromProfile: true},
		{Name: "idempotency_header", Type: text, FromProfile: true, Default: "Idempotency-Key"},
		{Name: "history", Type: steps.ObjectOf(
			steps.Field{Name: "bodies", Type: steps.Of(steps.Size)},
			steps.Field{Name: "redact", Type: steps.ListOf(text)}), FromProfile: true},
	}
	return &steps.Kind{Name: "probe", Takes: steps.ObjectOf(fields...), Run: noRun, Gives: []steps.Result{{Name: "output"}}}
}

func probeKinds() steps.Set { return steps.NewSet(append(jobs.Kinds(), probe())...) }

// inputOf evaluates the fields of a job's first step, which is a probe.
func inputOf(t testing.TB, j *jobs.Job, names map[string]any) steps.Input {
	t.Helper()
	in, err := j.Steps[0].Body.(*jobs.Call).Input(names)
	if err != nil {
		t.Fatal(err)
	}
	return in
}
