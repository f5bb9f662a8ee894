package history

import (
	"database/sql"
	"strings"
	"time"
	"unicode/utf8"

	"snrun/engine"
)

const (
	// isBelow is engine.Below for the rows ?1 to ?2 and the key ?3, which is ?4 bytes long: at that key, or at one that goes on
	// with one of /[#@. It goes by bytes: an item's key may hold anything.
	isBelow = `id BETWEEN ?1 AND ?2 AND substr(CAST(key AS BLOB), 1, ?4) = ?3
		AND (length(CAST(key AS BLOB)) = ?4 OR substr(CAST(key AS BLOB), ?4 + 1, 1) IN (x'2f', x'5b', x'23', x'40'))`

	// isUnder is the same of the run ?1 and the key ?2, where keys are compared by their bytes and have an index.
	isUnder = `run = ?1 AND (key = ?2 OR key >= ?2 || '#' AND key < ?2 || '$' OR key >= ?2 || '/' AND key < ?2 || '0'
		OR key >= ?2 || '@' AND key < ?2 || 'A' OR key >= ?2 || '[' AND key < ?2 || '\')`
	dropUnderSQL = `DELETE FROM journal WHERE ` + isUnder

	dropBelowSQL = `DELETE FROM journal WHERE ` + isBelow
	dropKeptSQL  = `DELETE FROM journal WHERE run = ? AND key = ?`
	dropCallSQL  = `DELETE FROM journal WHERE id BETWEEN ? AND ? AND key = ?`

	keptSQL = `SELECT ` + callColumns + ` FROM journal j LEFT JOIN blobs b ON b.digest = j.digest
		WHERE j.run = ? AND j.key >= ? AND j.key < ? ORDER BY j.id`
	keptCallsSQL = `SELECT ` + callColumns + ` FROM journal j LEFT JOIN blobs b ON b.digest = j.digest
		WHERE j.id BETWEEN ? AND ? AND substr(CAST(j.key AS BLOB), 1, ?) = ? ORDER BY j.id`
)

// Fold puts entries in place of what the journal has at and below a key, and drops what it has at the keys of drop, in one
// commit. It looks at no more than the rows of the part of a loop that the key is in.
func (s *Store) Fold(run, below string, drop []string, entries ...engine.Entry) error {
	l, err := s.ledger(run)
	if err != nil {
		return err
	}
	rows := l.dropBelow(below)
	for _, key := range drop {
		rows = append(rows, l.dropOne(key)...)
	}
	ids := make([]int64, len(entries))
	for i, e := range entries {
		if ids[i], err = l.take(); err != nil {
			return s.place.fault("record how far a loop is", err)
		}
		rows = append(rows, l.result(ids[i], e)...)
	}
	if s.writer == nil {
		return s.onlyReading("record how far a loop is")
	}
	if err := s.place.fault("record how far a loop is", s.writer.commit(false, rows...)); err != nil {
		return err
	}
	if below != "" {
		l.fold(below)
	}
	l.forget(drop)
	for i, e := range entries {
		l.record(e.Key, call{ids[i], engine.Done})
	}
	return nil
}

// dropBelow gives the rows that take the calls at and below a key out of the journal.
func (l *ledger) dropBelow(below string) []row {
	if l.shared {
		return l.dropUnder(below)
	}
	first, last := l.span(below)
	if below == "" || first > last {
		return nil
	}
	var rows []row
	if l.large.Load() {
		rows = append(rows, rowOf(freeBelowSQL, first, last, []byte(below), len(below)))
	}
	return append(rows, rowOf(dropBelowSQL, first, last, []byte(below), len(below)))
}

// dropUnder gives the same where other processes write rows of the run, too: they are found by their keys.
func (l *ledger) dropUnder(below string) []row {
	if below == "" {
		return nil
	}
	return []row{rowOf(freeUnderSQL, l.number, below), rowOf(dropUnderSQL, l.number, below)}
}

// dropOne gives the rows that take one key out of the journal.
func (l *ledger) dropOne(key string) []row {
	if l.shared || ofLoop(key) {
		return append(l.freeKept(key), rowOf(dropKeptSQL, l.number, key))
	}
	first, last := l.span(key)
	return []row{rowOf(dropCallSQL, first, last, key)}
}

// freeKept gives the rows that drop a blob which is about to be replaced or dropped under a key.
func (l *ledger) freeKept(key string) []row {
	if !l.large.Load() {
		return nil
	}
	return []row{rowOf(freeKeptSQL, l.number, key)}
}

// result gives the rows that put the outcome of a call into the journal.
func (l *ledger) result(id int64, e engine.Entry) []row {
	if e.Ended.IsZero() {
		e.Ended = time.Now()
	}
	v := valueOf(e.Result)
	l.recording(e.Key, id)
	var rows []row
	if ofLoop(e.Key) { // others have one outcome
		rows = l.freeKept(e.Key)
	}
	if v.blob != nil {
		l.large.Store(true)
		rows = append(rows, *v.blob)
	}
	switch {
	case ofLoop(e.Key) && !l.shared:
		return append(rows, rowOf(keepSQL, id, e.Key, e.Started, e.Ended, v.data, v.digest, v.size, l.number))
	case v.blob != nil:
		return append(rows, rowOf(blobResultSQL, id, e.Key, e.Started, e.Ended, v.digest, v.size))
	}
	return append(rows, rowOf(resultSQL, id, e.Key, e.Started, e.Ended, v.data))
}

// forget forgets the calls with keys.
func (l *ledger) forget(keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		delete(l.calls, key)
	}
}

// Kept gives the outcomes under keys with a prefix, in the order in which they were first recorded. Those that are kept of
// loops, with an @ in the prefix, are found at once; for others all that the journal has of the run is looked through.
func (s *Store) Kept(run, prefix string) ([]engine.Entry, error) {
	l, err := s.ledger(run)
	if err != nil {
		return nil, err
	}
	lo, hi := rowRange(l.number)
	var rows *sql.Rows
	if l.shared {
		rows, err = s.read.Query(keptSQL, l.number, prefix, prefix+string(utf8.MaxRune))
	} else if ofLoop(prefix) {
		rows, err = s.read.Query(keptSQL, l.number, prefix, after(prefix))
	} else {
		rows, err = s.read.Query(keptCallsSQL, lo, hi, len(prefix), []byte(prefix))
	}
	if err != nil {
		return nil, s.place.fault("look up what is kept", err)
	}
	defer rows.Close()
	entries, err := outcomes(rows)
	return entries, s.place.fault("look up what is kept", err)
}

// outcomes reads rows of the journal, and gives the latest outcome for each key that has one, in the order of the keys'
// first rows.
func outcomes(rows *sql.Rows) ([]engine.Entry, error) {
	var list []engine.Entry
	at := map[string]int{}
	for rows.Next() {
		e, mark, err := scanCall(rows)
		if err != nil {
			return nil, err
		}
		i, known := at[e.Key]
		if !known {
			i, at[e.Key], list = len(list), len(list), append(list, engine.Entry{})
		}
		if mark == engine.Done {
			list[i] = e
		}
	}
	var done []engine.Entry
	for _, e := range list {
		if !e.Ended.IsZero() {
			done = append(done, e)
		}
	}
	return done, rows.Err()
}

// after gives the lowest text that comes after all that begin with a prefix in which there is an @.
func after(prefix string) string {
	prefix = strings.TrimRight(prefix, "\xff")
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}
