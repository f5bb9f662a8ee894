package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/mattn/go-sqlite3"

	"snrun/auth/store/postgres"
)

const (
	countSQL    = `SELECT count(*) FROM entries`
	sealedSQL   = `SELECT kind, id, generation, changed, sealed FROM entries ORDER BY kind, id`
	dropHeadSQL = `DELETE FROM auth_head`
)

// ErrNotEmpty is the error of Copy where the server has entries.
var ErrNotEmpty = errors.New("it has tokens or secrets already")

// Count says how many entries the store in a file has: none where there is no file.
func Count(file string) (n int64, err error) {
	c, resolved, err := openFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err = countEntries(c)
	return n, fault(fileHome(resolved), "read", abandon(c, err))
}

// Copy copies the store in a file into the schema on a server to which tx is connected, within that transaction, and says how many
// entries it has. They stay encrypted under the key that the store has, which need not be known. The error wraps ErrNotEmpty where the
// server has entries already. The file stays as it is; where there is none nothing is done.
func Copy(ctx context.Context, file string, to postgres.Address, tx pgx.Tx) (n int64, err error) {
	c, resolved, err := openFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	from := fileHome(resolved)
	if err := keepOut(c); err != nil {
		return 0, fault(from, "read", abandon(c, err))
	}
	server := &serverConn{home: serverHome{address: to}, db: tx.Conn(), inTx: true}
	n, err = server.takeFrom(ctx, c, from)
	return n, abandon(c, err)
}

// keepOut keeps others from writing to a store, until its connection is closed. One that may not be written nobody writes to.
func keepOut(c *fileConn) error {
	err := c.exec("BEGIN IMMEDIATE")
	var e sqlite3.Error
	if errors.As(err, &e) && e.Code == sqlite3.ErrReadonly {
		err = c.exec("BEGIN")
	}
	return err
}

// takeFrom writes the head and the entries of a store in a file.
func (c *serverConn) takeFrom(ctx context.Context, file *fileConn, from fileHome) (n int64, err error) {
	h, err := readHead(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fault(from, "read", err)
	case !h.whole():
		return 0, from.damaged("", "", errHead)
	}
	if err := c.ready(); err != nil {
		return 0, fault(c.home, "write", err)
	}
	err = file.query(sealedSQL, nil, func(row []driver.Value) error {
		if n++; ctx.Err() != nil {
			return ctx.Err()
		}
		return c.exec(putSQL, row...)
	})
	if err == nil {
		err = c.control(dropHeadSQL)
	}
	if err == nil {
		err = putHead(c, newHeadSQL, h)
	}
	return n, fault(c.home, "write", err)
}

// ready makes the tables where they are missing, and sees that they have no entries.
func (c *serverConn) ready() error {
	if err := c.control(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", c.home.address.LockKey("auth"))); err != nil {
		return err
	}
	if err := c.update(); err != nil {
		return err
	}
	n, err := countEntries(c)
	if err == nil && n > 0 {
		err = ErrNotEmpty
	}
	return err
}

func countEntries(c conn) (n int64, err error) {
	err = c.query(countSQL, nil, func(row []driver.Value) error {
		n, _ = row[0].(int64)
		return nil
	})
	return n, err
}
