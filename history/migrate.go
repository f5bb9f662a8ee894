package history

import (
	"cmp"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ours is the application_id of a history: "snrn". It keeps snrun from making its tables in another program's database.
const ours = 0x736e726e

const identitySQL = `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
	FROM pragma_application_id, pragma_user_version`

// identity is what a database says of itself. The version is the number of migrations applied.
type identity struct{ application, version, tables int64 }

// check gives an error when the database is not one that this snrun can use, or bring up to date.
func (id identity) check(newest int) error {
	switch {
	case id.application != ours && (id.application != 0 || id.tables > 0):
		return errors.New("it is another program's database: choose another file with --db")
	case id.version < 0 || id.version > int64(newest):
		return fmt.Errorf("it was made by a newer snrun (it has version %d, this snrun knows %d): "+
			"use that snrun, or choose another file with --db", id.version, newest)
	}
	return nil
}

// identityOf gives what the database in a file says of itself.
func identityOf(c *conn) (id identity, err error) {
	_, err = c.ints(row{sql: identitySQL}, &id.application, &id.version, &id.tables)
	return id, err
}

// usable gives an error when the database is not one that this snrun can use. It changes nothing in it.
func usable(c *conn) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	id, err := identityOf(c)
	if err != nil {
		return err
	}
	return id.check(len(names))
}

// updatingAfter is how long a person is left waiting without a word.
const updatingAfter = time.Second

// update is place.update: nobody is told of one that is new or has the newest version.
func (p *file) update(c *conn, o Options) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	id, err := identityOf(c)
	if err != nil {
		return err
	}
	if o.Updating != nil && 0 < id.version && id.version < int64(len(names)) {
		timer := time.AfterFunc(cmp.Or(o.tellAfter, updatingAfter), o.Updating)
		defer timer.Stop()
	}
	for n := range names {
		if err := apply(c, n, names); err != nil {
			return err
		}
	}
	return nil
}

// apply applies the migration with index n, unless that was done.
func apply(c *conn, n int, names []string) error {
	id, err := identityOf(c)
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
		if id, err := identityOf(c); err != nil || id.version > int64(n) {
			return err
		}
		return c.run(fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", text, ours, n+1))
	})
}

// check is place.check.
func (p *file) check(db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var id identity
	if err := db.QueryRow(identitySQL).Scan(&id.application, &id.version, &id.tables); err != nil {
		return err
	}
	if err := id.check(len(names)); err != nil {
		return err
	}
	if id.version < int64(len(names)) {
		return errors.New("it was made by an older snrun: the next run of any job brings it up to date")
	}
	return nil
}
