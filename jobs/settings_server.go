package jobs

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Server is what `server` in snrun.yaml says. Zero values are those that are not set, but for Grace, which has its default then.
type Server struct {
	Listen    string        // the address of health and metrics, as HOST:PORT; "none" for no address
	MaxRuns   int           // how many runs go on at once
	MaxQueue  int           // how many runs of one job may wait
	Grace     time.Duration // how long runs may go on after the daemon was told to end
	LateAfter time.Duration // how long after its time a run that has not started counts as late
	LogFormat string        // text or json
	LogLevel  string        // debug, info, warn or error
}

const defaultGrace = 30 * time.Second

// serverFields are the keys of `server`.
func serverFields() []steps.Field {
	return []steps.Field{
		{Name: "listen", Static: true, Type: steps.Of(steps.Text), Default: "127.0.0.1:7070", Doc: "The address of health and metrics; `none` for none. Also `--listen`, `SNRUN_LISTEN`."},
		{Name: "max_runs", Static: true, Type: steps.Of(steps.Int), Default: "20", Doc: "How many runs go on at once; others wait. Also `--max-runs`, `SNRUN_MAX_RUNS`."},
		{Name: "max_queue", Static: true, Type: steps.Of(steps.Int), Default: "100", Doc: "How many runs of one job may wait; further ones are skipped. Also `--max-queue`, `SNRUN_MAX_QUEUE`."},
		{Name: "grace", Static: true, Type: steps.Of(steps.Duration), Default: "30s", Doc: "How long runs may go on when the daemon is told to end. Then they are interrupted, and go on with the next daemon. Also `--grace`, `SNRUN_GRACE`."},
		{Name: "late_after", Static: true, Type: steps.Of(steps.Duration), Default: "5m", Doc: "How long after its time a run that has not started counts as late. Also `--late-after`, `SNRUN_LATE_AFTER`."},
		{Name: "log", Static: true, Doc: "What the daemon writes to standard error.", Type: steps.ObjectOf(
			steps.Field{Name: "format", Static: true, Type: steps.OneOf("text", "json"), Default: "text", Doc: "How a line is written. Also `--log-format`, `SNRUN_LOG_FORMAT`."},
			steps.Field{Name: "level", Static: true, Type: steps.OneOf("debug", "info", "warn", "error"), Default: "info", Doc: "The least that is written. Also `--log-level`, `SNRUN_LOG_LEVEL`."},
		)},
	}
}

// server reads `server`.
func (d *decoder) server(root *source.Node, in steps.Input) Server {
	for _, key := range []string{"max_runs", "max_queue"} {
		if n := d.at(root, "server."+key); in.Has(key) && in.Int(key) < 1 && n != nil {
			d.r.Errorf(n, "%s must be at least 1", key)
		}
	}
	grace := defaultGrace
	if in.Has("grace") {
		grace = in.Duration("grace")
	}
	if n := d.at(root, "server.listen"); in.Has("listen") && in.Text("listen") != "none" && n != nil {
		if err := CheckListen(in.Text("listen")); err != nil {
			d.r.Errorf(n, "%s", err).Hint = ListenHint
		}
	}
	return Server{
		Listen: in.Text("listen"), MaxRuns: in.Int("max_runs"), MaxQueue: in.Int("max_queue"), Grace: grace,
		LateAfter: in.Duration("late_after"), LogFormat: in.Object("log").Text("format"), LogLevel: in.Object("log").Text("level"),
	}
}

// ErrNotLocal is the error of an address that others could reach.
var ErrNotLocal = errors.New("only a loopback address can be listened on: whoever reaches it may read what is there, and nobody is asked for a password")

// ListenHint says what to write in place of an address that CheckListen refuses.
const ListenHint = "write 127.0.0.1:PORT, or none; from another machine it is reached through a tunnel or a proxy that asks for a password"

// CheckListen says what is wrong with an address to listen on, as HOST:PORT.
func CheckListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: write HOST:PORT, as in 127.0.0.1:7070", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%s: %q is no port: these are numbers from 0, for any that is free, to 65535", address, port)
	}
	if !IsLoopback(host) {
		return fmt.Errorf("%s: %w", address, ErrNotLocal)
	}
	return nil
}
