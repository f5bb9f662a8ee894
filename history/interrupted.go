package history

import (
	"database/sql"

	"snrun/engine"
)

const toResumeSQL = `SELECT run, job, attempt, ended FROM runs WHERE status = 'interrupted' AND daemon = 1 ORDER BY run`

// Interrupted gives the runs of the jobs named that a daemon carried out and that were interrupted, the oldest first.
func (s *Store) Interrupted(jobs []string) ([]engine.Interruption, error) {
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
	var found []engine.Interruption
	for rows.Next() {
		var i engine.Interruption
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
