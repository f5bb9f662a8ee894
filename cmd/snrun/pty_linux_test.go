package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal gives the two ends of a pseudo-terminal of 80 by 24.
func openTerminal(t *testing.T) (watcher, terminal *os.File) {
	t.Helper()
	watcher, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		needs(t, "no pseudo-terminal", err)
	}
	t.Cleanup(func() { watcher.Close() })
	fd := int(watcher.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return watcher, terminal
}

// onTerminal runs the job of a new project with standard error on a terminal, and gives what was written to both streams.
func onTerminal(t *testing.T, environ ...string) (stdout, screenBytes string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := snrun(dir, "init").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	watcher, terminal := openTerminal(t)
	cmd := snrun(dir, "run", "--sandbox", "hello")
	cmd.Env = append(cmd.Env, environ...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	written, _ := io.ReadAll(watcher) // it ends in an error: the other end is closed
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	return out.String(), string(written)
}

func TestLiveViewOnATerminal(t *testing.T) {
	t.Parallel()
	stdout, written := onTerminal(t, "TERM=xterm")
	s := newScreen(t, 80)
	s.Write([]byte(written))
	for _, want := range []string{"signed in as servicenow", "✓ incidents     rest     37 items, 2 pages", "\nok in ", "snrun history show "} {
		if strings.Count(s.String(), want) != 1 {
			t.Errorf("the screen must show %q once:\n%s", want, s)
		}
	}
	if !strings.Contains(written, "\x1b[32m✓\x1b[0m") {
		t.Errorf("the mark is not green: %q", written)
	}
	if want := `{"incidents":37,"priority":1}` + "\n"; stdout != want {
		t.Errorf("got %q on standard output, want %q", stdout, want)
	}
}

func TestPlainTerminals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, environ, refused string }{
		{"no colour", "NO_COLOR=1", "m"},
		{"CI", "CI=true", "A"},
		{"dumb", "TERM=dumb", "Am"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, written := onTerminal(t, test.environ)
			for _, sequence := range strings.Split(written, "\x1b[")[1:] {
				if end := strings.TrimLeft(sequence, "0123456789;"); strings.ContainsAny(end[:1], test.refused) {
					t.Errorf("with %s the sequence %q is written", test.environ, sequence)
				}
			}
		})
	}
}
