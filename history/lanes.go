package history

import (
	"database/sql"
	"encoding/json"
	"time"

	"snrun/engine"
)

const (
	// lanesSQL counts the runs of jobs by how they stand and by when they began, or were due. It looks through runs by their ids, which
	// sort by when they came to be.
	lanesSQL = `SELECT r.job, (max(coalesce(r.started, r.due), ?2) - ?2) / ?3, r.status, count(*), max(r.run)
		FROM json_each(?1) k CROSS JOIN runs r ON r.job = k.value AND r.run >= ?4 GROUP BY 1, 2, 3`
	// idleSQL finds the last decision upon the slots of each schedule where it is that several were not run.
	idleSQL = `SELECT s.job, r.run, s.due, s.until, s.count, s.reason, r.reason FROM json_each(?1) k CROSS JOIN schedules c ON c.job = k.value
		JOIN slots s ON s.run = (SELECT run FROM slots WHERE slots.job = c.job AND slots.inputs = c.inputs AND due <= ?2 ORDER BY due DESC LIMIT 1)
		JOIN runs r ON r.id = s.run WHERE s.reason <> '' AND s.count > 1 AND s.until >= ?3`
	notRunSQL = `SELECT r.job, r.run, s.due, s.until, s.count, s.reason, r.reason FROM runs r JOIN slots s ON s.run = r.id
		WHERE r.status = 'skipped' AND r.status NOT IN ('queued', 'running') AND r."trigger" IN ('schedule', 'catch_up') AND r.run >= ?1
		AND (?3 IS NULL OR s.reason IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR r.job IN (SELECT value FROM json_each(?4))) ORDER BY r.run DESC LIMIT ?2`
)

// Lane is the runs of a job that began, or were due, in one part of a time, and stand in one way.
type Lane struct {
	Job    string
	Part   int // counted from 0
	Status engine.Status
	Count  int
	Run    string // the last one
}

// Lanes counts what jobs did since a time, in parts of one width.
func (s *Store) Lanes(jobs []string, since time.Time, width time.Duration) ([]Lane, error) {
	const doing = "look what jobs did"
	if err := s.settle(); err != nil {
		return nil, err
	}
	names, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(lanesSQL, string(names), since.UnixMicro(), width.Microseconds(), engine.LowestID(since))
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []Lane
	for rows.Next() {
		var l Lane
		if err := rows.Scan(&l.Job, &l.Part, &l.Status, &l.Count, &l.Run); err != nil {
			return nil, s.place.fault(doing, err)
		}
		list = append(list, l)
	}
	return list, s.place.fault(doing, rows.Err())
}

// NotRun is a due time that was not run, or several in a row for one reason.
type NotRun struct {
	Job    string
	Run    string // that stands for them
	Due    time.Time
	Until  time.Time // the last of several; Due where it is one
	Count  int
	Reason string // one of engine's reasons
	Detail string // the same for people
}

// Idle gives the due times of jobs that are not run for one reason again and again, up to some time after since.
func (s *Store) Idle(jobs []string, since, now time.Time) ([]NotRun, error) {
	names, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	return s.notRun(idleSQL, string(names), now.UnixMicro(), since.UnixMicro())
}

// NotRun gives the due times of jobs that were decided upon since a time, and were not run, for one of these reasons, or for any where
// none is named; the newest first. No jobs are all.
func (s *Store) NotRun(jobs []string, since time.Time, limit int, reasons ...string) ([]NotRun, error) {
	named, err := namesOrAll(reasons)
	if err != nil {
		return nil, err
	}
	names, err := namesOrAll(jobs)
	if err != nil {
		return nil, err
	}
	return s.notRun(notRunSQL, engine.LowestID(since), limit, named, names)
}

// notRun reads what a query gives of due times that were not run.
func (s *Store) notRun(query string, args ...any) ([]NotRun, error) {
	const doing = "look what was not run"
	if err := s.settle(); err != nil {
		return nil, err
	}
	rows, err := s.read.Query(query, args...)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []NotRun
	for rows.Next() {
		var n NotRun
		var due, until sql.NullInt64
		if err := rows.Scan(&n.Job, &n.Run, &due, &until, &n.Count, &n.Reason, &n.Detail); err != nil {
			return nil, s.place.fault(doing, err)
		}
		n.Due, n.Until = moment(due), moment(until)
		list = append(list, n)
	}
	return list, s.place.fault(doing, rows.Err())
}
