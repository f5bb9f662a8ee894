package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a server may take to start or to end on a machine that has much else to do.
const patience = time.Minute

// server is a server's folder, and its process while it runs.
type server struct {
	bin, dir string
	port     int
	as       *syscall.Credential // nil: this user

	stdin io.WriteCloser // of the process; it ends with it
	sweep io.Closer      // of what removes the folder, which the server's user may not do; nil where they are the same
	ended chan struct{}
	made  bool // its database is
}

// keeper runs a server until it is told to stop or to kill it, or until its standard input ends, which is when this process does: then
// the files go too.
const keeper = `"$1"/postgres -D "$2"/data >>"$2"/log 2>&1 & pid=$!
read -r how rest
case $how in stop) kill -INT $pid;; *) kill -QUIT $pid;; esac
wait $pid
case $how in stop|kill) ;; *) rm -rf "$2";; esac`

// sweeper removes a folder when its standard input has ended, as soon as the keeper has emptied it.
const sweeper = `cat; n=0
until rmdir "$1" 2>/dev/null || [ ! -e "$1" ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done`

// newServer makes the files of a server.
func newServer(bin string) (*server, error) {
	as, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "snrun-postgres-")
	if err != nil {
		return nil, err
	}
	s := &server{bin: bin, dir: dir, as: as}
	if as != nil {
		if s.sweep, err = startSweeper(dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := s.init(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func startSweeper(dir string) (io.Closer, error) {
	c := exec.Command("sh", "-c", sweeper, "sh", dir)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() { _ = c.Wait() }() // it ends after this process, or when its folder is gone
	return stdin, nil
}

// credential gives the user to run the server as: PostgreSQL refuses root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if uerr == nil && gerr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("this is root, as whom PostgreSQL does not run, and there is no user postgres or nobody")
}

// access lets everybody in without a password but those of a group, who have to give one.
const access = `host all +locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
`

// settings make a server that starts and ends fast, and loses what it has when the power goes, but not when it is killed.
const settings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 32MB
fsync = off
full_page_writes = off
dynamic_shared_memory_type = mmap
autovacuum_naptime = 5s
log_min_messages = warning
timezone = 'UTC'
`

func (s *server) init() error {
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(s.dir, "data")
	c := s.command(filepath.Join(s.bin, "initdb"), "-D", data, "-U", "snrun", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, text)
	}
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(settings)
	return errors.Join(err, f.Close())
}

// command prepares a program of the server's user.
func (s *server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	return c
}

// start starts the server; at the address that it had, or else at a free one.
func (s *server) start() error {
	var err error
	for range 5 { // somebody else may take the port that was free
		if !s.made {
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		if err = s.run(); err == nil {
			break
		}
	}
	if err != nil || s.made {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, rerr := c.Exec(ctx, "CREATE ROLE locked")
	_, derr := c.Exec(ctx, "CREATE DATABASE snrun")
	s.made = true
	return errors.Join(rerr, derr, c.Close(ctx))
}

// run starts the process, and waits until the server lets somebody in.
func (s *server) run() error {
	c := s.command("sh", "-c", keeper, "sh", s.bin, s.dir)
	c.Env = append(c.Env, "PGPORT="+strconv.Itoa(s.port))
	stdin, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	s.stdin, s.ended = stdin, make(chan struct{})
	go func(ended chan struct{}) {
		_ = c.Wait() // that it was stopped is no error
		close(ended)
	}(s.ended)
	if err := s.ready(); err != nil {
		return errors.Join(err, s.stop(false))
	}
	return nil
}

// stop ends the process.
func (s *server) stop(clean bool) error {
	how := "kill\n"
	if clean {
		how = "stop\n"
	}
	_, err := io.WriteString(s.stdin, how)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) { // it has ended by itself
		err = nil
	}
	select {
	case <-s.ended:
		return err
	case <-time.After(patience):
		return errors.Join(err, errors.New("the server does not end"), s.stdin.Close())
	}
}

// remove ends the process, if it runs, and removes the files.
func (s *server) remove() {
	s.stdin.Close()
	select {
	case <-s.ended:
	case <-time.After(patience):
	}
	_ = os.RemoveAll(s.dir) // where it was stopped before
	if s.sweep != nil {
		s.sweep.Close()
	}
}

// url is the address of a database of the server.
func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://snrun@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// log gives the end of what the server wrote.
func (s *server) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}
