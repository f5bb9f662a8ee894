package temporaltest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"
)

// database is the name of the file.
const database = "temporal.db"

// Contains gives where some bytes stand in what the server has written: in the columns of its tables, and in the files of its database,
// which still hold what was deleted; in its log too. Nil when nowhere. The server may run or not.
func (r *Running) Contains(t testing.TB, marker string) (places []string) {
	t.Helper()
	for _, name := range []string{database, database + "-wal", "log"} {
		text, err := os.ReadFile(r.file(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(marker)) {
			places = append(places, "file "+name)
		}
	}
	// A file's pages cut a long value into pieces, its rows have it whole.
	rows, err := searchRows(r.file(database), marker)
	if err != nil {
		t.Fatal(err)
	}
	return append(places, rows...)
}

func searchRows(file, marker string) (places []string, err error) {
	db, err := sql.Open("sqlite3", "file:"+url.PathEscape(file)+"?_busy_timeout=30000&_query_only=1")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	columns, err := columnsOf(db)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		var found bool
		query := fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM %s WHERE instr(%s, ?))`, quoted(c.table), quoted(c.name))
		if err := db.QueryRow(query, []byte(marker)).Scan(&found); err != nil {
			return nil, err
		}
		if found {
			places = append(places, "column "+c.table+"."+c.name)
		}
	}
	return places, nil
}

type column struct{ table, name string }

// columnsOf leaves out virtual tables: what they hold is in tables of their own.
func columnsOf(db *sql.DB) (all []column, err error) {
	rows, err := db.Query(`SELECT t.name, c.name FROM sqlite_master t, pragma_table_xinfo(t.name) c
		WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
