package history

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// place is where a database stands, and how it is opened.
type place struct {
	file     string        // absolute
	wait     time.Duration // how long to wait for another program's lock
	maxPages int           // how far the file may grow, for tests of a full disk; 0 is without a limit
}

// locate makes a place of a path and options.
func locate(path string, opts Options) (place, error) {
	file, err := filepath.Abs(path)
	if err != nil {
		return place{}, err
	}
	if opts.Wait <= 0 {
		opts.Wait = 10 * time.Second
	}
	return place{file: file, wait: opts.Wait, maxPages: opts.maxPages}, nil
}

// create makes the folders and an empty file where there are none, for the owner's eyes only: a history tells more of a
// company than its secrets do. SQLite gives its other files the mode of the first.
func (p place) create() error {
	if err := os.MkdirAll(filepath.Dir(p.file), 0o700); err != nil {
		return p.fault("make the folder of the history", err)
	}
	f, err := os.OpenFile(p.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return p.fault("make the history", err)
	}
	return f.Close()
}

// pageSize is the size of a page in a history, SQLite's default.
const pageSize = 4096

// examine looks at a file before SQLite does. It follows symbolic links, as SQLite does too, so that all processes find
// the same files beside the database, and refuses what SQLite would take for an empty database and overwrite.
func (p *place) examine() error {
	file, err := filepath.EvalSymlinks(p.file)
	if err != nil {
		return fmt.Errorf("open the history: %w", err)
	}
	p.file = file
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("open the history: %w", err)
	case info.IsDir():
		return fmt.Errorf("open the history in %s: it is a folder: choose a file with --db", file)
	case info.Size() > 0 && info.Size() < pageSize:
		return p.fault("open the history", sqlite3.ErrNotADB)
	}
	return nil
}

// dsn names the database to the driver.
func (p place) dsn(params url.Values) string {
	params.Set("_busy_timeout", strconv.FormatInt(p.wait.Milliseconds(), 10))
	u := url.URL{Scheme: "file", Path: p.file, OmitHost: true, RawQuery: params.Encode()}
	return u.String()
}

// writer opens the connection that writes.
func (p place) writer() (*conn, error) {
	// The journal commits by the page it fills: a log of 16 MB is folded into the file a quarter as often as one of the
	// usual 4 MB, and a page that filled up meanwhile is then written once.
	pragmas := []string{
		"PRAGMA auto_vacuum = INCREMENTAL", // without effect once there is a table
		"PRAGMA synchronous = NORMAL",
		"PRAGMA foreign_keys = ON",
		"PRAGMA wal_autocheckpoint = 4000",
		"PRAGMA journal_size_limit = 67108864",
	}
	if p.maxPages > 0 {
		pragmas = append(pragmas, fmt.Sprintf("PRAGMA max_page_count = %d", p.maxPages))
	}
	c, err := openConn(p.dsn(url.Values{"mode": {"rw"}, "_mutex": {"no"}}))
	if err != nil {
		return nil, err
	}
	if err := usable(c); err != nil {
		return nil, errors.Join(err, c.close())
	}
	for _, pragma := range pragmas {
		if err := c.run(pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	if err := p.useLog(c); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// useLog turns on the write-ahead log. SQLite does not wait for another process that is just doing so: we must.
func (p place) useLog(c *conn) error {
	deadline := time.Now().Add(p.wait)
	for pause := time.Millisecond; ; pause *= 2 {
		err := c.run("PRAGMA journal_mode = WAL")
		var e sqlite3.Error
		if !errors.As(err, &e) || e.Code != sqlite3.ErrBusy || time.Now().Add(pause).After(deadline) {
			return err
		}
		time.Sleep(pause)
	}
}

// readerDSN gives the data source name for reading only. A log that is not there cannot be made in a folder that is not
// ours to write; nobody writes then, so the file alone can be read as it is.
func (p place) readerDSN() string {
	const mayWrite = 2 // W_OK of access(2)
	params := url.Values{"mode": {"ro"}, "_query_only": {"true"}, "_stmt_cache_size": {"32"}}
	if _, err := os.Stat(p.file + "-wal"); errors.Is(err, fs.ErrNotExist) && syscall.Access(filepath.Dir(p.file), mayWrite) != nil {
		params.Set("immutable", "1")
	}
	return p.dsn(params)
}
