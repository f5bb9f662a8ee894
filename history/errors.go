package history

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"snrun/engine"
)

// ErrNoRuns is the error of OpenReadOnly where no database stands: nothing was ever run. It wraps fs.ErrNotExist.
var ErrNoRuns = fmt.Errorf("no runs yet: %w", fs.ErrNotExist)

// ErrUnknownRun and ErrAmbiguousRun are wrapped by the errors of the methods that take or look for a run.
var (
	ErrUnknownRun   = errors.New("no such run")
	ErrAmbiguousRun = errors.New("more than one such run")
)

// errClosed is what a Store answers after Close.
var errClosed = errors.New("the history is closed")

// What to do about the errors that a person can do something about.
const (
	fullAdvice    = "free some space there, then try again"
	lockedAdvice  = "end the program that holds it, or wait for it, then try again"
	damagedAdvice = "put a copy back, or move the file away and start with an empty history"
	deniedAdvice  = "make the file and its folder writable, or choose another file with --db"
)

// fault is place.fault, of an error of SQLite or of the file system.
func (p *file) fault(doing string, err error) error { return faultIn(p, doing, err) }

func faultIn(p place, doing string, err error) error {
	if err == nil {
		return nil
	}
	what, advice := p.diagnose(err)
	if what == nil {
		return fmt.Errorf("%s in %s: %w", doing, p, err)
	}
	return fmt.Errorf("%s in %s: %w (%v): %s", doing, p, what, err, advice)
}

// diagnose is place.diagnose.
func (p *file) diagnose(err error) (what error, advice string) {
	e, ok := sqliteError(err)
	if !ok {
		return diagnoseErrno(err)
	}
	switch {
	case e.Code == sqlite3.ErrFull:
		return engine.ErrFull, fullAdvice
	case e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked || e.Code == sqlite3.ErrProtocol:
		return engine.ErrLocked, lockedAdvice
	case e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return engine.ErrDamaged, damagedAdvice
	case e.SystemErrno != 0: // SQLite gives SQLITE_FULL for ENOSPC in most places, not in all
		return diagnoseErrno(e.SystemErrno)
	case e.ExtendedCode == sqlite3.ErrIoErrWrite:
		return engine.ErrFull, fullAdvice
	case e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrPerm:
		return fs.ErrPermission, deniedAdvice
	}
	return nil, ""
}

// diagnoseErrno does the same for an error of the operating system.
func diagnoseErrno(err error) (what error, advice string) {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG):
		return engine.ErrFull, fullAdvice
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fs.ErrPermission, deniedAdvice
	}
	return nil, ""
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
