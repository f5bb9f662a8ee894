// Package history keeps what runs did, in one SQLite file, or in a PostgreSQL database that machines share: for people (runs, steps,
// attempts, exchanges) and for going on (the journal and the state of jobs).
//
// A Store is an engine.Journal. Whatever is given to it has its secrets masked already. One connection of a process writes; readers
// have their own and never wait for it. All SQL of snrun but the token store's is in this package.
//
// The files:
//
//	store, place, moved, conn, live
//	                             a history: its file, whether it stays there, its connection, and who else is at work in it
//	migrate                      its tables, which are made by the files in migrations
//	sqlite                       a connection to a file
//	postgres, postgres_link, postgres_texts
//	                             a history on a server, its connection that writes, and texts as PostgreSQL takes them; all of that which
//	                             knows nothing of runs is package dialect
//	postgres_alive               who lives, on a server
//	commit                       the queue of rows, and who commits them
//	runs, list, steps, counts, happened, exchanges, requests, find, order
//	                             what people are shown, how they find runs, and the order of a run's steps
//	pulse                        how far runs are, for who looks at them while they go on
//	search                       what runs left behind that holds what is looked for, by an index or without; see package phrases
//	journal, ledger, numbers, parts, fold, blobs, keys
//	                             what going on needs: calls by their keys, parts of loops that end, large values once
//	hold                         units of a run that one process at a time carries out
//	again                        steps that other processes carry out anew
//	goingon, settle, elsewhere   a run that goes on, and runs whose process, or whose workflow, is gone
//	slots, decide, plans         due times and what was decided upon each, and the schedules that they are of
//	queue, cancels, pauses, daemons, interrupted
//	                             runs that wait, what people ask for, who runs jobs in the background, and what goes on then
//	standings, lanes             how it stands with jobs, and what they did in parts of a time
//	extent                       how large it is
//	troubles, figures            what fails, what was interrupted, and how often and how long jobs ran
//	state                        what jobs remember
//	copy                         a history in a file, moved to a server
//	prune                        runs that are not kept any more, and the room that they took
//	audit                        what people did on the pages
//	alerts, notices              what is wrong, and the notices of it that are on their way to people
//	data, errors                 values in columns, and what a person can do about SQLite's errors
package history

import (
	"cmp"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"snrun/engine"
)

// Options say how a history is opened. The zero value is right for all but tests.
type Options struct {
	// Wait is how long to wait for another program that holds the database locked; 10 s when zero.
	Wait time.Duration
	// Updating is called where it takes longer than a second to bring an older history up to date; nil for nobody who is told. It is called
	// once, while that goes on.
	Updating func()

	tellAfter time.Duration // when Updating is called; updatingAfter when zero
	maxPages  int           // see place
	scans     bool          // searches do without the index
	maxChosen int           // see mostChosen
}

// Store is a history in a file or on a server. Its methods may be called from many goroutines, and many processes may have one open on
// the same place. It must be closed.
type Store struct {
	place   place
	read    *sql.DB
	writer  *writer // nil when the Store is only for reading
	alive   alive
	version atomic.Int64 // of the database, when Changed was asked last
	opened  []openedFile // when the Store was made to write
	scans   bool         // searches do without the index
	chosen  int          // see mostChosen
	// conducting is for runs that are carried out elsewhere.
	conducting conducting

	mu        sync.Mutex
	ledgers   map[string]*ledger // of the runs that were written to, by id
	abandoned map[string]bool    // runs that this process carries out no more, whatever is on record of them
}

var (
	_ engine.Journal = (*Store)(nil)
	_ engine.Holder  = (*Store)(nil)
)

// Open opens the history in the file at path and makes it, with its folders, when it is not there; or that on the PostgreSQL server at
// an address, postgres://…, where it makes its schema. Older ones are
// brought up to date. Runs whose process is gone are marked as interrupted. An error names the place, and wraps
// engine.ErrFull, engine.ErrLocked, engine.ErrDamaged or fs.ErrPermission where it is one of those. A server that is gone while a Store
// is open is waited for, for half a minute each time.
func Open(path string, opts Options) (*Store, error) {
	p, err := placeOf(path, opts)
	if err != nil {
		return nil, err
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	c, err := p.writer()
	if err != nil {
		return nil, p.fault("open the history", err)
	}
	if err := p.update(c, opts); err != nil {
		return nil, errors.Join(p.fault("open the history", err), c.close())
	}
	s, err := newStore(p)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	s.scans, s.chosen = opts.scans, cmp.Or(opts.maxChosen, s.chosen)
	s.writer = startWriter(c, p)
	if err := errors.Join(s.settle(), s.noteFiles()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenReadOnly opens the history in the file, or on the server, at path for the methods that read. It makes none: where none stands, the
// error is ErrNoRuns. One that may not be written can be read all the same. Where it may be written, runs whose process
// is gone are marked as interrupted before runs are shown, as Open does.
func OpenReadOnly(path string) (*Store, error) {
	p, err := placeOf(path, Options{})
	if err != nil {
		return nil, err
	}
	if err := p.look(); err != nil {
		return nil, err
	}
	s, err := newStore(p)
	if err != nil {
		return nil, err
	}
	if err := p.check(s.read); err != nil {
		return nil, errors.Join(p.fault("open the history", err), s.Close())
	}
	return s, nil
}

// newStore makes a Store that reads.
func newStore(p place) (*Store, error) {
	db, err := p.reader()
	if err != nil {
		return nil, p.fault("open the history", err)
	}
	db.SetMaxOpenConns(6) // more than the searches and exports that pages let in at once
	db.SetMaxIdleConns(4)
	return &Store{place: p, read: db, chosen: mostChosen, alive: p.signs(db), ledgers: map[string]*ledger{}, abandoned: map[string]bool{}}, nil
}

// Close writes what is still to be written and gives back all that the Store holds. Runs that are not finished count as
// interrupted from here on.
func (s *Store) Close() error {
	// The writer closes last: only then does SQLite fold the log into the file and remove it.
	errs := []error{s.place.fault("close the history", s.read.Close())}
	if s.writer != nil {
		errs = append(errs, s.place.fault("close the history", s.writer.close()))
	}
	return errors.Join(append(errs, s.alive.release(), s.place.close())...)
}
