package daemon

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine/schedule"
)

// standingDaemon is a daemon with a job that looked at its book just now.
func standingDaemon(t *testing.T) *Daemon {
	t.Helper()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": "steps: plain-hunter\n"})
	d := New(Config{Open: f.open, Redactor: auth.NewRedactor(), Log: slog.New(slog.DiscardHandler)})
	d.Redactor.Add("hunter2")
	d.scheduler = schedule.New(schedule.Config{})
	if _, err := d.library.Load(time.Now()); err != nil {
		t.Fatal(err)
	}
	d.pulse.Store(time.Now().UnixNano())
	return d
}

// TestHealth holds what the address tells, in each state of the daemon.
func TestHealth(t *testing.T) {
	t.Parallel()
	unwell := "the disk is full of hunter2"
	tests := []struct {
		name           string
		change         func(*Daemon)
		healthz, ready int
		says           string
	}{
		{"well", func(*Daemon) {}, 200, 200, `"status":"ready","jobs":1,"broken":[{`},
		{"draining", func(d *Daemon) { d.draining.Store(true) }, 200, 503, `"status":"draining"`},
		{"the database cannot be written", func(d *Daemon) { d.unwell.Store(&unwell) }, 200, 503, `"status":"unwell","why":"the disk is full of ***"`},
		{"hanging", func(d *Daemon) { d.pulse.Store(time.Now().Add(-2 * time.Minute).UnixNano()) }, 503, 503, `"why":"the scheduler hangs"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := standingDaemon(t)
			test.change(d)
			ask := func(path string) *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Host = "127.0.0.1:7070"
				localOnly(d.Health()).ServeHTTP(w, r)
				return w
			}
			if got := ask("/healthz"); got.Code != test.healthz {
				t.Errorf("/healthz gives %d %s, want %d", got.Code, got.Body, test.healthz)
			}
			got := ask("/readyz")
			if got.Code != test.ready || !strings.Contains(got.Body.String(), test.says) {
				t.Errorf("/readyz gives %d %s, want %d with %s", got.Code, got.Body, test.ready, test.says)
			}
			if text := got.Body.String(); strings.Contains(text, "hunter2") || strings.Contains(text, "plain-hunter") || !strings.Contains(text, `b.yaml","line":2,"column":8}`) {
				t.Errorf("a secret shows, or the mistake has no place: %s", text)
			}
		})
	}
}

// TestLocalOnly holds that a page of another site cannot read what is here through a name that leads to this address.
func TestLocalOnly(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for host, want := range map[string]int{
		"127.0.0.1:7070": 200, "localhost:7070": 200, "[::1]:7070": 200, "127.8.8.8": 200,
		"evil.example.com:7070": 421, "evil.example.com": 421, "10.0.0.1:7070": 421, "127.0.0.1.example.com": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Host = host
		w := httptest.NewRecorder()
		localOnly(ok).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", host, w.Code, want)
		}
	}
}

// TestSocket holds that commands reach the daemon through its socket, that nobody else may, and that what dead daemons left goes.
func TestSocket(t *testing.T) {
	t.Parallel()
	base, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	file, remove, err := SocketFile(func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": base}[name] })
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	stale := filepath.Join(filepath.Dir(file), "snrun-STALE.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(stale, long, long); err != nil {
		t.Fatal(err)
	}

	d := standingDaemon(t)
	d.Socket = file
	closeAll, err := d.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v; want a folder with mode 0700", info.Mode(), err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("what a dead daemon has left is still there")
	}
	c := NewClient(file)
	if err := c.Wake(t.Context()); err != nil {
		t.Error(err)
	}
	s, err := c.Status(t.Context())
	if err != nil || s.State != "running" || s.Jobs != 1 || len(s.Broken) != 1 || s.Broken[0].Mistakes[0].Line != 2 {
		t.Errorf("got %+v, %v", s, err)
	}
	closeAll()
	if err := c.Wake(t.Context()); err == nil {
		t.Error("a daemon that is gone answers")
	}
}

// TestSocketFile holds where the socket is.
func TestSocketFile(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	for _, test := range []struct {
		name    string
		environ map[string]string
		folder  string // "" for one in the folder for temporary files
	}{
		{"the service manager's", map[string]string{"RUNTIME_DIRECTORY": "/run/snrun:/run/more", "XDG_RUNTIME_DIR": "/nowhere"}, "/run/snrun"},
		{"a path that is too long", map[string]string{"XDG_RUNTIME_DIR": long}, ""},
		{"one that is not there", map[string]string{"XDG_RUNTIME_DIR": "/proc/nowhere"}, ""},
		{"none", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file, remove, err := SocketFile(func(name string) string { return test.environ[name] })
			if err != nil {
				t.Fatal(err)
			}
			if test.folder != "" && filepath.Dir(file) != test.folder || len(file) > maxSocketPath {
				t.Errorf("got %s, want it in %s", file, test.folder)
			}
			info, err := os.Stat(filepath.Dir(file))
			if test.folder == "" && (err != nil || info.Mode().Perm() != 0o700) {
				t.Errorf("%v: %v, want a folder of our own", err, info)
			}
			remove()
			if _, err := os.Stat(filepath.Dir(file)); test.folder == "" && err == nil {
				t.Error("the folder is still there")
			}
		})
	}
}
