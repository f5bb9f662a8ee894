package main

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/engine/temporal/temporaltest"
	"snrun/history"
	"snrun/jobs"
)

// TestUnknownToAServer holds that a server which does not know a run's workflow has it end only where the run began on that server, or
// somebody wants its end: who names another server by mistake changes nothing.
func TestUnknownToAServer(t *testing.T) {
	t.Parallel()
	server := temporaltest.Server(t)
	space := server.Namespace(t)
	found := server.Client(t, space)
	described, err := found.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: space})
	if err != nil {
		t.Fatal(err)
	}
	id := described.GetNamespaceInfo().GetId()
	c := (&cluster{Client: found, Temporal: jobs.Temporal{Address: server.Address(), Namespace: space}, server: id}).conductor()
	var runs []history.Conducted
	for _, run := range []history.Conducted{
		{Run: "elsewhere", Server: "another"},
		{Run: "here", Server: id},
		{Run: "just_begun", Server: id, Since: time.Now()},
		{Run: "not_known_where"},
		{Run: "given_up", Server: "another", Cancelled: true},
	} {
		run.Workflow = temporal.WorkflowName(space, temporal.WorkflowID(run.Run))
		runs = append(runs, run)
	}
	fates, err := c.Fates(t.Context(), runs)
	if err == nil || !strings.Contains(err.Error(), "run elsewhere was begun on another server than the one at "+server.Address()) ||
		!strings.Contains(err.Error(), "snrun cancel elsewhere") {
		t.Errorf("it says %v", err)
	}
	want := map[string]engine.Status{"here": engine.Interrupted, "not_known_where": engine.Interrupted, "given_up": engine.Cancelled}
	for run, status := range want {
		if fates[run].Status != status {
			t.Errorf("%s is %+v, want %s", run, fates[run], status)
		}
	}
	if len(fates) != len(want) {
		t.Errorf("%+v have ended, want %v", fates, want)
	}
}
