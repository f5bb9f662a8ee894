package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/engine/temporal/temporaltest"
	"snrun/history/review"
)

// works starts `snrun worker`. The function it gives ends it.
func (c *clustered) works() (end func()) {
	c.t.Helper()
	var log bytes.Buffer
	cmd := c.snrun("worker")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		endWorker(cmd)
		if c.t.Failed() {
			c.t.Logf("the worker's log:\n%s", &log)
		}
	}
	c.t.Cleanup(end)
	return end
}

// endWorker has a worker drain; one that does not is killed.
func endWorker(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	late.Stop()
}

// slots gives what became of the due times of a job, the newest first.
func (c *clustered) slots(job string) (list []review.Slot) {
	c.t.Helper()
	stdout, _ := finished(c.t, exitOK, c.snrun("schedule", "why", job, "--json", "-n", "1000"))
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		c.t.Fatalf("%v: %s", err, stdout)
	}
	return list
}

// until asks for the slots of a job until these are as wanted.
func (c *clustered) until(what, job string, holds func([]review.Slot) bool) []review.Slot {
	c.t.Helper()
	for deadline := time.Now().Add(clusterPatience); ; {
		list := c.slots(job)
		if holds(list) {
			return list
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: %+v", what, list)
		}
	}
}

// isEach says whether these are due one as long after the other. They are decided upon side by side: one may come on record before the one
// that was due before it. On a busy machine several in a row may be skipped as one.
func isEach(apart time.Duration, list []review.Slot) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1].Due.Sub(list[i].Until) != apart {
			return false
		}
	}
	return true
}

// countSlots counts the slots that ended so, or were skipped for that reason.
func countSlots(list []review.Slot, status, reason string) (n int) {
	for _, s := range list {
		if string(s.Status) == status && textOf(s.Reason) == reason {
			n += max(s.Count, 1)
		}
	}
	return n
}

// TestScheduledOnTemporal has a server run jobs by their schedules, a worker carry them out, and each slot be on record.
func TestScheduledOnTemporal(t *testing.T) {
	t.Parallel()
	c := newClustered(t, map[string]string{
		"snrun.yaml":      "version: 1\n",
		"jobs/tick.yaml":  "version: 1\nschedule: {cron: \"@every 2s\", inputs: {n: 7}}\ninputs: {n: {type: integer}}\nsteps: [{log: \"tick ${inputs.n}\"}]\noutput: ${[inputs.n, run.due, run.trigger]}\n",
		"jobs/skip.yaml":  "version: 1\nschedule: {cron: \"@every 2s\"}\nsteps: [{wait: 5s}]\n",
		"jobs/queue.yaml": "version: 1\nschedule: {cron: \"@every 2s\", overlap: queue}\nsteps: [{wait: 4s}]\n",
		"jobs/long.yaml":  "version: 1\nschedule: {cron: \"@every 2s\"}\nsteps: [{wait: 1h}]\n",
		"jobs/newer.yaml": "version: 1\nschedule: {cron: \"@every 3s\", overlap: cancel_running}\nsteps: [{wait: 1h}]\n",
	})
	c.works()
	finished(t, exitOK, c.snrun("apply"))
	list := c.until("the job is not run each two seconds", "tick", func(list []review.Slot) bool {
		first := list[len(list)-min(3, len(list)):]
		return countSlots(list, "ok", "") >= 3 && isEach(2*time.Second, first)
	})
	c.until("a run that goes on does not have the next slots be skipped", "skip", func(list []review.Slot) bool {
		return countSlots(list, "ok", "") >= 1 && countSlots(list, "skipped", "overlap") >= 2
	})
	c.until("slots do not queue up", "queue", func(list []review.Slot) bool {
		ran := slices.DeleteFunc(slices.Clone(list), func(s review.Slot) bool { return s.Status != "ok" })
		return len(ran) >= 2 && slices.ContainsFunc(list, func(s review.Slot) bool { return s.Status == "queued" })
	})
	c.until("a newer slot does not end the run before it", "newer", func(list []review.Slot) bool {
		return countSlots(list, "cancelled", "") >= 2
	})
	c.cancelled("long")
	ran := slices.IndexFunc(list, func(s review.Slot) bool { return s.Status == "ok" }) // on a busy machine some are skipped
	id := textOf(list[ran].Run)
	stdout, _ := finished(t, exitOK, c.snrun("history", "show", id, "--json"))
	if !strings.Contains(stdout, `"schedule"]`) || !strings.Contains(stdout, `[7,`) {
		t.Errorf("the run gave %s", stdout)
	}
}

// cancelled cancels a run that a schedule has started, and waits for its end.
func (c *clustered) cancelled(job string) {
	c.t.Helper()
	var run string
	c.until("no run goes on", job, func(list []review.Slot) bool {
		i := slices.IndexFunc(list, func(s review.Slot) bool { return s.Status == "running" })
		if i >= 0 {
			run = textOf(list[i].Run)
		}
		return i >= 0
	})
	finished(c.t, exitOK, c.snrun("cancel", run))
	c.until("the run does not end", job, func(list []review.Slot) bool { return countSlots(list, "cancelled", "") >= 1 })
}

// TestServeLeavesSchedulesToTemporal holds that a daemon of a project with a Temporal server runs nothing by schedules, and says so.
func TestServeLeavesSchedulesToTemporal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clustered{t: t, dir: dir}
	c.write("snrun.yaml", "version: 1\ndatabase: runs.db\ntemporal: {address: \"127.0.0.1:1\"}\n")
	c.write("jobs/tick.yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{log: tick}]\n")
	c.write("jobs/hand.yaml", "version: 1\nsteps: [{log: hand}]\n")
	cmd := c.snrun("serve", "--listen", "none")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = finished(t, exitOK, c.snrun("schedule", "trigger", "hand", "--wait")) // it looks each second, and so would have been due
	_, _ = finished(t, exitOK, c.snrun("schedule", "trigger", "hand", "--wait"))
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		if list := c.slots("tick"); len(list) > 0 {
			t.Errorf("it is run by its schedule: %+v", list)
			break
		}
	}
	table, notes := finished(t, exitOK, c.snrun("schedule", "list"))
	if !strings.Contains(table, "the Temporal server at 127.0.0.1:1 runs them") || strings.Contains(table+notes, "no daemon") {
		t.Errorf("the list has\n%s%s", table, notes)
	}
	endWorker(cmd)
	if !strings.Contains(log.String(), "jobs are run by their schedules there and not here") {
		t.Errorf("the log says\n%s", &log)
	}
}

// TestServerOutage holds that after an outage of the server each slot has its answer, though nobody was there to find it due.
func TestServerOutage(t *testing.T) {
	t.Parallel()
	server := temporaltest.Own(t)
	c := clusteredOn(t, server, map[string]string{
		"snrun.yaml":     "version: 1\n",
		"jobs/tick.yaml": "version: 1\nschedule: {cron: \"@every 1s\", overlap: allow}\nsteps: [{log: tick}]\n",
	})
	c.works()
	finished(t, exitOK, c.snrun("apply"))
	c.until("the job is not run", "tick", func(list []review.Slot) bool { return countSlots(list, "ok", "") >= 2 })
	server.Kill()
	before := c.slots("tick")[0].Due
	back := before.Add(6 * time.Second)
	c.until("the slots do not pass", "tick", func([]review.Slot) bool { return time.Now().After(back) })
	server.Start(t)
	c.until("a slot has no answer", "tick", func(list []review.Slot) bool {
		old := slices.DeleteFunc(slices.Clone(list), func(s review.Slot) bool { return s.Due.After(back) })
		return len(old) > 6 && !old[0].Due.Before(back) && isEach(time.Second, old) && countSlots(old, "ok", "") == len(old)
	})
}
