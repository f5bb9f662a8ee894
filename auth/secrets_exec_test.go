//go:build unix

package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// commandsOf are commands that are run in dir, as a project declares them.
func commandsOf(dir string, r *Redactor, exec map[string][]string) SecretsOptions {
	environ := append(os.Environ(), "GREETING=hello", "SNRUN_KEY=the-key-of-all", "SNRUN_KEY_FILE=its-file", "SNRUN_SECRET_UNREAD=of-no-job")
	return SecretsOptions{Environ: environ, Exec: exec, ExecDir: dir, Redactor: r}
}

func TestSecretCommands(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "here", "from a file of the project")
	var largest strings.Builder
	for n := 0; largest.Len() < maxSecret; n++ {
		fmt.Fprintf(&largest, "%07x ", n*0x9e3779)
	}
	writeFile(t, dir, "largest", largest.String()[:maxSecret])
	r := NewRedactor()
	tests := map[string]struct {
		words []string
		want  string
	}{
		"ONE_NEWLINE":  {[]string{"echo", "val.ue"}, "val.ue"},
		"NONE":         {[]string{"printf", "val.ue"}, "val.ue"},
		"TWO_NEWLINES": {[]string{"printf", "val.ue\n\n"}, "val.ue\n"},
		"CRLF":         {[]string{"printf", "val.ue\r\n"}, "val.ue"},
		"LINES":        {[]string{"printf", "---\na b\n---\n"}, "---\na b\n---"},
		"NO_SHELL":     {[]string{"printf", "%s|%s|%s", "$HOME `id` $(id)", "*", "a; b > c"}, "$HOME `id` $(id)|*|a; b > c"},
		"ENVIRONMENT":  {[]string{"sh", "-c", `printf "$GREETING"`}, "hello"},
		"NO_KEY":       {[]string{"sh", "-c", `printf "${SNRUN_KEY-no} ${SNRUN_KEY_FILE-key}"`}, "no key"},
		"FOLDER":       {[]string{"sh", "-c", `printf "$PWD "; cat here`}, dir + " from a file of the project"},
		"FOLDER_NAMED": {[]string{"printenv", "PWD"}, dir}, // a shell would mend it
		"NO_INPUT":     {[]string{"sh", "-c", `cat; printf nothing`}, "nothing"},
		"COMPLAINTS":   {[]string{"sh", "-c", `echo this shows nowhere >&2; printf va.lue`}, "va.lue"},
		"LARGEST":      {[]string{"cat", "largest"}, largest.String()[:maxSecret]},
	}
	exec := map[string][]string{}
	for name, test := range tests {
		exec[name] = test.words
	}
	s := NewSecrets(commandsOf(dir, r, exec))
	for name, test := range tests {
		got, err := s.Lookup(t.Context(), name)
		if err != nil || got.Reveal() != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, got.Reveal(), err, test.want)
		}
		if masked := r.Text("<" + test.want + ">"); masked != "<***>" {
			t.Errorf("%s is not masked: %s", name, masked)
		}
	}
}

func TestSecretCommandsThatFail(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("the-vault-token")
	tests := map[string]struct {
		script string
		want   string
	}{
		"EXIT":        {`echo one >&2; printf 'two\n\n \n' >&2; exit 3`, "exit code 3: two"},
		"SILENT":      {`echo secret; exit 1`, "exit code 1"},
		"MASKED":      {`echo "no access with the-vault-token" >&2; exit 2`, "exit code 2: no access with ***"},
		"OTHERS":      {`echo "no access with $SNRUN_SECRET_UNREAD" >&2; exit 2`, "exit code 2: no access with ***"},
		"CUT_SECRET":  {`head -c 290 /dev/zero | tr '\0' x >&2; echo the-vault-token >&2; exit 2`, "exit code 2: " + strings.Repeat("x", 290) + "***"},
		"CUT":         {`head -c 1000 /dev/zero | tr '\0' x >&2; exit 2`, "exit code 2: " + strings.Repeat("x", maxQuoted) + "…"},
		"NO_BEGIN":    {`head -c 10000 /dev/zero | tr '\0' x >&2; exit 2`, "exit code 2"},
		"LONG_BEFORE": {`head -c 10000 /dev/zero | tr '\0' x >&2; printf '\nlast' >&2; exit 2`, "exit code 2: last"},
		"CONTROL":     {`printf 'a\033[31mb\rc' >&2; exit 2`, "exit code 2: a [31mb c"},
		"SIGNAL":      {`kill -9 $$`, "signal: killed"},
		"EMPTY":       {`:`, "it wrote nothing"},
		"ONE_NEWLINE": {`echo`, "it wrote nothing"},
		"NUL":         {`printf 'a\0b'`, "holds a NUL byte: a secret is text"},
		"LATIN":       {`printf 'a\344b'`, "is not UTF-8: a secret is text, and a binary one is written in base64"},
		"TOO_LARGE":   {`head -c 65537 /dev/zero | tr '\0' x`, "larger than 64 KB, which is no secret"},
		"ENDLESS":     {`trap '' PIPE; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done`, "larger than 64 KB, which is no secret"},
	}
	exec := map[string][]string{}
	for name, test := range tests {
		exec[name] = []string{"sh", "-c", test.script}
	}
	exec["NO_PROGRAM"] = []string{"a-program-that-is-nowhere"}
	exec["NO_FILE"] = []string{"./nowhere", "x"}
	s := NewSecrets(commandsOf(t.TempDir(), r, exec))
	check := func(name, program, want string) {
		_, err := s.Lookup(t.Context(), name)
		var helpful interface{ Help() string }
		if prefix := "secret " + name + ": the command " + program + " (secrets.exec): "; err == nil || !strings.HasPrefix(err.Error(), prefix) ||
			want != "" && err.Error() != prefix+want || !errors.As(err, &helpful) {
			t.Errorf("%s: got  %v\nwant %s%s", name, err, prefix, want)
		}
	}
	for name, test := range tests {
		check(name, "sh", test.want)
	}
	check("NO_PROGRAM", "a-program-that-is-nowhere", "there is no such program")
	check("NO_FILE", "./nowhere", "there is no such program")
}

// TestSecretCommandRunsOnce holds that many who need a secret at once have its command run once, and that to ask where it
// comes from does not run it.
func TestSecretCommandRunsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := NewSecrets(commandsOf(dir, nil, map[string][]string{
		"COUNTED": {"sh", "-c", "echo x >> runs; echo value"},
		"LATER":   {"sh", "-c", "test -e tried && echo value; touch tried"},
	}))
	if got, err := s.Origin("COUNTED"); err != nil || got.Source != FromExec {
		t.Errorf("got %v, %v, want %s", got, err, FromExec)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
		t.Error("the command was run before its secret was needed")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, err := s.Lookup(t.Context(), "COUNTED"); err != nil || got.Reveal() != "value" {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
		})
	}
	wg.Wait()
	if runs, err := os.ReadFile(filepath.Join(dir, "runs")); err != nil || string(runs) != "x\n" {
		t.Errorf("got the runs %q, %v, want one", runs, err)
	}
	if _, err := s.Lookup(t.Context(), "LATER"); err == nil {
		t.Error("the first try must fail")
	}
	if got, err := s.Lookup(t.Context(), "LATER"); err != nil || got.Reveal() != "value" {
		t.Errorf("after a failure: got %q, %v, want another try", got.Reveal(), err)
	}
}

func TestSecretCommandTakesTooLong(t *testing.T) {
	t.Parallel()
	c := newCommands(commandsOf(t.TempDir(), nil, map[string][]string{"SLOW": {"sleep", "1000"}}), NewRedactor())
	if c.limit != 30*time.Second {
		t.Errorf("the limit is %v", c.limit)
	}
	c.limit = time.Millisecond
	if _, err := c.run(t.Context(), "SLOW"); err == nil || err.Error() != "it did not end within 1ms, and was stopped" {
		t.Errorf("got %v", err)
	}
}

// TestSecretCommandIsStopped holds that when nobody waits any more, the command ends, and all that it started: they hold a
// pipe open.
func TestSecretCommandIsStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewSecrets(commandsOf(dir, nil, map[string][]string{"HANGS": {"sh", "-c", "exec 3>pipe; sleep 1000 & echo ready >&3; sleep 1000"}}))
	ctx, cancel := context.WithCancelCause(t.Context())
	given := errors.New("the run was stopped")
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Lookup(ctx, "HANGS"); !errors.Is(err, given) {
			t.Errorf("got %v, want %v", err, given)
		}
	})
	file, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.ReadFull(file, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	cancel(given)
	if rest, err := io.ReadAll(file); err != nil || len(rest) > 0 {
		t.Errorf("got %q, %v from the pipe", rest, err)
	}
	wg.Wait()
}

// TestSecretCommandLeavesAnAgent has a command start something that goes on and has its output open, as agents do.
func TestSecretCommandLeavesAnAgent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newCommands(commandsOf(dir, nil, map[string][]string{"AGENT": {"sh", "-c", "sleep 1000 & echo $! > pid; echo value"}}), NewRedactor())
	c.drain = time.Second // for the value, which is there already
	got, err := c.run(t.Context(), "AGENT")
	if err != nil || got != "value" {
		t.Errorf("got %q, %v", got, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	var pid int
	if _, scanErr := fmt.Sscan(string(text), &pid); err != nil || scanErr != nil {
		t.Fatal(err, scanErr)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("what the command started is gone: %v", err)
	}
}
