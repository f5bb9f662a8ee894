package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// TestABrokenJobIsShownAsItRuns holds that a job which the daemon goes on with though its file has mistakes is shown with its next time.
func TestABrokenJobIsShownAsItRuns(t *testing.T) {
	t.Parallel()
	dir, _ := slowProject(t)
	file := filepath.Join(dir, "yearly.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("version: 1\nschedule: {cron: \"@yearly\", timezone: UTC}\nsteps: [{log: a}]\n")
	daemonIn(t, dir)
	write("version: 1\nsteps: nonsense\n")
	late := time.Now().Add(patience)
	for r := scheduled(t, dir, "yearly"); r.Next == nil; r = scheduled(t, dir, "yearly") { // until the daemon has read it
		if time.Now().After(late) {
			t.Fatalf("the list has %+v, want when it is due next", r)
		}
	}
	if list, _ := finished(t, exitOK, snrun(dir, "schedule", "list")); !strings.Contains(list, "broken: runs as it was before  ") || !strings.Contains(list, "-01-01 00:00") {
		t.Errorf("the list has\n%s", list)
	}
	cmd := snrun(dir, "schedule", "why", "yearly")
	said, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "next: ") || !strings.Contains(string(said), "goes on with the job as it was before") {
		t.Errorf("why: %v\n%s", err, said)
	}
}
