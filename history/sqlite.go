package history

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// sqliteLink is a connection to a file.
type sqliteLink struct {
	db    *sqlite3.SQLiteConn
	stmts map[string]*sqlite3.SQLiteStmt
	named []driver.NamedValue // the arguments of one statement, as the driver takes them
}

// openConn opens a connection with a data source name of SQLite's driver.
func openConn(dsn string) (*conn, error) {
	db, err := new(sqlite3.SQLiteDriver).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &conn{&sqliteLink{db: db.(*sqlite3.SQLiteConn), stmts: map[string]*sqlite3.SQLiteStmt{}}}, nil
}

// Run is link.Run.
func (l *sqliteLink) Run(sql string) error {
	_, err := l.db.Exec(sql, nil)
	return err
}

// Query is link.Query.
func (l *sqliteLink) Query(sql string, args []any) (driver.Rows, error) {
	if strings.HasPrefix(sql, "PRAGMA") { // not kept: it may look at what was when it was prepared
		return l.db.Query(sql, nil)
	}
	stmt := l.stmts[sql]
	if stmt == nil {
		prepared, err := l.db.Prepare(sql)
		if err != nil {
			return nil, err
		}
		stmt = prepared.(*sqlite3.SQLiteStmt)
		l.stmts[sql] = stmt
	}
	l.named = l.named[:0]
	for i, arg := range args {
		l.named = append(l.named, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return stmt.QueryContext(context.Background(), l.named)
}

const changedSQL = `SELECT changes()`

// Changed is link.Changed.
func (l *sqliteLink) Changed() (n int64, err error) {
	_, err = (&conn{l}).ints(row{sql: changedSQL}, &n)
	return n, err
}

func (l *sqliteLink) shared() bool { return false }

func (l *sqliteLink) transact(c *conn, rows []row) error {
	// A statement by itself is a transaction, at half the price.
	if r := rows[0]; len(rows) == 1 && r.first == nil && r.when == nil && (r.do == nil || r.looks) {
		return c.exec(rows[0])
	}
	return l.atomically(func() error {
		for _, r := range rows {
			if err := c.exec(r); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	beginSQL    = `BEGIN IMMEDIATE`
	commitSQL   = `COMMIT`
	rollbackSQL = `ROLLBACK`
)

func (l *sqliteLink) atomically(f func() error) error {
	if err := l.exec(beginSQL); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = l.exec(commitSQL)
	}
	// SQLite has rolled back by itself after some errors, a full disk among them.
	if err != nil && !l.db.AutoCommit() {
		if rerr := l.exec(rollbackSQL); rerr != nil {
			return fmt.Errorf("%w; then rolling back: %w", err, rerr)
		}
	}
	return err
}

// exec carries out a statement without arguments, which is prepared once.
func (l *sqliteLink) exec(sql string) error {
	rows, err := l.Query(sql, nil)
	if err != nil {
		return err
	}
	return rows.Close()
}

// Close is link.Close.
func (l *sqliteLink) Close() error {
	for _, stmt := range l.stmts {
		stmt.Close()
	}
	return l.db.Close()
}
