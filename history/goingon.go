package history

import (
	"errors"

	"snrun/engine"
)

// Continue sets a run that has ended going again.
func (s *Store) Continue(run *engine.Run, forget []string) error {
	live, err := s.alive.hold()
	if err != nil {
		return err
	}
	number, err := s.runNumber(run.ID)
	if err != nil {
		return err
	}
	lo, hi := rowRange(number)
	rows := []row{rowOf(`UPDATE runs SET status = 'running', ended = NULL, error = NULL, live = ? WHERE id = ?`, live, number)}
	rows = append(rows, rowOf(`DELETE FROM steps WHERE id BETWEEN ? AND ?`, lo, hi))
	for _, key := range forget {
		rows = append(rows, rowOf(`DELETE FROM journal WHERE id BETWEEN ? AND ? AND (key = ? OR key LIKE ?)`, lo, hi, key, key+"/%"))
	}
	s.forget(run.ID)
	return s.flush("continue", rows...)
}

// Fold puts entries in place of those below a key.
func (s *Store) Fold(run, below string, drop []string, entries ...engine.Entry) error {
	return errors.New("fold: not yet")
}

// Kept gives the outcomes under keys with a prefix.
func (s *Store) Kept(run, prefix string) ([]engine.Entry, error) { return nil, nil }
