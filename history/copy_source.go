package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"snrun/history/dialect"
)

const (
	tablesSQL = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'searched!_%' ESCAPE '!'
		AND name NOT IN ('daemons', 'searchable', 'unsearchable') ORDER BY name <> 'texts', name`
	fieldsSQL = `SELECT name FROM pragma_table_info(?) ORDER BY cid`

	// A server has one row for each key of a run, under the number of the first. Of calls the last outcome counts, of steps the last note.
	oncePerKeySQL = `SELECT min(id) AS first, %s AS last FROM %s GROUP BY id >> 32, key`
	lastOutcome   = `coalesce(max(CASE WHEN ended IS NOT NULL THEN id END), min(id))`
	lastNote      = `max(id)`

	// How many numbers were given to rows of a run.
	rowsOfSQL = `max(
		coalesce((SELECT max(id) FROM steps WHERE id BETWEEN runs.id << 32 AND ((runs.id + 1) << 32) - 1), 0),
		coalesce((SELECT max(id) FROM attempts WHERE id BETWEEN runs.id << 32 AND ((runs.id + 1) << 32) - 1), 0),
		coalesce((SELECT max(id) FROM exchanges WHERE id BETWEEN runs.id << 32 AND ((runs.id + 1) << 32) - 1), 0),
		coalesce((SELECT max(id) FROM journal WHERE id BETWEEN runs.id << 32 AND ((runs.id + 1) << 32) - 1), 0)) & 0xffffffff`

	lastIDSQL = `SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '%[1]s'), 0), coalesce((SELECT max(id) FROM %[1]s), 0))`

	serversSQL = `SELECT live, process FROM daemons ORDER BY started`
	workersSQL = `SELECT live, run, job, process FROM runs WHERE status IN ('queued', 'running') ORDER BY run`
)

// source is the history in a file that is copied, as it is at one moment. Nobody writes to it meanwhile.
type source struct {
	file   *file
	db     *sql.DB
	conn   *sql.Conn
	tables []sourceTable
}

// sourceTable is a table that is copied. Those of people and processes that are gone are not, nor is the index for searches, which a
// server does without.
type sourceTable struct {
	name    string
	columns []string // as they are written
	query   string   // gives them
	counts  string   // gives how many rows that has
	ofRun   bool     // a run counts its rows
}

// openSource opens the history in a file, keeps others from writing to it, and sees that nobody is at work in it.
func openSource(ctx context.Context, path string) (*source, error) {
	if isAddress(path) {
		return nil, errors.New("a history is copied from a file, not from a server")
	}
	f, err := locate(path, Options{})
	if err != nil {
		return nil, err
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	s := &source{file: f}
	if err := s.open(ctx); err != nil {
		s.close()
		return nil, s.fault(err)
	}
	return s, nil
}

func (s *source) open(ctx context.Context) (err error) {
	const mayWrite = 2 // W_OK of access(2)
	alone := syscall.Access(s.file.path, mayWrite) == nil && syscall.Access(filepath.Dir(s.file.path), mayWrite) == nil
	begin, dsn := "BEGIN", s.file.readerDSN()
	if alone {
		begin, dsn = beginSQL, s.file.dsn(url.Values{"mode": {"rw"}})
	}
	if s.db, err = sql.Open("sqlite3", dsn); err != nil {
		return err
	}
	if err := s.file.check(s.db); err != nil {
		return err
	}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, begin); err != nil {
		return err
	}
	if err := s.unused(ctx); err != nil {
		return err
	}
	return s.list(ctx)
}

// close ends the transaction, in which nothing was written.
func (s *source) close() {
	if s.conn != nil {
		_, _ = s.conn.ExecContext(context.Background(), rollbackSQL)
		_ = s.conn.Close()
	}
	if s.db != nil {
		_ = s.db.Close()
	}
}

func (s *source) fault(err error) error { return s.file.fault("copy the history", err) }

// unused gives ErrInUse, and who it is, where a process shows that it is at work in the file.
func (s *source) unused(ctx context.Context) error {
	signs := newAlive(s.file.path)
	entries, err := os.ReadDir(signs.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	living := map[string]bool{}
	for _, e := range entries {
		if !signs.dead(e.Name()) {
			living[e.Name()] = true
		}
	}
	if len(living) == 0 {
		return nil
	}
	who, err := s.atWork(ctx, living)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w by %s: end that, then copy", ErrInUse, strings.Join(who, ", "))
}

// atWork names processes that live.
func (s *source) atWork(ctx context.Context, living map[string]bool) (who []string, err error) {
	rows, err := s.conn.QueryContext(ctx, serversSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var live, process string
		if err := rows.Scan(&live, &process); err != nil {
			return nil, err
		}
		if living[live] {
			who = append(who, "snrun serve (process "+process+")")
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	runs, err := s.conn.QueryContext(ctx, workersSQL)
	if err != nil {
		return nil, err
	}
	defer runs.Close()
	for runs.Next() {
		var live, run, job, process string
		if err := runs.Scan(&live, &run, &job, &process); err != nil {
			return nil, err
		}
		if living[live] {
			who = append(who, "run "+run+" of "+job+" (process "+process+")")
		}
	}
	if who == nil {
		who = []string{"a process of snrun"}
	}
	return who, runs.Err()
}

// list lists the tables.
func (s *source) list(ctx context.Context) error {
	names, err := s.texts(ctx, tablesSQL)
	if err != nil {
		return err
	}
	for _, name := range names {
		columns, err := s.texts(ctx, fieldsSQL, name)
		if err != nil {
			return err
		}
		s.tables = append(s.tables, tableOf(name, columns))
	}
	return nil
}

// tableOf says how a table with columns is read.
func tableOf(name string, columns []string) sourceTable {
	switch name {
	case "runs":
		t := plainTable(name, append(columns, "rows"))
		t.query = strings.Replace(t.query, `"rows"`, rowsOfSQL, 1)
		return t
	case "attempts", "exchanges":
		t := plainTable(name, columns)
		t.ofRun = true
		return t
	case "steps":
		return oncePerKey(name, columns, lastNote)
	case "journal":
		return oncePerKey(name, without(columns, "run"), lastOutcome) // a server has that of the number
	}
	return plainTable(name, columns)
}

// plainTable is a table that is read as it is.
func plainTable(name string, columns []string) sourceTable {
	return sourceTable{
		name: name, columns: columns, counts: "SELECT count(*) FROM " + name,
		query: "SELECT " + strings.Join(quoted(columns), ", ") + " FROM " + name + " ORDER BY 1",
	}
}

// oncePerKey is a table of which one row is read for each key of a run.
func oncePerKey(name string, columns []string, last string) sourceTable {
	once := fmt.Sprintf(oncePerKeySQL, last, name)
	selected := quoted(columns)
	selected[0] = "first" // in place of the id
	return sourceTable{
		name: name, columns: columns, counts: "SELECT count(*) FROM (" + once + ")", ofRun: true,
		query: "SELECT " + strings.Join(selected, ", ") + " FROM (" + once + ") JOIN " + name + " ON " + name + ".id = last ORDER BY first",
	}
}

// quoted gives names as they can stand in a statement, whatever words SQL has.
func quoted(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = `"` + name + `"`
	}
	return list
}

func without(names []string, name string) (list []string) {
	for _, n := range names {
		if n != name {
			list = append(list, n)
		}
	}
	return list
}

func (s *source) texts(ctx context.Context, query string, args ...any) (list []string, err error) {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

func (s *source) names() (names []string) {
	for _, table := range s.tables {
		names = append(names, table.name)
	}
	return names
}

func (s *source) count(ctx context.Context, table sourceTable) (n int64, err error) {
	err = s.conn.QueryRowContext(ctx, table.counts).Scan(&n)
	return n, err
}

func (s *source) read(ctx context.Context, table sourceTable) (*sql.Rows, error) {
	return s.conn.QueryContext(ctx, table.query)
}

// last gives the last number that a table has given to a row.
func (s *source) last(ctx context.Context, table string) (id int64, err error) {
	err = s.conn.QueryRowContext(ctx, fmt.Sprintf(lastIDSQL, table)).Scan(&id)
	return id, err
}

// tellEach is how often it is told how far a table is.
const tellEach = 200 * time.Millisecond

// copyStream gives the rows of a table one after the other.
type copyStream struct {
	source   *source
	rows     *sql.Rows
	table    sourceTable
	types    map[string]string // of the columns on the server
	all      int64
	progress func(table string, done, all int64)

	done int64
	told time.Time
	err  error
}

// Next goes to the next row.
func (c *copyStream) Next() bool {
	if now := time.Now(); c.progress != nil && now.Sub(c.told) >= tellEach {
		c.progress(c.table.name, c.done, c.all)
		c.told = now
	}
	if c.rows.Next() {
		c.done++
		return true
	}
	if err := c.rows.Err(); err != nil {
		c.err = c.source.fault(err)
	}
	return false
}

// Values gives the row as PostgreSQL takes it.
func (c *copyStream) Values() ([]any, error) {
	values := make([]any, len(c.table.columns))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	if err := c.rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		values[i] = asColumn(c.types[c.table.columns[i]], v)
	}
	return values, nil
}

// Err gives what was wrong with reading.
func (c *copyStream) Err() error { return c.err }

// asColumn gives a value of SQLite as a column of a type of PostgreSQL takes it.
func asColumn(kind string, v any) any {
	switch v := v.(type) {
	case string:
		if kind == "bytea" {
			return []byte(v)
		}
		return dialect.Keepable(v)
	case []byte:
		if kind != "bytea" {
			return dialect.Keepable(string(v))
		}
	}
	return v
}
