package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// TestLoginAtATerminal has a person paste the address that a browser on another machine ended at.
func TestLoginAtATerminal(t *testing.T) {
	t.Parallel()
	u := newSignedOut(t, sandbox.Options{})
	watcher, terminal := openTerminal(t)
	cmd := snrun(u.dir, "auth", "login", "servicenow_user")
	cmd.Env = append(cmd.Env, u.environ...)
	cmd.Stdin = terminal
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	lines, page, said := bufio.NewReader(stderr), "", ""
	for !strings.Contains(said, "paste the address") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q", err, said)
		}
		if strings.HasPrefix(line, "http") {
			page = strings.TrimSpace(line)
		}
		said += line
	}
	fmt.Fprintln(watcher, "what do I paste?")
	fmt.Fprintln(watcher, click(t, page))
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, rest)
	}
	if !strings.Contains(string(rest), "  what was pasted is neither a code nor an address") || !saysSignedIn.Match(rest) {
		t.Errorf("got %q", rest)
	}
	u.written.keep(withoutPage([]byte(said)), rest)
}
