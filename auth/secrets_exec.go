package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"snrun/auth/store"
)

const (
	commandLimit = 30 * time.Second
	// commandDrain is how long a command that has ended may leave its output open, as one that starts an agent does.
	commandDrain = time.Second
	maxComplaint = 8 << 10 // bytes of what a command says last that are looked at
)

// commands is the source of the secrets that commands give: secrets.exec. Each is run once, when its secret is needed.
type commands struct {
	words    map[string][]string
	dir      string
	environ  []string
	limit    time.Duration
	drain    time.Duration
	redactor *Redactor
	given    map[string]*given
}

// given is what a command gave. The lock is held while it runs.
type given struct {
	sync.Mutex
	known bool
	value string
}

func newCommands(o SecretsOptions, r *Redactor) *commands {
	c := &commands{
		words: o.Exec, dir: o.ExecDir, environ: keyless(o.Environ), limit: commandLimit, drain: commandDrain, redactor: r,
		given: make(map[string]*given),
	}
	for name := range c.words {
		c.given[name] = new(given)
	}
	return c
}

// keyless is an environment without the key of the store: a command that gives one secret is not to have all of them.
func keyless(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == store.KeyVariable || name == store.KeyFileVariable
	})
}

func (c *commands) source() secretSource {
	return secretSource{
		kind: FromExec,
		place: func(name string) string {
			if words := c.words[name]; len(words) > 0 {
				return "the command " + words[0] + " (secrets.exec)"
			}
			return "secrets.exec"
		},
		lookup: func(name string) (string, error) {
			if len(c.words[name]) == 0 {
				return "", fs.ErrNotExist
			}
			return "", nil
		},
		run:   c.run,
		names: func() []string { return slices.Collect(maps.Keys(c.words)) },
	}
}

// run gives what a secret's command writes. What went wrong is forgotten: the next call runs the command again.
func (c *commands) run(ctx context.Context, name string) (string, error) {
	g := c.given[name]
	g.Lock()
	defer g.Unlock()
	if g.known {
		return g.value, nil
	}
	value, err := c.output(ctx, c.words[name])
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err == nil && value == "":
		err = errors.New("it wrote nothing")
	}
	if err != nil {
		return "", &advisedError{err, "run the command yourself to see why; it stands under secrets.exec in snrun.yaml"}
	}
	g.known, g.value = true, value
	return value, nil
}

// output runs a command without a shell and without a terminal, and gives what it writes to standard output.
func (c *commands) output(ctx context.Context, words []string) (string, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("it did not end within %s, and was stopped", c.limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.dir, append(slices.Clip(c.environ), "PWD="+c.dir), c.drain
	out := &secretOutput{full: func() { stop(errTooLarge) }}
	complaint := new(lastWords)
	cmd.Stdout, cmd.Stderr = out, complaint
	setApart(cmd)
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // what it started goes on, and is none of ours
		return secretText(out.data)
	}
	return "", c.failure(err, complaint)
}

// failure says how a command failed, with the last that it said.
func (c *commands) failure(err error, complaint *lastWords) error {
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such program")
	case !ended:
		return plain(err)
	case exit.Exited():
		err = fmt.Errorf("exit code %d", exit.ExitCode())
	default:
		err = errors.New(exit.String()) // signal: killed
	}
	for _, entry := range c.environ { // the command has them all, whether a job does or not
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, secretVariable) {
			c.redactor.Add(value)
		}
	}
	// Masked before it is cut: the beginning of a secret is no longer known as one.
	if line := clean(c.redactor.Text(complaint.line())); line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

// secretOutput keeps what a command writes, as long as that can be a secret. Full is called when it no longer can.
type secretOutput struct {
	data []byte
	full func()
}

// Write keeps b.
func (o *secretOutput) Write(b []byte) (int, error) {
	if len(o.data)+len(b) > maxSecret {
		o.full()
		return 0, errTooLarge
	}
	o.data = append(o.data, b...)
	return len(b), nil
}

// lastWords keeps the end of what a command says on standard error.
type lastWords struct {
	data []byte
	cut  bool // there was more before it
}

// Write keeps the end of b.
func (w *lastWords) Write(b []byte) (int, error) {
	w.data = append(w.data, b...)
	if more := len(w.data) - maxComplaint; more > 0 {
		w.data, w.cut = append(w.data[:0], w.data[more:]...), true
	}
	return len(b), nil
}

// line is the last line that is not empty; "" for one whose beginning is lost, which might be the end of a secret.
func (w *lastWords) line() string {
	text := bytes.TrimSpace(w.data)
	at := bytes.LastIndexByte(text, '\n')
	if at < 0 && w.cut {
		return ""
	}
	return strings.TrimSpace(string(text[at+1:]))
}
