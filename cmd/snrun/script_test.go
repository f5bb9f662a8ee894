package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the pages in testdata/script: what a person types and what comes back. -update rewrites them.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector holds each process up for a second otherwise
			e.Setenv("SNRUN_DATABASE", e.WorkDir+"/runs.db")
			e.Setenv(keyringVariable, "off")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "plain": plain},
	})
}

// exits runs a command that must end with an exit code: exits 3 snrun validate
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// volatile are the parts of an output that differ from run to run.
var volatile = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\b\d[0-9a-z]{10}\b`), "RUN"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\bt_[0-9a-z]{16}\b`), "t_SCHEMA"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( ?[-+]\d\d:?\d\d|Z)?`), "TIME"},
	{regexp.MustCompile(` +\+\d+(ms|\.\ds)\b`), ""}, // when it began
	{regexp.MustCompile(` +\d+(ms|\.\ds) +`), " SPAN "},
	{regexp.MustCompile(` +\d+(ms|\.\ds)\b`), " SPAN"},
	{regexp.MustCompile(`\b29m5\ds`), "29m59s"},
	{regexp.MustCompile(`\bTOOK +`), "TOOK  "}, // as wide as what stands below
	{regexp.MustCompile(`just now|\d+ seconds? ago`), "AGO"},
}

// plain writes an output into a file, without what differs from run to run: plain stderr got.txt
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: plain stdout|stderr FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.instead)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}
