package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"snrun/auth/store/postgres"
)

// ErrConflict says that an entry is no longer the one that was read: another process has written it since.
var ErrConflict = errors.New("the entry was changed by somebody else meanwhile")

// KeyError says that there is no key that the store could be opened with, or that it is not the store's.
type KeyError struct {
	Message string
	Hint    string
}

// Error says what is wrong with the key.
func (e *KeyError) Error() string { return e.Message }

// Help says what a person should do next.
func (e *KeyError) Help() string { return e.Hint }

// DamagedError says that an entry, or the store itself, is not what was written: by a disk that forgets, or by somebody's hand.
type DamagedError struct {
	File     string // or the server's address
	Kind, ID string // of the entry; empty where it is the store itself
	Cause    error

	onServer bool
}

// Error names the entry and the file.
func (e *DamagedError) Error() string {
	if e.Kind == "" && e.ID == "" {
		return fmt.Sprintf("the store %s is damaged: %v", e.File, e.Cause)
	}
	return fmt.Sprintf("the entry %s %s of the store %s is damaged: %v", e.Kind, e.ID, e.File, e.Cause)
}

// Unwrap gives what it was seen by.
func (e *DamagedError) Unwrap() error { return e.Cause }

// Help says what a person should do next.
func (e *DamagedError) Help() string {
	back := "put a copy of the file back"
	if e.onServer {
		back = "put a backup of the database back"
	}
	switch {
	case e.Kind != "" || e.ID != "":
		return back + ", or remove this entry and make it anew"
	case e.onServer:
		return back + ", or rename its tables auth_head and auth_entries and start anew: sign in again, and set its secrets again"
	}
	return back + ", or move it away and start anew: sign in again, and set its secrets again"
}

// FileError says that the store's file, or the server that it is on, cannot be used. It wraps fs.ErrPermission where it may not be
// read or written.
type FileError struct {
	File  string // or the server's address
	Doing string // open, read, write, lock
	Cause error
	Hint  string
}

// Error names the file and the cause.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s the store %s: %v", e.Doing, e.File, e.Cause)
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Cause }

// Help says what a person should do next.
func (e *FileError) Help() string { return e.Hint }

// Lasting says that trying again does not help: a person has to do something about the file, or the server.
func (e *FileError) Lasting() bool {
	for _, lasting := range []error{fs.ErrPermission, errForeign, errNoFile, errNewer, postgres.ErrNoDatabase} {
		if errors.Is(e.Cause, lasting) {
			return true
		}
	}
	return false
}

// looseError is the mode of a file that others than its owner may use.
type looseError fs.FileMode

func (e looseError) Error() string {
	return fmt.Sprintf("others may use it (its mode is %04o)", fs.FileMode(e))
}

func (e looseError) Is(target error) bool { return target == fs.ErrPermission }

// Why a file is not used.
var (
	errClosed  = errors.New("it is closed")
	errForeign = errors.New("it is another program's database")
	errNoFile  = errors.New("it is no file")
	errNewer   = errors.New("it was made by a newer snrun")
	errFull    = errors.New("the disk is full")
	errLocked  = errors.New("it is locked by another program")
	errDenied  = fmt.Errorf("it may not be written: %w", fs.ErrPermission)
	errSealed  = errors.New("it is not what was written")
)

// What to do about it.
const (
	foreignHint = "choose another database with --db: the store is beside it"
	newerHint   = "use that snrun, or choose another database with --db: the store is beside it"
	fullHint    = "free some space there, then try again"
	lockedHint  = "end the program that holds it, or wait for it, then try again"
	deniedHint  = "make the file and its folder writable, or choose another database with --db: the store is beside it"
)

// fault turns an error of a database or of the file system into one that a person can act on. What is one already stays as it is.
func fault(h home, doing string, err error) error {
	var (
		key     *KeyError
		damaged *DamagedError
		known   *FileError
	)
	if err == nil || errors.As(err, &key) || errors.As(err, &damaged) || errors.As(err, &known) || errors.Is(err, ErrConflict) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return h.fault(doing, err)
}

// fault is the error of a file.
func (file fileHome) fault(doing string, err error) error {
	if e, ok := sqliteError(err); ok && isDamage(e) {
		return file.damaged("", "", err)
	}
	cause, hint := diagnose(err)
	return &FileError{File: string(file), Doing: doing, Cause: cause, Hint: hint}
}

func isDamage(e sqlite3.Error) bool {
	return e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || e.ExtendedCode == sqlite3.ErrIoErrShortRead
}

// diagnose gives what an error amounts to and what to do about it; the error itself when that is not known.
func diagnose(err error) (cause error, hint string) {
	e, ok := sqliteError(err)
	switch {
	case errors.Is(err, errForeign):
		return err, foreignHint
	case errors.Is(err, errNewer):
		return err, newerHint
	case !ok:
		return diagnoseErrno(err)
	case e.Code == sqlite3.ErrFull:
		return fmt.Errorf("%w (%w)", errFull, err), fullHint
	case e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked || e.Code == sqlite3.ErrProtocol:
		return fmt.Errorf("%w (%w)", errLocked, err), lockedHint
	case e.SystemErrno != 0: // SQLite gives SQLITE_FULL for ENOSPC in most places, not in all
		return diagnoseErrno(e.SystemErrno)
	case e.ExtendedCode == sqlite3.ErrIoErrWrite:
		return fmt.Errorf("%w (%w)", errFull, err), fullHint
	case e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrPerm:
		return errDenied, deniedHint
	}
	return err, ""
}

// diagnoseErrno does the same for an error of the operating system.
func diagnoseErrno(err error) (cause error, hint string) {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w (%w)", errFull, err), fullHint
	case errors.Is(err, fs.ErrPermission):
		return err, deniedHint
	case errors.Is(err, syscall.EROFS):
		return errDenied, deniedHint
	}
	return err, ""
}

// sqliteError finds SQLite's error in err. The driver gives some of them as a bare code.
func sqliteError(err error) (sqlite3.Error, bool) {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return e, true
	}
	var code sqlite3.ErrNo
	if errors.As(err, &code) {
		return sqlite3.Error{Code: code}, true
	}
	return e, false
}
