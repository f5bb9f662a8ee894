package history

import (
	"errors"
	"io/fs"
	"maps"
	"slices"

	"snrun/engine"
	"snrun/steps"
)

const (
	runningSQL = `SELECT id, run, live, daemon FROM runs WHERE status = 'running' AND workflow = ''`
	goingOnSQL = `SELECT id, key FROM steps WHERE id BETWEEN ? AND ? AND status IN ('running', 'waiting')`

	interruptStep = `UPDATE steps SET status = ?1, ended = coalesce(ended, ` + lastMoment + `)
		WHERE id = ?4 AND status IN ('running', 'waiting')`
	interruptRun = `UPDATE runs SET status = 'interrupted', error = ?1, ended = max(coalesce(started, 0), ` + lastMoment + `)
		WHERE id = ?4 AND status = 'running' AND live = ?5`
	doubtStep = `INSERT OR IGNORE INTO steps (id, key, step, name, kind, status, attempts, started, ended, message)
		SELECT ?1, ?2, ?3, '', '', 'in_doubt', ?4, started, started, '' FROM journal WHERE id = ?5`
	stepOfKey  = `SELECT coalesce(max(id), 0) FROM steps WHERE id BETWEEN ? AND ? AND key = ?`
	doubtAgain = `UPDATE steps SET status = 'in_doubt' WHERE id = ?`
	// lastMoment is the time of the last thing recorded of the run with the rows ?2 to ?3.
	lastMoment = `coalesce((SELECT max(t) FROM (
		SELECT max(coalesce(ended, started)) AS t FROM steps WHERE id BETWEEN ?2 AND ?3
		UNION ALL SELECT max(coalesce(ended, started)) FROM attempts WHERE id BETWEEN ?2 AND ?3
		UNION ALL SELECT max(coalesce(ended, started)) FROM journal WHERE id BETWEEN ?2 AND ?3)), 0)`
)

// orphan is a run on record as running that no process carries out.
type orphan struct {
	number    int64
	run       string
	token     string
	abandoned bool // by this process, which lives
	daemon    bool // a daemon carried it out
	// Of a run that was carried out elsewhere.
	fate    *Fate
	attempt int
}

// Abandon says that nobody in this process carries a run out any more. Where it is still on record as running, since its end could not
// be written, it counts as interrupted from here on, as one whose process is gone.
func (s *Store) Abandon(run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned[run] = true
}

// isAbandoned says whether that was said of a run.
func (s *Store) isAbandoned(run string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.abandoned[run]
}

// keeps takes that back.
func (s *Store) keeps(run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.abandoned, run)
}

// settle marks the runs whose process is gone as interrupted, but for those that a workflow carries out. A history that may not be written, or is locked, is left
// as it is when it was opened for reading only.
func (s *Store) settle() error {
	orphans, err := s.orphans()
	if err != nil {
		return s.place.fault("look for interrupted runs", err)
	}
	elsewhere, err := s.cutOffElsewhere()
	if err != nil {
		return s.place.fault("look for runs that ended elsewhere", err)
	}
	orphans = append(orphans, elsewhere...)
	if len(orphans) == 0 {
		return nil
	}
	if s.writer != nil { // what an abandoned run has noted comes first
		if err := s.flush("mark interrupted runs"); err != nil {
			return err
		}
	}
	rows, err := s.interruptions(orphans)
	if err != nil {
		return err
	}
	if s.writer != nil {
		if err := s.flush("mark interrupted runs", rows...); err != nil {
			return err
		}
	} else if err := s.commitOnce(rows); err != nil {
		what, _ := s.place.diagnose(err)
		if errors.Is(what, fs.ErrPermission) || errors.Is(what, engine.ErrLocked) || errors.Is(what, engine.ErrFull) {
			return nil
		}
		return s.place.fault("mark interrupted runs", err)
	}
	s.alive.sweep()
	return nil
}

// commitOnce makes rows durable through a connection of their own.
func (s *Store) commitOnce(rows []row) error {
	c, err := s.place.writer()
	if err != nil {
		return err
	}
	return errors.Join(c.transact(rows), c.close())
}

// orphans gives the runs on record as running that no process carries out.
func (s *Store) orphans() ([]orphan, error) {
	s.mu.Lock()
	abandoned := maps.Clone(s.abandoned)
	s.mu.Unlock()
	rows, err := s.read.Query(runningSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gone := map[string]bool{}
	var orphans []orphan
	for rows.Next() {
		var o orphan
		if err := rows.Scan(&o.number, &o.run, &o.token, &o.daemon); err != nil {
			return nil, err
		}
		if _, known := gone[o.token]; !known {
			gone[o.token] = s.alive.dead(o.token)
		}
		delete(abandoned, o.run)
		o.abandoned = s.alive.own(o.token) && s.isAbandoned(o.run)
		if gone[o.token] || o.abandoned {
			orphans = append(orphans, o)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for run := range abandoned { // their ends are on record
		s.keeps(run)
	}
	return orphans, nil
}

// interruptions gives the rows that mark runs as interrupted.
func (s *Store) interruptions(orphans []orphan) ([]row, error) {
	var all []row
	for _, o := range orphans {
		rows, err := s.interruption(o)
		if err != nil {
			return nil, s.place.fault("read run "+o.run, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// interruption gives the rows that mark one run, its steps that went on, and those that are in doubt.
func (s *Store) interruption(o orphan) ([]row, error) {
	kept, err := s.kept(o.number)
	if err != nil {
		return nil, err
	}
	calls := latest(kept)
	goingOn, err := s.goingOn(o.number)
	if err != nil {
		return nil, err
	}
	id, err := s.lastRow(o.number)
	if err != nil {
		return nil, err
	}
	inDoubt := openCalls(calls)
	failure, err := orNull(interrupted(o, inDoubt))
	if err != nil {
		return nil, err
	}
	lo, hi := rowRange(o.number)
	rows := []row{o.ends(failure, inDoubt, lo, hi)}
	for _, key := range inDoubt {
		if step := caller(key, goingOn); step != "" {
			rows = append(rows, rowOf(interruptStep, string(engine.InDoubt), lo, hi, goingOn[step]))
			continue
		}
		r, err := s.doubt(id+1, o.number, key, calls[key].id)
		if err != nil {
			return nil, err
		}
		id++
		rows = append(rows, r)
	}
	if s.place.shared() {
		rows = append(rows, rowOf(reachSQL, o.number, id&rowMask))
	}
	for _, id := range slices.Sorted(maps.Values(goingOn)) { // those in doubt do not go on any more
		rows = append(rows, rowOf(interruptStep, string(engine.Cancelled), lo, hi, id))
	}
	return rows, nil
}

// doubt gives the row that marks the step of a call as in doubt: the one that history has from before its run was gone on
// with, else a new one with an id.
func (s *Store) doubt(id, number int64, key string, call int64) (row, error) {
	lo, hi := rowRange(number)
	step, attempt := splitCall(key)
	var known int64
	if err := s.read.QueryRow(stepOfKey, lo, hi, step).Scan(&known); err != nil {
		return row{}, err
	}
	if known > 0 {
		return rowOf(doubtAgain, known), nil
	}
	return rowOf(doubtStep, id, step, stepID(step), attempt, call), nil
}

// goingOn gives the rows of the steps on record as running or waiting, by key.
func (s *Store) goingOn(number int64) (map[string]int64, error) {
	lo, hi := rowRange(number)
	rows, err := s.read.Query(goingOnSQL, lo, hi)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	goingOn := map[string]int64{}
	for rows.Next() {
		var id int64
		var key string
		if err := rows.Scan(&id, &key); err != nil {
			return nil, err
		}
		goingOn[key] = id
	}
	return goingOn, rows.Err()
}

// interrupted gives the error of a run that no process carries out.
func interrupted(o orphan, inDoubt []string) *steps.Error {
	if o.fate != nil {
		return o.fated(inDoubt)
	}
	e := &steps.Error{
		Kind: steps.Cancelled, Message: "the process that ran it ended before the run did", Hint: "go on with it: snrun resume " + o.run,
	}
	if o.abandoned {
		e.Message = "what it did could not be recorded any further"
	}
	if o.daemon {
		e.Hint = "the next snrun serve goes on with it by itself, or puts it down as failed where the job says on_interrupt: fail; at once: snrun resume " + o.run
	}
	if len(inDoubt) > 0 {
		e.Message += "; it is not known whether this was carried out: " + several(inDoubt)
		e.Hint = assumeHint + o.run
	}
	return e
}

// assumeHint says what to do about calls in doubt, before the id of their run.
const assumeHint = "look in the other system, then go on with --assume done where it was carried out, else with --assume redo: snrun resume "

// caller gives the key of the step that made a call, one of steps; "" when it is none of them.
func caller(call string, steps map[string]int64) string {
	step, _ := splitCall(call)
	if _, ok := steps[step]; ok {
		return step
	}
	return ""
}
