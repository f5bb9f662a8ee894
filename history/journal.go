package history

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	intendSQL     = `INSERT INTO journal (id, key, started) VALUES (?, ?, ?)`
	intendKeptSQL = `INSERT INTO journal (id, key, started, run) VALUES (?, ?, ?, ?)
		ON CONFLICT (run, key) WHERE run IS NOT NULL DO NOTHING`
	resultSQL     = `INSERT INTO journal (id, key, started, ended, result) VALUES (?, ?, ?, ?, ?)`
	blobResultSQL = `INSERT INTO journal (id, key, started, ended, digest, size) VALUES (?, ?, ?, ?, ?, ?)`
	keepSQL       = `INSERT INTO journal (id, key, started, ended, result, digest, size, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run, key) WHERE run IS NOT NULL DO UPDATE SET started = excluded.started, ended = excluded.ended,
			result = excluded.result, digest = excluded.digest, size = excluded.size`
	dropSQL = `DELETE FROM journal WHERE id BETWEEN ? AND ?`
	// Without a WHERE the table is emptied page by page instead of row by row, at a tenth of the price.
	dropAllSQL = `DELETE FROM journal`
	aloneSQL   = `SELECT NOT EXISTS (SELECT 1 FROM journal WHERE id < ?1) AND NOT EXISTS (SELECT 1 FROM journal WHERE id > ?2)`
	callsSQL   = `SELECT id, key, ended IS NOT NULL, digest IS NOT NULL FROM journal WHERE id BETWEEN ? AND ? ORDER BY id`

	callColumns = `j.key, j.started, j.ended, j.result, j.digest, j.size, b.data`
	callSQL     = `SELECT ` + callColumns + ` FROM journal j LEFT JOIN blobs b ON b.digest = j.digest WHERE j.id = ?`
	keptCallSQL = `SELECT ` + callColumns + ` FROM journal j LEFT JOIN blobs b ON b.digest = j.digest WHERE j.run = ? AND j.key = ?`
)

// Intend records that an unsafe call is about to be made.
func (s *Store) Intend(run, key string) error {
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	id, err := l.take()
	if err != nil {
		return s.place.fault("record what is about to be done", err)
	}
	l.recording(key, id)
	r := rowOf(intendSQL, id, key, time.Now())
	if ofLoop(key) && !l.shared {
		r = rowOf(intendKeptSQL, id, key, time.Now(), l.number)
	}
	if err := s.commit(l, "record what is about to be done", r); err != nil {
		return err
	}
	l.record(key, call{id, engine.Intended})
	return nil
}

// Commit records the outcome of a call and the state it sets. Its attempt and its exchanges become durable as notes do. Of
// two outcomes of one call the later one counts.
func (s *Store) Commit(run string, entry engine.Entry) error {
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	if entry.Passing {
		return s.place.fault("record the outcome of a call", s.noteCall(l, entry))
	}
	l.beside.Store(int64(entry.Beside))
	id, err := l.take()
	if err != nil {
		return s.place.fault("record the outcome of a call", err)
	}
	if entry.Ended.IsZero() {
		entry.Ended = time.Now()
	}
	saves, err := stateRows(l.number, entry.Job, entry.State, entry.Ended)
	if err != nil {
		return fmt.Errorf("record the state that %s saves: %w", entry.Key, err)
	}
	rows := append(saves, l.result(id, entry)...)
	if r, stands := l.overcome(entry); stands {
		rows = append(rows, r)
	}
	write := func(doing string, rows ...row) error { return s.commit(l, doing, rows...) }
	if entry.Noted {
		write = s.flush
	}
	if err := write("record the outcome of a call", rows...); err != nil {
		return err
	}
	l.record(entry.Key, call{id, engine.Done})
	return s.place.fault("record the outcome of a call", s.noteCall(l, entry))
}

// noteCall keeps what people want to know of a call. A first try that went well is told by its step.
func (s *Store) noteCall(l *ledger, entry engine.Entry) error {
	if entry.StepKey != "" && (entry.Attempt > 1 || entry.Error != nil) {
		failure, err := orNull(entry.Error)
		if err != nil {
			return fmt.Errorf("record the error of %s: %w", entry.Key, err)
		}
		id, err := l.take()
		if err != nil {
			return err
		}
		r := rowOf(attemptSQL, id, entry.StepKey, entry.Attempt, entry.Key, entry.Started, entry.Ended, failure)
		if err := s.writer.note(id, r); err != nil {
			return err
		}
	}
	for i := range entry.Exchanges {
		id, err := l.take()
		if err != nil {
			return err
		}
		r, err := exchangeRow(id, entry.StepKey, entry.Attempt, &entry.Exchanges[i])
		if err != nil {
			return fmt.Errorf("record the exchange of %s: %w", entry.Key, err)
		}
		if err := s.writer.note(id, r); err != nil {
			return err
		}
	}
	return nil
}

// drop takes all rows of a run out of the journal.
func (l *ledger) drop() []row {
	lo, hi := rowRange(l.number)
	alone := rowOf(aloneSQL, lo, hi)
	var rows []row
	if l.large.Load() {
		rows = append(rows, rowOf(freeRowsSQL, lo, hi))
	}
	if l.shared {
		return append(rows, rowOf(dropSQL, lo, hi))
	}
	return append(rows, row{sql: dropAllSQL, when: &alone}, rowOf(dropSQL, lo, hi))
}

// Lookup gives what is recorded of a call. The entry has the key, the times and the result. A result that cannot be read
// as it was stored is an error that wraps engine.ErrDamaged.
func (s *Store) Lookup(run, key string) (engine.Entry, engine.Mark, error) {
	l, err := s.ledger(run)
	if err != nil {
		return engine.Entry{}, engine.Unknown, err
	}
	entry, mark, err := s.find(l, key)
	if errors.Is(err, sql.ErrNoRows) { // the run has ended well meanwhile
		return engine.Entry{}, engine.Unknown, nil
	}
	return entry, mark, s.place.fault("look up "+key, err)
}

// find reads what the journal has of a call.
func (s *Store) find(l *ledger, key string) (engine.Entry, engine.Mark, error) {
	if l.shared || ofLoop(key) {
		return scanCall(s.read.QueryRow(keptCallSQL, l.number, key))
	}
	c, err := l.lookup(key, s.kept)
	if err != nil || c.mark == engine.Unknown {
		return engine.Entry{}, engine.Unknown, err
	}
	return scanCall(s.read.QueryRow(callSQL, c.id))
}

// scanCall reads callColumns.
func scanCall(from scanner) (engine.Entry, engine.Mark, error) {
	var e engine.Entry
	var started, ended sql.NullInt64
	var v stored
	err := from.Scan(&e.Key, &started, &ended, &v.inRow, &v.digest, &v.size, &v.blob)
	if err != nil {
		return engine.Entry{}, engine.Unknown, err
	}
	if e.Result, err = v.data(); err != nil {
		return engine.Entry{}, engine.Unknown, fmt.Errorf("%s: %w", e.Key, err)
	}
	e.Started, e.Ended = moment(started), moment(ended)
	if !ended.Valid {
		return e, engine.Intended, nil
	}
	return e, engine.Done, nil
}

// InDoubt gives the keys of the calls that went out, or were about to, and of which no outcome is known, in their order.
// It is empty for a run that ended well.
func (s *Store) InDoubt(run string) ([]string, error) {
	n, err := s.runNumber(run)
	if err != nil {
		return nil, err
	}
	kept, err := s.kept(n)
	return openCalls(latest(kept)), s.place.fault("read the journal", err)
}

// kept reads what the journal has of a run, as it was recorded.
func (s *Store) kept(number int64) ([]keptCall, error) {
	lo, hi := rowRange(number)
	rows, err := s.read.Query(callsSQL, lo, hi)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var kept []keptCall
	for rows.Next() {
		var k keptCall
		var done bool
		if err := rows.Scan(&k.id, &k.key, &done, &k.large); err != nil {
			return nil, err
		}
		k.mark = engine.Intended
		if done {
			k.mark = engine.Done
		}
		kept = append(kept, k)
	}
	return kept, rows.Err()
}

// commit makes rows of a run durable; doing says what for.
func (s *Store) commit(l *ledger, doing string, rows ...row) error {
	if s.writer == nil {
		return s.onlyReading(doing)
	}
	return s.place.fault(doing, s.writer.commit(l.crowded(), rows...))
}

// flush makes rows durable together with all notes.
func (s *Store) flush(doing string, rows ...row) error {
	if s.writer == nil {
		return s.onlyReading(doing)
	}
	return s.place.fault(doing, s.writer.flush(rows...))
}

func (s *Store) onlyReading(doing string) error {
	return fmt.Errorf("%s: the history in %s is open for reading only", doing, s.place)
}
