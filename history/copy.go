package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// ErrNotEmpty is the error of Copy where something is in the database already that it was to copy into.
var ErrNotEmpty = errors.New("it is not empty")

// ErrInUse is the error of Copy where a process is at work in the file that it was to copy.
var ErrInUse = errors.New("it is in use")

// CopyOptions say how a history is copied.
type CopyOptions struct {
	// Also is called within the transaction, after all tables are copied: what it writes there is there when they are. Nil for nothing.
	Also func(ctx context.Context, tx pgx.Tx) error
	// Progress is told how many rows of a table are copied of how many, now and then. Nil for nobody who is told.
	Progress func(table string, done, all int64)
}

// CopiedTable says how many rows of a table were copied, or would be.
type CopiedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Copy copies the history in a file into an empty one on a PostgreSQL server, and tells what it has copied. That happens as a whole or not
// at all: in one transaction there, of the file as it is at one moment, in which nobody writes to it until that is over. The file stays as
// it is. The error wraps ErrNoRuns where there is no file, ErrInUse where somebody is at work in it, and ErrNotEmpty.
func Copy(ctx context.Context, from, to string, opts CopyOptions) ([]CopiedTable, error) {
	source, err := openSource(ctx, from)
	if err != nil {
		return nil, err
	}
	defer source.close()
	made, err := Open(to, Options{}) // makes the tables, or brings them up to date
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	t, err := openTarget(ctx, to)
	if err != nil {
		return nil, err
	}
	defer t.close()
	var copied []CopiedTable
	err = pgx.BeginFunc(ctx, t.db, func(tx pgx.Tx) error {
		copied, err = t.take(ctx, tx, source, opts)
		return err
	})
	if err != nil {
		return nil, t.fault(err)
	}
	return copied, nil
}

// WouldCopy tells what Copy would copy, and gives the error that it would begin with.
func WouldCopy(ctx context.Context, from, to string) ([]CopiedTable, error) {
	source, err := openSource(ctx, from)
	if err != nil {
		return nil, err
	}
	defer source.close()
	look, err := OpenReadOnly(to)
	if err == nil {
		err = errors.Join(look.Close(), holdsNothing(ctx, to, source.names()))
	}
	if err != nil && !errors.Is(err, ErrNoRuns) { // there are no tables yet
		return nil, err
	}
	var list []CopiedTable
	for _, table := range source.tables {
		rows, err := source.count(ctx, table)
		if err != nil {
			return nil, source.fault(err)
		}
		list = append(list, CopiedTable{table.name, rows})
	}
	return list, nil
}

// holdsNothing gives ErrNotEmpty where a server has rows in tables.
func holdsNothing(ctx context.Context, to string, tables []string) error {
	t, err := openTarget(ctx, to)
	if err != nil {
		return err
	}
	defer t.close()
	return t.fault(t.empty(ctx, t.db, tables))
}

// target is the database that a history is copied into.
type target struct {
	address postgres.Address
	db      *pgx.Conn
}

// openTarget connects to a server whose tables are there.
func openTarget(ctx context.Context, to string) (*target, error) {
	address, err := postgres.Parse(to)
	if err != nil {
		return nil, fmt.Errorf("the address of the history: %w", err)
	}
	t := &target{address: address}
	if t.db, err = address.Session(ctx); err != nil {
		return nil, t.fault(err)
	}
	return t, nil
}

func (t *target) close() { _ = t.db.Close(context.Background()) }

// fault has an error name the database, and what can be done about it.
func (t *target) fault(err error) error {
	if err == nil || errors.Is(err, ErrNotEmpty) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	explained, advice := postgres.Explain(err)
	if advice != "" {
		advice = ": " + advice
	}
	return fmt.Errorf("copy the history into %s: %w%s", t.address, explained, advice)
}

const (
	patientSQL = `SET LOCAL idle_in_transaction_session_timeout = 0`
	// Whoever writes waits until the copy is there, or is not. Whoever reads does not.
	keepOutSQL = `LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE`
	analyzeSQL = `ANALYZE %s`
)

// take copies all tables of a source, and compares how many rows there are on both sides.
func (t *target) take(ctx context.Context, tx pgx.Tx, s *source, opts CopyOptions) ([]CopiedTable, error) {
	if _, err := tx.Exec(ctx, patientSQL); err != nil {
		return nil, err
	}
	names := s.names()
	if _, err := tx.Exec(ctx, fmt.Sprintf(keepOutSQL, strings.Join(names, ", "))); err != nil {
		return nil, err
	}
	if err := t.empty(ctx, tx, names); err != nil {
		return nil, err
	}
	var copied []CopiedTable
	for _, table := range s.tables {
		rows, err := t.fill(ctx, tx, s, table, opts.Progress)
		if err != nil {
			return nil, fmt.Errorf("the table %s: %w", table.name, err)
		}
		copied = append(copied, CopiedTable{table.name, rows})
	}
	if err := t.goOnCounting(ctx, tx, s); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(analyzeSQL, strings.Join(names, ", "))); err != nil {
		return nil, err
	}
	if opts.Also != nil {
		return copied, opts.Also(ctx, tx)
	}
	return copied, nil
}

// empty gives ErrNotEmpty, and what is there, where a table has a row.
func (t *target) empty(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, tables []string) error {
	var there []string
	for _, table := range tables {
		var rows int64
		if err := db.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
			return err
		}
		if rows > 0 {
			there = append(there, fmt.Sprintf("%s (%d)", table, rows))
		}
	}
	if there == nil {
		return nil
	}
	return fmt.Errorf("copy the history into %s: %w: it has rows in %s", t.address, ErrNotEmpty, strings.Join(there, ", "))
}

// fill copies a table.
func (t *target) fill(ctx context.Context, tx pgx.Tx, s *source, table sourceTable, progress func(string, int64, int64)) (int64, error) {
	types, err := t.columns(ctx, tx, table.name)
	if err != nil {
		return 0, err
	}
	for _, column := range table.columns {
		if types[column] == "" {
			return 0, fmt.Errorf("there is no column %s in %s", column, t.address)
		}
	}
	all, err := s.count(ctx, table)
	if err != nil {
		return 0, s.fault(err)
	}
	rows, err := s.read(ctx, table)
	if err != nil {
		return 0, s.fault(err)
	}
	defer rows.Close()
	stream := &copyStream{source: s, rows: rows, table: table, types: types, all: all, progress: progress}
	done, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, stream)
	if err != nil {
		return 0, errors.Join(stream.err, err)
	}
	var there int64
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+table.name).Scan(&there); err != nil {
		return 0, err
	}
	if done != all || there != all {
		return 0, fmt.Errorf("%d rows were read of %d, and %d are there", done, all, there)
	}
	return all, nil
}

const columnsSQL = `SELECT column_name, data_type FROM information_schema.columns
	WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'`

// columns gives the types of a table's columns that can be written.
func (t *target) columns(ctx context.Context, tx pgx.Tx, table string) (map[string]string, error) {
	rows, err := tx.Query(ctx, columnsSQL, table)
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		types[name] = kind
		return nil
	})
	return types, err
}

const (
	countsOnSQL = `SELECT pg_get_serial_sequence(current_schema() || '.' || $1, 'id')`
	goOnSQL     = `SELECT setval($1::regclass, $2)`
)

// goOnCounting has new rows get the numbers that they would have got in the file: none that was given away there is given again.
func (t *target) goOnCounting(ctx context.Context, tx pgx.Tx, s *source) error {
	for _, table := range s.tables {
		if !slices.Contains(table.columns, "id") || table.ofRun {
			continue
		}
		last, err := s.last(ctx, table.name)
		if err != nil {
			return s.fault(err)
		}
		counter := new(string)
		if *counter = "runs_id"; table.name != "runs" {
			if err := tx.QueryRow(ctx, countsOnSQL, table.name).Scan(&counter); err != nil {
				return err
			}
		}
		if counter == nil || last == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, goOnSQL, *counter, last); err != nil {
			return err
		}
	}
	return nil
}
