package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
)

const (
	// isGoing and isEnded are the words of the indexes: SQLite uses these where a query says just the same.
	isGoing = `status IN ('queued', 'running')`
	isEnded = `status NOT IN ('queued', 'running')`

	runsSQL = `SELECT ` + runColumns + ` FROM runs WHERE %[1]s run > ?4 AND run < ?5 ORDER BY run %[2]s LIMIT ?6`

	// chosenSQL looks through no run that is not listed, however few they are: it takes the newest of each status and trigger from an
	// index in which they stand by their ids, and puts them together. Those that go on are few.
	chosenSQL = `WITH RECURSIVE kinds (status, "trigger") AS (%[1]s)
		SELECT ` + runColumns + ` FROM runs WHERE run IN (
			SELECT found.value FROM kinds, json_each((SELECT json_group_array(run) FROM (
				SELECT run FROM runs INDEXED BY %[2]s WHERE ` + isEnded + ` AND %[3]s status = kinds.status AND "trigger" = kinds."trigger"
					AND run > ?4 AND run < ?5 ORDER BY run %[4]s LIMIT ?6))) found
			UNION ALL SELECT run FROM runs INDEXED BY runs_going WHERE ` + isGoing + ` AND %[3]s %[5]s
				status IN (SELECT value FROM json_each(?1)) AND run > ?4 AND run < ?5)
		ORDER BY run %[4]s LIMIT ?6`

	oneTriggerSQL = `SELECT value, ?3 FROM json_each(?1)`
	// The triggers are looked up one after the other: runs of each may be very many.
	anyTriggerSQL = `SELECT s.value, (SELECT min("trigger") FROM runs INDEXED BY %[1]s WHERE ` + isEnded + ` AND %[2]s status = s.value)
			FROM json_each(?1) s
		UNION ALL SELECT status, (SELECT min("trigger") FROM runs INDEXED BY %[1]s
			WHERE ` + isEnded + ` AND %[2]s status = kinds.status AND "trigger" > kinds."trigger") FROM kinds WHERE "trigger" IS NOT NULL`
)

// Filter says which runs to list.
type Filter struct {
	Job      string          // only runs of this job
	Statuses []engine.Status // only runs that stand in one of these ways; none is all
	Trigger  string          // only runs that were started so
	Since    time.Time       // only runs that came to be then or later
	Until    time.Time       // only runs that came to be before; zero is now
	Before   string          // only runs whose id is lower: the last one of the page before
	After    string          // only runs whose id is higher, and of those the lowest: the first one of the page after
	Text     string          // only runs that hold this text, as Search finds it
	Limit    int             // at most so many; 0 is 50
}

// AllStatuses are the ways in which a run can stand, in the order in which a run goes through them.
func AllStatuses() []engine.Status {
	return []engine.Status{engine.Queued, engine.Running, engine.OK, engine.Failed, engine.Cancelled, engine.Interrupted, engine.Skipped}
}

// Runs lists runs, the newest first, without their steps and texts. Where the filter has a text it may take long: List is bounded then.
func (s *Store) Runs(f Filter) ([]engine.Run, error) {
	if f.Text != "" {
		listed, err := s.List(context.Background(), f)
		return listed.Runs, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	return s.list(f)
}

// list lists runs as they are on record, whatever text they hold.
func (s *Store) list(f Filter) ([]engine.Run, error) {
	query, args, err := f.query()
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(query, args...)
	if err != nil {
		return nil, s.place.fault("list the runs", err)
	}
	defer rows.Close()
	var runs []engine.Run
	for rows.Next() {
		var run engine.Run
		if err := scanRun(rows, &run); err != nil {
			return nil, s.place.fault("list the runs", err)
		}
		runs = append(runs, run)
	}
	if f.After != "" {
		slices.Reverse(runs)
	}
	return runs, s.place.fault("list the runs", rows.Err())
}

// query gives the SQL of a filter and its arguments: the statuses, the job, the trigger, two ids between which those of the runs are,
// and the limit.
func (f Filter) query() (query string, args []any, err error) {
	job, index, order := "", "runs_ended", "DESC"
	if f.Job != "" {
		job, index = "job = ?2 AND", "runs_ended_of_job"
	}
	if f.After != "" {
		order = "ASC"
	}
	if len(f.Statuses) == 0 && f.Trigger == "" {
		query = fmt.Sprintf(runsSQL, job, order)
	} else {
		kinds, trigger := fmt.Sprintf(anyTriggerSQL, index, job), ""
		if f.Trigger != "" {
			kinds, trigger = oneTriggerSQL, `"trigger" = ?3 AND`
		}
		query = fmt.Sprintf(chosenSQL, kinds, index, job, order, trigger)
	}
	statuses := f.Statuses
	if len(statuses) == 0 {
		statuses = AllStatuses()
	}
	names, err := json.Marshal(statuses)
	if err != nil {
		return "", nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	above, below := f.between()
	return query, []any{string(names), f.Job, f.Trigger, above, below, limit}, nil
}

// between gives two ids: those of the runs that are meant are above the one and below the other.
func (f Filter) between() (above, below string) {
	above, below = f.After, highest
	if !f.Since.IsZero() {
		above = max(above, justBelow(engine.LowestID(f.Since)))
	}
	if !f.Until.IsZero() {
		below = min(below, engine.LowestID(f.Until))
	}
	if f.Before != "" {
		below = min(below, f.Before)
	}
	return above, below
}

// holds says whether a filter lists a run, whatever text it holds.
func (f Filter) holds(run *engine.Run) bool {
	above, below := f.between()
	return (f.Job == "" || run.Job == f.Job) && (f.Trigger == "" || run.Trigger == f.Trigger) && above < run.ID && run.ID < below &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, run.Status))
}

// highest is above all ids.
const highest = "~"

// justBelow gives a text below an id, and above all lower ids of its length.
func justBelow(id string) string { return strings.TrimRight(id, "0") }
