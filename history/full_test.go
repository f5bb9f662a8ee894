package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// TestALoopOnAFullDisk holds that a disk which fills up while eight items are worked on ends the run, with one error that
// names it, in the record too.
func TestALoopOnAFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "job.yaml")
	yaml := "version: 1\nname: fill\nstate: {text: {initial: ''}}\nsteps:\n  - foreach:\n      in: ${1..100000}\n      concurrency: 8\n      tolerate: all\n" +
		"      steps: [{save: {text: \"${repeat('x', 5000)}\"}}]\n"
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := jobs.Open(folder, jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: steps.NewSet(jobs.Kinds()...)})
	if err != nil {
		t.Fatal(err)
	}
	job, err := project.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "history.db")
	s, err := Open(path, Options{maxPages: 100})
	if err != nil {
		t.Fatal(err)
	}
	run, err := engine.New(engine.Config{Journal: s, Redactor: auth.NewRedactor()}).Run(t.Context(), engine.Request{Job: job})
	if run == nil {
		t.Fatal(err)
	}
	if run.Status != engine.Failed || strings.Count(run.Error.Message, engine.ErrFull.Error()) != 1 {
		t.Errorf("the run is %s with %v, want failed with one full disk", run.Status, run.Error)
	}
	_ = s.Close() // the disk is still full
	got, err := openAt(t, path, Options{}).Run(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Status, got.Error) != fmt.Sprint(run.Status, run.Error) {
		t.Errorf("on record as %s with %v, want %s with %v", got.Status, got.Error, run.Status, run.Error)
	}
}
