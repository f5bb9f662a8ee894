package history

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"snrun/engine"
	"snrun/steps"
)

const (
	stepColumns = `key, step, name, kind, status, attempts, started, ended, error, counts, message`
	outlineSQL  = `SELECT ` + stepColumns + ` FROM steps WHERE id BETWEEN ? AND ? AND instr(key, '[') = 0 ORDER BY id LIMIT ?`
	// The first failed ones of each outermost loop.
	failedItemsSQL = `SELECT ` + stepColumns + ` FROM (
			SELECT *, row_number() OVER (PARTITION BY substr(key, 1, instr(key, '[') - 1) ORDER BY id) AS place FROM steps
			WHERE id BETWEEN ? AND ? AND status IN ('failed', 'in_doubt') AND instr(key, '[') > 0)
		WHERE place <= ? ORDER BY id`
	// ?3 is the key around them and ?4 its length in bytes: an item's key may hold anything.
	inside = `id BETWEEN ?1 AND ?2 AND (?4 = 0 OR substr(CAST(key AS BLOB), 1, ?4) = ?3
		AND substr(CAST(key AS BLOB), ?4 + 1, 1) IN (x'2f', x'5b', x'23'))`
	insideSQL = `SELECT ` + stepColumns + ` FROM steps WHERE ` + inside + ` AND (?5 = '' OR status = ?5)
		ORDER BY status NOT IN ('failed', 'in_doubt'), id LIMIT ?6 OFFSET ?7`
	insideCountsSQL = `SELECT status, count(*) FROM steps WHERE ` + inside + ` GROUP BY status`
	stepAtSQL       = `SELECT ` + stepColumns + ` FROM steps WHERE id BETWEEN ? AND ? AND key = ? ORDER BY id DESC LIMIT 1`

	happenedSQL = `SELECT at, try, key, step, kind, status, attempt, error, message, since, next FROM (
			SELECT coalesce(ended, started) AS at, id, 0 AS try, key, step, kind, status, attempts AS attempt, error, message, started AS since, NULL AS next
			FROM steps WHERE id BETWEEN ?1 AND ?2 AND (instr(key, '[') = 0 OR message <> '' OR status NOT IN ('ok', 'skipped'))
			UNION ALL SELECT coalesce(ended, started), id, 1, step, '', '', CASE WHEN error IS NULL THEN 'ok' ELSE 'failed' END, attempt, error, '', started,
				(SELECT n.started FROM attempts n WHERE n.id > a.id AND n.id <= min(?2, a.id + 1000) AND n.step = a.step AND n.attempt = a.attempt + 1 LIMIT 1)
			FROM attempts a WHERE id BETWEEN ?1 AND ?2)
		ORDER BY at, id LIMIT ?3 OFFSET ?4`
)

// Outline lists the steps of a run that stand in no item of a loop, as the flow went, at most so many.
func (s *Store) Outline(run string, limit int) ([]engine.StepRun, error) {
	list, err := s.stepsOf(run, outlineSQL, limit)
	inFlowOrder(list)
	return list, err
}

// FailedInLoops lists the first failed steps in the items of each loop, at most so many of each.
func (s *Store) FailedInLoops(run string, each int) ([]engine.StepRun, error) {
	return s.stepsOf(run, failedItemsSQL, each)
}

// Inside says which steps of a run to list.
type Inside struct {
	Key    string        // only those inside the step with this key; "" for all of the run
	Status engine.Status // only steps that stand so; "" for all
	Offset int           // leave out so many
	Limit  int           // at most so many; 0 is all
}

// StepsInside lists steps of a run, those that failed first, then as they were first noted.
func (s *Store) StepsInside(run string, in Inside) ([]engine.StepRun, error) {
	limit := in.Limit
	if limit <= 0 {
		limit = -1
	}
	return s.stepsOf(run, insideSQL, []byte(in.Key), len(in.Key), string(in.Status), limit, in.Offset)
}

// CountsInside gives how many of the steps inside one stand how; of all the run for the key "".
func (s *Store) CountsInside(run, key string) (map[engine.Status]int, error) {
	counts := map[engine.Status]int{}
	err := s.ofRun(run, insideCountsSQL, []any{[]byte(key), len(key)}, func(rows *sql.Rows) error {
		var status engine.Status
		var n int
		err := rows.Scan(&status, &n)
		counts[status] = n
		return err
	})
	return counts, err
}

// StepAt gives the step with a key, nil where the run has none.
func (s *Store) StepAt(run, key string) (*engine.StepRun, error) {
	list, err := s.stepsOf(run, stepAtSQL, key)
	if len(list) == 0 {
		return nil, err
	}
	return &list[0], err
}

// Happening is something that a log of a run tells: how a step stands, or how a try of one ended.
type Happening struct {
	At      time.Time
	Since   time.Time // when the step or the try began
	Try     bool      // of a step, that has other tries
	Key     string    // of the step
	Step    string    // its id; "" for a step without one, and for a try
	Kind    string
	Status  engine.Status
	Attempt int // of a try its number, of a step how many there were
	Error   *steps.Error
	Message string
	Next    time.Time // when the next try began; zero for none
}

// Happened lists what a run went through in the order of time: steps outside of loops, those in them that have something to tell, and
// tries. The first of all are left out, and there are at most limit.
func (s *Store) Happened(run string, offset, limit int) ([]Happening, error) {
	var list []Happening
	err := s.ofRun(run, happenedSQL, []any{limit, offset}, func(rows *sql.Rows) error {
		var h Happening
		var at, since, next sql.NullInt64
		var failure sql.NullString
		err := rows.Scan(&at, &h.Try, &h.Key, &h.Step, &h.Kind, &h.Status, &h.Attempt, &failure, &h.Message, &since, &next)
		if err == nil {
			h.Error, err = decodeError(failure)
		}
		h.At, h.Since, h.Next = moment(at), moment(since), moment(next)
		list = append(list, h)
		return err
	})
	return list, err
}

// stepsOf reads stepColumns of rows of a run.
func (s *Store) stepsOf(run, query string, args ...any) ([]engine.StepRun, error) {
	var list []engine.StepRun
	err := s.ofRun(run, query, args, func(rows *sql.Rows) error {
		var step engine.StepRun
		err := scanStep(rows, &step)
		list = append(list, step)
		return err
	})
	return list, err
}

// ofRun calls read for each row of a query over the rows of a run.
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

// LineOf gives the part of a step's key that an outline shows: without the items of loops around it, and what is in them.
func LineOf(key string) string {
	outer, _, _ := strings.Cut(key, "[")
	return outer
}

// textsSQL gives the text of a run's job.
const textsSQL = `SELECT texts.text FROM runs JOIN texts ON texts.id = runs.text WHERE runs.run = ?`

// Texts gives the text of a run's job, and those of the jobs that it calls, sorted by their files.
func (s *Store) Texts(run string) (text string, called []engine.Text, err error) {
	if err := s.read.QueryRow(textsSQL, run).Scan(&text); err != nil {
		return "", nil, s.place.fault(fmt.Sprintf("read the job of run %s", run), err)
	}
	called, err = s.called(run)
	return text, called, s.place.fault(fmt.Sprintf("read the job of run %s", run), err)
}
