package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
	"snrun/engine"
	"snrun/history/dialect"
)

//go:embed migrations/postgres/*.sql
var serverMigrations embed.FS

// oldest is the first version of PostgreSQL that has all that is needed: pg_current_xact_id and generated columns.
const oldest = 130000

// server is a history in a schema of a PostgreSQL database.
type server struct{ *dialect.Server }

// isAddress says whether a path names a server, not a file.
func isAddress(path string) bool { return postgres.IsAddress(path) }

// serverAt gives the server that an address names.
func serverAt(address string) (*server, error) {
	a, err := postgres.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the history: %w", err)
	}
	return &server{dialect.New(a, dialect.Texts{Own: ownText, Rules: textRules[:]})}, nil
}

func (p *server) shared() bool { return true }

func (p *server) files() []string { return nil }

func (p *server) room() (size, free int64) { return 0, -1 }

func (p *server) close() error { return nil }

func (p *server) fault(doing string, err error) error { return faultIn(p, doing, err) }

// diagnose is place.diagnose.
func (p *server) diagnose(err error) (what error, advice string) {
	cause, hint := postgres.Diagnose(err)
	switch cause {
	case postgres.ErrFull:
		return engine.ErrFull, hint
	case postgres.ErrLocked:
		return engine.ErrLocked, hint
	case postgres.ErrDamaged:
		return engine.ErrDamaged, hint
	}
	return cause, hint
}

// prepare is place.prepare: it makes the schema.
func (p *server) prepare() error {
	return p.once(func(ctx context.Context, c *pgx.Conn) error {
		if err := p.oldEnough(ctx, c); err != nil {
			return err
		}
		return p.MakeSchema(ctx, c)
	})
}

// look is place.look.
func (p *server) look() error {
	var there bool
	err := p.once(func(ctx context.Context, c *pgx.Conn) error {
		if err := p.oldEnough(ctx, c); err != nil {
			return err
		}
		return c.QueryRow(ctx, tableThere, "history_version").Scan(&there)
	})
	if err == nil && !there {
		err = fmt.Errorf("%s: %w", p, ErrNoRuns)
	}
	return err
}

// once does something with a connection of its own. At first contact nobody waits for a server.
func (p *server) once(f func(context.Context, *pgx.Conn) error) error {
	ctx := context.Background()
	c, err := p.Connect(ctx)
	if err != nil {
		return p.fault("open the history", err)
	}
	return errors.Join(p.fault("open the history", f(ctx, c)), c.Close(ctx))
}

func (p *server) oldEnough(ctx context.Context, c *pgx.Conn) error {
	var version int
	var name string
	err := c.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version')`).Scan(&version, &name)
	if err == nil && version < oldest {
		err = fmt.Errorf("the server is PostgreSQL %s: snrun needs version 13 or later", name)
	}
	return err
}

// writer is place.writer.
func (p *server) writer() (*conn, error) {
	w, err := p.Writer(context.Background())
	if err != nil {
		return nil, err
	}
	return &conn{serverLink{w}}, nil
}

// reader is place.reader.
func (p *server) reader() (*sql.DB, error) { return p.Reader(), nil }

const (
	// It goes by the catalogue: to_regclass may not have heard yet of what another process made while this one waited for a lock.
	tableThere = `SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace = to_regnamespace(current_schema()))`
	// Both are asked for at once: another process may make them between two questions.
	oursOrTheirs = `SELECT coalesce(bool_or(relname = 'history_version'), false), coalesce(bool_or(relname = 'runs'), false)
		FROM pg_class WHERE relnamespace = to_regnamespace(current_schema())`
	versionIs   = `SELECT coalesce(max(version), 0) FROM history_version`
	makeVersion = `CREATE TABLE IF NOT EXISTS history_version (version BIGINT PRIMARY KEY)`
	migrateLock = `SELECT pg_advisory_xact_lock($1)`
	nowVersion  = `INSERT INTO history_version (version) VALUES ($1)`
)

// version gives how many migrations were applied to the schema.
func (p *server) version(ctx context.Context, c interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (version int64, err error) {
	var there, runs bool
	err = c.QueryRow(ctx, oursOrTheirs).Scan(&there, &runs)
	switch {
	case err != nil:
		return 0, err
	case !there && runs:
		return 0, fmt.Errorf("the schema %s is another program's: name another with schema=NAME", p.Schema())
	case there:
		err = c.QueryRow(ctx, versionIs).Scan(&version)
	}
	return version, err
}

// update is place.update.
func (p *server) update(_ *conn, o Options) error {
	names, err := fs.Glob(serverMigrations, "migrations/postgres/*.sql")
	if err != nil {
		return err
	}
	ctx := context.Background()
	c, err := p.Await(ctx)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	version, err := p.version(ctx, c)
	if err != nil || version == int64(len(names)) {
		return err
	}
	if o.Updating != nil && version > 0 {
		timer := time.AfterFunc(updatingAfter, o.Updating)
		defer timer.Stop()
	}
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, migrateLock, p.LockKey("migrate")); err != nil {
			return err
		}
		version, err := p.version(ctx, tx) // another process may have done it meanwhile
		if err != nil {
			return err
		}
		if version > int64(len(names)) {
			return newerVersion(version, len(names))
		}
		return p.migrate(ctx, tx, names[version:], version)
	})
}

// migrate applies migrations that come after a version.
func (p *server) migrate(ctx context.Context, tx pgx.Tx, names []string, version int64) error {
	if _, err := tx.Exec(ctx, makeVersion); err != nil {
		return err
	}
	for _, name := range names {
		text, err := serverMigrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.Conn().PgConn().Exec(ctx, string(text)).ReadAll(); err != nil {
			return err
		}
		version++
		if _, err := tx.Exec(ctx, nowVersion, version); err != nil {
			return err
		}
	}
	return nil
}

func newerVersion(version int64, newest int) error {
	return fmt.Errorf("it was made by a newer snrun (it has version %d, this snrun knows %d): use that snrun, or name another with --db", version, newest)
}

// check is place.check.
func (p *server) check(db *sql.DB) error {
	names, err := fs.Glob(serverMigrations, "migrations/postgres/*.sql")
	if err != nil {
		return err
	}
	var version int64
	if err := db.QueryRow(versionIs).Scan(&version); err != nil {
		return err
	}
	switch {
	case version > int64(len(names)):
		return newerVersion(version, len(names))
	case version < int64(len(names)):
		return errors.New("it was made by an older snrun: the next run of any job brings it up to date")
	}
	return nil
}
