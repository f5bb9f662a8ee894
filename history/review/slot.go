package review

import (
	"time"

	"snrun/engine"
	"snrun/history"
)

// Slot is what became of a due time, as `schedule why --json` prints it, or of several in a row that were skipped for one reason.
// Durations are milliseconds. What there is not, is null.
type Slot struct {
	Due     time.Time      `json:"due"`
	Until   time.Time      `json:"until"` // the last of them
	Count   int            `json:"count"`
	Run     *string        `json:"run"`    // null where it is not kept any more
	Status  engine.Status  `json:"status"` // "" where the run is not kept any more
	Trigger string         `json:"trigger"`
	Reason  *string        `json:"reason"` // overlap, queue_full, missed, paused
	Started *time.Time     `json:"started"`
	Ended   *time.Time     `json:"ended"`
	Late    *int64         `json:"late"` // how much later than due it started, also because of its jitter
	Took    *int64         `json:"took"`
	Error   *string        `json:"error"` // or why it was skipped, for people
	Inputs  map[string]any `json:"inputs"`
}

// SlotOf says what became of a due time, by the clock of a zone.
func SlotOf(s history.Slot, zone *time.Location) Slot {
	run := &s.Run
	r := Slot{
		Due: s.Due.In(zone), Until: s.Until.In(zone), Count: s.Count, Run: given(run.Run), Status: run.Status, Trigger: run.Trigger, Reason: given(s.Reason),
		Ended: timeOf(run.Ended), Error: given(orWord(run.Error, run.Reason)), Inputs: s.Inputs,
	}
	if run.Started.IsZero() || run.Status == engine.Skipped {
		return r
	}
	r.Started, r.Late = timeOf(run.Started), milliseconds(max(0, run.Started.Sub(s.Due)))
	if !run.Ended.IsZero() {
		r.Took = milliseconds(run.Ended.Sub(run.Started))
	}
	return r
}

func milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}
