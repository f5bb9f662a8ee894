package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io/fs"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// await waits for something, up to a minute.
func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatalf("%s does not happen", what)
	}
	return v
}

// TestServerRestarts holds that a store that is open goes on with a server that was started again, also in the midst of a call.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	s := open(t, server.URL, testKey)
	e := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("one")})
	server.Restart(t)
	if got := get(t, s, "token", "a"); string(got.Data) != "one" {
		t.Errorf("got %q", got.Data)
	}
	server.Kill(t)
	written := make(chan error)
	go func() {
		e.Data = []byte("two")
		_, err := s.Put(e)
		written <- err
	}()
	server.Start(t)
	if err := await(t, "the call", written); err != nil {
		t.Errorf("while the server was away: %v", err)
	}
	if got := get(t, open(t, server.URL, testKey), "token", "a"); string(got.Data) != "two" || got.Generation != 2 {
		t.Errorf("got %q of generation %d, want two of 2", got.Data, got.Generation)
	}
}

// cutter passes connections on to a server. The next COMMIT that it is armed for arrives there, and word of it is lost.
type cutter struct {
	net.Listener
	server string
	armed  atomic.Bool
}

// cut gives the address of a store behind a cutter.
func cut(t *testing.T, url string) (string, *cutter) {
	t.Helper()
	_, rest, _ := strings.Cut(url, "@")
	host, _, _ := strings.Cut(rest, "/")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &cutter{Listener: l, server: host}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(client)
		}
	}()
	return strings.Replace(url, host, l.Addr().String(), 1), c
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mute atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if mute.Load() || err != nil {
				return
			}
			client.Write(buf[:n])
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT")) && c.armed.CompareAndSwap(true, false) {
			mute.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestWordOfACommitIsLost holds that what was written once is not written twice, nor taken for another's.
func TestWordOfACommitIsLost(t *testing.T) {
	t.Parallel()
	url, c := cut(t, postgrestest.Server(t).URL)
	c.armed.Store(true)
	p := placeOf(url, testKey)
	t.Cleanup(func() { p.Close() })
	s, err := p.Open()
	if err != nil || c.armed.Load() {
		t.Fatalf("making the tables: %v", err)
	}
	c.armed.Store(true)
	e := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("one")})
	if got := get(t, s, "token", "a"); got.Generation != 1 || !got.Changed.Equal(e.Changed) || c.armed.Load() {
		t.Errorf("got %v, want %v", got, e)
	}
	c.armed.Store(true)
	if e = put(t, s, e); e.Generation != 2 || c.armed.Load() {
		t.Errorf("generation %d, want 2", e.Generation)
	}
	key := NewKey()
	c.armed.Store(true)
	if err := s.Rotate(key); err != nil || c.armed.Load() {
		t.Errorf("rotating: %v", err)
	}
	get(t, s, "token", "a")
	get(t, open(t, url, key.reveal()), "token", "a")
	c.armed.Store(true)
	if err := s.Delete("token", "a"); err != nil || c.armed.Load() {
		t.Errorf("removing: %v", err)
	}
	if again := put(t, s, Entry{Kind: "token", ID: "a"}); again.Generation <= e.Generation {
		t.Errorf("made anew it has generation %d, want more than %d", again.Generation, e.Generation)
	}
}

// TestLockOutlivesItsServer holds that a holder notices that its lock is lost, and that whoever comes next waits for it all the same.
func TestLockOutlivesItsServer(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	one, other := open(t, server.URL, testKey), open(t, server.URL, testKey)
	held, release, err := one.Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if held.Err() != nil {
		t.Error("the lock is lost from the start")
	}
	server.Restart(t)
	await(t, "that the holder notices", held.Done())
	var released atomic.Bool
	next := make(chan error)
	go func() {
		_, release, err := other.Lock(t.Context(), "x")
		if err == nil && !released.Load() {
			err = errors.New("it was taken while its holder was still at it")
		}
		if err == nil {
			release()
		}
		next <- err
	}()
	for !waitsForLate(t, server, other) {
		time.Sleep(time.Millisecond) // a real server is polled
	}
	released.Store(true)
	release()
	if err := await(t, "the next lock", next); err != nil {
		t.Error(err)
	}
	if rows := value(t, server.URL, "SELECT count(*) FROM auth_locks"); rows != int64(0) {
		t.Errorf("%v locks are not released", rows)
	}
}

// waitsForLate says whether a holder has come back, while another has its lock.
func waitsForLate(t *testing.T, server *postgrestest.Instance, s *Store) bool {
	t.Helper()
	shared := value(t, server.URL, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock'")
	alone := value(t, server.URL, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'")
	return shared == int64(1) && alone == int64(1)
}

// TestLockOfTheDead holds that the lock of a holder that does not come back is taken over, but not before it had the time to.
func TestLockOfTheDead(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	p := placeOf(url, testKey)
	p.locks.hurry = 100 * time.Millisecond
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	c := start(t, "hold", url)
	if got := c.line(t); got != "ready" {
		t.Fatalf("the process said %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*p.locks.hurry)
	defer cancel()
	if _, _, err := s.Lock(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the process lives: %v, want context.DeadlineExceeded", err)
	}
	_, other, err := s.Lock(t.Context(), "y")
	if err != nil {
		t.Fatal(err)
	}
	other()
	c.kill(t)
	killed := time.Now()
	for range 2 { // the second is released in order, and nobody is waited for
		_, release, err := s.Lock(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	if took := time.Since(killed); took < p.locks.hurry || took > time.Minute {
		t.Errorf("it took %v, want a little more than %v", took, p.locks.hurry)
	}
}

// TestServerThatCannotBeUsed holds what a person is told.
func TestServerThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t)
	_, poor := server.User(t, "open sesame")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	_, rest, _ := strings.Cut(server.URL, "@")
	host, _, _ := strings.Cut(rest, "/")
	withPassword := func(password string) string {
		return strings.Replace(poor, "@", ":"+password+"@", 1)
	}
	for _, test := range []struct {
		name, url string
		cause     error
		lasting   bool
		says      string
	}{
		{"gone", strings.Replace(server.URL, host, gone.Addr().String(), 1), postgres.ErrGone, false, "the server cannot be reached (dial tcp " + gone.Addr().String()},
		{"no database", strings.Replace(server.URL, "/snrun?", "/nowhere?", 1), postgres.ErrNoDatabase, true, `database "nowhere" does not exist`},
		{"wrong password", withPassword("sesame-2"), fs.ErrPermission, true, "does not let this user in"},
		{"may make no schema", withPassword("open%20sesame"), fs.ErrPermission, true, "may not do that"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := placeOf(test.url, testKey).Open()
			file, ok := errors.AsType[*FileError](err)
			if !ok || !errors.Is(err, test.cause) || file.Lasting() != test.lasting || file.Help() == "" {
				t.Fatalf("got %#v, want a *FileError of %v", err, test.cause)
			}
			if text := err.Error(); !strings.Contains(text, test.says) || strings.Contains(text+file.Help(), "sesame") || strings.Contains(text, "\n") {
				t.Errorf("got %q, want it to say %q", text, test.says)
			}
		})
	}
}

// TestTablesOfOthers holds that nothing is written where the tables are not ours, or too new.
func TestTablesOfOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, says string }{
		{"another program's", "COMMENT ON TABLE auth_entries IS NULL", "another program's database"},
		{"a comment of another", "COMMENT ON TABLE auth_entries IS 'snrun tokens and secrets, version x'", "another program's database"},
		{"of a newer snrun", "COMMENT ON TABLE auth_entries IS 'snrun tokens and secrets, version 99'", "it has version 99, this snrun knows 2"},
		{"half put away", "ALTER TABLE auth_entries RENAME TO auth_entries_lost", "another program's database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := postgrestest.Server(t).URL
			put(t, open(t, url, testKey), Entry{Kind: "token", ID: "a"})
			change(t, url, test.sql)
			for _, open := range []func() (*Store, error){placeOf(url, testKey).Open, placeOf(url, testKey).OpenExisting} {
				_, err := open()
				file, ok := errors.AsType[*FileError](err)
				if !ok || !file.Lasting() || !strings.Contains(err.Error(), test.says) || !strings.Contains(file.Help(), "?schema=NAME") {
					t.Errorf("got %v, want %s, with help", err, test.says)
				}
			}
		})
	}
}

// TestStartAnew holds that what a person is told to do about a lost key works, and loses nothing.
func TestStartAnew(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	put(t, open(t, url, testKey), Entry{Kind: "token", ID: "a", Data: []byte("sesame")})
	_, err := placeOf(url, NewKey().reveal()).Open()
	key, ok := errors.AsType[*KeyError](err)
	if !ok {
		t.Fatalf("got %v, want a *KeyError", err)
	}
	_, sql, found := strings.Cut(key.Help(), "start anew: ")
	if !found {
		t.Fatalf("the help is %s", key.Help())
	}
	change(t, url, sql)
	if _, err := placeOf(url, testKey).OpenExisting(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("put away: %v, want fs.ErrNotExist", err)
	}
	put(t, open(t, url, NewKey().reveal()), Entry{Kind: "token", ID: "b"})
	if n := value(t, url, "SELECT count(*) FROM auth_entries_lost"); n != int64(1) {
		t.Errorf("%v entries were kept, want 1", n)
	}
}

// TestServerHasNothingPlain holds that what a server keeps shows neither what was put into it nor the key.
func TestServerHasNothingPlain(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	put(t, open(t, url, testKey), Entry{Kind: "token", ID: "a", Data: []byte("open sesame")})
	c := connTo(t, url)
	defer c.close()
	for column, table := range map[string]string{"sealed": "auth_entries", "key || salt || seal": "auth_head"} {
		rows := 0
		err := c.query("SELECT "+column+" FROM "+table, nil, func(row []driver.Value) error {
			rows++
			for _, word := range []string{"sesame", testKey, "0123456789abcdef"} {
				if strings.Contains(textOf(row[0]), word) {
					t.Errorf("%s of %s has %q", column, table, word)
				}
			}
			return nil
		})
		if err != nil || rows == 0 {
			t.Errorf("%s: %d rows, %v", table, rows, err)
		}
	}
}
