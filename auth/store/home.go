package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io/fs"
	"os"
)

// home is where a store is: a file, or a schema on a server.
type home interface {
	String() string
	// open gives a connection to what is there, brought up to date, and the home as all processes know it. The error is
	// fs.ErrNotExist where nothing is there.
	open() (conn, home, error)
	// create does the same, and makes what is missing but for the head.
	create() (conn, home, error)
	// empty says that there surely is no store.
	empty() bool
	// lock is that of a Store.
	lock(ctx context.Context, name string) (held context.Context, release func(), err error)
	// fault gives an error that a person can act on.
	fault(doing string, err error) error
	// damaged gives the error of an entry, or without one of the store, that is not what was written.
	damaged(kind, id string, cause error) error
	// putAway is how a person starts anew without losing what is there.
	putAway() string
}

// conn is a connection to the database of a store. It is for one goroutine at a time.
type conn interface {
	// exec carries out a statement.
	exec(sql string, args ...driver.Value) error
	// query hands over the rows of a statement, one after the other. The row is each one's to keep, its slice is not.
	query(sql string, args []driver.Value, each func(row []driver.Value) error) error
	// atomically carries out f within one transaction, and takes everything back when f or the commit fails. Where word of the commit
	// was lost with the connection f is carried out again, on another one.
	atomically(f func() error) error
	close() error
}

// abandon closes a connection after an error, which stays as it is unless closing gives another.
func abandon(c conn, err error) error {
	if cerr := c.close(); cerr != nil {
		return errors.Join(err, cerr)
	}
	return err
}

// fileHome is the file that a store is in.
type fileHome string

func (file fileHome) String() string { return string(file) }

func (file fileHome) open() (conn, home, error) {
	c, resolved, err := openFile(string(file))
	if err != nil {
		return nil, file, err
	}
	return c, fileHome(resolved), nil
}

func (file fileHome) create() (conn, home, error) {
	if err := create(string(file)); err != nil {
		return nil, file, err
	}
	return file.open()
}

// empty says that nothing was ever committed to the file.
func (file fileHome) empty() bool {
	info, err := os.Stat(string(file))
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

func (file fileHome) damaged(kind, id string, cause error) error {
	return &DamagedError{File: string(file), Kind: kind, ID: id, Cause: cause}
}

func (file fileHome) putAway() string {
	return "mv " + quote(string(file)) + " " + quote(string(file)+".lost")
}
