package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// typist is a person at a terminal, who runs a command there.
type typist struct {
	t        *testing.T
	cmd      *exec.Cmd
	watcher  *os.File // their end of the terminal
	terminal *os.File
	seen     bytes.Buffer
}

// atTerminal starts snrun with its input and its messages at a terminal of its own.
func atTerminal(t *testing.T, dir string, args ...string) *typist {
	t.Helper()
	p := &typist{t: t}
	p.watcher, p.terminal = openTerminal(t)
	t.Cleanup(func() { p.terminal.Close() })
	p.cmd = snrun(dir, args...)
	p.cmd.Env = append(p.cmd.Env, "SNRUN_KEY="+storeKey)
	p.cmd.Stdin, p.cmd.Stderr = p.terminal, p.terminal
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// until reads what the terminal shows up to a text.
func (p *typist) until(text string) {
	p.t.Helper()
	one := make([]byte, 1)
	for !strings.HasSuffix(p.seen.String(), text) {
		if _, err := p.watcher.Read(one); err != nil {
			p.t.Fatalf("the terminal shows %q, %v, want %q", p.seen.String(), err, text)
		}
		p.seen.Write(one)
	}
}

// types presses keys.
func (p *typist) types(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.watcher, keys); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the command, and gives all that the terminal has shown. The terminal must be as it was before.
func (p *typist) end(code int) string {
	p.t.Helper()
	if got := exitCodeOf(p.t, p.cmd.Wait()); got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
	state, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	if want := uint32(unix.ECHO | unix.ICANON | unix.ISIG); state.Lflag&want != want {
		p.t.Errorf("the terminal is left with the flags %b, want %b among them", state.Lflag, want)
	}
	p.terminal.Close()
	rest, _ := io.ReadAll(p.watcher) // it ends in an error: the other end is closed
	p.seen.Write(rest)
	return strings.ReplaceAll(p.seen.String(), "\r\n", "\n")
}

func TestSecretIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, keys, length string
		code               int
		hidden, told       string
	}{
		{"typed", "s3same-0\x7f1\r", "8", 0, "s3same", "TOKEN is kept in "},
		{"a key is pasted", strings.ReplaceAll(typedKey, "\n", "\r") + "\r", "76", 0, "MC4CAQ", ": 76 characters"},
		{"longer than a line of a terminal", strings.Repeat("s3same:", 1000) + "\r", "7000", 0, "s3same", ": 7,000 characters"},
		{"Ctrl-C", "s3same\x03", "", 130, "s3same", "does not show: \n"},
		{"nothing", "\r", "", exitUsage, "?", "the value of TOKEN is empty"},
		{"an arrow", "s3same\x1b[A\r", "", exitUsage, "s3same", "the value of TOKEN: a key was pressed that stands for no character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newProject(t, "steps: [{set: {}}]\noutput: \"${len(secret.TOKEN)}\"\n", "")
			p := atTerminal(t, dir, "secret", "set", "TOKEN")
			p.until("the value of TOKEN, which does not show: ")
			p.types(test.keys)
			seen := p.end(test.code)
			if strings.Contains(seen, test.hidden) || !strings.Contains(seen, test.told) {
				t.Errorf("the terminal shows\n%s\nwant %q", seen, test.told)
			}
			if test.length == "" {
				return
			}
			cmd := snrun(dir, "run", "job", "--progress", "none")
			cmd.Env = append(cmd.Env, "SNRUN_KEY="+storeKey)
			if out, err := cmd.Output(); err != nil || string(out) != test.length+"\n" {
				t.Errorf("the length is %q, %v, want %s", out, err, test.length)
			}
		})
	}
}

// TestSecretIsNotAskedForInVain holds that where nothing can be kept a person is told so before they type.
func TestSecretIsNotAskedForInVain(t *testing.T) {
	t.Parallel()
	dir := newProject(t, "steps: [{set: {}}]\n", "")
	file := filepath.Join(dir, "runs-auth.db")
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Chmod(file, 0o644)); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	seen := atTerminal(t, dir, "secret", "set", "TOKEN").end(exitFailed)
	if strings.Contains(seen, "does not show") || !strings.Contains(seen, "chmod 600") {
		t.Errorf("the terminal shows\n%s", seen)
	}
}

// TestSecretCommandHasNoTerminal holds that a command cannot ask a person on the terminal of the run: it would be stopped there.
func TestSecretCommandHasNoTerminal(t *testing.T) {
	t.Parallel()
	dir := newProject(t, "steps: [{log: \"${secret.ASKED}\"}]\n", `{ASKED: [sh, -c, "exec 2>&-; exec 3</dev/tty && echo value"]}`)
	if seen := atTerminal(t, dir, "run", "job").end(exitInvalid); !strings.Contains(seen, "secret ASKED: the command sh (secrets.exec): exit code ") {
		t.Errorf("the terminal shows\n%s", seen)
	}
}

// TestSignalStopsASecretCommand has a signal come while a command is asked for a secret.
func TestSignalStopsASecretCommand(t *testing.T) {
	t.Parallel()
	dir := newProject(t, "steps: [{log: \"${secret.SLOW}\"}]\n", `{SLOW: [sh, -c, "echo ready > pipe; sleep 1000"]}`)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := snrun(dir, "run", "job")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(pipe); err != nil || string(text) != "ready\n" {
		t.Fatalf("got %q, %v from the command", text, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitCodeOf(t, cmd.Wait()); got != exitSignal+int(syscall.SIGTERM) {
		t.Errorf("exit code %d\n%s", got, &stderr)
	}
	if !strings.Contains(stderr.String(), "secret SLOW: the command sh (secrets.exec): stopped by SIGTERM") {
		t.Errorf("got\n%s", &stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs.db")); err == nil {
		t.Error("a run was recorded that did not start")
	}
}

// newProject makes a project with one job, and with the commands of secrets.exec.
func newProject(t *testing.T, job, commands string) string {
	t.Helper()
	dir := t.TempDir()
	settings := "version: 1\njobs: .\ndatabase: runs.db\n"
	if commands != "" {
		settings += "secrets: {exec: " + commands + "}\n"
	}
	for name, text := range map[string]string{"snrun.yaml": settings, "job.yaml": "version: 1\n" + job} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
