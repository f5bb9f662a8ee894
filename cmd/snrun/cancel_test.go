package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// slowRun starts the slow job of a project in a process of its own, and waits until it asks its server. End waits for its end.
func slowRun(t *testing.T) (dir string, end func() (code int, stderr string)) {
	t.Helper()
	dir, asked := slowProject(t)
	cmd := snrun(dir, "run", "slow")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	<-asked
	return dir, func() (int, string) {
		t.Helper()
		return exitCodeOf(t, cmd.Wait()), stderr.String()
	}
}

// finished runs a command to its end, and gives what it wrote.
func finished(t *testing.T, want int, cmd *exec.Cmd) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if got := exitCodeOf(t, cmd.Run()); got != want {
		t.Fatalf("%v: exit code %d, want %d\n%s%s", cmd.Args, got, want, &out, &err)
	}
	return out.String(), err.String()
}

// TestCancelEndsARunOfAnotherProcess has a person end what runs in another terminal.
func TestCancelEndsARunOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir, end := slowRun(t)
	if list, _ := finished(t, exitOK, snrun(dir, "schedule", "list", "slow")); !strings.Contains(list, "slow  running") {
		t.Errorf("the list has\n%s\nwant the job as running", list)
	}
	_, stderr := finished(t, exitOK, snrun(dir, "cancel", "@last:slow"))
	if !strings.Contains(stderr, " is cancelled · look at it: ") {
		t.Errorf("cancel says %q", stderr)
	}
	code, page := end()
	if code != exitFailed {
		t.Errorf("the run ends with %d, want %d", code, exitFailed)
	}
	for _, want := range []string{"stopping: cancelled by ", "the last words", "cancelled in "} {
		if !strings.Contains(page, want) {
			t.Errorf("the terminal shows\n%s\nwithout %q", page, want)
		}
	}
	if record, _ := finished(t, exitOK, snrun(dir, "history", "show", "@last")); !strings.Contains(record, "cancelled by ") {
		t.Errorf("history does not say who ended it:\n%s", record)
	}
	if _, stderr := finished(t, exitFailed, snrun(dir, "cancel", "@last:slow")); !strings.Contains(stderr, "has ended already, just now: cancelled") {
		t.Errorf("a second cancel says %q", stderr)
	}
}

// TestCancelDoesNotWaitWhereItIsToldSo holds that --no-wait comes back at once.
func TestCancelDoesNotWaitWhereItIsToldSo(t *testing.T) {
	t.Parallel()
	dir, end := slowRun(t)
	if _, stderr := finished(t, exitOK, snrun(dir, "cancel", "--no-wait", "@last")); !strings.Contains(stderr, "is told to end, and goes on for now") {
		t.Errorf("cancel says %q", stderr)
	}
	if code, _ := end(); code != exitFailed {
		t.Errorf("the run ends with %d, want %d", code, exitFailed)
	}
}

// TestSkipIfRunning holds that a run which is not to go on beside another one is skipped, with its reason, and that exit code 5 says so.
func TestSkipIfRunning(t *testing.T) {
	t.Parallel()
	dir, end := slowRun(t)
	stdout, stderr := finished(t, exitSkipped, snrun(dir, "run", "slow", "--skip-if-running"))
	if stdout != "" || !strings.Contains(stderr, " was skipped: run ") || !strings.Contains(stderr, "was still going on") {
		t.Errorf("got %q, %q", stdout, stderr)
	}
	if list, _ := finished(t, exitOK, snrun(dir, "history", "list", "-n", "1")); !strings.Contains(list, "skipped") || !strings.Contains(list, "was still going on") {
		t.Errorf("history has\n%s", list)
	}
	finished(t, exitOK, snrun(dir, "cancel", "@last:slow", "--no-wait"))
	if code, _ := end(); code != exitFailed { // and not the skipped one, which is newer
		t.Errorf("the run ends with %d, want %d", code, exitFailed)
	}
}
