package main

import (
	"path/filepath"
	"regexp"
	"testing"

	"snrun/jobs"
)

// TestInitSettings takes the # away from the settings that a new project proposes: they are right, and set something.
func TestInitSettings(t *testing.T) {
	t.Parallel()
	files, err := projectFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	proposed := regexp.MustCompile(`(?m)^# ([a-z]+: )`)
	for _, f := range files {
		if f.name == jobs.SettingsFile {
			f.data = proposed.ReplaceAll(f.data, []byte("$1"))
		}
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(f.name)), f.data); err != nil {
			t.Fatal(err)
		}
	}
	s, err := jobs.ReadSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Server.MaxRuns == 0 || s.Keep.KeepsAll() || len(s.Notify) != 1 {
		t.Errorf("got %+v, want the server, what is kept and a target to be set", s)
	}
}
