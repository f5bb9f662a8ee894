package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"snrun/auth"
	"snrun/history/words"
)

// app is what a command may reach: the streams, the environment and the flags that all commands share. Whatever it
// writes has its secrets masked.
type app struct {
	name     string // how a person calls the program from here
	in       io.Reader
	out, err *stream
	environ  []string // as os.Environ gives it
	redactor *auth.Redactor
	limits   *auth.Limits // of all runs

	project    string // --project
	jobs       string // --jobs
	profiles   string // --profiles
	database   string // --db
	secretsDir string // --secrets-dir
}

func newApp(in io.Reader, out, errs *os.File, environ []string) *app {
	r := auth.NewRedactor()
	return &app{name: programName(os.Args[0]), in: in, out: &stream{out, r}, err: &stream{errs, r}, environ: environ, redactor: r, limits: new(auth.Limits)}
}

// isGoCached says whether a program stands where `go run` keeps those that it has built before, wherever its cache is: below the
// hash of what it was made from. At first it puts them below a folder named go-build….
func isGoCached(path string) bool {
	hash, ok := strings.CutSuffix(filepath.Base(filepath.Dir(path)), "-d")
	sum, err := hex.DecodeString(hash)
	return ok && err == nil && len(sum) == sha256.Size
}

// programName is how a person calls the program that was started as arg0, so that a command shown can be pasted.
func programName(arg0 string) string {
	switch {
	case strings.Contains(arg0, "/go-build"), isGoCached(arg0):
		return "go run ./cmd/snrun"
	case strings.Contains(arg0, "/"):
		return words.Argument(arg0)
	}
	return "snrun"
}

// run carries out a command line and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	defer a.limits.Close()
	args = a.joinServer(a.joinFields(args))
	root := a.rootCommand()
	root.SetArgs(args)
	return a.report(root.ExecuteContext(ctx))
}

// report tells of the error that ended a command, and gives the exit code.
func (a *app) report(err error) int {
	var exit *exitError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitOK // who read the output has seen enough
	case !errors.As(err, &exit):
		exit = &exitError{code: exitFailed, err: err}
	}
	if exit.err != nil {
		text := "snrun: " + strings.TrimRight(words.Clean(exit.err.Error()), "\n") + "\n"
		if exit.hint != "" {
			text += "  " + indented(words.Clean(exit.hint)) + "\n"
		}
		io.WriteString(a.err, text)
	}
	return exit.code
}

// getenv gives a variable's value, "" when it is not set. Of a variable that stands there twice the last counts.
func (a *app) getenv(name string) string {
	for _, entry := range slices.Backward(a.environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// print writes data for whoever reads standard output.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.out, text); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// printJSON writes one JSON document: indented on a terminal, else on one line.
func (a *app) printJSON(v any) error {
	text, err := compactJSON(v)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	if a.out.terminal() {
		var b bytes.Buffer
		if err := json.Indent(&b, text, "", "  "); err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		text = b.Bytes()
	}
	return a.print(string(text))
}

// style is how a stream may be coloured.
func (a *app) style(s *stream) style {
	return style{s.terminal() && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"}
}

// page is what standard output takes: its width is limited on a terminal only.
func (a *app) page() page {
	p := page{style: a.style(a.out), now: time.Now()}
	if a.out.terminal() {
		p.width, _ = a.out.size()
	}
	return p
}
