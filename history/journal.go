package history

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"snrun/engine"
)

const (
	intendSQL = `INSERT INTO journal (id, key, started) VALUES (?, ?, ?)`
	resultSQL = `INSERT INTO journal (id, key, started, ended, result) VALUES (?, ?, ?, ?, ?)`
	dropSQL   = `DELETE FROM journal WHERE id BETWEEN ? AND ?`
	// Without a WHERE the table is emptied page by page instead of row by row, at a tenth of the price.
	dropAllSQL = `DELETE FROM journal`
	aloneSQL   = `SELECT NOT EXISTS (SELECT 1 FROM journal WHERE id < ?1) AND NOT EXISTS (SELECT 1 FROM journal WHERE id > ?2)`
	callsSQL   = `SELECT id, key, ended IS NOT NULL FROM journal WHERE id BETWEEN ? AND ? ORDER BY id`
	callSQL    = `SELECT key, started, ended, result FROM journal WHERE id = ?`
)

// Intend records that an unsafe call is about to be made.
func (s *Store) Intend(run, key string) error {
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	id := l.take()
	if err := s.commit(l, "record what is about to be done", rowOf(intendSQL, id, key, time.Now())); err != nil {
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
	id := l.take()
	if entry.Ended.IsZero() {
		entry.Ended = time.Now()
	}
	saves, err := stateRows(l.number, entry.Job, entry.State, entry.Ended)
	if err != nil {
		return fmt.Errorf("record the state that %s saves: %w", entry.Key, err)
	}
	rows := append(saves, rowOf(resultSQL, id, entry.Key, entry.Started, entry.Ended, entry.Result))
	if err := s.commit(l, "record the outcome of a call", rows...); err != nil {
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
		id := l.take()
		r := rowOf(attemptSQL, id, entry.StepKey, entry.Attempt, entry.Key, entry.Started, entry.Ended, failure)
		if err := s.writer.note(id, r); err != nil {
			return err
		}
	}
	for i := range entry.Exchanges {
		id := l.take()
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
func drop(lo, hi int64) []row {
	alone := rowOf(aloneSQL, lo, hi)
	return []row{{sql: dropAllSQL, when: &alone}, rowOf(dropSQL, lo, hi)}
}

// Lookup gives what is recorded of a call. The entry has the key, the times and the result.
func (s *Store) Lookup(run, key string) (engine.Entry, engine.Mark, error) {
	l, err := s.ledger(run)
	if err != nil {
		return engine.Entry{}, engine.Unknown, err
	}
	c, err := l.lookup(key, s.calls)
	if err != nil || c.mark == engine.Unknown {
		return engine.Entry{}, engine.Unknown, s.place.fault("look up a call", err)
	}
	var entry engine.Entry
	var started, ended sql.NullInt64
	err = s.read.QueryRow(callSQL, c.id).Scan(&entry.Key, &started, &ended, &entry.Result)
	if errors.Is(err, sql.ErrNoRows) { // the run has ended well meanwhile
		return engine.Entry{}, engine.Unknown, nil
	}
	entry.Started, entry.Ended = moment(started), moment(ended)
	return entry, c.mark, s.place.fault("look up a call", err)
}

// InDoubt gives the keys of the calls that went out, or were about to, and of which no outcome is known, in their order.
// It is empty for a run that ended well.
func (s *Store) InDoubt(run string) ([]string, error) {
	n, err := s.runNumber(run)
	if err != nil {
		return nil, err
	}
	calls, err := s.calls(n)
	return openCalls(calls), s.place.fault("read the journal", err)
}

// calls reads what the journal holds of a run.
func (s *Store) calls(number int64) (map[string]call, error) {
	lo, hi := rowRange(number)
	rows, err := s.read.Query(callsSQL, lo, hi)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	calls := map[string]call{}
	for rows.Next() {
		var id int64
		var key string
		var done bool
		if err := rows.Scan(&id, &key, &done); err != nil {
			return nil, err
		}
		mark := engine.Intended
		if done {
			mark = engine.Done
		}
		calls[key] = calls[key].then(call{id, mark})
	}
	return calls, rows.Err()
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
	return fmt.Errorf("%s: the history in %s is open for reading only", doing, s.place.file)
}
