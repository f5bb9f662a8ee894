package schedules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/jobs"
	"snrun/steps"
)

// Wanted is one schedule of a job as a server is to have it.
type Wanted struct {
	ID, Job  string
	Schedule jobs.Schedule // with its zone
	Spec     Spec
	Paused   *engine.Pause // nil: it is not
	Refused  error         // why a server cannot have it; nil where it can
	order    temporal.Order
	window   time.Duration
	queue    string
	workflow string
	asOf     func(now time.Time) (Wanted, error) // the same, as it was wanted at another time
}

// Project is what schedules are made in view of.
type Project struct {
	Queue    string         // the task queue that workers take runs from
	Zone     *time.Location // of schedules that name none
	MaxQueue int            // server.max_queue
	Pauses   map[string]engine.Pause
}

// prefix begins the ids of all schedules that snrun makes.
const prefix = "snrun-"

// Of gives the schedules of a job as a server is to have them: one for each, in their order. Two that name the same times and inputs are
// one.
func (p Project) Of(job *jobs.Job, now time.Time) ([]Wanted, error) {
	var list []Wanted
	known := map[string]bool{}
	for _, s := range job.Schedules {
		w, err := p.wanted(job, s, now)
		if err != nil {
			return nil, err
		}
		if !known[w.ID] {
			list = append(list, w)
		}
		known[w.ID] = true
	}
	return list, nil
}

// IDs gives how the schedules of a job are known on a server.
func (p Project) IDs(job *jobs.Job) (ids []string) {
	for _, s := range job.Schedules {
		if w, _, err := p.named(job, s); err == nil {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

// named gives a schedule of a job by its name on a server, with the inputs that it gives as JSON.
func (p Project) named(job *jobs.Job, s jobs.Schedule) (w Wanted, inputs []byte, err error) {
	if s.Zone == nil {
		s.Zone = p.Zone
	}
	if s.Cron.Fields().Every > 0 {
		s.Zone = time.UTC // it goes by no clock
	}
	w = Wanted{Job: job.Name, Schedule: s, queue: p.Queue}
	if inputs, err = steps.EncodeJSON(s.Inputs); err != nil {
		return w, nil, fmt.Errorf("the inputs that the schedule of %s gives: %w", job.Name, err)
	}
	// with the queue: a project that is there for each of several networks, or two that have a job of the same name, share a namespace
	line := fmt.Sprintf("%s\n%s\n%d\n%d\n%s", s.Line(), inputs, s.Starts.Unix(), s.Ends.Unix(), p.Queue)
	w.ID = prefix + job.Name + "-" + digest([]byte(line))
	return w, inputs, nil
}

func (p Project) wanted(job *jobs.Job, s jobs.Schedule, now time.Time) (Wanted, error) {
	written := s
	w, inputs, err := p.named(job, s)
	if err != nil {
		return w, err
	}
	s = w.Schedule
	if pause, paused := p.Pauses[job.Name]; paused {
		w.Paused = &pause
	}
	if s.Zone.String() == unnamed {
		w.Refused = errors.New("it names no timezone, and that of this machine has no name that others know")
		return w, nil
	}
	if w.Spec, w.Refused = SpecOf(s, p.Zone, now); w.Refused != nil {
		return w, nil
	}
	w.window = windowOf(&s, now)
	w.order = temporal.Order{
		Job: job.Name, Texts: textsOf(job), Trigger: engine.TriggerSchedule, Line: written.Line(), Slot: temporal.SlotOf(&s, p.MaxQueue),
	}
	if len(s.Inputs) > 0 {
		w.order.Inputs = json.RawMessage(inputs)
	}
	all, err := json.Marshal([]any{w.Spec.ScheduleSpec, w.window, w.order, w.queue})
	w.workflow = prefix + job.Name + "-" + digest(all)
	w.order.Workflow = w.workflow + "-" // and the time, which the server adds
	w.asOf = func(now time.Time) (Wanted, error) { return p.wanted(job, written, now) }
	return w, err
}

// digest is short, and part of names: what it is of is not to be had from it.
func digest(of []byte) string {
	sum := sha256.Sum256(of)
	return hex.EncodeToString(sum[:5])
}

func textsOf(job *jobs.Job) []engine.Text {
	texts := []engine.Text{{File: job.File, Text: job.Text}}
	for _, called := range job.Called() {
		texts = append(texts, engine.Text{File: called.File, Text: called.Text})
	}
	return texts
}

// jobOf gives the job that a schedule of ours is of, "" for one that is not ours.
func jobOf(id string) string {
	rest, ours := strings.CutPrefix(id, prefix)
	at := strings.LastIndexByte(rest, '-')
	if !ours || at < 1 || len(rest)-at-1 != len(digest(nil)) {
		return ""
	}
	return rest[:at]
}

const (
	longestWindow = 365 * 24 * time.Hour
	shortest      = 10 * time.Second // a server takes no less
	mostAtOnce    = 900              // a server keeps 1,000 that are to be started
)

// windowOf gives how far back a server looks when it was down itself. It starts what it finds, and what becomes of that is decided as in
// any outage, and put on record: so it looks back as far as it can keep what it finds.
func windowOf(s *jobs.Schedule, now time.Time) time.Duration {
	year := time.Date(now.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC) // and not now: it is to be the same each time
	first, ok := s.Next(year.Add(-1))
	if !ok || s.Count(year.Add(-1), first.At.Add(longestWindow)) <= mostAtOnce {
		return longestWindow
	}
	at := first.At
	for range mostAtOnce {
		slot, ok := s.Next(at)
		if !ok || slot.At.IsZero() {
			break
		}
		at = slot.At
	}
	return max(min(longestWindow, at.Sub(first.At)/2).Truncate(time.Minute), shortest)
}

// action is what a server does when the schedule is due. What happens while another run goes on is decided in the store, where also those
// runs are known that a person began: the server starts each.
func (w *Wanted) action() *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: w.workflow, Workflow: temporal.WorkflowType, Args: []any{w.order}, TaskQueue: w.queue}
}

const overlap = enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL
