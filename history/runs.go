package history

import (
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"snrun/engine"
	"snrun/steps"
)

const (
	textSQL  = `INSERT OR IGNORE INTO texts (digest, text) VALUES (?, ?)`
	beginRun = `INSERT INTO runs (job, status, "trigger", due, started, inputs, attempt, file, process, live, daemon, reason, workflow, text, run)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM texts WHERE digest = ?), ?)`
	beginQueued = `UPDATE runs SET job = ?, status = ?, "trigger" = ?, due = ?, started = ?, inputs = ?, attempt = ?, file = ?, process = ?,
		live = ?, daemon = ?, reason = ?, workflow = ?, text = (SELECT id FROM texts WHERE digest = ?) WHERE run = ?`
	onRecordSQL = `SELECT id, status, live, workflow FROM runs WHERE run = ?`
	takenUp     = `UPDATE runs SET process = ? WHERE id = ? AND status = 'running' AND process = ''`
	beginAgain  = `UPDATE runs SET status = ?, started = ?, process = ? WHERE id = ? AND status = 'queued'`
	notKeptSQL  = `SELECT NOT EXISTS (SELECT 1 FROM journal WHERE run = (SELECT id FROM runs WHERE run = ?) AND key = ?)`
	notCalled   = `SELECT NOT EXISTS (SELECT 1 FROM called WHERE run = (SELECT id FROM runs WHERE run = ?) AND file = ?)`
	claimedSQL  = `SELECT EXISTS (SELECT 1 FROM queue WHERE run = ?)`
	beginEntry  = `INSERT INTO journal (id, key, started, ended, result, digest, size, run)
		SELECT (id << 32) + ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? THEN id END FROM runs WHERE run = ?`
	beganSQL    = `UPDATE runs SET rows = greatest(rows, ?) WHERE run = ?`
	beginCalled = `INSERT OR IGNORE INTO called (run, file, text)
		SELECT runs.id, ?, texts.id FROM runs, texts WHERE runs.run = ? AND texts.digest = ?`
	finishRun = `UPDATE runs SET status = ?, ended = ?, output = ?, error = ?, open = ?, reason = ?, cancel = '' WHERE id = ? AND attempt <= ?`

	// The note of a step's end may be lost with its process, and nobody tells of it again where its item was done: a run that ended well has no
	// step that goes on.
	endedWell = `UPDATE steps SET status = 'ok', ended = coalesce(ended, started) WHERE run = ? AND status IN ('running', 'waiting')`
	// In one that ended otherwise a worker was lost with such a step, and nobody came to take it up again.
	endedBadly = `UPDATE steps AS s SET ended = greatest(started, ?), status = CASE WHEN EXISTS (SELECT 1 FROM journal j WHERE j.run = s.run AND j.ended IS NULL
			AND (j.key = s.key OR starts_with(j.key, s.key || '#') OR starts_with(j.key, s.key || '/page:'))) THEN 'in_doubt' ELSE 'cancelled' END
		WHERE run = ? AND status IN ('running', 'waiting')`

	runColumns = `run, job, status, "trigger", due, started, ended, inputs, output, error, attempt, open, file, process, daemon, reason, workflow, ` +
		skippedColumns
	// Of a run that stands for several slots: how many, and since when.
	skippedColumns = `CASE status WHEN 'skipped' THEN (SELECT count FROM slots WHERE slots.run = runs.id) END,
		CASE status WHEN 'skipped' THEN (SELECT due FROM slots WHERE slots.run = runs.id) END`
	runSQL    = `SELECT ` + runColumns + `, (SELECT text FROM texts WHERE texts.id = runs.text) FROM runs WHERE run = ?`
	calledSQL = `SELECT called.file, texts.text FROM called JOIN texts ON texts.id = called.text
		WHERE called.run = (SELECT id FROM runs WHERE run = ?) ORDER BY called.file`
	hadSQL = `SELECT latest.file, texts.text FROM latest JOIN texts ON texts.id = latest.text
		WHERE latest.run = (SELECT id FROM runs WHERE run = ?) ORDER BY nth`
)

// Begin records a run as running, with entries for its journal: a new one, or one that this process has queued. The error wraps
// engine.ErrNotQueued when there is another one with that id. A run of a workflow has the status that it says, and may be begun again for
// the same one by any process.
func (s *Store) Begin(run *engine.Run, entries ...engine.Entry) error {
	live, err := s.alive.hold()
	if err != nil {
		return s.place.fault("begin run "+run.ID, err)
	}
	inputs, err := jsonMap(run.Inputs)
	if err != nil {
		return fmt.Errorf("record the inputs of run %s: %w", run.ID, err)
	}
	text, digest := textRow(run.Text)
	who, status := live, engine.Running
	if run.Workflow != "" {
		who = "" // it does not end with this process
		if run.Status == engine.Queued {
			status = run.Status
		}
	}
	record := rowOf(beginRun, run.Job, string(status), run.Trigger, run.Due, run.Started, inputs, max(run.Attempt, 1), run.File,
		run.Process, who, run.Daemon, run.Reason, run.Workflow, digest, run.ID)
	rows := []row{text, {do: func(c *conn) error { return c.begin(record, run, live) }}}
	rows = append(rows, beginCalls(run)...)
	if s.place.shared() {
		rows = append(rows, rowOf(beganSQL, len(entries), run.ID))
	}
	for i, e := range entries {
		if e.Ended.IsZero() {
			e.Ended = time.Now()
		}
		v := valueOf(e.Result)
		r := rowOf(beginEntry, i+1, e.Key, e.Started, e.Ended, v.data, v.digest, v.size, ofLoop(e.Key), run.ID)
		r.first = v.blob
		if run.Workflow != "" {
			once := rowOf(notKeptSQL, run.ID, e.Key)
			r.when = &once
		}
		rows = append(rows, r)
	}
	return s.flush("begin run "+run.ID, rows...)
}

// begin carries out beginRun, or the same for a run that a process has queued.
func (c *conn) begin(record row, run *engine.Run, live string) error {
	var number int64
	var status, of, workflow string
	err := c.each(rowOf(onRecordSQL, run.ID), 4, func(v []driver.Value) error {
		number, status, of, workflow = numberOf(v[0]), textOf(v[1]), textOf(v[2]), textOf(v[3])
		return nil
	})
	switch {
	case err != nil:
		return err
	case status == "":
		return c.exec(record)
	case workflow != "" && workflow == run.Workflow && status == string(engine.Queued):
		claimed, err := c.holds(rowOf(claimedSQL, number))
		if err != nil {
			return err
		}
		if !claimed { // all but this is on record
			return c.exec(rowOf(beginAgain, record.args[1], run.Started, run.Process, number))
		}
	case workflow != "" && workflow == run.Workflow && status == string(engine.Running):
		return c.exec(rowOf(takenUp, run.Process, number)) // it went on, or whoever began it for the workflow was lost before the answer
	case status != string(engine.Queued):
		return fmt.Errorf("%w: it is %s", engine.ErrNotQueued, status)
	case of != live:
		return fmt.Errorf("%w: another process has it queued, or none", engine.ErrNotQueued)
	}
	record.sql = beginQueued
	if err := c.exec(record); err != nil {
		return err
	}
	return c.exec(rowOf(unqueue, number))
}

// textRow gives the row that keeps the text of a job, once, and its digest.
func textRow(text string) (r row, digest []byte) {
	sum := sha256.Sum256([]byte(text))
	return rowOf(textSQL, sum[:], text), sum[:]
}

// beginCalls gives the rows that keep the jobs which a run calls that begins, perhaps again.
func beginCalls(run *engine.Run) []row {
	rows := calledRows(run)
	for i, called := range run.Called {
		if run.Workflow != "" {
			once := rowOf(notCalled, run.ID, called.File)
			rows[2*i+1].when = &once
		}
	}
	return rows
}

// calledRows gives the rows that keep the jobs which a run calls.
func calledRows(run *engine.Run) []row {
	var rows []row
	for _, called := range run.Called {
		text, digest := textRow(called.Text)
		rows = append(rows, text, rowOf(beginCalled, called.File, run.ID, digest))
	}
	return rows
}

// Finish records how a run ended, and all that was noted of it. The journal of a run that ended ok or skipped is dropped,
// unless it has failed items that can be tried again. The error wraps engine.ErrOvertaken when the run has a later attempt, which stays as it is.
// When it gives an error, steps are missing; a run that failed may be on record as such all the same.
func (s *Store) Finish(run *engine.Run) error {
	l, err := s.ledger(run.ID)
	if err != nil {
		return err
	}
	output, err := jsonAny(run.Output)
	if err != nil {
		return fmt.Errorf("record the output of run %s: %w", run.ID, err)
	}
	failure, err := orNull(run.Error)
	if err != nil {
		return fmt.Errorf("record the error of run %s: %w", run.ID, err)
	}
	ended := run.Ended
	if ended.IsZero() {
		ended = time.Now()
	}
	end := rowOf(finishRun, string(run.Status), ended, output, failure, run.Open, run.Reason, l.number, max(run.Attempt, 1))
	end.missed = engine.ErrOvertaken
	rows := []row{end}
	if run.Workflow != "" && s.place.shared() {
		rows = append(rows, endedWith(run.Status, ended, l.number))
	}
	if run.Status == engine.Skipped || run.Status == engine.Cancelled { // it may never have started
		rows = append(rows, rowOf(unqueue, l.number))
	}
	if (run.Status == engine.OK || run.Status == engine.Skipped) && !run.Open {
		rows = append(rows, l.drop()...)
	}
	err = nil
	if s.place.shared() { // notes go out together, which they do not beside what may be refused
		err = s.flush("finish run " + run.ID)
	}
	if err == nil {
		err = s.flush("finish run "+run.ID, rows...)
	}
	if err != nil {
		if run.Error != nil { // its steps may be too much for a full disk: the end alone may not be
			_ = s.commit(l, "finish run "+run.ID, append(rows, rowOf(staleSQL, l.number))...)
		}
		return err
	}
	s.forget(run.ID)
	return nil
}

// endedWith gives the row that ends the steps which are left on record as going on.
func endedWith(status engine.Status, ended time.Time, number int64) row {
	if status == engine.OK {
		return rowOf(endedWell, number)
	}
	return rowOf(endedBadly, ended, number)
}

// Run gives a run by its whole id, with its text and all of its steps in the order of the flow.
func (s *Store) Run(id string) (*engine.Run, error) {
	run, err := s.Begun(id)
	if err != nil {
		return nil, err
	}
	if run.Steps, err = s.Steps(id, StepFilter{}); err != nil {
		return nil, err
	}
	InFlowOrder(run.Steps)
	return run, nil
}

// Begun gives a run by its whole id as it was begun: with its texts, and those of its last attempt, but without its steps, which may be very many.
func (s *Store) Begun(id string) (*engine.Run, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	var run engine.Run
	var text sql.NullString
	err := scanRun(s.read.QueryRow(runSQL, id), &run, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownRun, id)
	}
	if err != nil {
		return nil, s.place.fault("read run "+id, err)
	}
	run.Text = text.String
	if run.Called, err = s.texts(calledSQL, id); err != nil {
		return nil, s.place.fault("read run "+id, err)
	}
	if run.Latest, err = s.texts(hadSQL, id); err != nil {
		return nil, s.place.fault("read run "+id, err)
	}
	return &run, nil
}

// texts gives texts of a run's jobs.
func (s *Store) texts(query, run string) ([]engine.Text, error) {
	rows, err := s.read.Query(query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []engine.Text
	for rows.Next() {
		var text engine.Text
		if err := rows.Scan(&text.File, &text.Text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// scanRun reads runColumns, and further columns into more.
func scanRun(from scanner, run *engine.Run, more ...any) error {
	var due, started, ended sql.NullInt64
	var inputs, output, failure sql.NullString
	var slots, since sql.NullInt64
	dest := append([]any{&run.ID, &run.Job, &run.Status, &run.Trigger, &due, &started, &ended, &inputs, &output, &failure,
		&run.Attempt, &run.Open, &run.File, &run.Process, &run.Daemon, &run.Reason, &run.Workflow, &slots, &since}, more...)
	if err := from.Scan(dest...); err != nil {
		return err
	}
	run.Due, run.Started, run.Ended = moment(due), moment(started), moment(ended)
	if slots.Int64 > 1 {
		run.Reason += fmt.Sprintf(", %d times since %s", slots.Int64, moment(since).Local().Format(time.RFC3339))
	}
	in, err := decode(inputs)
	if err != nil {
		return err
	}
	run.Inputs, _ = in.(map[string]any)
	if run.Output, err = decode(output); err != nil {
		return err
	}
	run.Error, err = decodeError(failure)
	return err
}

// decodeError reads a step's or run's error, nil for NULL.
func decodeError(text sql.NullString) (*steps.Error, error) {
	if !text.Valid {
		return nil, nil
	}
	var e steps.Error
	if err := decodeInto(text, &e); err != nil {
		return nil, err
	}
	return &e, nil
}

func jsonAny(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	return encode(v)
}

func jsonMap(m map[string]any) (any, error) {
	if m == nil {
		return nil, nil
	}
	return encode(m)
}
