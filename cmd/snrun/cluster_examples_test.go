package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"snrun/engine/temporal/temporaltest"
	"snrun/examples/sandbox"
)

// TestClusterExamples has a cluster carry out the examples as they are: the output, what else holds and the story on record are those of
// one machine.
func TestClusterExamples(t *testing.T) {
	t.Parallel()
	for name, test := range exampleJobs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, temporaltest.Server(t))
			alone := newUser(t, sandbox.Options{})
			for _, u := range []*user{c.user, alone} {
				u.copyExamples(name)
			}
			c.work(1)
			if test.login != "" {
				exampleWithoutLogin(t, c.user, name, test.login)
				return
			}
			got := c.must(exitOK, "run", "--temporal", "--progress", "plain", name)
			if got.stdout != test.output+"\n" {
				t.Errorf("got %s, want %s", got.stdout, test.output)
			}
			alone.must(exitOK, "run", "--progress", "plain", name)
			checkTold(t, c.told(), alone.told(), name == "soap_to_rest.yaml")
			if test.also != nil {
				test.also(t, c.user, got)
			}
		})
	}
}

// checkTold holds two stories against each other. Of a loop that is gone through several times a cluster may tell more: on one machine the
// items are counted that history keeps, and there each worker goes by the places that items have in the loop.
func checkTold(t *testing.T, got, want []string, more bool) {
	t.Helper()
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("not on record is, as it is on one machine,\n%s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) && !more {
			t.Errorf("on record is, and is not on one machine,\n%s", line)
		}
	}
}

// told is what history tells of the newest run, without when it was.
func (u *user) told() (lines []string) {
	u.t.Helper()
	var r struct {
		Status, Trigger       string
		Inputs, Output, Error any
		Attempt               int
		Steps                 []struct {
			Key, ID, Kind, Status string
			Attempts              int
			Error                 any
		}
	}
	u.decode(&r, "history", "show", "--json", "@last")
	lines = append(lines, fmt.Sprint(r.Status, " ", r.Trigger, " ", r.Inputs, " ", r.Output, " ", r.Error, " ", r.Attempt))
	for _, s := range r.Steps {
		lines = append(lines, fmt.Sprint(s.Key, " ", s.ID, " ", s.Kind, " ", s.Status, " ", s.Attempts, " ", s.Error))
	}
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, u.server.URL, "SERVER")
	}
	return lines
}

// TestClusterExampleKilled kills one of two workers in the middle of an example.
func TestClusterExampleKilled(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.copyExample("mirror.yaml")
	c.work(2)
	half := make(chan struct{})
	c.server.at(12, func() { close(half) })
	ended := c.begin("run", "--temporal", "--progress", "none", "mirror")
	c.await(half)
	c.kill(0)
	c.endedWell(ended(), exampleJobs["mirror.yaml"].output)
	if got := c.server.sandbox.Stored()["cmdb_ci"]; got.Rows != 10000 || got.Again != 0 || got.Batches != 10 {
		t.Errorf("the warehouse has %+v, want each record once", got)
	}
}
