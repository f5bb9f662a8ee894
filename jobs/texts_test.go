package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/jobs/source"
)

// TestTextsInPlaceOfFiles holds that a job is read from the text that a run has kept of it, whatever became of its file.
func TestTextsInPlaceOfFiles(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"jobs/sync.yaml":  "version: 1\ndescription: as it is now\nsteps: [{log: a}]\n",
		"jobs/other.yaml": "version: 1\nname: twin\ndescription: as it is now\nsteps: [{log: a}]\n",
	})
	sync, gone, twin := filepath.Join(p.Dir, "jobs", "sync.yaml"), filepath.Join(p.Dir, "old", "gone.yaml"), filepath.Join(p.Dir, "twin.yaml")
	text := func(name string) string {
		return "version: 1\nname: " + name + "\ndescription: as it was\nsteps: [{log: b}]\n"
	}
	before := p.WithTexts(map[string]string{sync: text("sync"), gone: text("gone"), twin: text("twin")})
	for _, ref := range []string{"sync", sync, "gone", gone, "twin"} {
		j, err := before.Load(ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if j.Description != "as it was" || !strings.Contains(j.Text, "as it was") {
			t.Errorf("%s: got the text %q, want the one that was kept", ref, j.Text)
		}
	}
	if j, err := p.Load("sync"); err != nil || j.Description != "as it is now" {
		t.Errorf("the project itself gives %+v, %v, want the job in the file", j, err)
	}
	if _, err := p.Load("gone"); err == nil {
		t.Error("the project itself gives a job whose file is gone")
	}
}

// TestTextsFromHere holds that a text counts for its file under each of the names that the file has.
func TestTextsFromHere(t *testing.T) {
	p := projectOf(t, allKinds(), map[string]string{"jobs/sync.yaml": "version: 1\nsteps: [{log: a}]\n"})
	t.Chdir(filepath.Join(p.Dir, "jobs"))
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	before := p.WithTexts(map[string]string{"sync.yaml": "version: 1\ndescription: as it was\nsteps: [{log: a}]\n"})
	for _, ref := range []string{"sync.yaml", "./sync.yaml", "../jobs/sync.yaml", filepath.Join(here, "sync.yaml")} {
		if j, err := before.Load(ref); err != nil || j.Description != "as it was" {
			t.Errorf("%s: got %+v, %v, want the text that was kept", ref, j, err)
		}
	}
}

// TestMistakesInTexts holds that mistakes in such a text are told with their places, below the name of the file.
func TestMistakesInTexts(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{"jobs/sync.yaml": "version: 1\nsteps: [{log: a}]\n"})
	file := filepath.Join(p.Dir, "jobs", "sync.yaml")
	_, err := p.WithTexts(map[string]string{file: "version: 1\nsteps:\n  - lgo: a\n"}).Load("sync")
	var mistakes source.Errors
	if !errors.As(err, &mistakes) || len(mistakes) == 0 {
		t.Fatalf("got %v, want the mistake in the text", err)
	}
	if e := mistakes[0]; e.File != file || e.Line != 3 {
		t.Errorf("the mistake stands at %s:%d, want %s:3", e.File, e.Line, file)
	}
}
