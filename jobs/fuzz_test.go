package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"snrun/jobs"
	"snrun/jobs/source"
)

// FuzzLoad holds that whatever a job or a profiles file holds, loading it gives a job, or mistakes that have a place in it.
func FuzzLoad(f *testing.F) {
	cases, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name != wanted {
				f.Add(string(part.Data))
			}
		}
	}
	f.Add(wholeJob)
	f.Add(someProfiles)
	dir, kinds := f.TempDir(), allKinds()
	job := filepath.Join(dir, "job.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{job, filepath.Join(dir, "profiles.yaml")} {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		project, err := jobs.Open(dir, jobs.Settings{Jobs: ".", Profiles: "profiles.yaml"}, jobs.Options{Kinds: kinds})
		checkPlaces(t, text, err)
		_, err = project.Load(job)
		checkPlaces(t, text, err)
	})
}

// checkPlaces fails where a mistake stands outside of its file.
func checkPlaces(t *testing.T, text string, err error) {
	t.Helper()
	var mistakes source.Errors
	if err == nil || !errors.As(err, &mistakes) {
		if err != nil {
			t.Fatalf("got the error %v, want mistakes", err)
		}
		return
	}
	lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") + strings.Count(text, "\u2028") + strings.Count(text, "\u2029")
	for _, e := range mistakes {
		if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Message == "" || strings.Contains(e.Message, "%!") && !strings.Contains(text, "%") {
			t.Errorf("%v does not stand in a file of %d lines", e, lines)
		}
	}
}
