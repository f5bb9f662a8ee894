package history

import (
	"database/sql"
	"fmt"

	"snrun/engine"
)

const (
	noteSQL = `INSERT OR REPLACE INTO steps (id, key, step, name, kind, status, attempts, started, ended, error, counts, message)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	stepsSQL = `SELECT key, step, name, kind, status, attempts, started, ended, error, counts, message FROM steps
		WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) AND (?4 = '' OR status = ?4) ORDER BY id LIMIT ?5 OFFSET ?6`
	countsSQL = `SELECT status, count(*) FROM steps WHERE id BETWEEN ? AND ? GROUP BY status`
)

// Note keeps how a step stands. One that goes on is replaced by what is noted of it next, and in a run that is gone on with
// what is on record of it from before. A note becomes durable with many others, within 250 ms, or with Finish.
func (s *Store) Note(run string, step engine.StepRun) error {
	if s.writer == nil {
		return s.onlyReading("note a step")
	}
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	failure, err := orNull(step.Error)
	if err != nil {
		return fmt.Errorf("record the error of step %s: %w", step.Key, err)
	}
	counts, err := orNull(step.Counts)
	if err != nil {
		return fmt.Errorf("record the counts of step %s: %w", step.Key, err)
	}
	id, stands := l.stepRow(&step)
	if stands {
		return nil
	}
	return s.place.fault("note a step", s.writer.note(id, rowOf(noteSQL, id, step.Key, step.ID, step.Name, step.Kind,
		string(step.Status), step.Attempts, step.Started, step.Ended, failure, counts, step.Message)))
}

// StepFilter says which steps of a run to list.
type StepFilter struct {
	ID     string        // only steps with this id in the job: one for each item of a loop around it
	Status engine.Status // only steps that stand so
	Offset int           // leave out so many
	Limit  int           // at most so many; 0 is all
}

// Steps lists steps of a run in the order in which they were first noted, so that a run with very many can be read in
// pages.
func (s *Store) Steps(run string, f StepFilter) ([]engine.StepRun, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.read.Query(stepsSQL, lo, hi, f.ID, string(f.Status), limit, f.Offset)
	if err != nil {
		return nil, s.place.fault("list the steps", err)
	}
	defer rows.Close()
	var list []engine.StepRun
	for rows.Next() {
		var step engine.StepRun
		if err := scanStep(rows, &step); err != nil {
			return nil, s.place.fault("list the steps", err)
		}
		list = append(list, step)
	}
	return list, s.place.fault("list the steps", rows.Err())
}

func scanStep(rows *sql.Rows, step *engine.StepRun) error {
	var started, ended sql.NullInt64
	var failure, counts sql.NullString
	err := rows.Scan(&step.Key, &step.ID, &step.Name, &step.Kind, &step.Status, &step.Attempts, &started, &ended, &failure,
		&counts, &step.Message)
	if err != nil {
		return err
	}
	step.Started, step.Ended = moment(started), moment(ended)
	if step.Error, err = decodeError(failure); err != nil || !counts.Valid {
		return err
	}
	step.Counts = new(engine.Counts)
	return decodeInto(counts, step.Counts)
}

// StepCounts gives how many steps of a run stand how.
func (s *Store) StepCounts(run string) (map[engine.Status]int, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(countsSQL, lo, hi)
	if err != nil {
		return nil, s.place.fault("count the steps", err)
	}
	defer rows.Close()
	counts := map[engine.Status]int{}
	for rows.Next() {
		var status engine.Status
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return nil, s.place.fault("count the steps", err)
		}
		counts[status] = n
	}
	return counts, s.place.fault("count the steps", rows.Err())
}
