package history

import (
	"database/sql"
	"time"

	"snrun/engine"
	"snrun/steps"
)

const (
	// ?3 is the key around them and ?4 its length in bytes: an item's key may hold anything.
	inside = `id BETWEEN ?1 AND ?2 AND (?4 = 0 OR substr(CAST(key AS BLOB), 1, ?4) = ?3
		AND substr(CAST(key AS BLOB), ?4 + 1, 1) IN (x'2f', x'5b', x'23'))`
	// Only the rows of the page are read whole: errors may be long.
	insideSQL = `SELECT ` + stepColumns + ` FROM steps WHERE id IN (SELECT id FROM steps WHERE ` + inside + ` AND (?5 = '' OR status = ?5)
		ORDER BY ` + failedFirst + ` LIMIT ?6 OFFSET ?7) ORDER BY ` + failedFirst
	failedFirst     = `status NOT IN ('failed', 'in_doubt'), id`
	insideCountsSQL = `SELECT status, count(*) FROM steps WHERE ` + inside + ` GROUP BY status`

	happenedSQL = `SELECT at, try, key, step, kind, status, attempt, error, message, since, next FROM (
			SELECT coalesce(ended, started) AS at, id, 0 AS try, key, step, kind, status, attempts AS attempt, error, message, started AS since, NULL AS next
			FROM steps WHERE id BETWEEN ?1 AND ?2 AND (instr(key, '[') = 0 OR message <> '' OR status NOT IN ('ok', 'skipped'))
			UNION ALL SELECT coalesce(ended, started), id, 1, step, '', '', CASE WHEN error IS NULL THEN 'ok' ELSE 'failed' END, attempt, error, '', started,
				(SELECT n.started FROM attempts n WHERE n.id > a.id AND n.id <= min(?2, a.id + 1000) AND n.step = a.step AND n.attempt = a.attempt + 1 LIMIT 1)
			FROM attempts a WHERE id BETWEEN ?1 AND ?2)
		WHERE NOT try OR next IS NOT NULL ORDER BY at, id LIMIT ?3 OFFSET ?4`
)

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
	Next    time.Time // when the next try began
}

// Happened lists what a run went through in the order of time: steps outside of loops, those in them that have something to tell, and
// tries that others came after. The first of all are left out, and there are at most limit.
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
