package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
)

// serverHome is the schema on a server that a store is in.
type serverHome struct {
	address postgres.Address
	turns   *turns
}

//go:embed migrations/postgres/*.sql
var serverMigrations embed.FS

// mark is the comment of the table that all others are known by, with the number of migrations applied: it keeps snrun from taking
// another program's tables for its own.
const mark = "snrun tokens and secrets, version "

// The catalogs are read, not asked by to_regclass: within a transaction that may not know yet of what another has just made.
const markSQL = `SELECT coalesce(max(description), ''), count(*) > 0
	FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid AND relname IN ('auth_head', 'auth_entries')
	LEFT JOIN pg_description ON objoid = pg_class.oid AND objsubid = 0 AND relname = 'auth_entries' AND classoid = 'pg_class'::regclass
	WHERE nspname = $1`

func (h serverHome) String() string { return h.address.String() }

func (h serverHome) open() (conn, home, error) {
	c, err := h.connect()
	if err != nil {
		return nil, h, fault(h, "open", err)
	}
	version, err := c.version()
	if err == nil && version == 0 {
		return nil, h, abandon(c, fmt.Errorf("there is no store in %s: %w", h, fs.ErrNotExist))
	}
	if err == nil {
		err = c.migrate()
	}
	if err != nil {
		return nil, h, fault(h, "open", abandon(c, err))
	}
	return c, h, nil
}

func (h serverHome) create() (conn, home, error) {
	c, err := h.connect()
	if err != nil {
		return nil, h, fault(h, "make", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), busy)
	defer cancel()
	if err = h.address.MakeSchema(ctx, c.db); err == nil {
		err = c.migrate()
	}
	if err != nil {
		return nil, h, fault(h, "make", abandon(c, err))
	}
	return c, h, nil
}

// connect opens a connection whose commits are durable, whatever the database was told for others.
func (h serverHome) connect() (*serverConn, error) {
	c := &serverConn{home: h}
	return c, c.connect()
}

// empty says that the server has no store. One that cannot be reached may have one.
func (h serverHome) empty() bool {
	c, err := h.connect()
	if err != nil {
		return false
	}
	defer c.close()
	version, err := c.version()
	if err != nil || version == 0 {
		return err == nil
	}
	_, err = readHead(c)
	return errors.Is(err, fs.ErrNotExist)
}

func (h serverHome) fault(doing string, err error) error {
	explained, hint := postgres.Explain(err)
	switch {
	case errors.Is(explained, postgres.ErrDamaged):
		return h.damaged("", "", explained)
	case errors.Is(err, errForeign):
		hint = "choose another schema in the address of the database: ?schema=NAME"
	case errors.Is(err, errNewer):
		hint = "use that snrun, or choose another schema in the address of the database: ?schema=NAME"
	}
	return &FileError{File: h.String(), Doing: doing, Cause: explained, Hint: hint}
}

func (h serverHome) damaged(kind, id string, cause error) error {
	return &DamagedError{File: h.String(), Kind: kind, ID: id, Cause: cause, onServer: true}
}

func (h serverHome) putAway() string {
	rename := func(table string) string {
		return "ALTER TABLE " + pgx.Identifier{h.address.Schema(), table}.Sanitize() + " RENAME TO " + table + "_lost"
	}
	return rename("auth_head") + "; " + rename("auth_entries") + "; DROP TABLE " + pgx.Identifier{h.address.Schema(), "auth_locks"}.Sanitize()
}

// version gives how many migrations were applied, 0 where there are no tables yet.
func (c *serverConn) version() (n int, err error) {
	var text string
	there := false
	err = c.within(func(ctx context.Context) error {
		return c.db.QueryRow(ctx, markSQL, c.home.address.Schema()).Scan(&text, &there)
	})
	if err != nil || !there {
		return 0, err
	}
	rest, ours := strings.CutPrefix(text, mark)
	if n, err = strconv.Atoi(rest); !ours || err != nil || n < 1 {
		return 0, errForeign
	}
	if newest := len(serverTexts()); n > newest {
		return 0, fmt.Errorf("%w: it has version %d, this snrun knows %d", errNewer, n, newest)
	}
	return n, nil
}

// serverTexts are the migrations, in order.
func serverTexts() []string {
	entries, _ := serverMigrations.ReadDir("migrations/postgres") // it is in the program
	var texts []string
	for _, e := range entries {
		text, _ := serverMigrations.ReadFile("migrations/postgres/" + e.Name())
		texts = append(texts, string(text))
	}
	return texts
}

// migrate brings the tables up to date, in one transaction. It writes nothing where they are.
func (c *serverConn) migrate() error {
	texts := serverTexts()
	if version, err := c.version(); err != nil || version == len(texts) {
		return err
	}
	return c.atomically(c.update)
}

// update is migrate within a transaction.
func (c *serverConn) update() error {
	texts := serverTexts()
	version, err := c.version() // another process may have done it while this one waited for its turn
	if err != nil || version == len(texts) {
		return err
	}
	for n := version; n < len(texts); n++ {
		if err := c.exec(texts[n]); err != nil {
			return err
		}
	}
	return c.exec("COMMENT ON TABLE auth_entries IS '" + mark + strconv.Itoa(len(texts)) + "'")
}
