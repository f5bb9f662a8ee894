package history

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"snrun/steps"
)

// rowMask takes of a row's id what counts the rows of its run.
const rowMask = 1<<runShift - 1

const (
	attemptSQL  = `INSERT INTO attempts (id, step, attempt, key, started, ended, error) VALUES (?, ?, ?, ?, ?, ?, ?)`
	attemptsSQL = `SELECT step, attempt, key, started, ended, error FROM attempts
		WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) ORDER BY id`
	outerAttemptsSQL = `SELECT step, attempt, key, started, ended, error FROM attempts
		WHERE id BETWEEN ?1 AND ?2 AND instr(step, '[') = 0 ORDER BY id LIMIT ?3`

	exchangeColumns = `step, attempt, page, method, url, status, error, started, duration, connect, first_byte, request_size,
		response_size, request_header, response_header, request_body, response_body, request_digest, response_digest`
	exchangeSQL = `INSERT INTO exchanges (id, ` + exchangeColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	exchangesSQL = `SELECT id, ` + exchangeColumns + `, (SELECT data FROM blobs WHERE digest = request_digest),
			(SELECT data FROM blobs WHERE digest = response_digest) FROM exchanges
		WHERE id BETWEEN ?1 AND ?2 AND id > ?3 AND (?4 = '' OR step = ?4) AND (?5 < 0 OR ?5 = CASE WHEN status BETWEEN 1 AND 399 THEN 0 ELSE 1 END) ORDER BY id LIMIT ?6`
	lastExchangeSQL = `SELECT id FROM exchanges WHERE id BETWEEN ?1 AND ?2 AND (?3 = '' OR step = ?3) ORDER BY id DESC LIMIT 1`
	firstSentSQL    = `SELECT step, attempt, min(started) FROM exchanges
		WHERE id BETWEEN ?1 AND ?2 AND instr(step, '[') = 0 GROUP BY step, attempt ORDER BY min(id) LIMIT ?3`
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
	ID      int64 // in its run; later ones have higher ones
	StepKey string
	Attempt int // from 1
	steps.Exchange
}

// Attempts lists the tries of a step, or of all steps of a run when stepKey is "", as they were recorded. A step that went
// well the first time has none.
func (s *Store) Attempts(run, stepKey string) ([]Attempt, error) {
	var list []Attempt
	err := s.ofRun(run, attemptsSQL, []any{stepKey}, func(rows *sql.Rows) error {
		a, err := scanAttempt(rows)
		list = append(list, a)
		return err
	})
	return list, err
}

func scanAttempt(rows *sql.Rows) (a Attempt, err error) {
	var started, ended sql.NullInt64
	var failure sql.NullString
	if err = rows.Scan(&a.StepKey, &a.Attempt, &a.Key, &started, &ended, &failure); err == nil {
		a.Error, err = decodeError(failure)
	}
	a.Started, a.Ended = moment(started), moment(ended)
	return a, err
}

// OuterAttempts lists the first tries of the steps that are in no item of a loop, as they were recorded, at most so many.
func (s *Store) OuterAttempts(run string, limit int) ([]Attempt, error) {
	var list []Attempt
	err := s.ofRun(run, outerAttemptsSQL, []any{limit}, func(rows *sql.Rows) error {
		a, err := scanAttempt(rows)
		list = append(list, a)
		return err
	})
	return list, err
}

// Sent is when the first request of a try went out.
type Sent struct {
	StepKey string
	Attempt int
	At      time.Time
}

// FirstSent lists when the tries of the steps that are in no item of a loop sent their first request, at most so many.
func (s *Store) FirstSent(run string, limit int) ([]Sent, error) {
	var list []Sent
	err := s.ofRun(run, firstSentSQL, []any{limit}, func(rows *sql.Rows) error {
		var sent Sent
		var at sql.NullInt64
		err := rows.Scan(&sent.StepKey, &sent.Attempt, &at)
		sent.At = moment(at)
		list = append(list, sent)
		return err
	})
	return list, err
}

// ExchangeFilter says which exchanges of a run to list.
type ExchangeFilter struct {
	Step  string // only those of the step with this key
	After int64  // only those with a higher ID: that of the last one of the page before
	Bad   bool   // only those without an answer, or with one that is an error of HTTP
	Good  bool   // only the others
	Limit int    // at most so many; 0 is all
}

// Exchanges lists the exchanges of a step, or of all steps of a run when stepKey is "", as they were recorded.
func (s *Store) Exchanges(run, stepKey string) ([]Exchange, error) {
	var list []Exchange
	err := s.EachExchange(run, ExchangeFilter{Step: stepKey}, func(x Exchange) error {
		list = append(list, x)
		return nil
	})
	return list, err
}

// EachExchange calls visit for the exchanges of a run, one after the other as they were recorded, so that they need not all be
// held at once. An error of visit ends it, and is given back.
func (s *Store) EachExchange(run string, f ExchangeFilter, visit func(Exchange) error) error {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return err
	}
	after := max(lo-1, lo&^rowMask|f.After)
	bad := -1 // either
	switch {
	case f.Bad:
		bad = 1
	case f.Good:
		bad = 0
	}
	rows, err := s.read.Query(exchangesSQL, lo, hi, after, f.Step, bad, unlessNone(f.Limit))
	if err != nil {
		return s.place.fault("read run "+run, err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanExchange(rows)
		if err != nil {
			return s.place.fault("read run "+run, err)
		}
		if err := visit(x); err != nil {
			return err
		}
	}
	return s.place.fault("read run "+run, rows.Err())
}

// LastExchange gives the last exchange of the step with a key, or of the whole run when it is ""; nil where there is none.
func (s *Store) LastExchange(run, stepKey string) (*Exchange, error) {
	lo, hi, err := s.rowsOf(run)
	if err != nil {
		return nil, err
	}
	var id int64
	switch err := s.read.QueryRow(lastExchangeSQL, lo, hi, stepKey).Scan(&id); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, s.place.fault("read run "+run, err)
	}
	var last *Exchange
	err = s.EachExchange(run, ExchangeFilter{After: id&rowMask - 1, Limit: 1}, func(x Exchange) error {
		last = &x
		return nil
	})
	return last, err
}

func scanExchange(rows *sql.Rows) (Exchange, error) {
	var e Exchange
	var started sql.NullInt64
	var duration, connect, firstByte int64
	var sent, received sql.NullString
	var request, response stored
	err := rows.Scan(&e.ID, &e.StepKey, &e.Attempt, &e.Page, &e.Method, &e.URL, &e.Status, &e.Error, &started, &duration, &connect,
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
	e.ID &= rowMask
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
