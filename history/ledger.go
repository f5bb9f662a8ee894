package history

import (
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"

	"snrun/engine"
)

const (
	numberSQL  = `SELECT id FROM runs WHERE run = ?`
	lastRowSQL = `SELECT max(
		coalesce((SELECT max(id) FROM steps     WHERE id BETWEEN ?1 AND ?2), ?1),
		coalesce((SELECT max(id) FROM attempts  WHERE id BETWEEN ?1 AND ?2), ?1),
		coalesce((SELECT max(id) FROM exchanges WHERE id BETWEEN ?1 AND ?2), ?1),
		coalesce((SELECT max(id) FROM journal   WHERE id BETWEEN ?1 AND ?2), ?1))`
)

// mostLedgers is how many runs of a server a process remembers.
const mostLedgers = 1000

// runShift leaves room for 4 billion rows a run; see the head of the first migration.
const runShift = 32

// rowRange gives the first and the last id that a row of the run may have.
func rowRange(number int64) (lo, hi int64) {
	return number << runShift, (number+1)<<runShift - 1
}

// ledger is what must be remembered of a run while rows are added to it. One process at a time runs a run, but on a server.
type ledger struct {
	numbers
	number int64 // runs.id
	shared bool  // other processes write rows of the run, too: what this one remembers of its calls may be old

	large  atomic.Bool  // the journal has values of it among the blobs
	beside atomic.Int64 // how many other calls were under way when one was committed last

	mu     sync.Mutex
	open   map[string]goingOn // the steps that go on, by key
	calls  map[string]call    // nil until one is looked up: a run that was never interrupted needs none
	parts  map[string]*part   // the parts of loops that go on
	before map[string]earlier // in a run that is gone on with: the steps that history has from before, until they begin again
}

// newLedger makes the ledger of a run of which nothing is known.
func newLedger(number int64) *ledger {
	return &ledger{number: number, open: map[string]goingOn{}, parts: map[string]*part{}}
}

// newLedger makes the ledger of a run in the store.
func (s *Store) newLedger(number int64) *ledger {
	l := newLedger(number)
	if l.shared = s.place.shared(); l.shared {
		l.reserve = func(count int64) (int64, error) { return s.reserveRows(number, count) }
	}
	return l
}

// call is how far a call got, and the journal's row that says so.
type call struct {
	id   int64
	mark engine.Mark
}

// then gives what holds of a call when later is recorded after c. An intent takes nothing back.
func (c call) then(later call) call {
	if later.mark < c.mark || later.mark == c.mark && later.id < c.id {
		return c
	}
	return later
}

// ledger gives the ledger of a run that is on record.
func (s *Store) ledger(run string) (*ledger, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.ledgers[run]; l != nil {
		return l, nil
	}
	number, err := s.runNumber(run)
	if err != nil {
		return nil, err
	}
	l, err := s.takeUp(number)
	if err != nil {
		return nil, s.place.fault("take up run "+run, err)
	}
	if l.shared && len(s.ledgers) >= mostLedgers {
		clear(s.ledgers) // runs may end in other processes; what is forgotten of those that go on is found by its keys
	}
	s.ledgers[run] = l
	return l, nil
}

// takeUp makes the ledger of a run of what is on record of it.
func (s *Store) takeUp(number int64) (l *ledger, err error) {
	l = s.newLedger(number)
	if l.shared {
		l.large.Store(true)
		l.before, err = s.earlierElsewhere(number)
		return l, err
	}
	last, err := s.lastRow(number)
	if err != nil {
		return nil, err
	}
	l.last.Store(last)
	if lo, _ := rowRange(number); last == lo {
		return l, nil
	}
	kept, err := s.kept(number)
	l.takeIn(kept)
	return l, err
}

// lastRow gives the id of the last row that was recorded of a run, or may have been.
func (s *Store) lastRow(number int64) (id int64, err error) {
	if s.place.shared() {
		err = s.read.QueryRow(lastOfSQL, number).Scan(&id)
		return id, err
	}
	lo, hi := rowRange(number)
	err = s.read.QueryRow(lastRowSQL, lo, hi).Scan(&id)
	return id, err
}

// forget drops the ledger of a run that has ended.
func (s *Store) forget(run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ledgers, run)
}

// runNumber gives the runs.id of a run.
func (s *Store) runNumber(run string) (int64, error) {
	var number int64
	err := s.read.QueryRow(numberSQL, run).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("%w: %s", ErrUnknownRun, run)
	}
	return number, s.place.fault("read the run", err)
}

// rowsOf gives the range of the rows of a run that is to be read. What this Store still holds back is written before.
func (s *Store) rowsOf(run string) (lo, hi int64, err error) {
	if s.writer != nil {
		if err := s.flush("write what is held back"); err != nil {
			return 0, 0, err
		}
	}
	number, err := s.runNumber(run)
	lo, hi = rowRange(number)
	return lo, hi, err
}

// crowded says whether many calls of the run are under way.
func (l *ledger) crowded() bool { return l.beside.Load() >= many }

// recording says that a row with a key is about to be added to the journal.
func (l *ledger) recording(key string, id int64) {
	if l.shared {
		return // its rows are found by their keys
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var around *part
	partsOf(key, func(name string) {
		p := l.parts[name]
		if p == nil {
			p = &part{name: name, first: id, around: around}
			l.parts[name] = p
			if around != nil {
				around.has(p)
			}
		}
		p.first = min(p.first, id)
		around = p
	})
}

// record remembers how far a call got, when that is of interest.
func (l *ledger) record(key string, c call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls != nil && !l.shared && !ofLoop(key) {
		l.remember(key, l.calls[key].then(c))
	}
}

// lookup gives how far a call got. The first time it reads all that the journal has of the run.
func (l *ledger) lookup(key string, read func(number int64) ([]keptCall, error)) (call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		kept, err := read(l.number)
		if err != nil {
			return call{}, err
		}
		l.rememberAll(latest(kept))
	}
	return l.calls[key], nil
}

// takeIn remembers what the journal has of the run.
func (l *ledger) takeIn(kept []keptCall) {
	for _, k := range kept {
		l.recording(k.key, k.id)
		if k.large {
			l.large.Store(true)
		}
	}
}

// span gives the rows among which those at and below a key are: none, when first is after last.
func (l *ledger) span(below string) (first, last int64) {
	first, last = l.number<<runShift, l.last.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	partsOf(below, func(name string) {
		lowest := last + 1
		if p := l.parts[name]; p != nil {
			lowest = p.first
		}
		first = max(first, lowest)
	})
	return first, last
}

// keptCall is a row of the journal: without the result, but with whether that is a blob.
type keptCall struct {
	key string
	call
	large bool
}

// latest gives how far each call got.
func latest(kept []keptCall) map[string]call {
	calls := map[string]call{}
	for _, k := range kept {
		calls[k.key] = calls[k.key].then(k.call)
	}
	return calls
}

// openCalls gives the keys of the calls without an outcome, in the order in which they were recorded.
func openCalls(calls map[string]call) []string {
	var keys []string
	for key, c := range calls {
		if c.mark == engine.Intended {
			keys = append(keys, key)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return calls[keys[i]].id < calls[keys[j]].id })
	return keys
}
