package history

import (
	"database/sql"
	"time"
)

const successesSQL = `SELECT job, max(ended) FROM runs WHERE status = 'ok' GROUP BY job`

// Successes gives when a run of each job last ended well; jobs without such a run are missing. It reads all runs.
func (s *Store) Successes() (map[string]time.Time, error) {
	rows, err := s.read.Query(successesSQL)
	if err != nil {
		return nil, s.place.fault("look for the last successes", err)
	}
	defer rows.Close()
	ends := map[string]time.Time{}
	for rows.Next() {
		var job string
		var ended sql.NullInt64
		if err := rows.Scan(&job, &ended); err != nil {
			return nil, s.place.fault("look for the last successes", err)
		}
		ends[job] = moment(ended)
	}
	return ends, s.place.fault("look for the last successes", rows.Err())
}
