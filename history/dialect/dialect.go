// Package dialect has a PostgreSQL server do for a program what SQLite does: it takes texts of SQLite's SQL and its arguments, and gives
// the values that SQLite gives. It knows nothing of what the tables are about.
//
// A Server is waited for while it is gone. Its Writer does again what was lost with a connection, and nothing twice; its Reader is a pool
// of connections that change nothing; its Locks end with their connection.
//
// The schema has to have the functions each_of(TEXT) and json_text(TEXT, …), for json_each and ->>, and the table of a Writer's marks:
// commits (link TEXT PRIMARY KEY, nth BIGINT, at TIMESTAMPTZ DEFAULT now()). Its texts are to be COLLATE "C", as SQLite compares.
//
// The files:
//
//	dialect            a server, which is waited for
//	translate, rules   texts of SQL as PostgreSQL takes them
//	rows               values as SQLite gives them, and texts that PostgreSQL does not hold
//	reader, writer     connections
//	locks              locks that end with their connection
package dialect

import (
	"context"
	"database/sql/driver"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// patience is how long a server may be gone, unless somebody says otherwise.
const patience = 30 * time.Second

// Server is a schema on a PostgreSQL server. It may be used by many goroutines.
type Server struct {
	postgres.Address
	Patience time.Duration // how long it may be gone until what was to be done fails; half a minute unless it is changed
	texts    translations
}

// New gives the server at an address. What the rules of this package do not do for the caller's texts, texts says.
func New(address postgres.Address, texts Texts) *Server {
	return &Server{Address: address, Patience: patience, texts: translations{texts: texts}}
}

// Await opens a connection, as Connect does. It waits for a server that is not there, or has no room.
func (s *Server) Await(ctx context.Context) (*pgx.Conn, error) { return s.await(ctx, s.Connect) }

// await opens a connection in a way.
func (s *Server) await(ctx context.Context, open func(context.Context) (*pgx.Conn, error)) (c *pgx.Conn, err error) {
	err = s.insist(ctx, func() (err error) {
		c, err = open(ctx)
		return err
	})
	return c, err
}

// insist does something again, while the server is gone and patience lasts.
func (s *Server) insist(ctx context.Context, f func() error) error {
	deadline := time.Now().Add(s.Patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := f()
		if err == nil || ctx.Err() != nil || !postgres.Passes(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		wait(ctx, pause)
	}
}

// wait waits for a time, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// noResult is the answer to what is nothing to PostgreSQL.
type noResult struct{}

// Columns gives none.
func (noResult) Columns() []string { return nil }

// Close does nothing.
func (noResult) Close() error { return nil }

// Next gives none.
func (noResult) Next([]driver.Value) error { return io.EOF }
