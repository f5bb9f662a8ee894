package dialect

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// Writer is a connection that writes. It is opened anew where it was lost, and what was to be done is done again where it is not on
// record. It is for one goroutine at a time, and must be closed.
type Writer struct {
	server  *Server
	db      *pgx.Conn
	inside  bool  // a transaction is open
	written int64 // rows of the last statement

	name string // in the table of commits; "" until it is needed
	nth  int64  // the last transaction that decided something
}

// Statement is a text of SQLite's SQL with its arguments.
type Statement struct {
	SQL  string
	Args []any // nil, int64, float64, string, []byte and bool
}

// Lock is a lock that a transaction takes when it begins, and has until its end.
type Lock struct {
	Name   string
	Shared bool // with all others who take it so
}

const (
	takeLock  = `SELECT pg_advisory_xact_lock($1)`
	shareLock = `SELECT pg_advisory_xact_lock_shared($1)`
	markSQL   = `INSERT INTO commits (link, nth) VALUES ($1, $2) ON CONFLICT (link) DO UPDATE SET nth = excluded.nth, at = excluded.at`
	markedSQL = `SELECT EXISTS (SELECT 1 FROM commits WHERE link = $1 AND nth = $2)`
	unmarkSQL = `DELETE FROM commits WHERE link = $1`
	oldMarks  = `DELETE FROM commits WHERE at < now() - interval '1 day'`
)

// Writer opens one.
func (s *Server) Writer(ctx context.Context) (*Writer, error) {
	w := &Writer{server: s}
	if err := w.use(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

// use makes sure that there is a connection.
func (w *Writer) use(ctx context.Context) error {
	if w.db != nil && !w.db.IsClosed() {
		return nil
	}
	db, err := w.server.Await(ctx)
	if err == nil {
		w.db = db
	}
	return err
}

// Changed is how many rows the last statement of Query wrote.
func (w *Writer) Changed() (int64, error) { return w.written, nil }

// Close closes the connection.
func (w *Writer) Close() error {
	if w.db == nil {
		return nil
	}
	if w.name != "" && !w.db.IsClosed() { // a mark that stays is old some day
		_, _ = w.db.Exec(context.Background(), unmarkSQL, w.name)
	}
	return w.db.Close(context.Background())
}

// Query carries out a statement. Outside of Within it is for those that read, and carried out again where the connection was lost.
func (w *Writer) Query(sql string, args []any) (rows driver.Rows, err error) {
	t := w.server.texts.of(sql)
	if t.text == "" {
		return noResult{}, nil
	}
	if w.inside {
		return w.start(t, args)
	}
	err = w.server.insist(context.Background(), func() (err error) {
		if err = w.use(context.Background()); err == nil {
			rows, err = w.start(t, args)
		}
		return err
	})
	return rows, err
}

// start carries out a statement.
func (w *Writer) start(t translation, args []any) (driver.Rows, error) {
	answer, err := w.db.Query(context.Background(), t.text, t.take(args)...)
	if err != nil {
		return nil, err
	}
	rows, err := readAhead(answer)
	if err != nil {
		return nil, err
	}
	if !rows.ahead {
		w.written = answer.CommandTag().RowsAffected()
	}
	return rows, nil
}

// Run carries out a statement without arguments once.
func (w *Writer) Run(sql string) error {
	t := w.server.texts.of(sql)
	if t.text == "" {
		return nil
	}
	if err := w.use(context.Background()); err != nil {
		return err
	}
	_, err := w.db.PgConn().Exec(context.Background(), t.text).ReadAll()
	return err
}

// Together carries out statements in one transaction and one exchange with the server, and once more where the answer to that was
// lost: twice must be as once.
func (w *Writer) Together(locks []Lock, statements []Statement) error {
	ctx := context.Background()
	return w.server.insist(ctx, func() error {
		if err := w.use(ctx); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		w.queue(batch, locks)
		for _, s := range statements {
			if t := w.server.texts.of(s.SQL); t.text != "" {
				batch.Queue(t.text, t.take(s.Args)...)
			}
		}
		return w.db.SendBatch(ctx, batch).Close()
	})
}

// queue has a batch take locks.
func (w *Writer) queue(batch *pgx.Batch, locks []Lock) {
	for _, lock := range locks {
		sql := takeLock
		if lock.Shared {
			sql = shareLock
		}
		batch.Queue(sql, w.server.LockKey(lock.Name))
	}
}

// Within carries out f in a transaction that holds locks, and takes everything back when f or the commit fails. Where the answer to the
// commit was lost it asks whether it took place; f is carried out again where nothing did.
func (w *Writer) Within(locks []Lock, f func() error) error {
	ctx := context.Background()
	return w.server.insist(ctx, func() error {
		if err := w.use(ctx); err != nil {
			return err
		}
		if err := w.begin(ctx, locks); err != nil {
			return err
		}
		w.inside = true
		err := f()
		w.inside = false
		if err != nil {
			return w.rollBack(ctx, err)
		}
		_, err = w.db.Exec(ctx, `COMMIT`)
		if !postgres.Gone(err) {
			return err
		}
		return w.tookPlace(ctx, err)
	})
}

// rollBack takes back what was done until an error came.
func (w *Writer) rollBack(ctx context.Context, err error) error {
	if w.db.IsClosed() {
		return err
	}
	if _, rerr := w.db.Exec(ctx, `ROLLBACK`); rerr != nil && !postgres.Gone(rerr) {
		return fmt.Errorf("%w; then rolling back: %w", err, rerr)
	}
	return err
}

// begin begins a transaction, and has it leave a mark.
func (w *Writer) begin(ctx context.Context, locks []Lock) error {
	batch := &pgx.Batch{}
	if w.name == "" {
		w.name = rand.Text()
		batch.Queue(oldMarks)
	}
	w.nth++
	batch.Queue(`BEGIN`)
	batch.Queue(takeLock, w.server.LockKey("commit", w.name))
	w.queue(batch, locks)
	batch.Queue(markSQL, w.name, w.nth)
	err := w.db.SendBatch(ctx, batch).Close()
	if err != nil && !w.db.IsClosed() {
		_, _ = w.db.Exec(ctx, `ROLLBACK`)
	}
	return err
}

// tookPlace finds out whether the last transaction took place, whose commit got no answer: nil where it did, else the error of the
// commit. It waits until the server has noticed that nobody is there.
func (w *Writer) tookPlace(ctx context.Context, lost error) error {
	var marked bool
	err := w.server.insist(ctx, func() error {
		if err := w.use(ctx); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, w.db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, takeLock, w.server.LockKey("commit", w.name)); err != nil {
				return err
			}
			return tx.QueryRow(ctx, markedSQL, w.name, w.nth).Scan(&marked)
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
