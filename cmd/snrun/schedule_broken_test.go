package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSteeringWithBrokenSettings holds that whoever names the database can pause, resume and cancel though snrun.yaml has mistakes, and that
// others are told to.
func TestSteeringWithBrokenSettings(t *testing.T) {
	t.Parallel()
	dir, _ := slowProject(t)
	id, _ := finished(t, exitOK, snrun(dir, "schedule", "trigger", "slow"))
	if err := os.WriteFile(filepath.Join(dir, "snrun.yaml"), []byte("version: 1\nnonsense: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr := finished(t, exitInvalid, snrun(dir, "cancel", strings.TrimSpace(id))); !strings.Contains(stderr, "--db FILE") {
		t.Errorf("without the database cancel says %q", stderr)
	}
	finished(t, exitOK, snrun(dir, "schedule", "pause", "--db", "runs.db", "slow"))
	finished(t, exitInvalid, snrun(dir, "schedule", "pause", "--db", "runs.db", "slwo")) // a name that nobody knows
	finished(t, exitOK, snrun(dir, "schedule", "resume", "--db", "runs.db", "slow"))
	finished(t, exitOK, snrun(dir, "cancel", "--db", "runs.db", strings.TrimSpace(id)))
}
