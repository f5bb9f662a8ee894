package steptest

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Installed gives the value of a variable that names what a setup script has installed. Where it is not set the test lacks that,
// see Lacks.
func Installed(t testing.TB, variable, missing string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		Lacks(t, missing)
	}
	return value
}

// Lacks ends a test for want of something of others: on a bare machine it is skipped with a line that says what is missing, in CI,
// where nothing may be missing, it fails.
func Lacks(t testing.TB, missing string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// Beside starts a server as a process of its own, and gives the first line that it prints: its address. The server ends with its
// standard input, which is closed when the test ends.
func Beside(t testing.TB, server *exec.Cmd) string {
	t.Helper()
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = server.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
