package history

import (
	"database/sql"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	endedSQL = `SELECT status NOT IN ('running', 'queued') FROM runs WHERE id = ?`
	// Whoever was quicker has made it an attempt more, and perhaps ended it again.
	goesOnSQL    = `SELECT status NOT IN ('running', 'queued') AND (?1 < 2 OR attempt < ?1) FROM runs WHERE id = ?2`
	continuedSQL = `SELECT EXISTS (SELECT 1 FROM runs WHERE run = ? AND status = 'running' AND workflow = ? AND attempt = ?)`
	continueRun  = `UPDATE runs SET status = 'running', attempt = ?, process = ?, live = ?, daemon = ?, workflow = ?, ended = NULL, output = NULL, error = NULL,
		open = 0, reason = '', cancel = '' WHERE id = ?`
	replaceText   = `UPDATE runs SET file = ?, text = (SELECT id FROM texts WHERE digest = ?) WHERE id = ?`
	replaceCalled = `DELETE FROM called WHERE run = ?`
	replaceLatest = `DELETE FROM latest WHERE run = ?`
	latestSQL     = `INSERT INTO latest (run, nth, file, text) SELECT ?, ?, ?, id FROM texts WHERE digest = ?`
	earlierSQL    = `SELECT id, key, status, started, coalesce(counts, ''), 0 FROM steps WHERE id BETWEEN ? AND ? ORDER BY id`
	dropStepSQL   = `DELETE FROM steps WHERE id = ?`
)

// Continue sets a run that has ended going again: in this process, as its next attempt, without what the journal has at and
// below the keys of forget, but the intents of doubt. A workflow may do so again for the same attempt. A run whose process is gone counts as ended. The error wraps engine.ErrRunning when the run has
// not ended, or somebody else went on with it first. The texts of its jobs are kept anew where run has some,
// and in any case those of this attempt.
func (s *Store) Continue(run *engine.Run, forget, doubt []string) error {
	doing := "go on with run " + run.ID
	if err := s.settle(); err != nil {
		return err
	}
	if err := s.flush(doing); err != nil { // what was held back of its end
		return err
	}
	if done, err := s.continued(run); err != nil || done {
		return s.place.fault(doing, err)
	}
	live, err := s.alive.hold()
	if err != nil {
		return s.place.fault(doing, err)
	}
	number, err := s.ended(run.ID)
	if err != nil {
		return err
	}
	l, dropped, err := s.takeUpAgain(number, rootsOf(forget))
	if err != nil {
		return s.place.fault(doing, err)
	}
	again, err := l.tellAgain()
	if err != nil {
		return s.place.fault(doing, err)
	}
	rows := append(append(append(continuing(run, number, live), dropped...), rowOf(staleSQL, number)), again...)
	now := time.Now()
	for _, key := range doubt {
		id, err := l.take()
		if err != nil {
			return s.place.fault(doing, err)
		}
		rows = append(rows, rowOf(intendSQL, id, key, now))
		l.recording(key, id)
		l.remember(key, call{id, engine.Intended})
	}
	s.keeps(run.ID)
	if err := s.flush(doing, rows...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledgers[run.ID] = l
	return nil
}

// continued says whether a run of a workflow has that attempt already: whoever went on with it was lost before the answer.
func (s *Store) continued(run *engine.Run) (done bool, err error) {
	if run.Workflow != "" {
		err = s.read.QueryRow(continuedSQL, run.ID, run.Workflow, run.Attempt).Scan(&done)
	}
	return done, err
}

// ended gives the number of a run, and engine.ErrRunning when it has not ended.
func (s *Store) ended(run string) (int64, error) {
	number, err := s.runNumber(run)
	if err != nil {
		return 0, err
	}
	var ended bool
	if err := s.read.QueryRow(endedSQL, number).Scan(&ended); err != nil {
		return 0, s.place.fault("read run "+run, err)
	}
	if !ended {
		return 0, fmt.Errorf("run %s: %w", run, engine.ErrRunning)
	}
	return number, nil
}

// continuing gives the rows that set a run going again, if nobody else did meanwhile.
func continuing(run *engine.Run, number int64, live string) []row {
	if run.Workflow != "" {
		live = "" // it does not end with this process
	}
	begin := rowOf(continueRun, max(run.Attempt, 1), run.Process, live, run.Daemon, run.Workflow, number)
	mayGoOn := rowOf(goesOnSQL, run.Attempt, number)
	begin.when, begin.otherwise = &mayGoOn, engine.ErrRunning
	rows := []row{begin}
	if run.Text != "" {
		text, digest := textRow(run.Text)
		rows = append(rows, text, rowOf(replaceText, run.File, digest, number))
	}
	if run.Called != nil {
		rows = append(append(rows, rowOf(replaceCalled, number)), calledRows(run)...)
	}
	rows = append(rows, rowOf(replaceLatest, number))
	for i, latest := range run.Latest {
		text, digest := textRow(latest.Text)
		rows = append(rows, text, rowOf(latestSQL, number, i, latest.File, digest))
	}
	return rows
}

// roots are the keys at and below which a run is carried out anew.
type roots struct{ at, above map[string]bool }

// rootsOf gives the roots with keys.
func rootsOf(keys []string) roots {
	r := roots{map[string]bool{}, map[string]bool{}}
	for _, key := range keys {
		r.at[key] = true
		eachAbove(key, func(above string) bool {
			r.above[above] = true
			return true
		})
	}
	return r
}

// under says whether a key stands at or below one of the roots, as engine.Below says of each.
func (r roots) under(key string) bool {
	found := r.at[key] || r.at[key+"#"]
	eachAbove(key, func(above string) bool {
		found = found || r.at[above] || key[len(above)] == '#' && r.at[above+"#"]
		return !found
	})
	return found
}

// takeUpAgain makes the ledger of a run that is gone on with, and gives the rows that drop what is to be forgotten.
func (s *Store) takeUpAgain(number int64, r roots) (*ledger, []row, error) {
	l := s.newLedger(number)
	if err := s.lastInto(l); err != nil {
		return nil, nil, err
	}
	kept, err := s.kept(number)
	if err != nil {
		return nil, nil, err
	}
	l.takeIn(kept)
	if l.before, err = s.earlier(number, r); err != nil {
		return nil, nil, err
	}
	var rows []row
	l.calls = map[string]call{}
	for i := 0; i < len(kept); i++ {
		if !r.under(kept[i].key) {
			l.remember(kept[i].key, l.calls[kept[i].key].then(kept[i].call))
			continue
		}
		first := kept[i].id
		for i+1 < len(kept) && r.under(kept[i+1].key) { // nothing that stays stands between them
			i++
		}
		if l.large.Load() {
			rows = append(rows, rowOf(freeRowsSQL, first, kept[i].id))
		}
		rows = append(rows, rowOf(dropSQL, first, kept[i].id))
	}
	return l, rows, nil
}

// lastInto has a ledger go on after the last row on record.
func (s *Store) lastInto(l *ledger) error {
	if l.shared { // it takes numbers that nobody has
		l.large.Store(true)
		return nil
	}
	last, err := s.lastRow(l.number)
	l.last.Store(last)
	return err
}

// earlier is a step as history has it from before its run was gone on with.
type earlier struct {
	id      int64
	status  engine.Status
	counts  string
	started time.Time
	again   bool // it is carried out anew, or something in it is
}

// stands says whether the step ended well, for good.
func (e earlier) stands() bool {
	return !e.again && (e.status == engine.OK || e.status == engine.Skipped)
}

// earlier reads the steps that history has of a run.
func (s *Store) earlier(number int64, r roots) (map[string]earlier, error) {
	lo, hi := rowRange(number)
	before, err := s.readEarlier(earlierSQL, lo, hi)
	for key, e := range before {
		e.again = r.under(key) || r.above[key]
		before[key] = e
	}
	return before, err
}

// readEarlier reads the steps that a query gives, by their keys.
func (s *Store) readEarlier(query string, args ...any) (map[string]earlier, error) {
	rows, err := s.read.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	before := map[string]earlier{}
	for rows.Next() {
		var e earlier
		var key string
		var started sql.NullInt64
		if err := rows.Scan(&e.id, &key, &e.status, &started, &e.counts, &e.again); err != nil {
			return nil, err
		}
		e.started = moment(started)
		before[key] = e
	}
	return before, rows.Err()
}

// goingOn is the row of a step that goes on.
type goingOn struct {
	id    int64
	first time.Time // when the step began before its run was gone on with; zero where it did not
}

// stepRow gives the id of the row for a step: the one it has while it goes on or has from before its run was gone on with,
// else a new one. The row stands as it is where the step ended well before and is only walked through again.
func (l *ledger) stepRow(step *engine.StepRun) (id int64, stands bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	goesOn := step.Status == engine.Running || step.Status == engine.Waiting
	row, open := l.open[step.Key]
	if !open {
		e, known := l.before[step.Key]
		if known && e.stands() && (goesOn || step.Before && countsIn(e.counts) == countsOf(step)) {
			return e.id, true, nil
		}
		delete(l.before, step.Key)
		row = goingOn{e.id, e.started}
		if !known {
			if row.id, err = l.take(); err != nil {
				return 0, false, err
			}
		}
	}
	if step.Before && !row.first.IsZero() {
		step.Started = row.first
	}
	if goesOn {
		l.open[step.Key] = row
	} else {
		delete(l.open, step.Key)
	}
	return row.id, false, nil
}

// countsOf gives the counts of a step as they are stored.
func countsOf(step *engine.StepRun) string {
	text, err := orNull(step.Counts)
	if s, ok := text.(string); ok && err == nil {
		return s
	}
	return ""
}

// overcome gives the row that takes away what history says of a step from before its run was gone on with, where a call of
// the step has gone well now: the step need not be noted anew.
func (l *ledger) overcome(e engine.Entry) (row, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.before) == 0 || e.Error != nil {
		return row{}, false
	}
	step := e.StepKey
	if step == "" {
		step, _ = splitCall(e.Key)
	}
	known, found := l.before[step]
	if !found || known.stands() {
		return row{}, false
	}
	delete(l.before, step)
	return rowOf(dropStepSQL, known.id), true
}
