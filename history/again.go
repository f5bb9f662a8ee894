package history

import "encoding/json"

const (
	againSQL         = `UPDATE steps SET again = 1 WHERE id IN (SELECT value FROM json_each(?))`
	isLaterSQL       = `SELECT attempt > 1 FROM runs WHERE id = ?`
	earlierWithAgain = `SELECT id, key, status, started, coalesce(counts, ''), again FROM steps WHERE run = ? ORDER BY id`
	dropAgainSQL     = dropStepSQL + ` AND again = 1`
)

// tellAgain gives the rows that tell other processes which steps a run carries out anew that is gone on with.
func (l *ledger) tellAgain() ([]row, error) {
	var ids []int64
	for _, e := range l.before {
		if !e.stands() {
			ids = append(ids, e.id)
		}
	}
	if !l.shared || len(ids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(ids)
	return []row{rowOf(againSQL, string(list))}, err
}

// earlierElsewhere reads the steps of a run that another process has gone on with; none where nobody has.
func (s *Store) earlierElsewhere(number int64) (map[string]earlier, error) {
	var later bool
	if err := s.read.QueryRow(isLaterSQL, number).Scan(&later); err != nil || !later {
		return nil, err
	}
	return s.readEarlier(earlierWithAgain, number)
}
