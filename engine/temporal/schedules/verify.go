package schedules

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// verified is how far ahead a server is asked for its times.
const verified = 2 // years

// verify asks the server for the times that it has made of a schedule, where these could be others than ours. If they are, the schedule is
// paused.
func (a Applying) verify(ctx context.Context, w *Wanted, r *Result) error {
	windows := [][2]time.Time{{a.Now, a.Now.Add(around)}}
	for _, change := range changesOf(w.Schedule.Zone, a.Now).at {
		if change.Before(a.Now.AddDate(verified, 0, 0)) {
			windows = append(windows, [2]time.Time{change.Add(-around), change.Add(around)})
		}
	}
	for _, window := range windows {
		from, to := window[0], window[1]
		if from.Before(a.Now) {
			from = a.Now
		}
		theirs, err := a.matching(ctx, w.ID, from, to)
		if err != nil {
			return err
		}
		if wrong := w.timesUntil(theirs, from, to); wrong != nil {
			r.Became, r.Why = Refused, wrong.Error()+"; it is paused on the server, whose release or time zones are others than ours"
			return a.Client.ScheduleClient().GetHandle(ctx, w.ID).Pause(ctx, client.SchedulePauseOptions{Note: byUs + "its times are not those of the job"})
		}
	}
	return nil
}

// matching asks the server for the times of a schedule.
func (a Applying) matching(ctx context.Context, id string, from, to time.Time) (list []time.Time, err error) {
	got, err := a.Client.WorkflowService().ListScheduleMatchingTimes(ctx, &workflowservice.ListScheduleMatchingTimesRequest{
		Namespace: a.Namespace, ScheduleId: id, StartTime: timestamppb.New(from), EndTime: timestamppb.New(to),
	})
	for _, at := range got.GetStartTime() {
		list = append(list, at.AsTime())
	}
	return list, err
}

// mostAsked is how many times a server gives at once.
const mostAsked = 1000

// timesUntil compares the times that a server has between two moments with ours. With jitter each may be that much later.
func (w *Wanted) timesUntil(theirs []time.Time, from, to time.Time) error {
	if err := w.times(theirs, from); err != nil {
		return err
	}
	last := from
	if n := len(theirs); n > 0 {
		last = theirs[n-1].Add(-w.Schedule.Jitter)
	}
	slot, ok := w.Schedule.Next(last)
	for ok && len(theirs) > 0 && !slot.At.After(theirs[len(theirs)-1]) { // with jitter
		slot, ok = w.Schedule.Next(slot.At)
	}
	if ok && len(theirs) < mostAsked && !slot.At.Add(w.Schedule.Jitter).After(to) {
		return &Difference{Ours: slot.At}
	}
	return nil
}

// times compares times that a server has with ours after a moment, one by one.
func (w *Wanted) times(theirs []time.Time, from time.Time) error {
	if w.Schedule.Jitter > 0 {
		from = from.Add(-w.Schedule.Jitter)
	}
	for _, at := range theirs {
		slot, ok := w.Schedule.Next(from)
		for ok && w.Schedule.Jitter > 0 && at.After(slot.At.Add(w.Schedule.Jitter)) {
			slot, ok = w.Schedule.Next(slot.At)
		}
		if !ok || at.Before(slot.At) || at.After(slot.At.Add(w.Schedule.Jitter)) {
			return &Difference{Ours: slot.At, Theirs: inZone(at, w.Schedule.Zone)}
		}
		from = slot.At
	}
	return nil
}
