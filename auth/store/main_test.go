package store

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/zalando/go-keyring"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// childVariable makes the test program a process of its own that does something with a store: NAME@FILE.
const childVariable = "SNRUN_STORE_TEST"

// children are what such a process can do.
func children() map[string]func(file string) error {
	return map[string]func(file string) error{
		"count": count, "put": putForEver, "hold": hold, "read only": readOnly, "keyring": askKeyring,
		"new": makeNew, "rotate": rotateHere, "key": writeKeyHere, "places": takePlaces,
	}
}

func TestMain(m *testing.M) {
	name, file, ok := strings.Cut(os.Getenv(childVariable), "@")
	if !ok {
		keyring.MockInit() // no test may touch the keyring of whoever runs it
		os.Exit(m.Run())
	}
	if err := children()[name](file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a process that was started for a test.
type child struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// command prepares a process that does something with a store, under testKey.
func command(what, file string, environ ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe")
	if _, err := os.Stat(c.Path); err != nil {
		c = exec.Command(os.Args[0])
	}
	c.Env = append(os.Environ(), childVariable+"="+what+"@"+file, "GORACE=atexit_sleep_ms=0")
	c.Env = append(c.Env, environ...)
	return c
}

// start starts a process. It is killed at the end of the test when it is still there.
func start(t *testing.T, what, file string) *child {
	t.Helper()
	c := &child{Cmd: command(what, file)}
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() // most have ended
		c.Wait()
	})
	return c
}

// line gives the next line that the process writes.
func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.out.Scan() {
		t.Fatalf("the process said nothing more, %v", c.out.Err())
	}
	return c.out.Text()
}

// kill ends the process as kill -9 does.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.Wait()
}

// testKey is the key of most stores here, as a variable has it.
const testKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// placeOf is the place of a file, or of a schema on a server where the text is its address, whose key is in SNRUN_KEY.
func placeOf(file, key string) *Place {
	p := placeAt(file)
	p.Getenv = variables(KeyVariable, key)
	return p
}

// placeAt is a place without a key.
func placeAt(file string) *Place {
	if !postgres.IsAddress(file) {
		return &Place{File: file}
	}
	address, err := postgres.Parse(file)
	if err != nil {
		panic(err) // it is of postgrestest
	}
	return &Place{Server: address}
}

// onBoth runs a test with a file, and with a schema on a server, where nothing is yet.
func onBoth(t *testing.T, test func(t *testing.T, file string)) {
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		test(t, newFile(t))
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		test(t, postgrestest.Server(t).URL)
	})
}

// open opens the store in a file, and makes it.
func open(t *testing.T, file, key string) *Store {
	t.Helper()
	p := placeOf(file, key)
	s, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := hurry(s.conn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// hurry leaves it to the system when the disk has what was written: in a test there is no power cut, and many tests at once would wait
// for one disk.
func hurry(c conn) error {
	if _, ok := c.(*fileConn); !ok {
		return nil
	}
	return c.exec("PRAGMA synchronous = OFF")
}

// newFile is where a test has its store.
func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "snrun-auth.db") }

// put writes an entry, which must work.
func put(t *testing.T, s *Store, e Entry) Entry {
	t.Helper()
	written, err := s.Put(e)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// get reads an entry, which must be there.
func get(t *testing.T, s *Store, kind, id string) Entry {
	t.Helper()
	e, err := s.Get(kind, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
