package history

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"snrun/engine"
)

const (
	// isBad is the word of the index runs_failed.
	isBad = `status IN ('failed', 'interrupted')`

	// The jobs are looked up one after the other, and of each what has failed after it went well last: that is counted, but not for ever.
	troublesSQL = `WITH names (job) AS (%s),
		last (job, ok) AS (SELECT job, coalesce((SELECT max(run) FROM runs INDEXED BY runs_ok WHERE job = names.job AND status = 'ok'), '') FROM names),
		bad (job, ok, first, last) AS (SELECT job, ok, (SELECT min(run) FROM runs INDEXED BY runs_failed WHERE job = last.job AND ` + isBad + ` AND run > ok),
			(SELECT max(run) FROM runs INDEXED BY runs_failed WHERE job = last.job AND ` + isBad + `) FROM last)
		SELECT job, ok, first, last, (SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_failed
			WHERE job = bad.job AND ` + isBad + ` AND run > ok LIMIT ?2)) FROM bad WHERE first IS NOT NULL`
	namedSQL   = `SELECT DISTINCT value FROM json_each(?1)`
	allJobsSQL = `SELECT job FROM (WITH RECURSIVE jobs (job) AS (SELECT min(job) FROM runs
			UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > jobs.job) FROM jobs WHERE job IS NOT NULL) SELECT job FROM jobs WHERE job IS NOT NULL)`

	theseSQL = `SELECT ` + briefColumns + ` FROM json_each(?) k CROSS JOIN runs r ON r.run = k.value`

	stoppedSQL = `SELECT ` + briefColumns + `, EXISTS (SELECT 1 FROM steps WHERE steps.id >= r.id << 32 AND steps.id < (r.id + 1) << 32 AND steps.status = 'in_doubt')
		FROM runs r INDEXED BY runs_interrupted WHERE r.status = 'interrupted' AND r.run > ?1 AND (?2 IS NULL OR r.job IN (SELECT value FROM json_each(?2)))
		ORDER BY r.run DESC LIMIT ?3`

	allGoingSQL = `SELECT ` + briefColumns + ` FROM runs r INDEXED BY runs_going WHERE r.` + isGoing + ` AND r.status = ?1
		AND (?2 IS NULL OR r.job IN (SELECT value FROM json_each(?2))) ORDER BY r.run LIMIT ?3`
	goingCountSQL = `SELECT count(*) FROM runs INDEXED BY runs_going WHERE ` + isGoing + ` AND status = ?1
		AND (?2 IS NULL OR job IN (SELECT value FROM json_each(?2)))`
)

// ManyFailures is up to where the failed runs of a Trouble are counted.
const ManyFailures = 1000

// Trouble is a job that fails: there is no run that went well after the one that failed last.
type Trouble struct {
	Job      string
	First    Brief  // the first run that failed, or was interrupted, after the last one that went well: it tells since when
	Last     Brief  // the newest of those
	LastOK   *Brief // nil where none ever went well
	Failures int    // how many there are; ManyFailures may be more
}

// Troubles gives those of the jobs that fail now, the one first that began to fail last; nil is all jobs on record.
func (s *Store) Troubles(jobs []string) ([]Trouble, error) {
	const doing = "look which jobs fail"
	if err := s.settle(); err != nil {
		return nil, err
	}
	list, runs, err := s.failing(jobs)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	of := make(map[string]Brief, len(runs))
	names, err := json.Marshal(runs)
	if err != nil {
		return nil, err
	}
	if err := s.briefs(theseSQL, []any{string(names)}, func(b Brief) { of[b.Run] = b }); err != nil {
		return nil, s.place.fault(doing, err)
	}
	for i := range list {
		t := &list[i]
		t.First, t.Last = of[t.First.Run], of[t.Last.Run]
		if ok, found := of[t.LastOK.Run]; found {
			t.LastOK = &ok
		} else {
			t.LastOK = nil
		}
	}
	// One may have been deleted, or gone on with, since it was found.
	list = slices.DeleteFunc(list, func(t Trouble) bool { return t.First.Run == "" || t.Last.Run == "" })
	slices.SortFunc(list, func(a, b Trouble) int { return cmp.Compare(b.First.Run, a.First.Run) })
	return list, nil
}

// failing gives Troubles of which no more is known than the ids of their runs, and all of these ids.
func (s *Store) failing(jobs []string) (list []Trouble, runs []string, err error) {
	query, names := fmt.Sprintf(troublesSQL, allJobsSQL), "[]"
	if jobs != nil {
		text, err := json.Marshal(jobs)
		if err != nil {
			return nil, nil, err
		}
		query, names = fmt.Sprintf(troublesSQL, namedSQL), string(text)
	}
	rows, err := s.read.Query(query, names, ManyFailures)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		t := Trouble{LastOK: &Brief{}}
		if err := rows.Scan(&t.Job, &t.LastOK.Run, &t.First.Run, &t.Last.Run, &t.Failures); err != nil {
			return nil, nil, err
		}
		list, runs = append(list, t), append(runs, t.LastOK.Run, t.First.Run, t.Last.Run)
	}
	return list, runs, rows.Err()
}

// Stopped is a run that was interrupted and can be gone on with.
type Stopped struct {
	Brief
	InDoubt bool // of a call of it nobody knows whether it was carried out
}

// Stopped gives the runs of jobs that were interrupted, of those that came to be since a time, the newest first and at most so many. No
// jobs are all.
func (s *Store) Stopped(jobs []string, since time.Time, limit int) ([]Stopped, error) {
	const doing = "look for interrupted runs"
	if err := s.settle(); err != nil {
		return nil, err
	}
	names, err := namesOrAll(jobs)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(stoppedSQL, justBelow(engine.LowestID(since)), names, limit)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []Stopped
	for rows.Next() {
		var run Stopped
		if err := scanBrief(rows, &run.Brief, &run.InDoubt); err != nil {
			return nil, s.place.fault(doing, err)
		}
		list = append(list, run)
	}
	return list, s.place.fault(doing, rows.Err())
}

// Unfinished gives the runs of jobs that stand in one way, queued or running, the oldest first and at most so many, and how many there are.
// No jobs are all.
func (s *Store) Unfinished(jobs []string, status engine.Status, limit int) (list []Brief, count int, err error) {
	const doing = "look what goes on"
	if err := s.settle(); err != nil {
		return nil, 0, err
	}
	names, err := namesOrAll(jobs)
	if err != nil {
		return nil, 0, err
	}
	err = s.briefs(allGoingSQL, []any{string(status), names, limit}, func(b Brief) { list = append(list, b) })
	if err == nil && len(list) < limit {
		return list, len(list), nil
	}
	if err == nil {
		err = s.read.QueryRow(goingCountSQL, string(status), names).Scan(&count)
	}
	return list, count, s.place.fault(doing, err)
}

// namesOrAll gives names as the JSON text that a query takes, NULL for all.
func namesOrAll(names []string) (any, error) {
	if names == nil {
		return nil, nil
	}
	text, err := json.Marshal(names)
	return string(text), err
}

// Jobs gives the names of all jobs that have runs on record, sorted.
func (s *Store) Jobs() ([]string, error) {
	const doing = "look which jobs were run"
	rows, err := s.read.Query(allJobsSQL)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var jobs []string
	for rows.Next() {
		var job string
		if err := rows.Scan(&job); err != nil {
			return nil, s.place.fault(doing, err)
		}
		jobs = append(jobs, job)
	}
	return jobs, s.place.fault(doing, rows.Err())
}
