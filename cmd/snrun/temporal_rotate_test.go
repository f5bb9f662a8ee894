package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
)

// TestRotatedKey rotates the key of a cluster while a run waits for a worker, with a secret among its inputs, and a schedule stands that was
// applied before: workers with the new key carry both out, until the old one is forgotten.
func TestRotatedKey(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.write("hello.yaml", "version: 1\nschedule: {cron: \"0 5 * * *\", timezone: UTC}\nsteps:\n"+
		"  - {id: kept, set: {who: \"${secret.SANDBOX_PASSWORD}\"}}\n  - wait: 3s\n  - {id: seen, set: {same: \"${steps.kept.output.who == secret.SANDBOX_PASSWORD}\"}}\noutput: ${steps.seen.output}\n")
	c.work(1)
	schedule := c.applied()
	began := c.detached("hello")
	c.becomes(began, engine.Running)
	c.drain(0)
	never := c.detached("hello")

	c.ends(exitOK, "key", "rotate", "second.key")
	c.environ = append(c.environ, "SNRUN_KEY=", "SNRUN_KEY_FILE=second.key")
	c.work(1)
	c.becomes(began, engine.OK)
	c.becomes(never, engine.OK)
	c.triggered(schedule)
	if got := c.ends(exitOK, "apply"); !strings.Contains(got.stdout, "updated") {
		t.Errorf("apply leaves what was encrypted under the old key as it is:\n%s", got.stdout)
	}
	if got := c.ends(exitOK, "apply"); !strings.Contains(got.stdout, "unchanged") {
		t.Errorf("apply makes the same again:\n%s", got.stdout)
	}

	c.drain(0)
	c.ends(exitOK, "key", "forget")
	c.work(1)
	c.triggered(schedule)
	c.drain(0)
}

// applied applies the one schedule there is, and gives it.
func (c *crew) applied() client.ScheduleHandle {
	c.t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(c.ends(exitOK, "apply", "--json").stdout), &list); err != nil || len(list) != 1 {
		c.t.Fatalf("%d schedules are applied, want 1: %v", len(list), err)
	}
	return c.client.ScheduleClient().GetHandle(c.t.Context(), list[0].ID)
}

// triggered has a schedule start a run, and waits until it has ended well.
func (c *crew) triggered(schedule client.ScheduleHandle) {
	c.t.Helper()
	runs := func() int {
		var list []engine.Run
		if err := json.Unmarshal([]byte(c.ends(exitOK, "history", "list", "--json").stdout), &list); err != nil {
			c.t.Fatal(err)
		}
		return len(list)
	}
	before, over := runs(), time.After(clusterPatience)
	if err := schedule.Trigger(c.t.Context(), client.ScheduleTriggerOptions{}); err != nil {
		c.t.Fatal(err)
	}
	for runs() == before {
		select {
		case <-over:
			c.t.Fatal("the schedule starts no run")
		default:
		}
	}
	c.becomes("@last", engine.OK)
}
