package schedules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"snrun/engine/temporal/temporaltest"
)

// TestServerIsAsThought holds that what we take a server for is what a real one does: its times around the changes of clocks, of rules that
// it gets right and of those that it does not.
func TestServerIsAsThought(t *testing.T) {
	t.Parallel()
	r := temporaltest.Server(t)
	namespace := r.Namespace(t)
	c := r.Client(t, namespace)
	for i, zone := range oddZones() {
		for n, line := range someLines(i) {
			s := scheduleOf(t, line, zone)
			spec := zoneRule(s.Cron.Fields(), s.Zone)
			id := fmt.Sprintf("%d-%d", i, n)
			if _, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
				ID: id, Spec: spec, Paused: true, Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "none", TaskQueue: "none"},
			}); err != nil {
				t.Fatal(err)
			}
			theirs := servedBy(&spec, s.Zone)
			for _, change := range changesOf(s.Zone, now).at[:min(3, len(changesOf(s.Zone, now).at))] {
				from, to := change.Add(-around), change.Add(around)
				if got, want := matching(t, c, namespace, id, from, to), timesOf(theirs, from, to); !slices.Equal(got, want) {
					t.Errorf("%s %s around %s:\ngot  %v\nwant %v", zone, line, change, got, want)
				}
			}
		}
	}
}

// matching asks a server for the times of a schedule.
func matching(t *testing.T, c client.Client, namespace, id string, from, to time.Time) (list []string) {
	t.Helper()
	got, err := c.WorkflowService().ListScheduleMatchingTimes(t.Context(), &workflowservice.ListScheduleMatchingTimesRequest{
		Namespace: namespace, ScheduleId: id, StartTime: timestamppb.New(from), EndTime: timestamppb.New(to),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range got.StartTime {
		list = append(list, at.AsTime().Format(time.RFC3339))
	}
	return list
}

func timesOf(s *served, from, to time.Time) (list []string) {
	for at := s.next(from); !at.IsZero() && !at.After(to); at = s.next(at) {
		list = append(list, at.UTC().Format(time.RFC3339))
	}
	return list
}
