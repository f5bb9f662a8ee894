package history

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	// betweenSQL counts runs by how they stand between each two ids of a list, from indexes alone. They may be very many: so they are
	// counted where they stand, not put in order first, and the ids are taken out of the list once.
	betweenSQL = `WITH RECURSIVE kinds (status, "trigger") AS (%s),
			parts (part, above, below) AS MATERIALIZED (SELECT key, value->>0, value->>1 FROM json_each(?5))
		SELECT part, kinds.status, (SELECT count(*) FROM runs r INDEXED BY runs_ended WHERE r.` + isEnded + ` AND r.status = kinds.status
				AND r."trigger" = kinds."trigger" AND r.run > above AND r.run < below AND (?2 IS NULL OR r.job IN (SELECT value FROM json_each(?2))))
			FROM kinds CROSS JOIN parts WHERE kinds."trigger" IS NOT NULL
		UNION ALL SELECT p.key, g.status, count(*) FROM json_each(?5) p CROSS JOIN runs g INDEXED BY runs_going
			ON g.status IN ('queued', 'running') AND g.run > p.value->>0 AND g.run < p.value->>1
			WHERE ?2 IS NULL OR g.job IN (SELECT value FROM json_each(?2)) GROUP BY 1, 2`

	// partsSQL counts the runs of a job between each two ids of a list.
	partsSQL = `WITH RECURSIVE kinds (status, "trigger") AS (%s)
		SELECT p.key, kinds.status, (SELECT count(*) FROM runs INDEXED BY runs_ended_of_job WHERE ` + isEnded + `
				AND job = ?2 AND status = kinds.status AND "trigger" = kinds."trigger" AND run > p.value->>0 AND run < p.value->>1)
			FROM kinds CROSS JOIN json_each(?5) p WHERE kinds."trigger" IS NOT NULL
		UNION ALL SELECT p.key, runs.status, 1 FROM runs INDEXED BY runs_going CROSS JOIN json_each(?5) p
			WHERE ` + isGoing + ` AND job = ?2 AND run > p.value->>0 AND run < p.value->>1`

	// tallySQL counts how runs of jobs ended by themselves since an id, from indexes alone.
	tallySQL = `SELECT k.value, (SELECT count(*) FROM runs INDEXED BY runs_ok WHERE job = k.value AND status = 'ok' AND run > ?2),
		(SELECT count(*) FROM runs INDEXED BY runs_failed WHERE job = k.value AND ` + isBad + ` AND run > ?2) FROM json_each(?1) k`

	durationsSQL = `SELECT run, started, ended FROM runs INDEXED BY runs_ok
		WHERE job = ? AND status = 'ok' AND run > ? AND run < ? ORDER BY run DESC LIMIT ?`

	failedStepsSQL = `SELECT coalesce(error->>'step', ''), count(*), max(run) FROM (SELECT error, run FROM runs INDEXED BY runs_failed
		WHERE job = ? AND ` + isBad + ` AND run > ? AND run < ? ORDER BY run DESC LIMIT ?) GROUP BY 1 ORDER BY 2 DESC, 1`
)

// CountsBetween says how many of the runs of jobs stand in which way, of those that came to be between each of the moments and the next one. No
// jobs are all. A zero moment is the beginning where it is the first, and the end where it is the last.
func (s *Store) CountsBetween(jobs []string, moments ...time.Time) ([]map[engine.Status]int, error) {
	meant, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	names := sql.NullString{String: string(meant), Valid: jobs != nil}
	return s.countBetween(moments, "count runs", fmt.Sprintf(betweenSQL, fmt.Sprintf(anyTriggerSQL, "runs_ended", "")), names)
}

// CountsOf says the same of one job, also over a time in which others ran very often.
func (s *Store) CountsOf(job string, moments ...time.Time) ([]map[engine.Status]int, error) {
	kinds := fmt.Sprintf(anyTriggerSQL, "runs_ended_of_job", "job = ?2 AND")
	return s.countBetween(moments, "count the runs of "+job, fmt.Sprintf(partsSQL, kinds), job)
}

// countBetween asks for how many runs stand in which way in each part of a time. The query has the statuses as ?1, whose runs are meant
// as ?2, and the parts as ?5.
func (s *Store) countBetween(moments []time.Time, doing, query string, meant any) ([]map[engine.Status]int, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	counts, parts := []map[engine.Status]int{}, [][2]string{}
	for i := range len(moments) - 1 {
		above, below := Filter{Since: moments[i], Until: moments[i+1]}.between()
		counts, parts = append(counts, map[engine.Status]int{}), append(parts, [2]string{above, below})
	}
	statuses, err := json.Marshal(AllStatuses())
	if err != nil {
		return nil, err
	}
	between, err := json.Marshal(parts)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(query, string(statuses), meant, nil, nil, string(between))
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		var part, n int
		var status engine.Status
		if err := rows.Scan(&part, &status, &n); err != nil {
			return nil, s.place.fault(doing, err)
		}
		if n > 0 {
			counts[part][status] += n
		}
	}
	return counts, s.place.fault(doing, rows.Err())
}

// Tally is how many runs of a job went well, and how many failed or were interrupted.
type Tally struct{ OK, Bad int }

// Tallies counts how the runs of jobs ended by themselves, by job, of those that came to be since a time.
func (s *Store) Tallies(jobs []string, since time.Time) (map[string]Tally, error) {
	const doing = "count runs"
	if err := s.settle(); err != nil {
		return nil, err
	}
	names, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	above, _ := Filter{Since: since}.between()
	rows, err := s.read.Query(tallySQL, string(names), above)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	tallies := make(map[string]Tally, len(jobs))
	for rows.Next() {
		var job string
		var t Tally
		if err := rows.Scan(&job, &t.OK, &t.Bad); err != nil {
			return nil, s.place.fault(doing, err)
		}
		tallies[job] = t
	}
	return tallies, s.place.fault(doing, rows.Err())
}

// Took is how long a run lasted that went well.
type Took struct {
	Run     string
	Started time.Time
	Took    time.Duration
}

// Durations gives how long the runs of a job lasted that went well, of those that came to be between two times, the newest first and at
// most so many. A zero time is without a bound.
func (s *Store) Durations(job string, since, until time.Time, limit int) ([]Took, error) {
	doing := "look how long the runs of " + job + " lasted"
	above, below := Filter{Since: since, Until: until}.between()
	rows, err := s.read.Query(durationsSQL, job, above, below, limit)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []Took
	for rows.Next() {
		var t Took
		var started, ended sql.NullInt64
		if err := rows.Scan(&t.Run, &started, &ended); err != nil {
			return nil, s.place.fault(doing, err)
		}
		t.Started, t.Took = moment(started), span(max(ended.Int64-started.Int64, 0))
		list = append(list, t)
	}
	return list, s.place.fault(doing, rows.Err())
}

// FailedStep is a step in which runs of a job failed.
type FailedStep struct {
	Step   string `json:"step"`   // its id, else its key; "" where they failed in none
	Failed int    `json:"failed"` // how many did
	Last   string `json:"last"`   // the newest of these runs
}

// FailedSteps says in which steps runs of a job failed, or were interrupted, the one first in which most did: of those that came to be
// between two times, and of the newest where there are more than limit. A zero time is without a bound.
func (s *Store) FailedSteps(job string, since, until time.Time, limit int) ([]FailedStep, error) {
	doing := "look where the runs of " + job + " failed"
	if err := s.settle(); err != nil {
		return nil, err
	}
	above, below := Filter{Since: since, Until: until}.between()
	rows, err := s.read.Query(failedStepsSQL, job, above, below, limit)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	list := []FailedStep{}
	for rows.Next() {
		var f FailedStep
		if err := rows.Scan(&f.Step, &f.Failed, &f.Last); err != nil {
			return nil, s.place.fault(doing, err)
		}
		list = append(list, f)
	}
	return list, s.place.fault(doing, rows.Err())
}
