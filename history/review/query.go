package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// Query says which runs to list, as a person writes it: in flags, or in the address of a page. What is "" does not matter.
type Query struct {
	Job     string
	Status  string // one, or several with commas between them
	Trigger string
	Text    string // only runs that hold it, as a search finds it
	Since   string // a time, or how long ago: see ParseMoment
	Until   string
	Before  string // an id: only runs that came to be before that one
	After   string // an id: only runs that came to be after that one
	Limit   int    // 0: as many as a page has
}

// Mistake is something in a Query that cannot be meant.
type Mistake struct {
	Field   string // as flags and addresses have it: since
	Value   string
	Message string
	Hint    string // what to write
}

// Error says what is wrong with which field.
func (m *Mistake) Error() string { return m.Field + " " + words.InLine(m.Value) + ": " + m.Message }

// Filter gives what the history is asked for. Times without an offset are by the clock of the zone. The error wraps a Mistake for each that
// there is.
func (q Query) Filter(now time.Time, zone *time.Location) (history.Filter, error) {
	f := history.Filter{Job: q.Job, Trigger: q.Trigger, Text: q.Text, Before: strings.ToLower(q.Before), After: strings.ToLower(q.After), Limit: q.Limit}
	var mistakes []error
	add := func(field, value, hint string, err error) {
		if err != nil {
			mistakes = append(mistakes, &Mistake{Field: field, Value: value, Message: err.Error(), Hint: hint})
		}
	}
	var hint string
	var err error
	f.Statuses, hint, err = parseStatuses(q.Status)
	add("status", q.Status, hint, err)
	hint, err = checkTrigger(q.Trigger)
	add("trigger", q.Trigger, hint, err)
	f.Since, err = momentOrNone(q.Since, now, zone)
	add("since", q.Since, momentHint, err)
	f.Until, err = momentOrNone(q.Until, now, zone)
	add("until", q.Until, momentHint, err)
	if err == nil && !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		add("until", q.Until, "write the earlier of them as since", errors.New("this is not later than since"))
	}
	add("before", q.Before, idHint, checkID(f.Before))
	add("after", q.After, idHint, checkID(f.After))
	return f, errors.Join(mistakes...)
}

// Mistakes gives those that an error of Filter wraps.
func Mistakes(err error) []*Mistake {
	var list []*Mistake
	var one *Mistake
	if all, several := err.(interface{ Unwrap() []error }); several {
		for _, err := range all.Unwrap() {
			list = append(list, Mistakes(err)...)
		}
	} else if errors.As(err, &one) {
		list = append(list, one)
	}
	return list
}

const (
	momentHint = "write how long ago, such as 6h or 2d, or a time: 2026-03-28, \"2026-03-28 02:30\", 2026-03-28T02:30:00+01:00"
	idHint     = "write the id of a run, as history list shows it"
)

// parseStatuses reads statuses with commas between them. Where one is none, hint is what was meant perhaps.
func parseStatuses(text string) (statuses []engine.Status, hint string, err error) {
	if text == "" {
		return nil, "", nil
	}
	for _, name := range strings.Split(text, ",") {
		status := engine.Status(strings.TrimSpace(name))
		if !slices.Contains(history.AllStatuses(), status) {
			return nil, steps.Hint(string(status), statusNames()), fmt.Errorf("a run has no status %q", words.InLine(string(status)))
		}
		if !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
	}
	return statuses, "", nil
}

// Triggers are what starts runs.
func Triggers() []string {
	return []string{engine.TriggerManual, engine.TriggerSchedule, engine.TriggerCatchUp}
}

// checkTrigger says that nothing is started by that, and by what instead.
func checkTrigger(name string) (hint string, err error) {
	if name == "" || slices.Contains(Triggers(), name) {
		return "", nil
	}
	return steps.Hint(name, Triggers()), fmt.Errorf("no run is started by %q", words.InLine(name))
}

// statusNames are the words for how a run stands.
func statusNames() (names []string) {
	for _, status := range history.AllStatuses() {
		names = append(names, string(status))
	}
	return names
}

// ParseMoment reads a time as a person types it: a duration for so long ago (6h, 2d), else a time, with an offset or by the clock of a
// zone.
func ParseMoment(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if d, err := jobs.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	return ParseTime(text, zone)
}

// ParseTime reads a time as a person types it: with an offset, else by the clock of a zone.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04 -07:00",
		time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04",
	} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("this is not a time")
}

// momentOrNone gives the zero time for "".
func momentOrNone(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return ParseMoment(text, now, zone)
}

// checkID gives an error for what cannot be, or begin, the id of a run.
func checkID(id string) error {
	strange := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	if strings.ContainsFunc(id, strange) {
		return errors.New("this is not the id of a run")
	}
	return nil
}

// List is the command that lists what a query says.
func (c Commands) List(q Query) string {
	command := c.Program + " history list" + c.History
	for _, flag := range []struct{ name, value string }{
		{"job", q.Job}, {"status", q.Status}, {"trigger", q.Trigger}, {"text", q.Text}, {"since", q.Since}, {"until", q.Until}, {"before", q.Before}, {"after", q.After},
	} {
		if flag.value != "" {
			command += " --" + flag.name + " " + words.Argument(flag.value)
		}
	}
	if q.Limit > 0 {
		command += fmt.Sprintf(" -n %d", q.Limit)
	}
	return command
}

// Page gives the runs that a filter lists, and whether there are more of them in the direction in which it goes.
func Page(store *history.Store, f history.Filter) (runs []engine.Run, more bool, err error) {
	limit := f.Limit
	if limit <= 0 {
		limit = pageLimit
	}
	f.Limit = limit + 1
	runs, err = store.Runs(f)
	if len(runs) <= limit {
		return runs, false, err
	}
	if f.After != "" {
		return runs[1:], true, err
	}
	return runs[:limit], true, err
}

// pageLimit is how many runs a page has where nothing else is said.
const pageLimit = 50

// Next gives the query for the runs that come after those of a page, in the direction in which the query goes. There must be some.
func (q Query) Next(page []engine.Run) Query {
	if q.After != "" {
		q.After = page[0].ID
		return q
	}
	q.Before = page[len(page)-1].ID
	return q
}
