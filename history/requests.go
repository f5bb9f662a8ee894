package history

import (
	"database/sql"
	"time"
)

const (
	requestsSQL = `SELECT id, step, attempt, page, method, url, status, error, started, duration, connect, first_byte, request_size, response_size
		FROM exchanges WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) ORDER BY id LIMIT ?4 OFFSET ?5`
	requestCountSQL = `SELECT count(*) FROM exchanges WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3)`
)

// Request is an exchange without its headers and bodies, for lists of them. ExchangeAt gives those.
type Request struct {
	ID                           int64 // of the exchange in its run
	StepKey                      string
	Attempt                      int // from 1
	Page                         int // of a walk, from 1; else 0
	Method, URL                  string
	Status                       int    // 0 when there was no answer
	Error                        string // why there was none
	Started                      time.Time
	Duration, Connect, FirstByte time.Duration
	Sent, Received               int64 // bytes of the whole body; -1 when that is not known
}

// RequestFilter says which exchanges of a run to list.
type RequestFilter struct {
	Step   string // only those of the step with this key; "" for all
	Offset int    // leave out so many
	Limit  int    // at most so many; 0 is all
}

// Requests lists exchanges of a run as they were recorded.
func (s *Store) Requests(run string, f RequestFilter) ([]Request, error) {
	var list []Request
	err := s.ofRun(run, requestsSQL, []any{f.Step, unlessNone(f.Limit), f.Offset}, func(rows *sql.Rows) error {
		var r Request
		var started sql.NullInt64
		var duration, connect, firstByte int64
		err := rows.Scan(&r.ID, &r.StepKey, &r.Attempt, &r.Page, &r.Method, &r.URL, &r.Status, &r.Error, &started, &duration,
			&connect, &firstByte, &r.Sent, &r.Received)
		r.ID &= rowMask
		r.Started, r.Duration, r.Connect, r.FirstByte = moment(started), span(duration), span(connect), span(firstByte)
		list = append(list, r)
		return err
	})
	return list, err
}

// RequestCount gives how many exchanges of a step are on record, or of all of a run for the step "".
func (s *Store) RequestCount(run, step string) (count int, err error) {
	err = s.ofRun(run, requestCountSQL, []any{step}, func(rows *sql.Rows) error { return rows.Scan(&count) })
	return count, err
}

// ExchangeAt gives an exchange of a run by its ID, nil where there is none.
func (s *Store) ExchangeAt(run string, id int64) (*Exchange, error) {
	var found *Exchange
	err := s.EachExchange(run, ExchangeFilter{After: id - 1, Limit: 1}, func(x Exchange) error {
		if x.ID == id {
			found = &x
		}
		return nil
	})
	return found, err
}
