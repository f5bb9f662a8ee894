package history

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"snrun/engine"
)

const (
	newestSQL = `SELECT run FROM runs ORDER BY run DESC LIMIT 1`
	headSQL   = `SELECT ` + runColumns + ` FROM runs WHERE run = ?`
	prefixSQL = `SELECT run FROM runs WHERE run >= ?1 AND run < ?1 || '~' ORDER BY run LIMIT 6`
)

// Find gives the id of the run that a person means: by the beginning of its id when no other run's id begins so, as
// @last for the newest run, or as @last:JOB for the newest of a job. The error wraps ErrUnknownRun or ErrAmbiguousRun.
func (s *Store) Find(ref string) (string, error) {
	switch job, ofJob := strings.CutPrefix(ref, "@last:"); {
	case ref == "@last":
		return s.findOne(newestSQL, "nothing was ever run here")
	case ofJob:
		return s.findOne(lastRunSQL, "the job "+job+" was never run here", job)
	case ref == "" || strings.HasPrefix(ref, "@"):
		return "", fmt.Errorf("%w: %q: write a run's id or its beginning, @last, or @last:JOB", ErrUnknownRun, ref)
	}
	return s.findPrefix(ref)
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
