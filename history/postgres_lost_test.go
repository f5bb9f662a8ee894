package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/history/dialect"
	"snrun/steps"
)

// ended are the ways in which a server ends.
func ended(s *postgrestest.Instance) map[string]func(testing.TB) {
	return map[string]func(testing.TB){"stopped": s.Stop, "killed": s.Kill}
}

// TestComesBackOnServer holds that nothing is lost, and nothing is there twice, where a server ends in the middle and starts again: what
// a process was about to do it does then. Nobody takes that process for dead meanwhile.
func TestComesBackOnServer(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	s, watcher := openAt(t, server.URL, Options{}), openAt(t, server.URL, Options{})
	begin(t, s, aRun("r1", "sync"))
	held, release, err := s.Hold(t.Context(), "r1", "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer release()

	stop := make(chan struct{})
	var work sync.WaitGroup
	var calls, audits atomic.Int64
	work.Go(func() { untilClosed(t, stop, &calls, func(n int64) error { return s.Commit("r1", aCall(n)) }) })
	work.Go(func() {
		untilClosed(t, stop, &audits, func(n int64) error {
			return s.Audit(Audit{At: time.Now(), Who: "pat", Action: "run", Outcome: AuditDone, Detail: fmt.Sprint(n)})
		})
	})
	for name, end := range ended(server) {
		goesOn(t, &calls, &audits)
		end(t)
		server.Start(t)
		if run, err := watcher.Begun("r1"); err != nil || run.Status != engine.Running {
			t.Errorf("after the server was %s the run is %+v, %v", name, run, err)
		}
		goesOn(t, &calls, &audits)
	}
	close(stop)
	work.Wait()
	if held.Err() == nil {
		t.Error("the unit is still held by the connection that was lost")
	}
	if kept, err := watcher.Kept("r1", "/call"); err != nil || int64(len(kept)) != calls.Load() {
		t.Errorf("%d outcomes are on record, %v, want %d", len(kept), err, calls.Load())
	}
	if n := countOf(t, watcher, "SELECT count(*) FROM audit"); int64(n) != audits.Load() {
		t.Errorf("%d rows of the audit are on record, want %d", n, audits.Load())
	}
	if run, err := watcher.Begun("r1"); err != nil || run.Status != engine.Running {
		t.Errorf("the run is %+v, %v", run, err)
	}
}

// untilClosed does something until a channel is closed, and counts how often it did.
func untilClosed(t *testing.T, stop chan struct{}, done *atomic.Int64, f func(n int64) error) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		if err := f(done.Load()); err != nil {
			t.Error(err)
			return
		}
		done.Add(1)
	}
}

// goesOn waits until more of each was done.
func goesOn(t *testing.T, counts ...*atomic.Int64) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, c := range counts {
		for before := c.Load(); c.Load() < before+10; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nothing is done any more")
			}
		}
	}
}

func aCall(n int64) engine.Entry {
	return engine.Entry{Key: fmt.Sprintf("/call:%d", n), Result: fmt.Appendf(nil, "%d", n), Started: time.Now()}
}

// lossy stands between a history and its server, and drops connections when it is told.
type lossy struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	conns []net.Conn
	deaf  string // the next answer that has this in it is dropped, and its connection; "" for none
}

// standBetween gives the address of a server by which its answers can be lost.
func standBetween(t *testing.T, address string) (*lossy, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{listener: listener, to: u.Host}
	t.Cleanup(func() {
		listener.Close()
		l.drop()
	})
	go l.serve()
	u.Host = listener.Addr().String()
	return l, u.String()
}

func (l *lossy) serve() {
	for {
		in, err := l.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", l.to)
		if err != nil {
			in.Close()
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, in, out)
		l.mu.Unlock()
		go l.pass(out, in, false)
		go l.pass(in, out, true)
	}
}

// pass passes on what comes from one end, but for an answer that is to be lost.
func (l *lossy) pass(to, from net.Conn, answers bool) {
	defer to.Close()
	defer from.Close()
	data := make([]byte, 64<<10)
	for {
		n, err := from.Read(data)
		if err != nil {
			return
		}
		if answers && l.loses(string(data[:n])) {
			return
		}
		if _, err := to.Write(data[:n]); err != nil {
			return
		}
	}
}

func (l *lossy) loses(answer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.deaf != "" && strings.Contains(answer, l.deaf)
	if lost {
		l.deaf = ""
	}
	return lost
}

// lose has the next answer with a text in it be lost with its connection. It says whether the one before was.
func (l *lossy) lose(answer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.deaf
	l.deaf = answer
	return before == ""
}

// drop drops all connections.
func (l *lossy) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

// TestAnswerIsLostOnServer holds that what was committed, and whose answer was lost, is not there twice, nor taken for an error.
func TestAnswerIsLostOnServer(t *testing.T) {
	t.Parallel()
	between, address := standBetween(t, postgrestest.Server(t).URL)
	s := openAt(t, address, Options{})
	begin(t, s, aRun("r1", "sync"))
	now := time.Now()
	for name, write := range map[string]func() error{
		"a call":   func() error { return s.Commit("r1", aCall(1)) },
		"an audit": func() error { return s.Audit(Audit{At: now, Who: "pat", Outcome: AuditDone}) },
		"a notice": func() error { return s.Post([]engine.Post{{Target: "chat", Notice: []byte("{}"), Posted: now}}) },
		"a run":    func() error { return s.Begin(aRun("r2", "sync")) },
		"a slot": func() error {
			_, err := s.Claim(now, 5, []engine.Claim{{Run: "r3", Job: "nightly", Due: now, Overlap: "allow"}})
			return err
		},
		"an exchange": func() error {
			e := aCall(2)
			e.StepKey, e.Attempt, e.Exchanges = "/b", 1, []steps.Exchange{{Method: "GET"}}
			between.lose("")
			err := s.Commit("r1", e)
			between.lose("INSERT 0 1")
			return errors.Join(err, s.flush("flush"))
		},
	} {
		answer := "COMMIT" // of one that decides
		if name == "a call" || name == "an exchange" {
			answer = "INSERT 0 1"
		}
		between.lose(answer)
		if err := write(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !between.lose("") {
			t.Errorf("%s: no answer was lost", name)
		}
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM journal": 2, "SELECT count(*) FROM audit": 1, "SELECT count(*) FROM notices": 1,
		"SELECT count(*) FROM runs": 3, "SELECT count(*) FROM slots": 1, "SELECT count(*) FROM exchanges": 1,
	} {
		if n := countOf(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// TestConnectionsAreLostOnServer holds that a process whose connections are all lost goes on with others, reads and is not taken for dead.
func TestConnectionsAreLostOnServer(t *testing.T) {
	t.Parallel()
	url := postgrestest.Server(t).URL
	between, address := standBetween(t, url)
	s, watcher := openAt(t, address, Options{}), openAt(t, url, Options{})
	begin(t, s, aRun("r1", "sync"))
	held, release, err := s.Hold(t.Context(), "r1", "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	between.drop()
	select {
	case <-held.Done():
		if cause := context.Cause(held); !errors.Is(cause, dialect.ErrLost) {
			t.Errorf("what was held ended with %v", cause)
		}
	case <-time.After(time.Minute):
		t.Error("what was held does not end though its lock is lost")
	}
	if _, _, err := s.Lookup("r1", "/a"); err != nil {
		t.Error(err)
	}
	if err := s.Commit("r1", aCall(1)); err != nil {
		t.Error(err)
	}
	if _, again, err := s.Hold(t.Context(), "r1", "/a"); err != nil {
		t.Error(err)
	} else {
		again()
	}
	if run, err := watcher.Begun("r1"); err != nil || run.Status != engine.Running {
		t.Errorf("the run is %+v, %v", run, err)
	}
}

// TestStaysAwayOnServer holds what a person is told, and that a history which waits no longer can still be closed.
func TestStaysAwayOnServer(t *testing.T) {
	t.Parallel()
	own := postgrestest.Own(t)
	s, err := Open(own.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, aRun("r1", "sync"))
	s.place.(*server).Patience = 200 * time.Millisecond
	own.Stop(t)
	for name, err := range map[string]error{
		"a write": s.Commit("r1", aCall(1)),
		"a read":  func() error { _, err := s.Begun("r1"); return err }(),
		"a state": func() error { _, err := s.State("sync"); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "127.0.0.1:") || !strings.Contains(err.Error(), "the server cannot be reached") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Close(); err != nil && !strings.Contains(err.Error(), "the server cannot be reached") {
		t.Errorf("Close: %v", err)
	}
	if _, err := Open(own.URL, Options{}); err == nil || !strings.Contains(err.Error(), "the server cannot be reached") {
		t.Errorf("Open: %v", err)
	}
}

// TestRefusedOnServer holds what a person is told of a server that does not let them do what they want.
func TestRefusedOnServer(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t)
	if _, err := OpenReadOnly(server.URL); !errors.Is(err, ErrNoRuns) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a server without a history: %v", err)
	}
	_, guest := server.User(t, "secret")
	for name, test := range map[string]struct{ address, says string }{
		"another database": {strings.Replace(server.URL, "/snrun?", "/nothing?", 1), "no such database"},
		"no password":      {guest, "PGPASSWORD"},
		"no address":       {"postgres://", "it"},
	} {
		if _, err := Open(test.address, Options{}); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}
