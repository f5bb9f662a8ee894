package schedules

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"snrun/engine"
)

// byUs begins the notes of what snrun has paused.
const byUs = "snrun: "

// byAPause begins those of what is paused as the store says.
const byAPause = byUs + "paused by "

// ByUs says whether a note is of what snrun has paused.
func ByUs(note string) bool { return strings.HasPrefix(note, byUs) }

// pausedAs says whether a schedule is to be paused, and why: as the store says, or as somebody has it on the server.
func pausedAs(pause *engine.Pause, found *client.ScheduleDescription) (paused bool, note string) {
	if pause != nil {
		return true, noteOf(*pause)
	}
	if found == nil || !found.Schedule.State.Paused {
		return false, ""
	}
	note = found.Schedule.State.Note
	if ByUs(note) {
		return false, ""
	}
	return true, cmp.Or(note, "somebody has paused it on the Temporal server")
}

// noteOf is the note that a pause has on a server, which others can read.
func noteOf(p engine.Pause) string { return byAPause + cmp.Or(p.Who, "somebody") }

// SetPauses pauses the schedules of jobs as the store says, or has them go on: those that the server lists, and those with further ids,
// as its list is behind. What somebody else has paused there stays so.
func (a Applying) SetPauses(ctx context.Context, jobs, further []string, pauses map[string]engine.Pause) error {
	known, err := a.known(ctx)
	if err != nil {
		return err
	}
	ids := slices.Concat(known, further)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if !slices.Contains(jobs, jobOf(id)) {
			continue
		}
		pause, paused := pauses[jobOf(id)]
		if !paused {
			err = a.setPause(ctx, id, nil)
		} else {
			err = a.setPause(ctx, id, &pause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setPause pauses a schedule of the own workers; nil has it go on.
func (a Applying) setPause(ctx context.Context, id string, pause *engine.Pause) error {
	found, err := a.describe(ctx, id)
	if err != nil || found == nil {
		return err
	}
	action, ok := found.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || action.TaskQueue != a.Queue {
		return nil
	}
	schedule, state := a.Client.ScheduleClient().GetHandle(ctx, id), found.Schedule.State
	switch {
	case pause != nil && !state.Paused:
		err = schedule.Pause(ctx, client.SchedulePauseOptions{Note: noteOf(*pause)})
	case pause == nil && state.Paused && strings.HasPrefix(state.Note, byAPause):
		err = schedule.Unpause(ctx, client.ScheduleUnpauseOptions{})
	}
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return nil
	}
	return err
}
