package history

import (
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// conn is the connection that writes. It talks to the driver itself, because here the pool, the locks and the conversions
// of database/sql cost about as much as SQLite does. It is for one goroutine at a time.
type conn struct {
	link link
}

// link is what a connection that writes asks of the driver of a database.
type link interface {
	// Query starts a statement, which is prepared once. Its values are nil, int64, float64, string and []byte.
	Query(sql string, args []any) (driver.Rows, error)
	// Run carries out statements that have no arguments and are not worth keeping.
	Run(sql string) error
	// transact carries out rows, more than none, in one transaction: all of them or none.
	transact(c *conn, rows []row) error
	// atomically carries out f within one transaction, and takes everything back when f or the commit fails.
	atomically(f func() error) error
	// Changed is how many rows the last statement wrote.
	Changed() (int64, error)
	// shared says that other processes may write rows of the same run at the same time.
	shared() bool
	Close() error
}

// row is one statement with its arguments, ready to be carried out. The text is one of the package's constants: each is
// prepared once.
type row struct {
	sql  string
	args []any // nil, int64, string, []byte
	when *row  // a query that says whether it is carried out at all; nil: always
	// otherwise is what is wrong when the query says no; nil: nothing is.
	otherwise error
	missed    error // what is wrong when it changes nothing; nil: nothing is
	first     *row  // is carried out before it; nil: none
	// do is carried out in place of a statement: what it reads cannot change before the commit. It may be carried out twice, and then
	// finds all as it was before.
	do func(*conn) error
	// looks says that do only reads, and needs no transaction.
	looks bool
}

// rowOf makes a row of args, which it keeps. Numbers, texts, bytes and nil are taken as they are, a bool as 0 or 1, a time as
// microseconds, NULL when it is zero.
func rowOf(sql string, args ...any) row {
	for i, arg := range args {
		args[i] = column(arg)
	}
	return row{sql: sql, args: args}
}

// bytes is how much text and other data the row holds.
func (r row) bytes() int {
	size := 0
	if r.first != nil {
		size = r.first.bytes()
	}
	for _, arg := range r.args {
		switch v := arg.(type) {
		case []byte:
			size += len(v)
		case string:
			size += len(v)
		}
	}
	return size
}

// column gives the value that is stored for a Go value.
func column(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UnixMicro()
	case time.Duration:
		return v.Microseconds()
	}
	return v
}

// run carries out statements that have no arguments and are not worth keeping.
func (c *conn) run(sql string) error { return c.link.Run(sql) }

// exec carries out one row.
func (c *conn) exec(r row) error {
	if r.do != nil {
		return r.do(c)
	}
	if r.first != nil {
		if err := c.exec(*r.first); err != nil {
			return err
		}
	}
	if r.when != nil {
		holds, err := c.holds(*r.when)
		if err != nil {
			return err
		}
		if !holds {
			return r.otherwise
		}
	}
	// Not ExecContext: the driver hands all arguments of a query to SQLite in one call into C, those of a command one by one.
	rows, err := c.query(r)
	if err != nil {
		return err
	}
	if err := rows.Close(); err != nil || r.missed == nil {
		return err
	}
	changed, err := c.changed()
	if err == nil && !changed {
		err = r.missed
	}
	return err
}

// each calls visit for each row that a query gives, with the values of its columns, which are valid until visit returns.
func (c *conn) each(query row, columns int, visit func([]driver.Value) error) error {
	rows, err := c.query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]driver.Value, columns)
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(values)
		}
		if err != nil {
			return err
		}
	}
}

// ints reads the first row of a query into dest, NULL as 0. It is false when there is none.
func (c *conn) ints(query row, dest ...*int64) (found bool, err error) {
	rows, err := c.query(query)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(dest))
	if err := rows.Next(values); err != nil {
		if err == io.EOF {
			return false, nil
		}
		return false, err
	}
	for i, v := range values {
		*dest[i], _ = v.(int64)
	}
	return true, nil
}

// steps carries out a statement to its end, and counts its rows. It is for those that do a piece of their work for each row.
func (c *conn) steps(sql string) (n int, err error) {
	rows, err := c.link.Query(sql, nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for values := make([]driver.Value, len(rows.Columns())); ; n++ {
		if err := rows.Next(values); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// holds says whether a query gives a number other than 0.
func (c *conn) holds(query row) (bool, error) {
	rows, err := c.query(query)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var answer [1]driver.Value
	if err := rows.Next(answer[:]); err != nil {
		return false, err
	}
	return answer[0] != int64(0), nil
}

// changed says whether the last statement wrote any row.
func (c *conn) changed() (bool, error) {
	n, err := c.link.Changed()
	return n != 0, err
}

// query starts a statement, which is prepared once.
func (c *conn) query(r row) (driver.Rows, error) { return c.link.Query(r.sql, r.args) }

// transact carries out rows in one transaction: all of them or none.
func (c *conn) transact(rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	return c.link.transact(c, rows)
}

// atomically carries out f within one transaction, and takes everything back when f or the commit fails.
func (c *conn) atomically(f func() error) error { return c.link.atomically(f) }

// close finalizes the statements and closes the connection. The last connection to a file folds its log into it.
func (c *conn) close() error { return c.link.Close() }
