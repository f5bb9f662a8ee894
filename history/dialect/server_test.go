package dialect_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
	"snrun/history/dialect"
)

// tables are what the package wants, and a table of a program.
const tables = `CREATE TABLE commits (link TEXT PRIMARY KEY, nth BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now());
	CREATE TABLE notes (id BIGINT PRIMARY KEY, note TEXT)`

// someServer gives a server with tables of its own, at an address with further parameters.
func someServer(t *testing.T, params string) *dialect.Server {
	t.Helper()
	address, err := postgres.Parse(postgrestest.Server(t).URL + params)
	if err != nil {
		t.Fatal(err)
	}
	s := dialect.New(address, dialect.Texts{})
	c, err := s.Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := s.MakeSchema(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PgConn().Exec(t.Context(), tables).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return s
}

// end ends the connection of a process of the server.
func end(t *testing.T, s *dialect.Server, process uint32) {
	t.Helper()
	c, err := s.Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var ended bool
	if err := c.QueryRow(t.Context(), `SELECT pg_terminate_backend($1, 60000)`, int32(process)).Scan(&ended); err != nil || !ended {
		t.Fatalf("the connection is not ended: %v", err)
	}
}

// processOf gives the process of the server that a connection for locks talks to.
func processOf(t *testing.T, l *dialect.Locks) (process uint32) {
	t.Helper()
	if err := l.Do(t.Context(), func(c *pgx.Conn) error { process = c.PgConn().PID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return process
}

func someLocks(t *testing.T, s *dialect.Server) *dialect.Locks {
	t.Helper()
	l, err := s.Locks()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

// TestLocksHaveNoLimits holds that locks are not lost to what the database was told about connections that nobody uses, and about
// statements that wait.
func TestLocksHaveNoLimits(t *testing.T) {
	t.Parallel()
	address, err := postgres.Parse(postgrestest.Server(t).URL + "&options=-c%20idle_session_timeout%3D60000%20-c%20lock_timeout%3D60000")
	if err != nil {
		t.Fatal(err)
	}
	s := dialect.New(address, dialect.Texts{})
	l := someLocks(t, s)
	for _, which := range []string{"first", "second"} {
		var limits string
		if err := l.Do(t.Context(), func(c *pgx.Conn) error {
			return c.QueryRow(t.Context(), `SELECT current_setting('idle_session_timeout') || current_setting('lock_timeout')`).Scan(&limits)
		}); err != nil || limits != "00" {
			t.Errorf("the limits of the %s connection are %s, %v", which, limits, err)
		}
		end(t, s, processOf(t, l))
	}
}

func someWriter(t *testing.T, s *dialect.Server) *dialect.Writer {
	t.Helper()
	w, err := s.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// untilEnded waits until what a lock was held for has ended, and gives the cause.
func untilEnded(t *testing.T, held context.Context) error {
	t.Helper()
	select {
	case <-held.Done():
		return context.Cause(held)
	case <-time.After(time.Minute):
		t.Fatal("it is still held")
		return nil
	}
}

func TestLocks(t *testing.T) {
	t.Parallel()
	s := someServer(t, "")
	one, other := someLocks(t, s), someLocks(t, s)
	held, release, err := one.Hold(t.Context(), s.LockKey("a"))
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*dialect.Locks{"the same": one, "another": other} {
		if _, _, err := l.Hold(t.Context(), s.LockKey("a")); !errors.Is(err, dialect.ErrHeld) {
			t.Errorf("%s: held twice: %v", name, err)
		}
	}
	if held.Err() != nil {
		t.Errorf("what is held has ended: %v", context.Cause(held))
	}
	release()
	if held.Err() == nil {
		t.Error("what was held has not ended")
	}
	later, _, err := other.Hold(t.Context(), s.LockKey("a"))
	if err != nil {
		t.Fatal(err)
	}
	release() // once more takes nothing from who has it now
	if _, _, err := one.Hold(t.Context(), s.LockKey("a")); !errors.Is(err, dialect.ErrHeld) {
		t.Errorf("held twice: %v", err)
	}
	other.Close(t.Context())
	if cause := untilEnded(t, later); !errors.Is(cause, dialect.ErrLost) {
		t.Errorf("what was held when the locks were closed ended with %v", cause)
	}
	if _, _, err := other.Hold(t.Context(), s.LockKey("b")); !errors.Is(err, dialect.ErrClosed) {
		t.Errorf("held once closed: %v", err)
	}
	if _, _, err := one.Hold(t.Context(), s.LockKey("a")); err != nil {
		t.Errorf("a lock of who is gone: %v", err)
	}
}

// TestLocksAreLost holds that what locks are held for ends with their connection, and that the next one is used as that was.
func TestLocksAreLost(t *testing.T) {
	t.Parallel()
	s := someServer(t, "")
	l := someLocks(t, s)
	var uses []uint32
	use := func(_ context.Context, c *pgx.Conn) error {
		uses = append(uses, c.PgConn().PID())
		return nil
	}
	if err := l.Keep(use); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("it is not to be")
	if err := l.Keep(func(context.Context, *pgx.Conn) error { return bad }); !errors.Is(err, bad) {
		t.Fatalf("Keep: %v", err)
	}
	held, release, err := l.Hold(t.Context(), s.LockKey("a"))
	if err != nil {
		t.Fatal(err)
	}
	first := processOf(t, l)
	end(t, s, first)
	if cause := untilEnded(t, held); !errors.Is(cause, dialect.ErrLost) {
		t.Errorf("what was held ended with %v", cause)
	}
	second := processOf(t, l)
	if want := []uint32{first, second}; first == second || !slices.Equal(uses, want) {
		t.Errorf("the connections %d were used, want %d", uses, want)
	}
	if _, _, err := l.Hold(t.Context(), s.LockKey("a")); err != nil {
		t.Errorf("once more: %v", err)
	}
	release() // gives nothing back that was taken since
	if _, _, err := someLocks(t, s).Hold(t.Context(), s.LockKey("a")); !errors.Is(err, dialect.ErrHeld) {
		t.Errorf("held twice: %v", err)
	}
}

// TestWithin holds that what is done within a transaction is done once, though its connection is lost on the way, and not at all where it
// fails.
func TestWithin(t *testing.T) {
	t.Parallel()
	s := someServer(t, "")
	w := someWriter(t, s)
	write := func(id int64) error { return ask(w, "INSERT INTO notes (id, note) VALUES (?, 'a')", []any{id}) }
	times := 0
	if err := w.Within([]dialect.Lock{{Name: "a"}, {Name: "b", Shared: true}}, func() error {
		if err := write(1); err != nil {
			return err
		}
		if times++; times == 1 {
			var process int64
			if err := ask(w, "SELECT pg_backend_pid()", nil, &process); err != nil {
				return err
			}
			end(t, s, uint32(process))
		}
		return write(2)
	}); err != nil || times != 2 {
		t.Errorf("after %d times: %v", times, err)
	}
	bad := errors.New("it is not to be")
	if err := w.Within(nil, func() error { return errors.Join(write(3), bad) }); !errors.Is(err, bad) {
		t.Errorf("what fails: %v", err)
	}
	if err := w.Within(nil, func() error { return write(1) }); err == nil {
		t.Error("a row is there twice")
	}
	statement := dialect.Statement{SQL: "INSERT OR IGNORE INTO notes (id, note) VALUES (?, ?)", Args: []any{int64(4), "\x00"}}
	if err := w.Together([]dialect.Lock{{Name: "a"}}, []dialect.Statement{{SQL: "PRAGMA optimize"}, statement, statement}); err != nil {
		t.Error(err)
	}
	var ids, marks int64
	if err := errors.Join(ask(w, "SELECT sum(id * 10) FROM notes", nil, &ids), ask(w, "SELECT count(*) FROM commits", nil, &marks)); err != nil || ids != 70 || marks != 1 {
		t.Errorf("the ids are %d, want 10 + 20 + 40, with %d marks, want 1: %v", ids, marks, err)
	}
	db := s.Reader()
	defer db.Close()
	var note string
	if err := db.QueryRow("SELECT note FROM notes WHERE id = ?", 4).Scan(&note); err != nil || note != "\x00" {
		t.Errorf("the note is %q, %v", note, err)
	}
	if _, err := db.Query("INSERT INTO notes (id) VALUES (5)"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a reader writes: %v", err)
	}
}

// TestTransactionsWait holds that a transaction waits for the lock of another, but not for one that both share.
func TestTransactionsWait(t *testing.T) {
	t.Parallel()
	s := someServer(t, "")
	one, other := someWriter(t, s), someWriter(t, s)
	note := []dialect.Statement{{SQL: "INSERT INTO notes (id) VALUES (?)", Args: []any{int64(1)}}}
	waits := make(chan error, 1)
	err := one.Within([]dialect.Lock{{Name: "a"}, {Name: "b", Shared: true}}, func() error {
		if err := other.Together([]dialect.Lock{{Name: "b", Shared: true}}, note); err != nil {
			return err
		}
		go func() { waits <- other.Together([]dialect.Lock{{Name: "a"}}, note) }()
		deadline := time.Now().Add(time.Minute)
		for waiting := int64(0); waiting == 0; {
			if err := ask(one, waitingSQL, []any{s.LockKey("a")}, &waiting); err != nil {
				return err
			}
			if time.Now().After(deadline) {
				return errors.New("nobody waits for the lock")
			}
		}
		return ask(one, "DELETE FROM notes", nil) // else the row that waits were there already
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

// waitingSQL counts who waits for a lock, whose key is kept in two halves.
const waitingSQL = `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND (classid::bigint << 32) + objid::bigint = ?`

// ask carries out a statement, and reads its first row.
func ask(w *dialect.Writer, sql string, args []any, into ...*int64) error {
	rows, err := w.Query(sql, args)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(into))
	if len(into) > 0 {
		err = rows.Next(values)
	}
	for i, v := range values {
		*into[i], _ = v.(int64)
	}
	return errors.Join(err, rows.Close())
}
