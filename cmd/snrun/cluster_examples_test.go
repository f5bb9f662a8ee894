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
			if got, want := c.told(), alone.told(); got != want {
				t.Errorf("on record is\n%s\non one machine\n%s", got, want)
			}
			if test.also != nil && name != "incident_sync.yaml" { // that looks for a sign-in, of which the worker tells
				test.also(t, c.user, got)
			}
		})
	}
}

// told is what history tells of the newest run, without when it was.
func (u *user) told() string {
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
	var lines []string
	for _, s := range r.Steps {
		lines = append(lines, fmt.Sprint(s.Key, " ", s.ID, " ", s.Kind, " ", s.Status, " ", s.Attempts, " ", s.Error))
	}
	slices.Sort(lines) // those that were at the same time have no order
	all := fmt.Sprint(r.Status, " ", r.Trigger, " ", r.Inputs, " ", r.Output, " ", r.Error, " ", r.Attempt, "\n", strings.Join(lines, "\n"))
	return strings.ReplaceAll(all, u.server.URL, "SERVER")
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
