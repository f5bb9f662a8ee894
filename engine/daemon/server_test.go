package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections that are there already.
type pipes chan net.Conn

// Accept gives the next connection.
func (p pipes) Accept() (net.Conn, error) {
	if c, there := <-p; there {
		return c, nil
	}
	return nil, net.ErrClosed
}

// Close does nothing: all connections are given.
func (p pipes) Close() error { return nil }

// Addr is none.
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// connected gives connections to a server of a daemon, within a bubble.
func connected(t *testing.T, d *Daemon, handler http.Handler, n int) []net.Conn {
	t.Helper()
	l := make(pipes, n)
	var list []net.Conn
	for range n {
		there, here := net.Pipe()
		l <- there
		list = append(list, here)
	}
	close(l)
	s := d.serve(l, handler)
	t.Cleanup(func() {
		for _, c := range list {
			c.Close()
		}
		s.Close()
	})
	return list
}

const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

// TestSlowClients holds that who sends nothing more, or reads nothing more, is given up, and that a breakdown is told in the log alone.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	d := standingDaemon(t)
	var log bytes.Buffer
	d.Log = slog.New(slog.NewTextHandler(&log, nil))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := connected(t, d, d.Health(), 1)[0]
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
		_, _ = io.Copy(io.Discard, c)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("half a head is waited for %s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ended := make(chan error, 1)
		c := connected(t, d, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var err error
			for err == nil {
				_, err = w.Write(make([]byte, 1<<20))
			}
			ended <- err
		}), 1)[0]
		_, _ = io.WriteString(c, request)
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > time.Minute {
			t.Errorf("%v after %s, want that the time is over", err, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := connected(t, d, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }), 1)[0]
		_, _ = io.WriteString(c, request)
		_, _ = io.Copy(io.Discard, c)
	})
	if !strings.Contains(log.String(), "panic serving") {
		t.Errorf("the log does not tell of the breakdown:\n%s", &log)
	}
}

// TestManyClients holds that a bounded number of them is served at once, and the others after them.
func TestManyClients(t *testing.T) {
	t.Parallel()
	d := standingDaemon(t)
	synctest.Test(t, func(t *testing.T) {
		var came atomic.Int64
		goOn := make(chan struct{})
		list := connected(t, d, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			came.Add(1)
			<-goOn
		}), maxConnections+10)
		for _, c := range list {
			go func() {
				_, _ = io.WriteString(c, request)
				_, _ = io.Copy(io.Discard, c)
			}()
		}
		synctest.Wait()
		if n := came.Load(); n != maxConnections {
			t.Errorf("%d are served at once, want %d", n, maxConnections)
		}
		close(goOn)
		synctest.Wait()
		if n := came.Load(); int(n) != len(list) {
			t.Errorf("%d were served, want %d", n, len(list))
		}
	})
}

// TestHostileRequests holds that a request cannot be longer than any that is meant.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	d := standingDaemon(t)
	d.Listen = "127.0.0.1:0"
	closeAll, err := d.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	long := strings.Repeat("x", 2*maxRequest)
	for _, test := range []struct {
		method, path, head, body string
		want                     int
	}{
		{"GET", "/healthz", "", "", 200},
		{"GET", "/healthz", long, "", 431},
		{"GET", "/healthz?" + long, "", "", 431},
		{"POST", "/healthz", "", "", 405},
		{"POST", "/wake", "", "", 404}, // what changes something is behind the socket only
		{"GET", "/status", "", "", 404},
	} {
		req, err := http.NewRequest(test.method, "http://"+d.address+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.head != "" {
			req.Header.Set("X-Long", test.head)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != test.want {
			t.Errorf("%s %.20s: %d, want %d", test.method, test.path, resp.StatusCode, test.want)
		}
	}
}

// TestSquattedFolder holds that the socket is in no folder that somebody else made or may enter.
func TestSquattedFolder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(folder, elsewhere string) error
		ours bool
	}{
		{"others may enter", func(folder, _ string) error { return errors.Join(os.Mkdir(folder, 0o700), os.Chmod(folder, 0o777)) }, true},
		{"a link", func(folder, elsewhere string) error { return os.Symlink(elsewhere, folder) }, false},
		{"a file", func(folder, _ string) error { return os.WriteFile(folder, nil, 0o600) }, false},
		{"somebody else's", func(folder, _ string) error {
			return errors.Join(os.Mkdir(folder, 0o777), os.Chown(folder, os.Getuid()+1, -1))
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(base)
			folder := filepath.Join(base, "snrun")
			if err := test.make(folder, t.TempDir()); errors.Is(err, os.ErrPermission) {
				t.Skip(fmt.Sprint("only root can make it: ", err))
			} else if err != nil {
				t.Fatal(err)
			}
			file, remove, err := SocketFile(func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": base}[name] })
			if err != nil {
				t.Fatal(err)
			}
			defer remove()
			if got := filepath.Dir(file) == folder; got != test.ours {
				t.Errorf("the socket is %s, want it in %s: %v", file, folder, test.ours)
			}
			if info, err := os.Lstat(filepath.Dir(file)); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("got %v, %v; want a folder with mode 0700", info, err)
			}
		})
	}
}
