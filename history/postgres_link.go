package history

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"
	"time"

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
}

const (
	takeLock   = `SELECT pg_advisory_xact_lock($1)`
	shareLock  = `SELECT pg_advisory_xact_lock_shared($1)`
	numberOfTx = `SELECT pg_current_xact_id()::text`
	stateOfTx  = `SELECT coalesce(pg_xact_status($1::text::xid8), 'aborted')`
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
	return r.do != nil || r.when != nil || r.sql == postSQL || r.sql == auditSQL
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
		number, err := l.begin(ctx, locks)
		if err != nil {
			return err
		}
		l.inside = true
		err = f()
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
		return l.ended(ctx, number, err)
	})
}

// begin begins a transaction, and gives its number.
func (l *serverLink) begin(ctx context.Context, locks []txLock) (number string, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN`)
	for _, lock := range locks {
		batch.Queue(lock.sql, l.place.LockKey(lock.name))
	}
	batch.Queue(numberOfTx).QueryRow(func(row pgx.Row) error { return row.Scan(&number) })
	err = l.db.SendBatch(ctx, batch).Close()
	if err != nil && !l.db.IsClosed() {
		_, _ = l.db.Exec(ctx, rollbackSQL)
	}
	return number, err
}

// ended finds out how a transaction ended whose commit got no answer: nil where it took place, the error of the commit where not.
func (l *serverLink) ended(ctx context.Context, number string, lost error) error {
	for deadline := time.Now().Add(l.place.patience); time.Now().Before(deadline); {
		if err := l.use(ctx); err != nil {
			return err
		}
		var state string
		err := l.db.QueryRow(ctx, stateOfTx, number).Scan(&state)
		switch {
		case postgres.Gone(err):
			continue
		case err != nil:
			return err
		case state == "committed":
			return nil
		case state == "aborted":
			return lost
		}
		_ = wait(ctx, 50*time.Millisecond) // the server has not noticed yet that nobody is there
	}
	return fmt.Errorf("it is not known whether it was recorded: %w", lost)
}

// noResult is the answer to what is nothing to PostgreSQL.
type noResult struct{}

// Columns gives none.
func (noResult) Columns() []string { return nil }

// Close does nothing.
func (noResult) Close() error { return nil }

// Next gives none.
func (noResult) Next([]driver.Value) error { return io.EOF }
