package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// pageSize is the least size of a database that SQLite has written: a page.
const pageSize = 512

// create makes the folders and an empty file where there are none, for the owner's eyes only. SQLite gives its other files the
// mode of the first.
func create(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fault(fileHome(file), "make the folder of", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault(fileHome(file), "make", err)
	}
	return f.Close()
}

// examine looks at a file before SQLite does, which would take some for an empty database and overwrite them. It gives the file
// behind symbolic links, as SQLite follows them: so all processes find the same files beside it. The error is fs.ErrNotExist
// where there is none.
func examine(file string) (string, error) {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return file, err
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return file, err
	case !info.Mode().IsRegular():
		return file, &FileError{File: file, Doing: "open", Cause: errNoFile, Hint: foreignHint}
	case info.Mode().Perm()&others != 0:
		return file, &FileError{
			File: file, Doing: "open", Hint: "keep it to yourself: chmod 600 " + quote(file),
			Cause: looseError(info.Mode().Perm()),
		}
	case info.Size() > 0 && info.Size() < pageSize:
		return file, sqlite3.Error{Code: sqlite3.ErrNotADB}
	}
	return file, nil
}

// others are the permissions of whoever is not the owner.
const others = 0o077

// openFile opens the database in a file that is there, and brings it up to date.
func openFile(file string) (*fileConn, string, error) {
	resolved, err := examine(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, file, fmt.Errorf("there is no store in %s: %w", file, fs.ErrNotExist)
	}
	if err != nil {
		return nil, file, fault(fileHome(file), "open", err)
	}
	c, err := openConn(resolved)
	if err != nil {
		return nil, file, fault(fileHome(resolved), "open", err)
	}
	if err := prepare(c); err != nil {
		return nil, file, fault(fileHome(resolved), "open", abandon(c, err))
	}
	return c, resolved, nil
}

// prepare brings the database up to date. It writes nothing where it is, nor where it is not ours.
func prepare(c *fileConn) error {
	for _, pragma := range []string{
		// FULL would leave the folder unwritten after a commit: the journal could be there again after a power cut, and undo it.
		"PRAGMA synchronous = EXTRA",
		"PRAGMA secure_delete = ON", // nothing under an old key stays in free pages
	} {
		if err := c.exec(pragma); err != nil {
			return err
		}
	}
	return migrate(c)
}

// quote writes a path as a shell takes it.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if path != "" && strings.TrimFunc(path, plain) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
