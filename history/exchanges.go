package history

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"snrun/steps"
)

const (
	attemptSQL  = `INSERT INTO attempts (id, step, attempt, key, started, ended, error) VALUES (?, ?, ?, ?, ?, ?, ?)`
	attemptsSQL = `SELECT step, attempt, key, started, ended, error FROM attempts
		WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) ORDER BY id`

	exchangeColumns = `step, attempt, page, method, url, status, error, started, duration, connect, first_byte, request_size,
		response_size, request_header, response_header, request_body, response_body, request_digest, response_digest`
	exchangeSQL = `INSERT INTO exchanges (id, ` + exchangeColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	exchangesSQL = `SELECT ` + exchangeColumns + `, (SELECT data FROM blobs WHERE digest = request_digest),
			(SELECT data FROM blobs WHERE digest = response_digest) FROM exchanges
		WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) ORDER BY id`
)

// Attempt is a try of a step, or of a page of a walk, that failed or that came after one that did.
type Attempt struct {
	StepKey string
	Attempt int    // from 1
	Key     string // of the call
	Started time.Time
	Ended   time.Time
	Error   *steps.Error // nil when it went well
}

// Exchange is a request with its answer, redacted and cut, and the attempt that made it.
type Exchange struct {
	StepKey string
	Attempt int // from 1
	steps.Exchange
}

// Attempts lists the tries of a step, or of all steps of a run when stepKey is "", as they were recorded. A step that went
// well the first time has none.
func (s *Store) Attempts(run, stepKey string) ([]Attempt, error) {
	var list []Attempt
	err := s.eachOf(attemptsSQL, run, stepKey, func(rows *sql.Rows) error {
		var a Attempt
		var started, ended sql.NullInt64
		var failure sql.NullString
		err := rows.Scan(&a.StepKey, &a.Attempt, &a.Key, &started, &ended, &failure)
		if err == nil {
			a.Error, err = decodeError(failure)
		}
		a.Started, a.Ended = moment(started), moment(ended)
		list = append(list, a)
		return err
	})
	return list, err
}

// Exchanges lists the exchanges of a step, or of all steps of a run when stepKey is "", as they were recorded.
func (s *Store) Exchanges(run, stepKey string) ([]Exchange, error) {
	var list []Exchange
	err := s.eachOf(exchangesSQL, run, stepKey, func(rows *sql.Rows) error {
		e, err := scanExchange(rows)
		list = append(list, e)
		return err
	})
	return list, err
}

// eachOf calls read for each row of a query over one step of a run, or all.
func (s *Store) eachOf(query, run, stepKey string, read func(*sql.Rows) error) error {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return err
	}
	rows, err := s.read.Query(query, lo, hi, stepKey)
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

func scanExchange(rows *sql.Rows) (Exchange, error) {
	var e Exchange
	var started sql.NullInt64
	var duration, connect, firstByte int64
	var sent, received sql.NullString
	var request, response stored
	err := rows.Scan(&e.StepKey, &e.Attempt, &e.Page, &e.Method, &e.URL, &e.Status, &e.Error, &started, &duration, &connect,
		&firstByte, &e.Request.Size, &e.Response.Size, &sent, &received, &request.inRow, &response.inRow,
		&request.digest, &response.digest, &request.blob, &response.blob)
	if err != nil {
		return e, err
	}
	if e.Request.Body, err = request.data(); err != nil {
		return e, fmt.Errorf("the request %s %s: %w", e.Method, e.URL, err)
	}
	if e.Response.Body, err = response.data(); err != nil {
		return e, fmt.Errorf("the answer to %s %s: %w", e.Method, e.URL, err)
	}
	e.Started = moment(started)
	e.Duration, e.Connect, e.FirstByte = span(duration), span(connect), span(firstByte)
	if err := decodeInto(sent, &e.Request.Header); err != nil {
		return e, err
	}
	return e, decodeInto(received, &e.Response.Header)
}

// exchangeRow gives the row of an exchange.
func exchangeRow(id int64, stepKey string, attempt int, e *steps.Exchange) (row, error) {
	sent, err := header(e.Request.Header)
	if err != nil {
		return row{}, err
	}
	received, err := header(e.Response.Header)
	if err != nil {
		return row{}, err
	}
	request, response := valueOf(e.Request.Body), valueOf(e.Response.Body)
	r := rowOf(exchangeSQL, id, stepKey, attempt, e.Page, e.Method, e.URL, e.Status, e.Error, e.Started, e.Duration,
		e.Connect, e.FirstByte, e.Request.Size, e.Response.Size, sent, received, request.data, response.data, request.digest, response.digest)
	r.first = request.blob
	if response.blob != nil {
		response.blob.first, r.first = r.first, response.blob
	}
	return r, nil
}

// header gives a header as JSON, its names sorted; NULL when there is none. It is written by hand because there are two of
// them in every exchange.
func header(h http.Header) (any, error) {
	if h == nil {
		return nil, nil
	}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	text := append(make([]byte, 0, 256), '{')
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendText(text, name), ':', '[')
		for j, v := range h[name] {
			if j > 0 {
				text = append(text, ',')
			}
			text = appendText(text, v)
		}
		text = append(text, ']')
	}
	return string(append(text, '}')), nil
}

// appendText appends a text as JSON.
func appendText(to []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := steps.EncodeJSON(text) // a text always can be written
			return append(to, quoted...)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}
