package history

import (
	"time"

	"snrun/engine"
)

const (
	pauseJob = `INSERT INTO pauses (job, since, who, why) VALUES (?, ?, ?, ?)
		ON CONFLICT (job) DO UPDATE SET who = excluded.who, why = excluded.why`
	resumeJob = `DELETE FROM pauses WHERE job = ?`
	pausesSQL = `SELECT job, since, who, why FROM pauses ORDER BY job`
)

// Pause has a job not be run by its schedules until Unpause. One that is paused already stays so since then, for the newer reason.
func (s *Store) Pause(p engine.Pause) error {
	return s.change("pause "+p.Job, func(c *conn) error { return c.exec(rowOf(pauseJob, p.Job, p.Since, p.Who, p.Why)) })
}

// Unpause has a job be run by its schedules again. It is false where it was not paused.
func (s *Store) Unpause(job string) (bool, error) {
	paused := false
	err := s.change("resume "+job, func(c *conn) error {
		if err := c.exec(rowOf(resumeJob, job)); err != nil {
			return err
		}
		var err error
		paused, err = c.changed()
		return err
	})
	return paused && err == nil, err
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
