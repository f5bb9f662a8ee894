package history

import (
	"context"
	"database/sql"
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

// place is where a history stands: in a file, or on a server that several machines share.
type place interface {
	// String names it in messages.
	String() string
	// prepare makes ready what is there before the history is opened to be written.
	prepare() error
	// look does the same before it is opened for reading only. The error is ErrNoRuns where there is none.
	look() error
	// writer opens a connection that writes, where the database is one that this snrun can use or bring up to date.
	writer() (*conn, error)
	// update brings the database to the newest version, and has it told where that takes long.
	update(c *conn, o Options) error
	// reader opens connections that only read.
	reader() (*sql.DB, error)
	// check gives an error when the database is not one that this snrun can read.
	check(db *sql.DB) error
	// diagnose gives the sentinel that an error amounts to and what to do about it; nil when it is none of them.
	diagnose(err error) (what error, advice string)
	// fault turns an error into one that a person can act on. It names the place, and wraps engine.ErrFull, ErrLocked or
	// ErrDamaged, or fs.ErrPermission, where it is one of them.
	fault(doing string, err error) error
	// signs gives how processes show each other that they live.
	signs(read *sql.DB) alive
	// hold takes the lock of a unit of a run; held is nil where somebody else has it.
	hold(ctx context.Context, a alive, run, unit string) (held context.Context, release func(), err error)
	// files are the files that somebody might move while they are open.
	files() []string
	// room gives how large the database is, with what is not folded into it yet, and how many bytes are left there; -1 where that is not known.
	room() (size, free int64)
	// shared says that other processes may write rows of the same run at the same time.
	shared() bool
	// close gives back what the place holds besides connections.
	close() error
}

// placeOf gives the place that a path or an address names.
func placeOf(path string, opts Options) (place, error) {
	if isAddress(path) {
		return serverAt(path)
	}
	return locate(path, opts)
}

// file is a history in a file.
type file struct {
	path     string        // absolute
	wait     time.Duration // how long to wait for another program's lock
	maxPages int           // how far the file may grow, for tests of a full disk; 0 is without a limit
}

// locate gives the file that a path and options name.
func locate(path string, opts Options) (*file, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if opts.Wait <= 0 {
		opts.Wait = 10 * time.Second
	}
	return &file{path: whole, wait: opts.Wait, maxPages: opts.maxPages}, nil
}

func (p *file) String() string { return p.path }

func (p *file) shared() bool { return false }

func (p *file) files() []string { return []string{p.path, p.path + "-wal"} }

func (p *file) signs(*sql.DB) alive { return newAlive(p.path) }

func (p *file) room() (size, free int64) {
	return sizeOf(p.path) + sizeOf(p.path+"-wal"), freeOn(p.path)
}

func (p *file) close() error { return nil }

func (p *file) prepare() error {
	if err := p.create(); err != nil {
		return err
	}
	return p.examine()
}

func (p *file) look() error {
	if info, err := os.Stat(p.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return fmt.Errorf("%s: %w", p.path, ErrNoRuns)
	}
	return p.examine()
}

// create makes the folders and an empty file where there are none, for the owner's eyes only: a history tells more of a
// company than its secrets do. SQLite gives its other files the mode of the first.
func (p *file) create() error {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return p.fault("make the folder of the history", err)
	}
	f, err := os.OpenFile(p.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return p.fault("make the history", err)
	}
	return f.Close()
}

// pageSize is the size of a page in a history, SQLite's default.
const pageSize = 4096

// examine looks at a file before SQLite does. It follows symbolic links, as SQLite does too, so that all processes find
// the same files beside the database, and refuses what SQLite would take for an empty database and overwrite.
func (p *file) examine() error {
	followed, err := filepath.EvalSymlinks(p.path)
	if err != nil {
		return fmt.Errorf("open the history: %w", err)
	}
	p.path = followed
	info, err := os.Stat(followed)
	switch {
	case err != nil:
		return fmt.Errorf("open the history: %w", err)
	case info.IsDir():
		return fmt.Errorf("open the history in %s: it is a folder: choose a file with --db", followed)
	case info.Size() > 0 && info.Size() < pageSize:
		return p.fault("open the history", sqlite3.ErrNotADB)
	}
	return nil
}

// dsn names the database to the driver.
func (p *file) dsn(params url.Values) string {
	params.Set("_busy_timeout", strconv.FormatInt(p.wait.Milliseconds(), 10))
	u := url.URL{Scheme: "file", Path: p.path, OmitHost: true, RawQuery: params.Encode()}
	return u.String()
}

// writer opens the connection that writes.
func (p *file) writer() (*conn, error) {
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
func (p *file) useLog(c *conn) error {
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

func (p *file) reader() (*sql.DB, error) { return sql.Open("sqlite3", p.readerDSN()) }

// readerDSN gives the data source name for reading only. A log that is not there cannot be made in a folder that is not
// ours to write; nobody writes then, so the file alone can be read as it is.
func (p *file) readerDSN() string {
	const mayWrite = 2 // W_OK of access(2)
	params := url.Values{"mode": {"ro"}, "_query_only": {"true"}, "_stmt_cache_size": {"32"}}
	if _, err := os.Stat(p.path + "-wal"); errors.Is(err, fs.ErrNotExist) && syscall.Access(filepath.Dir(p.path), mayWrite) != nil {
		params.Set("immutable", "1")
	}
	return p.dsn(params)
}
