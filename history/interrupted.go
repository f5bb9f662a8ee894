package history

import (
	"database/sql"
	"time"
)

const toResumeSQL = `SELECT run, job, attempt, ended FROM runs WHERE status = 'interrupted' AND daemon = 1 ORDER BY run`

// Interruption is a run that a daemon carried out and that was interrupted.
type Interruption struct {
	Run     string
	Job     string
	Attempt int
	Ended   time.Time // the last that is known of it
	InDoubt []string  // the calls of which it is not known whether they were carried out
}

// Interrupted gives the runs of the jobs named that a daemon carried out and that were interrupted, the oldest first.
func (s *Store) Interrupted(jobs []string) ([]Interruption, error) {
	const doing = "look for interrupted runs"
	if err := s.settle(); err != nil {
		return nil, err
	}
	named := make(map[string]bool, len(jobs))
	for _, job := range jobs {
		named[job] = true
	}
	rows, err := s.read.Query(toResumeSQL)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var found []Interruption
	for rows.Next() {
		var i Interruption
		var ended sql.NullInt64
		if err := rows.Scan(&i.Run, &i.Job, &i.Attempt, &ended); err != nil {
			return nil, s.place.fault(doing, err)
		}
		i.Ended = moment(ended)
		if named[i.Job] {
			found = append(found, i)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.place.fault(doing, err)
	}
	for i := range found {
		if found[i].InDoubt, err = s.InDoubt(found[i].Run); err != nil {
			return nil, err
		}
	}
	return found, nil
}
