package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	ours "snrun/engine/temporal"
)

// What became of a schedule.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged"
	Deleted   = "deleted"
	Refused   = "refused"
)

// Result is what became of a schedule, or would.
type Result struct {
	Job    string
	Line   string // of the schedule as the job has it; "" of one that no job has
	ID     string
	Became string
	Until  time.Time // the first moment that the server does not know; zero: it holds for good
	Ends   time.Time // the same, as the server had it before; zero: it held for good, or was not there
	Next   time.Time // when it is due next; zero: never, or not known
	Paused string    // why it is paused, for people; "" where it is not
	Why    string    // for people; "" where there is nothing to be said
}

// Applying brings the schedules on a server in line with those of jobs.
type Applying struct {
	Client    client.Client
	Namespace string
	Queue     string
	Key       string // the name of the key that encrypts what is applied; "" has none applied anew because it is another one
	Dry       bool   // changes nothing
	// Gone says of a job whether the project has it no more; nil: of none. Its schedules are told of, and go with Prune.
	Gone  func(job string) bool
	Prune bool
	Now   time.Time
}

// Apply brings the schedules of jobs in line with what is wanted of them: all of theirs. It goes on with the next where one is refused;
// an error means that the server could not be asked. What it gives is sorted by jobs.
func (a Applying) Apply(ctx context.Context, jobs []string, wanted []Wanted) ([]Result, error) {
	known, err := a.known(ctx)
	if err != nil {
		return nil, err
	}
	var list []Result
	kept, refused := map[string]bool{}, map[string]bool{}
	for i := range wanted {
		w := &wanted[i]
		r := Result{Job: w.Job, Line: w.Schedule.Line(), ID: w.ID, Until: w.Spec.Until, Became: Refused}
		if next, ok := w.Schedule.Next(a.Now); ok {
			r.Next = next.At
		}
		kept[w.ID] = true
		if w.Refused != nil {
			r.Why = w.Refused.Error()
		} else if err := a.put(ctx, w, &r); err != nil {
			return list, fmt.Errorf("the schedule %s: %w", w.ID, err)
		}
		refused[w.Job] = refused[w.Job] || r.Became == Refused
		list = append(list, r)
	}
	for _, id := range known {
		job := jobOf(id)
		gone := a.Gone != nil && a.Gone(job)
		if kept[id] || !gone && !slices.Contains(jobs, job) {
			continue
		}
		stays := ""
		switch {
		case refused[job]:
			stays = "it goes on as it was applied before, since a schedule of the job is refused"
		case gone && !a.Prune:
			stays = "the project has no such job any more, and the server goes on to start it: --prune deletes the schedule"
		}
		r, err := a.drop(ctx, id, stays)
		if err != nil {
			return list, fmt.Errorf("the schedule %s: %w", id, err)
		}
		if r.ID != "" {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Result) int { return cmp.Compare(a.Job, b.Job) })
	return list, nil
}

// known gives the ids of the schedules on the server that are ours, sorted.
func (a Applying) known(ctx context.Context) ([]string, error) {
	all, err := a.Client.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for all.HasNext() {
		entry, err := all.Next()
		if err != nil {
			return nil, err
		}
		if jobOf(entry.ID) != "" && entry.WorkflowType.Name == ours.WorkflowType {
			ids = append(ids, entry.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// put makes or changes a schedule.
func (a Applying) put(ctx context.Context, w *Wanted, r *Result) error {
	found, err := a.describe(ctx, w.ID)
	if err != nil {
		return err
	}
	paused, note := pausedAs(w.Paused, found)
	r.Paused, r.Ends = note, endOf(found)
	switch {
	case found == nil:
		r.Became = Created
	case a.stands(w, found, paused):
		r.Became = Unchanged
		return nil
	case a.stoodBefore(w, found, paused):
		r.Became, r.Until = Unchanged, r.Ends
		return nil
	default:
		r.Became = Updated
	}
	if a.Dry {
		return nil
	}
	if found == nil {
		err = a.create(ctx, w, paused, note)
	}
	if found != nil || errors.Is(err, temporal.ErrScheduleAlreadyRunning) { // somebody else was faster
		err = a.update(ctx, w, paused, note)
	}
	var invalid *serviceerror.InvalidArgument
	if errors.As(err, &invalid) {
		r.Became, r.Why = Refused, "the server refuses it: "+invalid.Error()
		return nil
	}
	if err != nil {
		return err
	}
	return a.verify(ctx, w, r)
}

// describe gives a schedule as the server has it, nil where it has none.
func (a Applying) describe(ctx context.Context, id string) (*client.ScheduleDescription, error) {
	found, err := a.Client.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return nil, nil
	}
	return found, err
}

// stands says whether a schedule on the server is what is wanted already.
func (a Applying) stands(w *Wanted, found *client.ScheduleDescription, paused bool) bool {
	action, ok := found.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || action.ID != w.workflow || action.TaskQueue != w.queue || !a.sealed(action) || found.Schedule.State.Paused != paused {
		return false
	}
	from, next := a.Now, found.Info.NextActionTimes
	if len(next) > 0 { // they begin when the server looked
		from = next[0].Add(-time.Second)
	}
	policy := found.Schedule.Policy
	return policy.Overlap == overlap && policy.CatchupWindow == w.window && w.times(next, from) == nil
}

// sealed says whether what a schedule starts its runs with is encrypted under the key of today: the one before may be forgotten soon.
func (a Applying) sealed(action *client.ScheduleWorkflowAction) bool {
	return a.Key == "" || !slices.ContainsFunc(action.Args, func(arg any) bool {
		payload, isPayload := arg.(*common.Payload)
		return isPayload && ours.SealedUnder(payload) != a.Key
	})
}

// Soon is how long before the times end that a server has of a schedule they are to be written out anew, and somebody is told.
const Soon = 90 * 24 * time.Hour

// stoodBefore says whether a schedule on the server is what was wanted in a year before this one: nothing was edited since. Its times may be
// written out, and not end soon.
func (a Applying) stoodBefore(w *Wanted, found *client.ScheduleDescription, paused bool) bool {
	if ends := endOf(found); !ends.IsZero() && ends.Before(a.Now.Add(Soon)) {
		return false
	}
	for ago := 1; ago < yearsWritten; ago++ {
		before, err := w.asOf(a.Now.AddDate(-ago, 0, 0))
		before.Paused = w.Paused
		if err == nil && before.Refused == nil && a.stands(&before, found, paused) {
			return true
		}
	}
	return false
}

func (a Applying) create(ctx context.Context, w *Wanted, paused bool, note string) error {
	_, err := a.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: w.ID, Spec: w.Spec.ScheduleSpec, Action: w.action(), Overlap: overlap, CatchupWindow: w.window, Paused: paused, Note: note,
	})
	return err
}

func (a Applying) update(ctx context.Context, w *Wanted, paused bool, note string) error {
	spec := w.Spec.ScheduleSpec
	return a.Client.ScheduleClient().GetHandle(ctx, w.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return &client.ScheduleUpdate{Schedule: &client.Schedule{
				Spec: &spec, Action: w.action(), Policy: &client.SchedulePolicies{Overlap: overlap, CatchupWindow: w.window},
				State: &client.ScheduleState{Paused: paused, Note: note},
			}}, nil
		},
	})
}

// drop deletes a schedule that no job has any more. Where stays says why it does not, it goes on; one of other workers is left alone.
func (a Applying) drop(ctx context.Context, id, stays string) (Result, error) {
	r := Result{Job: jobOf(id), ID: id, Became: Deleted}
	found, err := a.describe(ctx, id)
	if err != nil || found == nil {
		return Result{}, err
	}
	if action, ok := found.Schedule.Action.(*client.ScheduleWorkflowAction); !ok || action.TaskQueue != a.Queue {
		return Result{}, nil
	}
	if stays != "" {
		r.Became, r.Why = Unchanged, stays
		return r, nil
	}
	if a.Dry {
		return r, nil
	}
	err = a.Client.ScheduleClient().GetHandle(ctx, id).Delete(ctx)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		err = nil
	}
	return r, err
}
