package history

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// translator is a connector whose connections take the texts of this package, and give values as SQLite does: int64, float64, string, []byte
// and nil.
type translator struct {
	driver.Connector
	known *sync.Map // statement by text
}

// newTranslator makes connections as config says.
func newTranslator(config *pgx.ConnConfig) translator {
	return translator{stdlib.GetConnector(*config), &sync.Map{}}
}

// readingFrom gives a pool of connections that only read.
func readingFrom(config *pgx.ConnConfig) *sql.DB {
	config.RuntimeParams["default_transaction_read_only"] = "on"
	// What a question looks through depends on what it is asked with: no names or some, a limit or none.
	config.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	return sql.OpenDB(newTranslator(config))
}

// Connect opens a connection.
func (t translator) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := t.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &translating{c.(*stdlib.Conn), t.known}, nil
}

// translating is a connection.
type translating struct {
	*stdlib.Conn
	known *sync.Map
}

// longText is from where on a text is not remembered: it is made for a number of rows.
const longText = 8 << 10

// statement gives what PostgreSQL is asked in place of a text, with what of the arguments.
func (c *translating) statement(sql string, args []driver.NamedValue) (string, []driver.NamedValue, error) {
	s, ok := c.known.Load(sql)
	if !ok {
		s = inPostgres(sql)
		if len(sql) < longText {
			c.known.Store(sql, s)
		}
	}
	given, err := s.(statement).given(args)
	return s.(statement).text, given, err
}

// given gives the arguments of a statement in its order.
func (s statement) given(args []driver.NamedValue) ([]driver.NamedValue, error) {
	given := make([]driver.NamedValue, len(s.args))
	for i, a := range s.args {
		if a.at >= len(args) {
			return nil, fmt.Errorf("argument %d of %d is missing", a.at+1, len(s.args))
		}
		given[i] = driver.NamedValue{Ordinal: i + 1, Value: args[a.at].Value}
		switch v := given[i].Value.(type) {
		case string:
			given[i].Value = textFor(v)
		case []byte:
			if a.text {
				given[i].Value = textFor(string(v))
			}
		}
	}
	return given, nil
}

// QueryContext asks a question.
func (c *translating) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	text, given, err := c.statement(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := c.Conn.QueryContext(ctx, text, given)
	if err != nil {
		return nil, err
	}
	return &translatedRows{Rows: rows}, nil
}

// ExecContext carries out a command.
func (c *translating) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	text, given, err := c.statement(query, args)
	if err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, text, given)
}

// translatedRows are rows with values as SQLite gives them.
type translatedRows struct {
	driver.Rows
	sums []bool // the columns that are numeric: sums of numbers
}

// Next reads a row.
func (r *translatedRows) Next(dest []driver.Value) error {
	if err := r.Rows.Next(dest); err != nil {
		return err
	}
	if r.sums == nil {
		r.sums = make([]bool, len(dest))
		if types, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
			for i := range r.sums {
				r.sums[i] = types.ColumnTypeDatabaseTypeName(i) == "NUMERIC"
			}
		}
	}
	for i, v := range dest {
		switch v := v.(type) {
		case bool:
			dest[i] = column(v)
		case string:
			switch {
			case r.sums[i]:
				n, err := strconv.ParseInt(v, 10, 64)
				if err != nil {
					return err
				}
				dest[i] = n
			case strings.Contains(v, outside):
				dest[i] = textOfPostgres(v)
			}
		}
	}
	return nil
}
