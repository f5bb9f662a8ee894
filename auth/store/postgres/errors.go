package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// What an error amounts to.
var (
	// ErrGone says that the server is not there, or not yet: trying again may help.
	ErrGone = errors.New("the server cannot be reached")
	// ErrBusy says that the server lets nobody else in now: trying again may help.
	ErrBusy = errors.New("the server has as many connections as it takes")
	// ErrLocked says that somebody else holds what was needed, or that the server broke off one of two who waited for each other:
	// trying again may help.
	ErrLocked = errors.New("it is locked by another program")
	// ErrFull says that the server's disk is full.
	ErrFull = errors.New("the server's disk is full")
	// ErrDenied says that the user may not do that. It is fs.ErrPermission too.
	ErrDenied = fmt.Errorf("its user may not do that: %w", fs.ErrPermission)
	// ErrReadOnly says that the server only reads: it is a standby, or was told to. It is fs.ErrPermission too.
	ErrReadOnly = fmt.Errorf("the server only reads: %w", fs.ErrPermission)
	// ErrLogin says that the server does not let this user in, or not with this password. It is fs.ErrPermission too.
	ErrLogin = fmt.Errorf("the server does not let this user in: %w", fs.ErrPermission)
	// ErrNoDatabase says that the server has no database of that name.
	ErrNoDatabase = errors.New("the server has no such database")
	// ErrChanged says that the tables are others than those that were found there at first.
	ErrChanged = errors.New("its tables are not as this snrun knows them")
	// ErrDamaged says that the server found its files damaged.
	ErrDamaged = errors.New("the server found its files damaged")
)

// Diagnose gives which of the errors above an error amounts to, and what to do about it; nil where that is not known. That the caller
// gave up is none.
func Diagnose(err error) (cause error, hint string) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return nil, ""
	case ok:
		return diagnoseState(e.Code)
	case isGone(err):
		return ErrGone, "start it, or name another with --db; where it is elsewhere, see whether the network is there"
	}
	return nil, ""
}

// diagnoseState does so for what the server itself says, by its SQLSTATE.
func diagnoseState(code string) (cause error, hint string) {
	switch code {
	case "42501":
		return ErrDenied, "let the user make the schema (GRANT CREATE ON DATABASE), or make it for them: CREATE SCHEMA … AUTHORIZATION …"
	case "25006":
		return ErrReadOnly, "name the server that writes; where several are named, add target_session_attrs=read-write"
	case "3D000":
		return ErrNoDatabase, "make it, createdb NAME, or name another with --db"
	case "53100":
		return ErrFull, "free some space there, then try again"
	case "53300", "53200":
		return ErrBusy, "try again later, or have the server take more: max_connections"
	case "55P03", "40001", "40P01", "57014":
		return ErrLocked, "try again: it passes"
	case "57P01", "57P02", "57P03", "57P05":
		return ErrGone, "wait until it has started, then try again"
	case "42P01", "42P10", "42703", "42704", "42883": // a table, an index, a column, a type or a function that is not there
		return ErrChanged, "a newer snrun has brought them up to date: end this process, and start that snrun in its place"
	case "XX001", "XX002":
		return ErrDamaged, "put a backup of the database back"
	}
	switch {
	case strings.HasPrefix(code, "28"):
		return ErrLogin, "give the password in PGPASSWORD or PGPASSFILE; the server's own log says why it was refused"
	case strings.HasPrefix(code, "08"):
		return ErrGone, "wait until it has started, then try again"
	case strings.HasPrefix(code, "58"):
		return ErrFull, "see the server's own log: its disk gave an error"
	}
	return nil, ""
}

// isGone says whether an error is of a connection that is no more, or never came to be.
func isGone(err error) bool {
	for _, gone := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, pgconn.ErrConnClosed, context.DeadlineExceeded,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
		syscall.ENOENT, // of a socket in the file system
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	_, isNet := errors.AsType[net.Error](err)
	return isNet || pgconn.Timeout(err)
}

// Explain gives an error whose text is in plain words, with what the server or the network said in brackets. It is one of the errors
// above, and err. The hint is what to do about it. Where Diagnose does not know err it stays as it is, in one line.
func Explain(err error) (explained error, hint string) {
	cause, hint := Diagnose(err)
	if cause == nil {
		return err, ""
	}
	return &explanation{cause, err}, hint
}

// explanation is an error in plain words.
type explanation struct{ cause, err error }

func (e *explanation) Error() string { return fmt.Sprintf("%v (%s)", e.cause, detail(e.err)) }

func (e *explanation) Unwrap() []error { return []error{e.cause, e.err} }

// detail is what the server or the network said: the driver's own words around it take lines, and name the user and each attempt.
func detail(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Message
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it gave no answer in time"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// Passes says that trying again may help: the server is gone or busy, or somebody holds a lock.
func Passes(err error) bool {
	cause, _ := Diagnose(err)
	return cause == ErrGone || cause == ErrBusy || cause == ErrLocked
}

// Gone says that the connection is lost, so that another one is needed, and whatever lock it held is free.
func Gone(err error) bool {
	cause, _ := Diagnose(err)
	return cause == ErrGone
}
