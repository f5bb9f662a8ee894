package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// TestDiagnose holds what errors that no test can bring about amount to.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	state := func(code string) error {
		return fmt.Errorf("doing: %w", &pgconn.PgError{Code: code, Message: "sesame"})
	}
	for _, test := range []struct {
		err          error
		cause        error
		passes, gone bool
	}{
		{nil, nil, false, false},
		{errors.New("x"), nil, false, false},
		{context.Canceled, nil, false, false},
		{fmt.Errorf("timeout: %w", context.DeadlineExceeded), postgres.ErrGone, true, true},
		{io.ErrUnexpectedEOF, postgres.ErrGone, true, true},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, postgres.ErrGone, true, true},
		{pgconn.ErrConnClosed, postgres.ErrGone, true, true},
		{state("57P01"), postgres.ErrGone, true, true},
		{state("57P03"), postgres.ErrGone, true, true},
		{state("08006"), postgres.ErrGone, true, true},
		{state("53300"), postgres.ErrBusy, true, false},
		{state("40P01"), postgres.ErrLocked, true, false},
		{state("55P03"), postgres.ErrLocked, true, false},
		{state("53100"), postgres.ErrFull, false, false},
		{state("58030"), postgres.ErrFull, false, false},
		{state("42501"), fs.ErrPermission, false, false},
		{state("25006"), postgres.ErrReadOnly, false, false},
		{state("28P01"), postgres.ErrLogin, false, false},
		{state("28000"), fs.ErrPermission, false, false},
		{state("3D000"), postgres.ErrNoDatabase, false, false},
		{state("XX001"), postgres.ErrDamaged, false, false},
		{state("42P10"), postgres.ErrChanged, false, false},
		{state("23505"), nil, false, false},
	} {
		cause, hint := postgres.Diagnose(test.err)
		if !errors.Is(cause, test.cause) || (cause == nil) != (test.cause == nil) || (hint == "") != (cause == nil) {
			t.Errorf("%v: got %v, %q, want %v and a hint", test.err, cause, hint, test.cause)
		}
		if postgres.Passes(test.err) != test.passes || postgres.Gone(test.err) != test.gone {
			t.Errorf("%v: passes %t, gone %t, want %t, %t", test.err, postgres.Passes(test.err), postgres.Gone(test.err), test.passes, test.gone)
		}
		explained, _ := postgres.Explain(test.err)
		if !errors.Is(explained, test.err) || test.cause != nil && (!errors.Is(explained, test.cause) || !strings.HasPrefix(explained.Error(), cause.Error()+" (")) {
			t.Errorf("%v is explained as %v", test.err, explained)
		}
	}
}

// TestLogin holds that a wrong password is known as one, and told without it.
func TestLogin(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t)
	_, url := server.User(t, "open sesame")
	for password, ok := range map[string]bool{"open%20sesame": true, "close%20sesame": false} {
		a := address(t, strings.Replace(url, "@", ":"+password+"@", 1))
		c, err := a.Connect(t.Context())
		if ok && err == nil {
			c.Close(t.Context())
			continue
		}
		explained, hint := postgres.Explain(err)
		if ok || !errors.Is(explained, postgres.ErrLogin) || !strings.Contains(hint, "PGPASSWORD") || strings.Contains(explained.Error()+hint, "sesame") {
			t.Errorf("with the password %s: %v, %s", password, explained, hint)
		}
	}
}

// TestSession holds that locks that are held for long are not ended by what the database was told about others.
func TestSession(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	server.Exec(t, "ALTER DATABASE snrun SET statement_timeout = '7s'; ALTER DATABASE snrun SET lock_timeout = '7s'; ALTER DATABASE snrun SET idle_session_timeout = '7s'")
	c, err := address(t, server.URL).Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_session_timeout"} {
		var got string
		if err := c.QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != "0" {
			t.Errorf("%s is %s, %v, want none", name, got, err)
		}
	}
}

// TestSilentServer holds that a server that takes connections and says nothing is given up.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	started := time.Now()
	_, err = address(t, "postgres://ann@"+l.Addr().String()+"/jobs?sslmode=disable&connect_timeout=1").Connect(t.Context())
	if took := time.Since(started); !postgres.Gone(err) || took < time.Second || took > time.Minute {
		t.Errorf("got %v in %v, want that it is gone after a second", err, took)
	}
}

// TestLockKey holds that other schemas, and other names, have other locks.
func TestLockKey(t *testing.T) {
	t.Parallel()
	a, b := address(t, "postgres://h/d"), address(t, "postgres://h/d?schema=b")
	keys := map[int64]bool{a.LockKey("x"): true, a.LockKey("y"): true, b.LockKey("x"): true, a.LockKey("x", "y"): true, a.LockKey("xy"): true, a.LockKey(): true}
	if len(keys) != 6 || a.LockKey("x") != address(t, "postgres://ann@h:1/d").LockKey("x") {
		t.Errorf("got %v, want six keys, and the same for the same schema", keys)
	}
}
