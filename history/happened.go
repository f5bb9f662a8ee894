package history

import (
	"database/sql"
	"time"

	"snrun/engine"
	"snrun/steps"
)

const happenedSQL = `SELECT at, try, key, step, kind, status, attempt, error, message, since, next FROM (
		SELECT coalesce(ended, started) AS at, id, 0 AS try, key, step, kind, status, attempts AS attempt, error, message, started AS since, NULL AS next
		FROM steps WHERE id BETWEEN ?1 AND ?2 AND (instr(key, '[') = 0 OR message <> '' OR status NOT IN ('ok', 'skipped'))
		UNION ALL SELECT coalesce(ended, started), id, 1, step, '', '', CASE WHEN error IS NULL THEN 'ok' ELSE 'failed' END, attempt, error, '', started,
			(SELECT n.started FROM attempts n WHERE n.id > a.id AND n.id <= min(?2, a.id + 1000) AND n.step = a.step AND n.attempt = a.attempt + 1 LIMIT 1)
		FROM attempts a WHERE id BETWEEN ?1 AND ?2)
	WHERE try = 0 OR next IS NOT NULL ORDER BY at, id LIMIT ?3 OFFSET ?4`

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
