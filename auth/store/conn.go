package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"
)

// fileConn is a connection to the file. It talks to the driver itself: a pool would bring goroutines and channels, which stand in
// the way of a store that is opened in the midst of a test with a clock of its own. It is for one goroutine at a time.
type fileConn struct{ db *sqlite3.SQLiteConn }

// busy is how long SQLite waits for another process that writes, and a store on a server for one that starts again.
const busy = 10 * time.Second

// openConn opens a file that is there. Where it may not be written it can be read.
func openConn(file string) (*fileConn, error) {
	params := url.Values{"mode": {"rw"}, "_mutex": {"no"}, "_busy_timeout": {strconv.FormatInt(busy.Milliseconds(), 10)}}
	u := url.URL{Scheme: "file", Path: file, OmitHost: true, RawQuery: params.Encode()}
	db, err := new(sqlite3.SQLiteDriver).Open(u.String())
	if err != nil {
		return nil, err
	}
	return &fileConn{db.(*sqlite3.SQLiteConn)}, nil
}

// exec carries out a statement.
func (c *fileConn) exec(sql string, args ...driver.Value) error {
	_, err := c.db.Exec(sql, args)
	return err
}

// query hands over the rows of a statement, one after the other. The row is each one's to keep, its slice is not.
func (c *fileConn) query(sql string, args []driver.Value, each func(row []driver.Value) error) error {
	rows, err := c.db.Query(sql, args)
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for err == nil {
		if err = rows.Next(row); err == nil {
			err = each(row)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// atomically carries out f within one transaction, and takes everything back when f or the commit fails.
func (c *fileConn) atomically(f func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = c.exec("COMMIT")
	}
	// SQLite has rolled back by itself after some errors, a full disk among them.
	if err != nil && !c.db.AutoCommit() {
		if rerr := c.exec("ROLLBACK"); rerr != nil {
			return fmt.Errorf("%w; then rolling back: %w", err, rerr)
		}
	}
	return err
}

func (c *fileConn) close() error { return c.db.Close() }
