package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"snrun/engine"
)

const (
	// The tables are not in a migration: a program without FTS5 must be able to use the history, too. An index that is made anew has
	// another name, as one that is damaged cannot always be dropped.
	makeIndex = `CREATE VIRTUAL TABLE searched_%[1]d USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
		CREATE VIRTUAL TABLE searched_%[1]d_words USING fts5vocab(searched_%[1]d, row);
		INSERT INTO searched_%[1]d (searched_%[1]d, rank) VALUES ('automerge', 0), ('crisismerge', 1999)`
	// mergeSQL puts a few pages of the index in order. FTS5 would do so when rows come in, as long as that takes.
	mergeSQL    = `INSERT INTO searched_%[1]d (searched_%[1]d, rank) VALUES ('merge', ?)`
	changesSQL  = `SELECT total_changes()`
	madeSQL     = `SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%' AND name GLOB 'searched_[0-9]*'`
	enterIndex  = `INSERT INTO searchable (made, upto) VALUES (?, 0)`
	spoilSQL    = `DELETE FROM searchable`
	emptyExcuse = `DELETE FROM unsearchable`

	standingSQL = `SELECT made, upto FROM searchable`
	nextRunsSQL = `SELECT id, ` + runColumns + ` FROM runs WHERE id > ? ORDER BY id LIMIT ?`
	endedAgain  = `SELECT u.run, r.id IS NULL FROM unsearchable u LEFT JOIN runs r ON r.id = u.run
		WHERE r.id IS NULL OR r.status NOT IN ('queued', 'running') ORDER BY u.run LIMIT ?`
	sameSQL     = `SELECT attempt, status FROM runs WHERE id = ?`
	advanceSQL  = `UPDATE searchable SET upto = ? WHERE made = ?`
	excuseSQL   = `INSERT OR IGNORE INTO unsearchable (run) VALUES (?)`
	includeSQL  = `DELETE FROM unsearchable WHERE run = ?`
	documentSQL = `INSERT OR REPLACE INTO searched_%d (rowid, words) VALUES (?, ?)`
	removeSQL   = `DELETE FROM searched_%d WHERE rowid BETWEEN ? AND ?`

	// staleSQL says that the texts of a run are not what they were when they came into the index.
	staleSQL = `INSERT OR IGNORE INTO unsearchable (run) SELECT ?1 FROM searchable WHERE upto >= ?1`
)

const (
	// portionRuns is how many runs are looked at together, to see what of them is to come into the index.
	portionRuns = 256
	// documentWords is how many different words a document has, or some more: a large run has several.
	documentWords = 4000
)

// Indexer brings the index for searches up to date, bit by bit, and makes it where there is none. It is for one goroutine, and must be
// closed. Others may write to the database meanwhile, in this process and in others: also other Indexers.
type Indexer struct {
	store   *Store
	conn    *conn
	made    int64
	upto    int64
	waiting []entry       // runs that are to come into the index next, by their numbers
	words   int           // how many come into it at once
	held    time.Duration // how long the last step kept others from writing
	refresh bool          // look first for those that ended meanwhile, or are gone

	unfolded int // how many steps were written since the log was folded into the file
	unmerged int // and since the index was in order
	pages    int // how many of it are put in order at once
}

// entry is a run on its way into the index.
type entry struct {
	number    int64
	run       *engine.Run // nil: it is gone
	going     bool        // it has not ended
	documents []string    // those that are not in the index yet
	part      int64       // the number of the first of them
	again     bool        // it was in the index before
}

// ErrNoIndex is the error of Store.Indexer where this program was built without FTS5: searches read all runs.
var ErrNoIndex = errors.New("this program was built without FTS5")

// Indexer begins to bring the index up to date.
func (s *Store) Indexer() (*Indexer, error) {
	var has bool
	if err := s.read.QueryRow(hasFTS5SQL).Scan(&has); err != nil {
		return nil, s.place.fault("index the runs", err)
	}
	if !has {
		return nil, ErrNoIndex
	}
	c, err := s.place.writer()
	if err == nil {
		err = c.run(noFoldSQL)
	}
	if err != nil {
		return nil, s.place.fault("index the runs", err)
	}
	return &Indexer{store: s, conn: c, words: documentWords, pages: fewestPages, refresh: true}, nil
}

// Step does a little, and keeps others from writing for a few milliseconds. It says whether there is more to do.
func (x *Indexer) Step(ctx context.Context) (more bool, err error) {
	x.held = 0
	err = x.step(ctx, &more)
	if err != nil && ctx.Err() == nil {
		x.store.spoil(err)
		return false, x.store.place.fault("index the runs", err)
	}
	return more, err
}

func (x *Indexer) step(ctx context.Context, more *bool) error {
	if x.made == 0 {
		*more = true
		return x.begin()
	}
	if len(x.waiting) == 0 {
		if err := x.gather(ctx); err != nil || len(x.waiting) == 0 {
			return err
		}
	}
	*more = true
	switch x.unfolded++; {
	case x.unfolded > foldAfter:
		x.unfolded = 0
		return x.conn.run(passiveSQL)
	case x.unmerged >= mergeAfter:
		return x.merge()
	}
	x.unmerged++
	return x.write()
}

// Behind is about how many runs are still to come into the index.
func (x *Indexer) Behind() (runs int, err error) {
	err = x.store.read.QueryRow(`SELECT coalesce(max(id), 0) - ? FROM runs`, x.upto).Scan(&runs)
	return max(runs, 0), err
}

// Pause is how long to wait before the next step, so that others can write: longer while runs go on.
func (x *Indexer) Pause() time.Duration {
	if x.held == 0 {
		return 0
	}
	going, err := x.conn.holds(row{sql: activeSQL})
	if err != nil || going {
		return max(2*x.held, 2*time.Millisecond)
	}
	return x.held / 4
}

// Close ends it. What is in the index stays there.
func (x *Indexer) Close() error { return x.store.place.fault("index the runs", x.conn.close()) }

// Index brings the index up to date, for as long as the context lasts.
func (s *Store) Index(ctx context.Context) (err error) {
	x, err := s.Indexer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for more := true; more && err == nil; {
		if more, err = x.Step(ctx); more && err == nil {
			err = wait(ctx, x.Pause())
		}
	}
	return err
}

// KeepIndexed keeps the index up to date until the context ends: it looks each time that so long has passed since it was. It reports how
// each time ended, and waits longer where that was with an error. It ends at once where this program has no index.
func (s *Store) KeepIndexed(ctx context.Context, each time.Duration, report func(error)) {
	for ctx.Err() == nil {
		err := s.Index(ctx)
		if errors.Is(err, ErrNoIndex) {
			return
		}
		if ctx.Err() == nil {
			report(err)
		}
		pause := each
		if err != nil {
			pause = 20 * each
		}
		_ = wait(ctx, pause)
	}
}

// begin finds the index, or makes it.
func (x *Indexer) begin() error {
	found, err := x.conn.ints(row{sql: standingSQL}, &x.made, &x.upto)
	if err != nil || found {
		return err
	}
	var old []string
	err = eachRow(context.Background(), x.store.read, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		old = append(old, name)
		return err
	}, madeSQL)
	if err != nil {
		return err
	}
	made := int64(1)
	for _, name := range old {
		var n int64
		fmt.Sscanf(name, "searched_%d", &n)
		made = max(made, n+1)
	}
	err = x.atomically(func() error {
		if found, err := x.conn.ints(row{sql: standingSQL}, &x.made, &x.upto); err != nil || found {
			return err // somebody else was faster
		}
		x.made, x.upto = made, 0
		if err := x.conn.run(fmt.Sprintf(makeIndex, made) + ";" + emptyExcuse); err != nil {
			return err
		}
		return x.conn.exec(rowOf(enterIndex, made))
	})
	if err != nil {
		x.made = 0
		return err
	}
	slices.Sort(old)
	for _, name := range slices.Backward(old) { // what of a damaged one cannot be dropped stays
		_ = x.conn.run("DROP TABLE IF EXISTS " + name)
	}
	return nil
}

// atomically carries out f in a transaction, and notes how long it took.
func (x *Indexer) atomically(f func() error) error {
	var start time.Time
	err := x.conn.atomically(func() error {
		start = time.Now()
		return f()
	})
	if !start.IsZero() {
		x.held = time.Since(start)
	}
	return err
}

// gather reads the next runs that are to come into the index, and their words.
func (x *Indexer) gather(ctx context.Context) error {
	runs := map[int64]*engine.Run{}
	if x.refresh {
		if err := x.changed(ctx, runs); err != nil {
			return err
		}
		x.refresh = len(x.waiting) == portionRuns
	}
	if len(x.waiting) == 0 {
		if err := x.fresh(ctx, runs); err != nil {
			return err
		}
	}
	if len(x.waiting) == 0 {
		x.refresh = true
		return nil
	}
	docs := documents{}
	if err := (passages{read: x.store.read, like: anyText, say: docs.add}).of(ctx, runs); err != nil {
		return err
	}
	for i := range x.waiting {
		x.waiting[i].documents = docs.of(x.waiting[i].number)
	}
	return nil
}

// changed gathers the runs that are excused, and need not be any more.
func (x *Indexer) changed(ctx context.Context, runs map[int64]*engine.Run) error {
	var ended []int64
	err := eachRow(ctx, x.store.read, func(rows *sql.Rows) error {
		e := entry{again: true}
		var gone bool
		if err := rows.Scan(&e.number, &gone); err != nil {
			return err
		}
		if !gone {
			ended = append(ended, e.number)
		}
		x.waiting = append(x.waiting, e)
		return nil
	}, endedAgain, portionRuns)
	if err != nil || len(ended) == 0 {
		return err
	}
	list, err := json.Marshal(ended)
	if err != nil {
		return err
	}
	if err := x.read(ctx, runs, byNumber, string(list)); err != nil {
		return err
	}
	for i := range x.waiting {
		x.waiting[i].run = runs[x.waiting[i].number]
	}
	return nil
}

// fresh gathers the next runs that were never in the index. Those that go on are excused.
func (x *Indexer) fresh(ctx context.Context, runs map[int64]*engine.Run) error {
	if err := x.read(ctx, runs, nextRunsSQL, x.upto, portionRuns); err != nil {
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(runs)) {
		run := runs[n]
		going := isGoingOn(run)
		if going {
			delete(runs, n)
		}
		x.waiting = append(x.waiting, entry{number: n, run: run, going: going})
	}
	return nil
}

func isGoingOn(run *engine.Run) bool {
	return run.Status == engine.Queued || run.Status == engine.Running
}

// read reads runs by their numbers.
func (x *Indexer) read(ctx context.Context, runs map[int64]*engine.Run, query string, args ...any) error {
	return eachRow(ctx, x.store.read, func(rows *sql.Rows) error {
		var number int64
		var run engine.Run
		err := scanNumbered(rows, &number, &run)
		runs[number] = &run
		return err
	}, query, args...)
}
