package history

import (
	"database/sql"
	"fmt"
	"time"
)

const (
	tracesSQL = `SELECT id, step, attempt, page, method, url, status, error, started, duration, request_size, response_size
		FROM exchanges WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`
	bodiesSQL = `SELECT request_body, response_body, request_digest, response_digest,
			(SELECT data FROM blobs WHERE digest = request_digest), (SELECT data FROM blobs WHERE digest = response_digest)
		FROM exchanges WHERE id = ?`
)

// Trace is an exchange without its headers and bodies, which Bodies gives.
type Trace struct {
	Row      int64 // where it is on record
	StepKey  string
	Attempt  int // from 1
	Page     int // of a walk, from 1; else 0
	Method   string
	URL      string
	Status   int    // 0 when there was no answer
	Error    string // why there was none
	Started  time.Time
	Duration time.Duration
	Sent     int64 // bytes of the whole body; -1 when that is not known
	Received int64
}

// Traces lists the exchanges of a run as they were recorded, at most so many of them.
func (s *Store) Traces(run string, limit int) ([]Trace, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.Query(tracesSQL, lo, hi, limit)
	if err != nil {
		return nil, s.place.fault("read run "+run, err)
	}
	defer rows.Close()
	var list []Trace
	for rows.Next() {
		var t Trace
		var started sql.NullInt64
		var duration int64
		err := rows.Scan(&t.Row, &t.StepKey, &t.Attempt, &t.Page, &t.Method, &t.URL, &t.Status, &t.Error, &started, &duration, &t.Sent, &t.Received)
		if err != nil {
			return nil, s.place.fault("read run "+run, err)
		}
		t.Started, t.Duration = moment(started), span(duration)
		list = append(list, t)
	}
	return list, s.place.fault("read run "+run, rows.Err())
}

// Bodies gives what is kept of the bodies of an exchange: masked, perhaps cut, nil where nothing is kept.
func (s *Store) Bodies(t Trace) (request, response []byte, err error) {
	var sent, received stored
	err = s.read.QueryRow(bodiesSQL, t.Row).Scan(&sent.inRow, &received.inRow, &sent.digest, &received.digest, &sent.blob, &received.blob)
	if err != nil {
		return nil, nil, s.place.fault(fmt.Sprintf("read the bodies of %s %s", t.Method, t.URL), err)
	}
	if request, err = sent.data(); err != nil {
		return nil, nil, fmt.Errorf("the request %s %s: %w", t.Method, t.URL, err)
	}
	if response, err = received.data(); err != nil {
		return nil, nil, fmt.Errorf("the answer to %s %s: %w", t.Method, t.URL, err)
	}
	return request, response, nil
}
