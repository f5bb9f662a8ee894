package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// serverConn is a connection to a server. One that is lost is opened again, for as long as a server may take to start.
type serverConn struct {
	home serverHome
	db   *pgx.Conn // closed when it was lost
	inTx bool
}

// retryPause is between two tries to reach a server.
const retryPause = 50 * time.Millisecond

// connect opens the connection.
func (c *serverConn) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), busy)
	defer cancel()
	db, err := c.home.address.Connect(ctx)
	if err != nil {
		return err
	}
	// A database may be told to commit before its disk has it. What a token came in place of is gone: this must not get lost.
	_, err = db.Exec(ctx, `SELECT set_config('lock_timeout', $1, false), set_config('synchronous_commit',
		CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`,
		strconv.FormatInt(busy.Milliseconds(), 10))
	if err != nil {
		return errors.Join(err, closeNow(db))
	}
	c.db = db
	return nil
}

// within carries something out that waits for the server, for as long as the file of a store would be waited for.
func (c *serverConn) within(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), busy)
	defer cancel()
	return f(ctx)
}

// again carries f out, and once more, on another connection, whenever the one that it had was lost: f must not mind.
func (c *serverConn) again(f func() error) error {
	for until := time.Now().Add(busy); ; time.Sleep(retryPause) {
		err := error(nil)
		if c.db.IsClosed() {
			err = c.connect()
		}
		if err == nil {
			err = f()
		}
		if !postgres.Gone(err) || time.Now().After(until) {
			return err
		}
		_ = closeNow(c.db) // where it was not noticed yet
	}
}

// word is a name of a table, or the place of a parameter, in the statements of a store.
var word = regexp.MustCompile(`\?|\b(?:head|entries)\b`)

// translate gives a statement as PostgreSQL takes it, with the names that the tables have there.
func translate(sql string) string {
	n := 0
	return word.ReplaceAllStringFunc(sql, func(found string) string {
		if found != "?" {
			return "auth_" + found
		}
		n++
		return "$" + strconv.Itoa(n)
	})
}

// bytesOf gives parameters as PostgreSQL takes them: all text is bytea.
func bytesOf(args []driver.Value) []any {
	out := make([]any, len(args))
	for i, v := range args {
		if text, ok := v.(string); ok {
			v = []byte(text)
		}
		if data, ok := v.([]byte); ok && data == nil {
			v = []byte{} // nil would be NULL
		}
		out[i] = v
	}
	return out
}

func (c *serverConn) exec(sql string, args ...driver.Value) error {
	if !c.inTx {
		return c.atomically(func() error { return c.exec(sql, args...) })
	}
	return c.within(func(ctx context.Context) error {
		if len(args) == 0 { // may be several statements
			_, err := c.db.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
			return err
		}
		_, err := c.db.Exec(ctx, translate(sql), bytesOf(args)...)
		return err
	})
}

func (c *serverConn) query(sql string, args []driver.Value, each func(row []driver.Value) error) error {
	var list [][]any
	read := func() error {
		return c.within(func(ctx context.Context) error {
			rows, err := c.db.Query(ctx, translate(sql), bytesOf(args)...)
			if err != nil {
				return err
			}
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
			return err
		})
	}
	if !c.inTx {
		unsafe := read
		read = func() error { return c.again(unsafe) }
	}
	if err := read(); err != nil {
		return err
	}
	for _, values := range list {
		row := make([]driver.Value, len(values))
		for i, v := range values {
			row[i] = v
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

// atomically has those who write take turns, as SQLite does.
func (c *serverConn) atomically(f func() error) error {
	return c.again(func() error {
		c.inTx = true
		defer func() { c.inTx = false }()
		err := c.control("BEGIN")
		if err == nil {
			err = c.control("SELECT pg_advisory_xact_lock(" + strconv.FormatInt(c.home.address.LockKey("auth"), 10) + ")")
		}
		if err == nil {
			err = f()
		}
		if err == nil {
			return c.control("COMMIT")
		}
		if !c.db.IsClosed() {
			if rerr := c.control("ROLLBACK"); rerr != nil && !postgres.Gone(rerr) {
				return fmt.Errorf("%w; then rolling back: %w", err, rerr)
			}
		}
		return err
	})
}

// control carries out a statement without parameters.
func (c *serverConn) control(sql string) error {
	return c.within(func(ctx context.Context) error {
		_, err := c.db.Exec(ctx, sql)
		return err
	})
}

func (c *serverConn) close() error {
	if c.db == nil || c.db.IsClosed() {
		return nil
	}
	return closeNow(c.db)
}

// closeNow closes a connection; a server that does not listen any more has no say in it.
func closeNow(db *pgx.Conn) error {
	if db == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := db.Close(ctx); err != nil && !postgres.Gone(err) && !strings.Contains(err.Error(), "closed") {
		return err
	}
	return nil
}
