package history

import (
	"database/sql"
	"fmt"

	"snrun/engine"
)

const (
	noteSQL = `INSERT OR REPLACE INTO steps (id, key, step, name, kind, status, attempts, started, ended, error, counts, message)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	stepColumns = `key, step, name, kind, status, attempts, started, ended, error, counts, message`
	hasFailed   = `status IN ('failed', 'in_doubt')`
	inItem      = `instr(key, '[') > 0`
	// Several times of a step begin at once: the innermost ends first, and the key of what is inside is the longer one.
	firstFailedSQL = `SELECT ` + stepColumns + ` FROM steps WHERE id BETWEEN ?1 AND ?2 AND ` + hasFailed + `
			AND (?3 = '' OR step = ?3 OR step = '' AND substr(key, -length(?3) - 1) = '/' || ?3)
		ORDER BY coalesce(ended, started), length(key) DESC, id LIMIT 1`
	stepIDsSQL     = `SELECT DISTINCT step FROM steps WHERE id BETWEEN ? AND ? AND step <> '' ORDER BY step`
	failedItemsSQL = `SELECT substr(key, 1, instr(key, '[') - 1), count(*) FROM steps
		WHERE id BETWEEN ? AND ? AND ` + hasFailed + ` AND ` + inItem + ` GROUP BY 1`
	countsSQL = `SELECT status, count(*) FROM steps WHERE id BETWEEN ? AND ? GROUP BY status`
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
	counts, err := orNull(step.Counts)
	if err != nil {
		return fmt.Errorf("record the counts of step %s: %w", step.Key, err)
	}
	id, stands := l.stepRow(&step)
	if stands {
		return nil
	}
	return s.place.fault("note a step", s.writer.note(id, rowOf(noteSQL, id, step.Key, step.ID, step.Name, step.Kind,
		string(step.Status), step.Attempts, step.Started, step.Ended, failure, counts, step.Message)))
}

// StepFilter says which steps of a run to list.
type StepFilter struct {
	ID     string        // only steps with this id in the job: one for each item of a loop around it
	Key    string        // only the step with this key
	Kind   string        // only steps of this kind
	Status engine.Status // only steps that stand so
	Failed bool          // only steps that failed, or of which nobody knows whether they did
	Well   bool          // only steps that did neither
	Outer  bool          // only steps that are in no item of a loop
	Under  string        // only steps in the items of the loop with this key
	Ending string        // only steps without an id, the ends of whose keys are this: fail:2
	After  string        // only steps that were noted after the one with this key: the last one of the page before
	Offset int           // leave out so many
	Limit  int           // at most so many; 0 is all
}

// where gives the condition of a filter for the rows from lo to hi, and its arguments.
func (f StepFilter) where(lo, hi int64) (string, []any) {
	where, args := " FROM steps WHERE id BETWEEN ? AND ?", []any{lo, hi}
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
	only(f.Outer, "NOT "+inItem)
	only(f.Under != "", "substr(key, 1, length(?)) = ? AND substr(key, length(?) + 1, 1) IN ('[', '/', '#') AND "+inItem, f.Under, f.Under, f.Under)
	only(f.Ending != "", "step = '' AND substr(key, -length(?) - 1) = '/' || ?", f.Ending, f.Ending)
	only(f.After != "", "id > coalesce((SELECT id FROM steps WHERE id BETWEEN ? AND ? AND key = ?), 0)", lo, hi, f.After)
	return where, args
}

// CountSteps counts the steps of a run that a filter is for, whatever its Offset and Limit.
func (s *Store) CountSteps(run string, f StepFilter) (n int, err error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return 0, err
	}
	where, args := f.where(lo, hi)
	err = s.read.QueryRow("SELECT count(*)"+where, args...).Scan(&n)
	return n, s.place.fault("count the steps", err)
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
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	where, args := f.where(lo, hi)
	rows, err := s.read.Query("SELECT "+stepColumns+where+" ORDER BY id LIMIT ? OFFSET ?", append(args, limit, f.Offset)...)
	if err != nil {
		return s.place.fault("list the steps", err)
	}
	defer rows.Close()
	for rows.Next() {
		var step engine.StepRun
		if err := scanStep(rows, &step); err != nil {
			return s.place.fault("list the steps", err)
		}
		if err := visit(step); err != nil {
			return err
		}
	}
	return s.place.fault("list the steps", rows.Err())
}

// FirstFailed gives the step of a run that failed first, the innermost where several did at once: of those that a label names,
// an id or the end of the key of one without, or of all when it is "". It is nil where there is none.
func (s *Store) FirstFailed(run, label string) (*engine.StepRun, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(firstFailedSQL, lo, hi, label)
	if err != nil {
		return nil, s.place.fault("look for the step that failed first", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, s.place.fault("look for the step that failed first", rows.Err())
	}
	step := new(engine.StepRun)
	return step, s.place.fault("look for the step that failed first", scanStep(rows, step))
}

// StepIDs lists the ids that steps of a run have in the job, sorted.
func (s *Store) StepIDs(run string) ([]string, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(stepIDsSQL, lo, hi)
	if err != nil {
		return nil, s.place.fault("list the steps", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, s.place.fault("list the steps", err)
		}
		ids = append(ids, id)
	}
	return ids, s.place.fault("list the steps", rows.Err())
}

// FailedInItems counts the steps of a run that failed in items of loops, by what their keys have before the item.
func (s *Store) FailedInItems(run string) (map[string]int, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(failedItemsSQL, lo, hi)
	if err != nil {
		return nil, s.place.fault("count the steps that failed", err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var before string
		var n int
		if err := rows.Scan(&before, &n); err != nil {
			return nil, s.place.fault("count the steps that failed", err)
		}
		counts[before] = n
	}
	return counts, s.place.fault("count the steps that failed", rows.Err())
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
	step.Counts = new(engine.Counts)
	return decodeInto(counts, step.Counts)
}

// StepCounts gives how many steps of a run stand how.
func (s *Store) StepCounts(run string) (map[engine.Status]int, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(countsSQL, lo, hi)
	if err != nil {
		return nil, s.place.fault("count the steps", err)
	}
	defer rows.Close()
	counts := map[engine.Status]int{}
	for rows.Next() {
		var status engine.Status
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return nil, s.place.fault("count the steps", err)
		}
		counts[status] = n
	}
	return counts, s.place.fault("count the steps", rows.Err())
}
