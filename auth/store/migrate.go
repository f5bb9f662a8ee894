package store

import (
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ours is the application_id of a store: "snra". It keeps snrun from making its tables in another program's database.
const ours = 0x736e7261

const identitySQL = `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
	FROM pragma_application_id, pragma_user_version`

// identity is what a database says of itself. The version is the number of migrations applied.
type identity struct{ application, version, tables int64 }

func (c *fileConn) identity() (id identity, err error) {
	err = c.query(identitySQL, nil, func(row []driver.Value) error {
		for i, n := range []*int64{&id.application, &id.version, &id.tables} {
			*n, _ = row[i].(int64) // SQLite gives integers here
		}
		return nil
	})
	return id, err
}

// check gives an error when the database is not one that this snrun can use, or bring up to date.
func (id identity) check(newest int) error {
	switch {
	case id.application != ours && (id.application != 0 || id.tables > 0):
		return errForeign
	case id.version < 0 || id.version > int64(newest):
		return fmt.Errorf("%w: it has version %d, this snrun knows %d", errNewer, id.version, newest)
	}
	return nil
}

// migrate brings the database to the newest version, each step in its own transaction. It writes nothing where that is done.
func migrate(c *fileConn) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for n := range names {
		if err := apply(c, n, names); err != nil {
			return err
		}
	}
	return nil
}

// apply applies the migration with index n, unless that was done.
func apply(c *fileConn, n int, names []string) error {
	id, err := c.identity()
	if err == nil {
		err = id.check(len(names))
	}
	if err != nil || id.version > int64(n) {
		return err
	}
	text, err := migrations.ReadFile(names[n])
	if err != nil {
		return err
	}
	return c.atomically(func() error {
		// Another process may have done it while this one waited for its turn.
		if id, err := c.identity(); err != nil || id.version > int64(n) {
			return err
		}
		return c.exec(fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", text, ours, n+1))
	})
}
