package history

import (
	"database/sql"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	noteSQL = `INSERT OR REPLACE INTO steps (id, key, step, name, kind, status, attempts, started, ended, error, counts, message)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	stepColumns = `key, step, name, kind, status, attempts, started, ended, error, counts, message`
	hasFailed   = `status IN ('failed', 'in_doubt')`
	failedFirst = `NOT ` + hasFailed + `, id`
	inItem      = `instr(key, '[') > 0`
	// It takes the length in bytes of the key around them, that key, and the length again: an item's key may hold anything.
	isInside = `substr(CAST(key AS BLOB), 1, ?) = ? AND substr(CAST(key AS BLOB), ? + 1, 1) IN (x'2f', x'5b', x'23')`
	// Several times of a step begin at once: the innermost ends first, and the key of what is inside is the longer one.
	firstFailedSQL = `SELECT ` + stepColumns + ` FROM steps WHERE id BETWEEN ?1 AND ?2 AND ` + hasFailed + `
			AND (?3 = '' OR step = ?3 OR step = '' AND substr(key, -length(?3) - 1) = '/' || ?3)
		ORDER BY coalesce(ended, started), length(key) DESC, id LIMIT 1`
	stepIDsSQL     = `SELECT DISTINCT step FROM steps WHERE id BETWEEN ? AND ? AND step <> '' ORDER BY step`
	failedItemsSQL = `SELECT substr(key, 1, instr(key, '[') - 1), count(*) FROM steps
		WHERE id BETWEEN ? AND ? AND ` + hasFailed + ` AND ` + inItem + ` GROUP BY 1`
)

// Note keeps how a step stands. One that goes on is replaced by what is noted of it next, and in a run that is gone on with
// what is on record of it from before. A note becomes durable with many others, within 250 ms, or with Finish.
func (s *Store) Note(run string, step engine.StepRun) error {
	if s.writer == nil {
		return s.onlyReading("note a step")
	}
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	failure, err := orNull(step.Error)
	if err != nil {
		return fmt.Errorf("record the error of step %s: %w", step.Key, err)
	}
	counts, err := encodeCounts(step)
	if err != nil {
		return fmt.Errorf("record the counts of step %s: %w", step.Key, err)
	}
	id, stands, err := l.stepRow(&step)
	if err != nil || stands {
		return s.place.fault("note a step", err)
	}
	r := rowOf(noteSQL, id, step.Key, step.ID, step.Name, step.Kind,
		string(step.Status), step.Attempts, step.Started, step.Ended, failure, counts, step.Message)
	if l.shared {
		r.args = append(r.args, time.Now().UnixMicro())
	}
	return s.place.fault("note a step", s.writer.note(id, r))
}

// StepFilter says which steps of a run to list.
type StepFilter struct {
	ID     string        // only steps with this id in the job: one for each item of a loop around it
	Key    string        // only the step with this key
	Kind   string        // only steps of this kind
	Status engine.Status // only steps that stand so
	Failed bool          // only steps that failed, or of which nobody knows whether they did
	Well   bool          // only steps that did neither
	Inside string        // only steps inside the one with this key
	Items  bool          // only steps that are in an item of a loop
	Outer  bool          // only steps that are in none
	Ending string        // only steps without an id, the ends of whose keys are this: fail:2
	After  string        // only steps that were noted after the one with this key: the last one of the page before
	Worst  bool          // those that failed come first
	Offset int           // leave out so many
	Limit  int           // at most so many; 0 is all
}

// where gives the condition of a filter for rows from ?1 to ?2, and its further arguments.
func (f StepFilter) where() (string, []any) {
	where, args := " FROM steps WHERE id BETWEEN ?1 AND ?2", []any(nil)
	only := func(given bool, condition string, values ...any) {
		if given {
			where, args = where+" AND "+condition, append(args, values...)
		}
	}
	only(f.ID != "", "step = ?", f.ID)
	only(f.Key != "", "key = ?", f.Key)
	only(f.Kind != "", "kind = ?", f.Kind)
	only(f.Status != "", "status = ?", string(f.Status))
	only(f.Failed, hasFailed)
	only(f.Well, "NOT "+hasFailed)
	only(f.Inside != "", isInside, len(f.Inside), []byte(f.Inside), len(f.Inside))
	only(f.Items, inItem)
	only(f.Outer, "NOT "+inItem)
	only(f.Ending != "", "step = '' AND substr(key, -length(?) - 1) = '/' || ?", f.Ending, f.Ending)
	only(f.After != "", "id > coalesce((SELECT id FROM steps WHERE id BETWEEN ?1 AND ?2 AND key = ?), 0)", f.After)
	return where, args
}

// query gives what lists the steps. In an order of its own only the rows of the page are read whole: errors may be long.
func (f StepFilter) query() (string, []any) {
	where, args := f.where()
	args = append(args, unlessNone(f.Limit), f.Offset)
	if f.Worst {
		return "SELECT " + stepColumns + " FROM steps WHERE id IN (SELECT id" + where + " ORDER BY " + failedFirst + " LIMIT ? OFFSET ?) ORDER BY " + failedFirst, args
	}
	return "SELECT " + stepColumns + where + " ORDER BY id LIMIT ? OFFSET ?", args
}

// CountSteps counts the steps of a run that a filter is for, whatever its Offset and Limit.
func (s *Store) CountSteps(run string, f StepFilter) (n int, err error) {
	where, args := f.where()
	err = s.ofRun(run, "SELECT count(*)"+where, args, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}

// StepCounts counts the same by how they stand.
func (s *Store) StepCounts(run string, f StepFilter) (map[engine.Status]int, error) {
	counts := map[engine.Status]int{}
	where, args := f.where()
	err := s.ofRun(run, "SELECT status, count(*)"+where+" GROUP BY status", args, func(rows *sql.Rows) error {
		var status engine.Status
		var n int
		err := rows.Scan(&status, &n)
		counts[status] = n
		return err
	})
	return counts, err
}

// Steps lists steps of a run in the order in which they were first noted, so that a run with very many can be read in
// pages.
func (s *Store) Steps(run string, f StepFilter) ([]engine.StepRun, error) {
	var list []engine.StepRun
	err := s.EachStep(run, f, func(step engine.StepRun) error {
		list = append(list, step)
		return nil
	})
	return list, err
}

// EachStep calls visit for steps of a run, one after the other as Steps lists them, so that they need not all be held at once. An
// error of visit ends it, and is given back.
func (s *Store) EachStep(run string, f StepFilter, visit func(engine.StepRun) error) error {
	var refused error
	query, args := f.query()
	err := s.ofRun(run, query, args, func(rows *sql.Rows) error {
		var step engine.StepRun
		if err := scanStep(rows, &step); err != nil {
			return err
		}
		refused = visit(step)
		return refused
	})
	if refused != nil {
		return refused
	}
	return err
}

// FirstFailed gives the step of a run that failed first, the innermost where several did at once: of those that a label names,
// an id or the end of the key of one without, or of all when it is "". It is nil where there is none.
func (s *Store) FirstFailed(run, label string) (first *engine.StepRun, err error) {
	err = s.ofRun(run, firstFailedSQL, []any{label}, func(rows *sql.Rows) error {
		first = new(engine.StepRun)
		return scanStep(rows, first)
	})
	return first, err
}

// StepIDs lists the ids that steps of a run have in the job, sorted.
func (s *Store) StepIDs(run string) ([]string, error) {
	var ids []string
	err := s.ofRun(run, stepIDsSQL, nil, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// FailedInItems counts the steps of a run that failed in items of loops, by what their keys have before the item.
func (s *Store) FailedInItems(run string) (map[string]int, error) {
	counts := map[string]int{}
	err := s.ofRun(run, failedItemsSQL, nil, func(rows *sql.Rows) error {
		var before string
		var n int
		err := rows.Scan(&before, &n)
		counts[before] = n
		return err
	})
	return counts, err
}

func scanStep(rows *sql.Rows, step *engine.StepRun) error {
	var started, ended sql.NullInt64
	var failure, counts sql.NullString
	err := rows.Scan(&step.Key, &step.ID, &step.Name, &step.Kind, &step.Status, &step.Attempts, &started, &ended, &failure,
		&counts, &step.Message)
	if err != nil {
		return err
	}
	step.Started, step.Ended = moment(started), moment(ended)
	if step.Error, err = decodeError(failure); err != nil || !counts.Valid {
		return err
	}
	return decodeCounts(counts.String, step)
}

// ofRun calls read for each row of a query over the rows of a run, whose ids are from ?1 to ?2; args are what comes after them.
func (s *Store) ofRun(run, query string, args []any, read func(*sql.Rows) error) error {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return err
	}
	rows, err := s.read.Query(query, append([]any{lo, hi}, args...)...)
	if err != nil {
		return s.place.fault("read run "+run, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return s.place.fault("read run "+run, err)
		}
	}
	return s.place.fault("read run "+run, rows.Err())
}

// unlessNone is a limit as SQLite takes it, where 0 stands for none.
func unlessNone(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}
