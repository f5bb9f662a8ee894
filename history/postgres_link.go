package history

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// serverLink is a connection to a server. It is opened anew where it was lost, and what was to be done is done again where it is
// not on record.
type serverLink struct {
	place   *server
	db      *pgx.Conn
	inside  bool  // a transaction is open
	written int64 // rows of the last statement

	name string // in the table of commits; "" until it is needed
	nth  int64  // the last transaction that decided something
}

const (
	takeLock  = `SELECT pg_advisory_xact_lock($1)`
	shareLock = `SELECT pg_advisory_xact_lock_shared($1)`
	markSQL   = `INSERT INTO commits (link, nth) VALUES ($1, $2) ON CONFLICT (link) DO UPDATE SET nth = excluded.nth, at = excluded.at`
	markedSQL = `SELECT EXISTS (SELECT 1 FROM commits WHERE link = $1 AND nth = $2)`
	unmarkSQL = `DELETE FROM commits WHERE link = $1`
	oldMarks  = `DELETE FROM commits WHERE at < now() - interval '1 day'`
)

// use makes sure that there is a connection.
func (l *serverLink) use(ctx context.Context) error {
	if l.db != nil && !l.db.IsClosed() {
		return nil
	}
	db, err := l.place.connect(ctx, nil)
	if err == nil {
		l.db = db
	}
	return err
}

func (l *serverLink) shared() bool { return true }

func (l *serverLink) changed() (int64, error) { return l.written, nil }

func (l *serverLink) close() error {
	if l.db == nil {
		return nil
	}
	if l.name != "" && !l.db.IsClosed() { // a mark that stays is old some day
		_, _ = l.db.Exec(context.Background(), unmarkSQL, l.name)
	}
	return l.db.Close(context.Background())
}

// query starts a statement. Outside of transactions one that reads is carried out again where the connection was lost.
func (l *serverLink) query(sql string, args []any) (rows driver.Rows, err error) {
	s := l.place.texts.translate(sql)
	if s.text == "" {
		return noResult{}, nil
	}
	if l.inside {
		return l.start(s, args)
	}
	err = l.place.insist(context.Background(), func() (err error) {
		if err = l.use(context.Background()); err == nil {
			rows, err = l.start(s, args)
		}
		return err
	})
	return rows, err
}

// start carries out a statement.
func (l *serverLink) start(s statement, args []any) (driver.Rows, error) {
	answer, err := l.db.Query(context.Background(), s.text, s.take(args)...)
	if err != nil {
		return nil, err
	}
	rows, err := readAhead(answer)
	if err != nil {
		return nil, err
	}
	if !rows.ahead {
		l.written = answer.CommandTag().RowsAffected()
	}
	return rows, nil
}

// run carries out statements of PostgreSQL.
func (l *serverLink) run(sql string) error {
	s := l.place.texts.translate(sql)
	if s.text == "" {
		return nil
	}
	if err := l.use(context.Background()); err != nil {
		return err
	}
	_, err := l.db.PgConn().Exec(context.Background(), s.text).ReadAll()
	return err
}

// transact carries out rows. Those that decide nothing go out together, and need no answer before the next.
func (l *serverLink) transact(c *conn, rows []row) error {
	if len(rows) == 1 && rows[0].looks {
		return c.exec(rows[0])
	}
	if slices.ContainsFunc(rows, row.asks) {
		return l.within(locksOf(rows), func() error {
			for _, r := range rows {
				if err := c.exec(r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return l.place.insist(context.Background(), func() error { return l.together(rows) })
}

// asks says whether a row goes by what it finds, or would do something twice where it is carried out twice.
func (r row) asks() bool {
	return r.do != nil || r.when != nil || r.missed != nil || r.sql == postSQL || r.sql == auditSQL
}

// together carries out rows in one transaction and one exchange with the server.
func (l *serverLink) together(rows []row) error {
	ctx := context.Background()
	if err := l.use(ctx); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, lock := range locksOf(rows) {
		batch.Queue(lock.sql, l.place.LockKey(lock.name))
	}
	for i := range rows {
		l.add(batch, &rows[i])
	}
	return l.db.SendBatch(ctx, batch).Close()
}

// add adds a row to a batch, after the one that comes before it.
func (l *serverLink) add(batch *pgx.Batch, r *row) {
	if r.first != nil {
		l.add(batch, r.first)
	}
	if s := l.place.texts.translate(r.sql); s.text != "" {
		batch.Queue(s.text, s.take(r.args)...)
	}
}

// atomically carries out f alone: what it reads cannot change before the commit, and no value is put beside or dropped meanwhile.
func (l *serverLink) atomically(f func() error) error {
	return l.within([]txLock{{takeLock, deciding}, {takeLock, blobsLock}}, f)
}

// txLock is a lock that a transaction takes when it begins.
type txLock struct{ sql, name string }

// Who decides upon what it reads holds one lock, so that such transactions come one after the other; rows of the journal and notes
// are no matter of it. Who drops blobs that nothing refers to holds another alone, which those share who refer to blobs.
const (
	deciding  = "decide"
	blobsLock = "blobs"
)

// locksOf gives the locks that rows need, always in the same order.
func locksOf(rows []row) []txLock {
	decides, refers, frees := false, false, false
	for i := range rows {
		for r := &rows[i]; r != nil; r = r.first {
			decides = decides || r.when != nil || r.do != nil && !r.looks
			refers = refers || r.sql == blobSQL
			frees = frees || r.frees()
		}
	}
	var locks []txLock
	if decides {
		locks = append(locks, txLock{takeLock, deciding})
	}
	switch {
	case frees:
		locks = append(locks, txLock{takeLock, blobsLock})
	case refers:
		locks = append(locks, txLock{shareLock, blobsLock})
	}
	return locks
}

// frees says whether a row drops blobs.
func (r *row) frees() bool {
	switch r.sql {
	case freeRowsSQL, freeBelowSQL, freeKeptSQL, freeUnderSQL, freeBodiesSQL, freeResultsSQL:
		return true
	}
	return false
}

// within carries out f in a transaction that holds locks. Where the answer to the commit was lost it asks whether it took place; f
// is carried out again where nothing did.
func (l *serverLink) within(locks []txLock, f func() error) error {
	ctx := context.Background()
	return l.place.insist(ctx, func() error {
		if err := l.use(ctx); err != nil {
			return err
		}
		if err := l.begin(ctx, locks); err != nil {
			return err
		}
		l.inside = true
		err := f()
		l.inside = false
		if err != nil {
			if !l.db.IsClosed() {
				if _, rerr := l.db.Exec(ctx, rollbackSQL); rerr != nil && !postgres.Gone(rerr) {
					return fmt.Errorf("%w; then rolling back: %w", err, rerr)
				}
			}
			return err
		}
		_, err = l.db.Exec(ctx, commitSQL)
		if !postgres.Gone(err) {
			return err
		}
		return l.tookPlace(ctx, err)
	})
}

// begin begins a transaction, and has it leave a mark.
func (l *serverLink) begin(ctx context.Context, locks []txLock) error {
	batch := &pgx.Batch{}
	if l.name == "" {
		l.name = rand.Text()
		batch.Queue(oldMarks)
	}
	l.nth++
	batch.Queue(`BEGIN`)
	batch.Queue(takeLock, l.place.LockKey("commit", l.name))
	for _, lock := range locks {
		batch.Queue(lock.sql, l.place.LockKey(lock.name))
	}
	batch.Queue(markSQL, l.name, l.nth)
	err := l.db.SendBatch(ctx, batch).Close()
	if err != nil && !l.db.IsClosed() {
		_, _ = l.db.Exec(ctx, rollbackSQL)
	}
	return err
}

// tookPlace finds out whether the last transaction took place, whose commit got no answer: nil where it did, else the error of the
// commit. It waits until the server has noticed that nobody is there.
func (l *serverLink) tookPlace(ctx context.Context, lost error) error {
	var marked bool
	err := l.place.insist(ctx, func() error {
		if err := l.use(ctx); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, l.db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, takeLock, l.place.LockKey("commit", l.name)); err != nil {
				return err
			}
			return tx.QueryRow(ctx, markedSQL, l.name, l.nth).Scan(&marked)
		})
	})
	switch {
	case err != nil:
		return fmt.Errorf("it is not known whether it was recorded: %w", err)
	case marked:
		return nil
	}
	return lost
}

// noResult is the answer to what is nothing to PostgreSQL.
type noResult struct{}

// Columns gives none.
func (noResult) Columns() []string { return nil }

// Close does nothing.
func (noResult) Close() error { return nil }

// Next gives none.
func (noResult) Next([]driver.Value) error { return io.EOF }
