package history

import (
	"time"

	"snrun/engine"
)

const (
	pauseJob  = `INSERT INTO pauses (job, since, who, why) VALUES (?, ?, ?, ?) ON CONFLICT (job) DO NOTHING`
	resumeJob = `DELETE FROM pauses WHERE job = ?`
	pausesSQL = `SELECT job, since, who, why FROM pauses ORDER BY job`
	// changedSQL is about the last row that the connection wrote.
	changedSQL = `SELECT changes()`
)

// Pause has a job not be run by its schedules until Unpause. It is false where that is so already; then nothing changes.
func (s *Store) Pause(p engine.Pause) (bool, error) {
	return s.changes("pause "+p.Job, rowOf(pauseJob, p.Job, p.Since, p.Who, p.Why))
}

// Unpause has a job be run by its schedules again. It is false where it was not paused.
func (s *Store) Unpause(job string) (bool, error) {
	return s.changes("resume "+job, rowOf(resumeJob, job))
}

// changes carries out a row and says whether it changed anything.
func (s *Store) changes(doing string, r row) (changed bool, err error) {
	err = s.change(doing, func(c *conn) error {
		if err := c.exec(r); err != nil {
			return err
		}
		changed, err = c.holds(rowOf(changedSQL))
		return err
	})
	return changed && err == nil, err
}

// Pauses gives the jobs that are paused, by name.
func (s *Store) Pauses() (map[string]engine.Pause, error) {
	const doing = "look for paused jobs"
	rows, err := s.read.Query(pausesSQL)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	pauses := map[string]engine.Pause{}
	for rows.Next() {
		var p engine.Pause
		var since int64
		if err := rows.Scan(&p.Job, &since, &p.Who, &p.Why); err != nil {
			return nil, s.place.fault(doing, err)
		}
		p.Since = time.UnixMicro(since).UTC()
		pauses[p.Job] = p
	}
	return pauses, s.place.fault(doing, rows.Err())
}
