package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/history/review"
)

// daemonIn starts `snrun serve` in a folder, and waits until it is ready. The function it gives ends it.
func daemonIn(t *testing.T, dir string) (end func()) {
	t.Helper()
	cmd := snrun(dir, "serve", "--listen", "none", "--grace", "0s")
	cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	lines := bufio.NewScanner(stderr)
	ready := false
	for !ready && lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		ready = strings.Contains(lines.Text(), "msg=ready")
	}
	if !ready {
		t.Fatalf("the daemon does not get ready (%v):\n%s", cmd.Wait(), &log)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-read
		if code := exitCodeOf(t, cmd.Wait()); code != exitOK {
			t.Errorf("the daemon ends with %d\n%s", code, &log)
		}
		if t.Failed() {
			t.Logf("the daemon's log:\n%s", &log)
		}
	}
	t.Cleanup(end)
	return end
}

// scheduled is what `schedule list --json` says of a job.
func scheduled(t *testing.T, dir, job string) review.Job {
	t.Helper()
	stdout, _ := finished(t, exitOK, snrun(dir, "schedule", "list", job, "--json"))
	var list []review.Job
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	return list[0]
}

// TestSteeringADaemon has a person see and steer what a daemon does: each command as it is typed.
func TestSteeringADaemon(t *testing.T) {
	t.Parallel()
	dir, asked := slowProject(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("manual.yaml", "version: 1\ninputs: {n: {type: integer, default: 1}}\nsteps:\n  - {id: check, if: inputs.n > 1, fail: too many}\noutput: ${inputs.n}\n")
	write("yearly.yaml", "version: 1\nschedule: {cron: \"@yearly\", timezone: UTC}\nsteps: [{log: a}]\n")
	waiting, _ := finished(t, exitOK, snrun(dir, "schedule", "trigger", "manual"))
	end := daemonIn(t, dir)

	if r := scheduled(t, dir, "yearly"); r.Daemon == nil || r.Problem != nil || r.Next == nil {
		t.Errorf("the list has %+v, want a job that a daemon runs, and nothing wrong", r)
	}
	follow := func(code int, args ...string) string {
		_, stderr := finished(t, code, snrun(dir, append([]string{"schedule", "trigger", "--wait"}, args...)...))
		return stderr
	}
	if got := follow(exitOK, "manual"); !strings.HasPrefix(got, "ok in ") {
		t.Errorf("a triggered run that goes well: %q", got)
	}
	if got := follow(exitFailed, "manual", "-i", "n=2"); !strings.Contains(got, "too many") {
		t.Errorf("a triggered run that fails: %q", got)
	}
	if page, _ := finished(t, exitOK, snrun(dir, "history", "show", strings.TrimSpace(waiting))); !strings.Contains(page, "  ok\n") {
		t.Errorf("what waited for the daemon was not run:\n%s", page)
	}

	finished(t, exitOK, snrun(dir, "schedule", "pause", "manual", "yearly"))
	follow(exitOK, "manual") // a pause keeps nobody from asking for a run
	finished(t, exitOK, snrun(dir, "schedule", "resume", "--all"))

	finished(t, exitOK, snrun(dir, "schedule", "trigger", "slow"))
	<-asked
	second, _ := finished(t, exitOK, snrun(dir, "schedule", "trigger", "slow"))
	if r := scheduled(t, dir, "slow"); len(r.Running) != 1 || len(r.Queued) != 1 {
		t.Errorf("the list has %+v, want a run that goes on and one that waits for it", r)
	}
	if _, stderr := finished(t, exitOK, snrun(dir, "cancel", strings.TrimSpace(second))); !strings.Contains(stderr, "is cancelled") {
		t.Errorf("cancelling what waits: %q", stderr)
	}
	if _, stderr := finished(t, exitOK, snrun(dir, "cancel", "@last:slow")); !strings.Contains(stderr, "is cancelled") {
		t.Errorf("cancelling what goes on: %q", stderr)
	}
	if r := scheduled(t, dir, "slow"); len(r.Running)+len(r.Queued) != 0 || r.Last == nil || r.Last.Status != "cancelled" {
		t.Errorf("the list has %+v, want nothing that goes on, and a run that was cancelled", r)
	}
	end()
	if r := scheduled(t, dir, "yearly"); r.Daemon != nil || r.Problem == nil {
		t.Errorf("the list has %+v, want that no daemon runs it", r)
	}
}

// TestAPausedJobIsNotRun has a job that is due each second: paused its due times are skipped, and the reason stands there.
func TestAPausedJobIsNotRun(t *testing.T) {
	t.Parallel()
	dir, _ := slowProject(t)
	if err := os.WriteFile(filepath.Join(dir, "tick.yaml"), []byte("version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{log: tick}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	daemonIn(t, dir)
	slots := func() (list []review.Slot) {
		stdout, _ := finished(t, exitOK, snrun(dir, "schedule", "why", "tick", "--json"))
		if err := json.Unmarshal([]byte(stdout), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	until := func(what string, holds func([]review.Slot) bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !holds(slots()); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %+v", what, slots())
			}
		}
	}
	ran := func(list []review.Slot) bool { return len(list) > 0 && list[0].Status == "ok" }
	until("it does not run", ran)
	finished(t, exitOK, snrun(dir, "schedule", "pause", "tick", "--why", "not now"))
	until("due times of a paused job are not skipped", func(list []review.Slot) bool {
		return len(list) > 0 && textOf(list[0].Reason) == "paused" && list[0].Count > 1
	})
	if _, stderr := finished(t, exitOK, snrun(dir, "schedule", "why", "tick")); !strings.Contains(stderr, "paused since ") || !strings.Contains(stderr, "not now") {
		t.Errorf("why says %q", stderr)
	}
	finished(t, exitOK, snrun(dir, "schedule", "resume", "tick"))
	until("it does not run again", ran)
}
