// Package postgrestest gives tests a real PostgreSQL server: one for all tests of a package, or one of a test's own, which it may stop
// and start. Servers and their files go with the process of the test, however that ends.
package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names the folder of the programs of PostgreSQL: initdb, postgres. .ci/setup-postgres prints it.
const Variable = "SNRUN_TEST_POSTGRES"

// Instance is a server that runs, as one test sees it.
type Instance struct {
	// URL is the address of a database with a schema that no other test has, and that is not there yet.
	URL string
	*server
	own bool
}

// Server gives the server of all tests of this process, which is started when it is first asked for. Where PostgreSQL is not installed
// the test is skipped, but in CI, or where Variable is set, it fails.
func Server(t testing.TB) *Instance {
	t.Helper()
	bin := programs(t)
	s, err := shared(bin)
	if err != nil {
		t.Fatal(err)
	}
	return &Instance{URL: s.url("snrun") + "&schema=" + newSchema(), server: s}
}

// Own gives a server of the test's own, which it may stop, kill and start. It ends with the test.
func Own(t testing.TB) *Instance {
	t.Helper()
	s, err := newServer(programs(t))
	if err == nil {
		err = s.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return &Instance{URL: s.url("snrun") + "&schema=" + newSchema(), server: s, own: true}
}

// shared starts a server once in a process; nobody stops it, it ends with the process.
var shared = func() func(bin string) (*server, error) {
	var once sync.Once
	var s *server
	var err error
	return func(bin string) (*server, error) {
		once.Do(func() {
			if s, err = newServer(bin); err == nil {
				err = s.start()
			}
		})
		return s, err
	}
}()

func newSchema() string { return "t_" + strings.ToLower(rand.Text()[:16]) }

// programs gives the folder of PostgreSQL's programs.
func programs(t testing.TB) string {
	t.Helper()
	if bin := os.Getenv(Variable); bin != "" {
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
			t.Fatalf("%s is %s, where PostgreSQL is not: %v", Variable, bin, err)
		}
		return bin
	}
	if found, err := exec.LookPath("initdb"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			return filepath.Dir(found)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if len(found) == 0 {
		const missing = "PostgreSQL is not installed: .ci/setup-postgres installs it"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(newest)
}

func major(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 for what is no number
	return n
}

// Stop stops the server, and ends all connections. Only a server of the test's own can be stopped.
func (i *Instance) Stop(t testing.TB) {
	t.Helper()
	i.end(t, true)
}

// Kill ends the server as a machine does that loses its power: it has no time to say so.
func (i *Instance) Kill(t testing.TB) {
	t.Helper()
	i.end(t, false)
}

func (i *Instance) end(t testing.TB, clean bool) {
	t.Helper()
	if !i.own {
		t.Fatal("the server is of all tests: take one of your own to stop it")
	}
	if err := i.stop(clean); err != nil {
		t.Fatal(err)
	}
}

// Start starts the server again that was stopped, at the same address.
func (i *Instance) Start(t testing.TB) {
	t.Helper()
	if err := i.start(); err != nil {
		t.Fatal(err)
	}
}

// Restart stops the server, and starts it again.
func (i *Instance) Restart(t testing.TB) {
	t.Helper()
	i.Stop(t)
	i.Start(t)
}

// User makes a user who has to give a password, and gives the address of the same database and schema for them, without it. They may
// do nothing but log in until something is granted.
func (i *Instance) User(t testing.TB, password string) (name, url string) {
	t.Helper()
	name = "u_" + strings.ToLower(rand.Text()[:12])
	i.Exec(t, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE locked", name, strings.ReplaceAll(password, "'", "''")))
	return name, strings.Replace(i.URL, "//snrun@", "//"+name+"@", 1)
}

// Exec carries out statements as the one who may do all, in the schema of the instance.
func (i *Instance) Exec(t testing.TB, sql string) {
	t.Helper()
	text, schema, _ := strings.Cut(i.URL, "&schema=")
	c, err := pgx.Connect(t.Context(), text+"&search_path="+schema)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Exec(t.Context(), sql)
	if err = errors.Join(err, c.Close(context.WithoutCancel(t.Context()))); err != nil {
		t.Fatal(err)
	}
}

// ready waits until the server lets somebody in.
func (s *server) ready() error {
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		c, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			err = c.Close(ctx)
			cancel()
			return err
		}
		cancel()
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended: %s", s.log())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server lets nobody in: %w: %s", err, s.log())
		}
	}
}

// freePort gives a port that nobody listens at now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
