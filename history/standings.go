package history

import (
	"database/sql"
	"encoding/json"
	"time"

	"snrun/engine"
)

const (
	briefColumns = `r.job, r.run, r.status, r."trigger", r.due, r.started, r.ended, r.reason, coalesce(r.error->>'step', ''),
		coalesce(r.error->>'message', ''), (SELECT start FROM queue WHERE queue.run = r.id)`

	lastEndedSQL = `SELECT ` + briefColumns + ` FROM json_each(?) k JOIN runs r ON r.id = (SELECT id FROM runs
		WHERE job = k.value AND status IN ('ok', 'failed', 'cancelled', 'interrupted') ORDER BY run DESC LIMIT 1)`
	lastOKSQL = `SELECT ` + briefColumns + ` FROM json_each(?) k JOIN runs r ON r.id = (SELECT id FROM runs
		WHERE job = k.value AND status = 'ok' ORDER BY run DESC LIMIT 1)`
	nowGoingSQL = `SELECT ` + briefColumns + ` FROM json_each(?) k JOIN runs r ON r.job = k.value AND r.status IN ('queued', 'running')
		ORDER BY r.run`
)

// Brief is what is said of a run beside others.
type Brief struct {
	Run     string
	Job     string
	Status  engine.Status
	Trigger string
	Due     time.Time
	Start   time.Time // of one that is queued: not before
	Started time.Time // zero where it never did
	Ended   time.Time
	Reason  string // why it was skipped, or waits
	Step    string // in which it failed
	Error   string // the message
}

// Standing is how it stands with a job.
type Standing struct {
	Last    *Brief  // the newest run that started and has ended; nil where there is none
	LastOK  *Brief  // the newest that ended well
	Running []Brief // the oldest first
	Queued  []Brief
}

// Standings gives how it stands with jobs, by name. Those that were never run are among them.
func (s *Store) Standings(jobs []string) (map[string]*Standing, error) {
	const doing = "look how it stands with jobs"
	if err := s.settle(); err != nil {
		return nil, err
	}
	standings := make(map[string]*Standing, len(jobs))
	for _, job := range jobs {
		standings[job] = &Standing{}
	}
	names, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	for _, query := range []struct {
		sql string
		put func(*Standing, Brief)
	}{
		{lastEndedSQL, func(st *Standing, b Brief) { st.Last = &b }},
		{lastOKSQL, func(st *Standing, b Brief) { st.LastOK = &b }},
		{nowGoingSQL, (*Standing).going},
	} {
		err := s.briefs(query.sql, []any{string(names)}, func(b Brief) { query.put(standings[b.Job], b) })
		if err != nil {
			return nil, s.place.fault(doing, err)
		}
	}
	return standings, nil
}

// going adds a run that has not ended.
func (st *Standing) going(b Brief) {
	if b.Status == engine.Running {
		st.Running = append(st.Running, b)
	} else {
		st.Queued = append(st.Queued, b)
	}
}

// briefs reads briefColumns of the runs that a query gives.
func (s *Store) briefs(query string, args []any, visit func(Brief)) error {
	rows, err := s.read.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b Brief
		if err := scanBrief(rows, &b); err != nil {
			return err
		}
		visit(b)
	}
	return rows.Err()
}

// scanBrief reads briefColumns, and further columns into more.
func scanBrief(from scanner, b *Brief, more ...any) error {
	var due, started, ended, start sql.NullInt64
	dest := append([]any{&b.Job, &b.Run, &b.Status, &b.Trigger, &due, &started, &ended, &b.Reason, &b.Step, &b.Error, &start}, more...)
	if err := from.Scan(dest...); err != nil {
		return err
	}
	b.Due, b.Start, b.Started, b.Ended = moment(due), moment(start), moment(started), moment(ended)
	return nil
}
