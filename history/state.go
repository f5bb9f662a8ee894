package history

import (
	"database/sql"
	"maps"
	"slices"
	"time"
)

const (
	saveSQL = `INSERT INTO state (job, name, value, run, saved) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (job, name) DO UPDATE SET value = excluded.value, run = excluded.run, saved = excluded.saved`
	stateSQL = `SELECT name, value FROM state WHERE job = ?`
	savedSQL = `SELECT name, value, saved, (SELECT run FROM runs WHERE runs.id = state.run) FROM state WHERE job = ? ORDER BY name`
)

// State gives the values that a job has saved, an empty map when it has saved none. Numbers keep their digits: int,
// float64, or json.Number where neither says the same.
func (s *Store) State(job string) (map[string]any, error) {
	state, err := s.state(job)
	return state, s.place.fault("read the state of "+job, err)
}

// SavedValue is a value that a job has saved, for its next runs.
type SavedValue struct {
	Name  string    `json:"name"`
	Value any       `json:"value"`
	Saved time.Time `json:"saved"`
	Run   string    `json:"run"` // that saved it; "" where it is not kept any more
}

// SavedValues gives what a job has saved, sorted by name.
func (s *Store) SavedValues(job string) ([]SavedValue, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	doing := "read the state of " + job
	rows, err := s.read.Query(savedSQL, job)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []SavedValue
	for rows.Next() {
		var v SavedValue
		var value, run sql.NullString
		var saved int64
		if err := rows.Scan(&v.Name, &value, &saved, &run); err != nil {
			return nil, s.place.fault(doing, err)
		}
		if v.Value, err = decode(value); err != nil {
			return nil, s.place.fault(doing, err)
		}
		v.Saved, v.Run = time.UnixMicro(saved).UTC(), run.String
		list = append(list, v)
	}
	return list, s.place.fault(doing, rows.Err())
}

func (s *Store) state(job string) (map[string]any, error) {
	rows, err := s.read.Query(stateSQL, job)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	state := map[string]any{}
	for rows.Next() {
		var name string
		var value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		if state[name], err = decode(value); err != nil {
			return nil, err
		}
	}
	return state, rows.Err()
}

// stateRows gives the rows that set state values of a job.
func stateRows(run int64, job string, state map[string]any, saved time.Time) ([]row, error) {
	if len(state) == 0 {
		return nil, nil
	}
	var rows []row
	for _, name := range slices.Sorted(maps.Keys(state)) {
		value, err := encode(state[name])
		if err != nil {
			return nil, err
		}
		rows = append(rows, rowOf(saveSQL, job, name, value, run, saved))
	}
	return rows, nil
}
