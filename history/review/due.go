package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// Due is a time at which a job is due, as `schedule next --json` prints it.
type Due struct {
	At   time.Time `json:"at"`   // in the schedule's time zone
	Note string    `json:"note"` // what a change of the clock does to it

	By []*jobs.Schedule `json:"-"` // the schedules that name it, at least one
}

// DueTimes gives the first n times from start on at which one of the schedules is due, in order. What several schedules name with the
// same inputs is one time.
func DueTimes(schedules []jobs.Schedule, start time.Time, n int) []Due {
	next := make([]jobs.Slot, len(schedules)) // of each schedule; the zero Slot once there is none
	for i := range schedules {
		next[i] = SlotAfter(&schedules[i], start.Add(-1)) // so that it may be due at that very moment
	}
	list := []Due{}
	for {
		first := soonest(next)
		if first < 0 {
			return list
		}
		s, slot := &schedules[first], next[first]
		next[first] = SlotAfter(s, slot.At)
		if same := sameDue(list, slot.At, s.Inputs); same != nil {
			same.Note = cmp.Or(same.Note, slot.Note)
			same.By = append(same.By, s)
			continue
		}
		if len(list) == n {
			return list
		}
		list = append(list, Due{At: slot.At, Note: slot.Note, By: []*jobs.Schedule{s}})
	}
}

// soonest gives the place of the earliest slot, -1 where there is none.
func soonest(slots []jobs.Slot) int {
	first := -1
	for i, slot := range slots {
		if !slot.At.IsZero() && (first < 0 || slot.At.Before(slots[first].At)) {
			first = i
		}
	}
	return first
}

// sameDue gives what stands at the end of a list for a time with the same inputs, nil where nothing does.
func sameDue(list []Due, at time.Time, inputs map[string]any) *Due {
	for i := len(list) - 1; i >= 0 && list[i].At.Equal(at); i-- {
		if sameInputs(list[i].By[0].Inputs, inputs) {
			return &list[i]
		}
	}
	return nil
}

// sameInputs says whether a run gets the same from both.
func sameInputs(a, b map[string]any) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return inputsText(a) == inputsText(b)
}

// SlotAfter gives the first slot of a schedule after a time, the zero Slot where there is none: RFC 3339 ends with the year 9999.
func SlotAfter(s *jobs.Schedule, after time.Time) jobs.Slot {
	slot, ok := s.Next(after.In(Zone(s)))
	if !ok || slot.At.UTC().Year() > 9998 {
		return jobs.Slot{}
	}
	return slot
}

// Zone is the time zone that a schedule goes by.
func Zone(s *jobs.Schedule) *time.Location {
	if s.Zone == nil {
		return time.Local
	}
	return s.Zone
}

// ZoneName is the name of that time zone, for people.
func ZoneName(s *jobs.Schedule) string {
	if s.Zone == nil {
		return "the machine's time zone"
	}
	return s.Zone.String()
}

// DueText is a due time as a person reads it: "Sun 2026-03-29 03:00 +02:00".
func DueText(t time.Time, seconds bool) string {
	if seconds {
		return t.Format("Mon 2006-01-02 15:04:05 -07:00")
	}
	return t.Format("Mon 2006-01-02 15:04 -07:00")
}

// NoMore says, of schedules that name no time any more, when they ended or end; "" for none.
func NoMore(schedules []jobs.Schedule, now time.Time) string {
	if len(schedules) == 0 {
		return ""
	}
	last := &schedules[0]
	for i := range schedules {
		if s := &schedules[i]; s.Ends.After(last.Ends) {
			last = s
		}
	}
	verb := "ends"
	if !last.Ends.After(now) {
		verb = "ended"
	}
	return fmt.Sprintf("there are no more: the schedule %s at %s", verb, last.Ends.In(Zone(last)).Format(time.RFC3339))
}

// StartsLater says when the first of the schedules starts, "" where one has.
func StartsLater(schedules []jobs.Schedule, now time.Time) string {
	if len(schedules) == 0 || slices.ContainsFunc(schedules, func(s jobs.Schedule) bool { return !s.Starts.After(now) }) {
		return ""
	}
	first := slices.MinFunc(schedules, func(a, b jobs.Schedule) int { return a.Starts.Compare(b.Starts) })
	return "the schedule starts at " + first.Starts.In(Zone(&first)).Format(time.RFC3339)
}

// ScheduleLine tells a schedule in one line, in the words of the job's file.
func ScheduleLine(s *jobs.Schedule) string {
	said := []string{s.Cron.String(), ZoneName(s)}
	if s.Jitter > 0 {
		said = append(said, "jitter "+jobs.FormatDuration(s.Jitter))
	}
	said = append(said, "overlap "+s.Overlap)
	if s.CatchUp.Mode != "none" {
		said = append(said, "catch_up "+s.CatchUp.Mode)
		if s.CatchUp.Window > 0 {
			said[len(said)-1] += " within " + jobs.FormatDuration(s.CatchUp.Window)
		}
	}
	if len(s.Inputs) > 0 {
		said = append(said, "inputs "+inputsText(s.Inputs))
	}
	return strings.Join(said, ", ")
}

// inputsText is what a schedule gives a run, as JSON in one line.
func inputsText(inputs map[string]any) string {
	text, err := steps.EncodeJSON(inputs)
	if err != nil {
		return "?"
	}
	return string(text)
}
