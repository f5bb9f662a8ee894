package history

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"snrun/engine"
)

const (
	newestSQL     = `SELECT run FROM runs ORDER BY run DESC LIMIT 1`
	lastRunSQL    = `SELECT run FROM runs WHERE job = ? ORDER BY run DESC LIMIT 1`
	newestGoodSQL = `SELECT run FROM runs WHERE status = 'ok' ORDER BY run DESC LIMIT 1`
	lastGoodSQL   = `SELECT run FROM runs WHERE job = ? AND status = 'ok' AND run < ? ORDER BY run DESC LIMIT 1`
	headSQL       = `SELECT ` + runColumns + ` FROM runs WHERE run = ?`
	prefixSQL     = `SELECT run FROM runs WHERE run >= ?1 AND run < ?1 || '~' ORDER BY run LIMIT 6`
)

// Find gives the id of the run that a person means: by the beginning of its id when no other run's id begins so, as
// @last for the newest run, or as @last:JOB for the newest of a job; @last-good and @last-good:JOB are the newest that went well,
// @last-failed and @last-failed:JOB the newest that failed or was cut off.
// The error wraps ErrUnknownRun or ErrAmbiguousRun.
func (s *Store) Find(ref string) (string, error) {
	switch name, job, ofJob := strings.Cut(ref, ":"); {
	case ref == "@last":
		return s.findOne(newestSQL, "nothing was ever run here")
	case ref == LastGood:
		return s.findOne(newestGoodSQL, "nothing has gone well here")
	case name == LastFailed && (!ofJob || job != ""):
		return s.lastFailed(job)
	case ofJob && name == "@last":
		return s.findOne(lastRunSQL, "the job "+job+" was never run here", job)
	case ofJob && name == LastGood:
		return s.LastGoodBefore(job, "")
	case ref == "" || strings.HasPrefix(ref, "@"):
		return "", fmt.Errorf("%w: %q: write a run's id or its beginning, or @last, "+LastGood+" or "+LastFailed+", also with :JOB", ErrUnknownRun, ref)
	}
	return s.findPrefix(ref)
}

// LastGood refers to the newest run that went well: of all, or where another run is compared with it, of those before that one.
const LastGood = "@last-good"

// LastFailed refers to the newest run that failed or was cut off.
const LastFailed = "@last-failed"

// lastFailed gives the newest run of a job, or of all when it is "", that failed or was cut off.
func (s *Store) lastFailed(job string) (string, error) {
	runs, err := s.Runs(Filter{Job: job, Statuses: []engine.Status{engine.Failed, engine.Interrupted}, Limit: 1})
	switch {
	case err != nil:
		return "", err
	case len(runs) > 0:
		return runs[0].ID, nil
	case job == "":
		return "", fmt.Errorf("%w: no run has failed here", ErrUnknownRun)
	}
	return "", fmt.Errorf("%w: no run of the job %s has failed here", ErrUnknownRun, job)
}

// LastGoodBefore gives the newest run of a job that went well and is older than a run, "" for any. The error wraps ErrUnknownRun.
func (s *Store) LastGoodBefore(job, run string) (string, error) {
	otherwise := "no run of the job " + job + " has gone well here"
	if run == "" {
		return s.findOne(lastGoodSQL, otherwise, job, "~")
	}
	return s.findOne(lastGoodSQL, otherwise+" before "+run, job, run)
}

// findOne gives the id that a query finds, and why there is none when it finds none.
func (s *Store) findOne(query, otherwise string, args ...any) (string, error) {
	var id string
	err := s.read.QueryRow(query, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("%w: %s", ErrUnknownRun, otherwise)
	}
	return id, s.place.fault("look for a run", err)
}

func (s *Store) findPrefix(prefix string) (string, error) {
	ids, err := s.idsFrom(strings.ToLower(prefix))
	switch {
	case err != nil:
		return "", s.place.fault("look for a run", err)
	case len(ids) == 1 || len(ids) > 1 && ids[0] == strings.ToLower(prefix):
		return ids[0], nil
	case len(ids) > 1:
		return "", fmt.Errorf("%w: %s may be %s: write more of the id", ErrAmbiguousRun, prefix, several(ids))
	}
	if _, err := s.Find("@last:" + prefix); err == nil {
		return "", fmt.Errorf("%w: %s is a job: write @last:%s for its last run", ErrUnknownRun, prefix, prefix)
	}
	return "", fmt.Errorf("%w: no id begins with %q", ErrUnknownRun, prefix)
}

// several names the first few of the ids.
func several(ids []string) string {
	const few = 5
	if len(ids) > few {
		return strings.Join(ids[:few], ", ") + ", …"
	}
	return strings.Join(ids, ", ")
}

// idsFrom gives the first ids that begin with prefix.
func (s *Store) idsFrom(prefix string) ([]string, error) {
	rows, err := s.read.Query(prefixSQL, prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Head gives a run by its whole id, without its steps and texts: for who looks at it often.
func (s *Store) Head(id string) (*engine.Run, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	var run engine.Run
	err := scanRun(s.read.QueryRow(headSQL, id), &run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownRun, id)
	}
	if err != nil {
		return nil, s.place.fault("read run "+id, err)
	}
	return &run, nil
}
