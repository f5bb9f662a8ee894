package history

import (
	"database/sql"
	"errors"
	"time"

	"snrun/engine"
)

const (
	alertSQL   = `SELECT subject, kind, since, run FROM alerts WHERE subject = ? AND kind = ?`
	signInsSQL = `SELECT a.subject, a.kind, a.since, a.run FROM alerts a LEFT JOIN runs r ON r.run = a.run
		WHERE a.kind = 'sign_in' AND (r.job = ? OR r.run IS NULL) ORDER BY a.subject`
	failedSinceSQL = `SELECT count(*) FROM runs WHERE job = ? AND run >= ? AND status IN ('failed', 'interrupted')`

	timesSQL       = `SELECT due, started, ended FROM runs WHERE run = ?`
	raiseSQL       = `INSERT OR IGNORE INTO alerts (subject, kind, since, run) VALUES (?, ?, ?, ?)`
	clearSQL       = `DELETE FROM alerts WHERE subject = ? AND kind = ? AND since = ?`
	wellSQL        = `SELECT NOT EXISTS (SELECT 1 FROM alerts WHERE subject = ? AND kind = ?)`
	alertStandsSQL = `SELECT EXISTS (SELECT 1 FROM alerts WHERE subject = ? AND kind = ? AND since = ?)`
)

// Alert gives what is wrong with a subject in one way. It is false where nothing is.
func (s *Store) Alert(subject, kind string) (engine.Alert, bool, error) {
	a, err := scanAlert(s.read.QueryRow(alertSQL, subject, kind))
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, s.place.fault("look for what is wrong", err)
}

// SignInAlerts gives the profiles that need a person since a run of the job, or since one that is gone from the history.
func (s *Store) SignInAlerts(job string) ([]engine.Alert, error) {
	const doing = "look for what is wrong"
	rows, err := s.read.Query(signInsSQL, job)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []engine.Alert
	for rows.Next() {
		a, err := scanAlert(rows)
		if err != nil {
			return nil, s.place.fault(doing, err)
		}
		list = append(list, a)
	}
	return list, s.place.fault(doing, rows.Err())
}

func scanAlert(from scanner) (engine.Alert, error) {
	var a engine.Alert
	var since int64
	err := from.Scan(&a.Subject, &a.Kind, &since, &a.Run)
	a.Since = time.UnixMicro(since).UTC()
	return a, err
}

// FailedSince counts the runs of a job that failed, or were interrupted, from a run on.
func (s *Store) FailedSince(job, run string) (count int, err error) {
	err = s.read.QueryRow(failedSinceSQL, job, run).Scan(&count)
	return count, s.place.fault("count the failed runs of "+job, err)
}

// Times fills in when a run was due, started and ended. It stays as it is where there is none of its id.
func (s *Store) Times(run *engine.Run) error {
	var due, started, ended sql.NullInt64
	err := s.read.QueryRow(timesSQL, run.ID).Scan(&due, &started, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	run.Due, run.Started, run.Ended = moment(due), moment(started), moment(ended)
	return s.place.fault("read run "+run.ID, err)
}

// Raise records that something is wrong, and posts notices of it: all of it, or nothing where it was known already, whoever recorded it.
func (s *Store) Raise(a engine.Alert, posts []engine.Post) error {
	well := rowOf(wellSQL, a.Subject, a.Kind)
	rows := append(postRows(posts, &well), rowOf(raiseSQL, a.Subject, a.Kind, a.Since, a.Run))
	return s.post("record what is wrong", rows, posts)
}

// Clear records that what Alert gave is over, and posts notices of it: all of it, or nothing where it is not wrong any more, or
// wrong anew.
func (s *Store) Clear(a engine.Alert, posts []engine.Post) error {
	stands := rowOf(alertStandsSQL, a.Subject, a.Kind, a.Since)
	rows := append(postRows(posts, &stands), rowOf(clearSQL, a.Subject, a.Kind, a.Since))
	return s.post("record what is right again", rows, posts)
}
