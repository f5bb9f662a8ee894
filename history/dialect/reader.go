package dialect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// Reader gives connections that change nothing. What they ask is asked again where a connection was lost, and they wait for a server that
// is gone. They are for queries alone.
func (s *Server) Reader() *sql.DB { return sql.OpenDB(&readers{s}) }

// readers opens connections that read.
type readers struct{ server *Server }

// Connect opens one. It waits for a server that is not there.
func (r *readers) Connect(ctx context.Context) (driver.Conn, error) {
	config := r.server.Config()
	for name, value := range map[string]string{
		"default_transaction_read_only": "on",
		// What a question looks through depends on what it is asked with: some names or all, a limit or none.
		"plan_cache_mode": "force_custom_plan",
		"jit":             "off", // it takes 200 ms, for what takes 10
	} {
		config.RuntimeParams[name] = value
	}
	c, err := r.server.await(ctx, func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config) })
	if err != nil {
		return nil, err
	}
	return &readerConn{r.server, c}, nil
}

// Driver is not for opening connections by.
func (r *readers) Driver() driver.Driver { return nil }

// readerConn is a connection that reads.
type readerConn struct {
	server *Server
	db     *pgx.Conn
}

var (
	_ driver.QueryerContext    = (*readerConn)(nil)
	_ driver.NamedValueChecker = (*readerConn)(nil)
	_ driver.Validator         = (*readerConn)(nil)
	_ driver.SessionResetter   = (*readerConn)(nil)
)

var errOnlyQueries = errors.New("this connection is for queries only")

// QueryContext carries out a query. One that met a connection which was lost may be carried out again: it only reads.
func (c *readerConn) QueryContext(ctx context.Context, query string, named []driver.NamedValue) (driver.Rows, error) {
	args := make([]any, len(named))
	for i, n := range named {
		args[i] = n.Value
	}
	s := c.server.texts.translate(query)
	if s.text == "" {
		return noResult{}, nil
	}
	rows, err := c.db.Query(ctx, s.text, s.take(args)...)
	if err == nil {
		var ahead *resultRows
		if ahead, err = readAhead(rows); err == nil {
			return ahead, nil
		}
	}
	if ctx.Err() == nil && postgres.Gone(err) {
		return nil, driver.ErrBadConn
	}
	return nil, err
}

// CheckNamedValue gives an argument as PostgreSQL takes it.
func (c *readerConn) CheckNamedValue(n *driver.NamedValue) error {
	v, err := driver.DefaultParameterConverter.ConvertValue(n.Value)
	if err != nil {
		return err
	}
	n.Value = v
	return nil
}

// IsValid says whether the connection can be used again.
func (c *readerConn) IsValid() bool { return !c.db.IsClosed() }

// ResetSession says the same.
func (c *readerConn) ResetSession(context.Context) error {
	if c.db.IsClosed() {
		return driver.ErrBadConn
	}
	return nil
}

// Prepare is not needed: the connection keeps what it has prepared.
func (c *readerConn) Prepare(string) (driver.Stmt, error) { return nil, errOnlyQueries }

// Begin is not for those that only read.
func (c *readerConn) Begin() (driver.Tx, error) { return nil, errOnlyQueries }

// Close closes the connection.
func (c *readerConn) Close() error { return c.db.Close(context.Background()) }
