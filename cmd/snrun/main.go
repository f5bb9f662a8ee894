// Command snrun runs integration jobs that are written in YAML, and keeps a history of their runs.
//
// What a program wants to read goes to standard output, all else to standard error. exit.go lists the exit codes.
//
// The files, by the first word of their names:
//
//	main, app, root, exit, wire  what all commands share; wire is where everything meets
//	project, prepare, inputs, database
//	                             reading a project, a job, and what it is given; which database is meant
//	run, execute, resume, goingon, cancel, dry
//	                             carrying runs out, going on with them, ending them, or only showing what they would send
//	progress, plain, tty, quiet, jsonlines, board, frame, pace, summary
//	                             a run as it is shown while it goes on, in one of four ways
//	status, history, exchanges   what is on record
//	serve, ui, log, notify, wake
//	                             the daemon and its pages, its log, who is told, and how it is woken
//	worker, temporal, follow, conductor
//	                             runs that a Temporal server hands to workers, how they are followed, and what became of them
//	schedule, apply, zone, remarks
//	                             when jobs run, here and on a Temporal server; what is wrong, below tables of jobs and of profiles
//	auth, secret, key, prompt    signing in, secrets and keys
//	soap                         WSDLs
//	validate, checker, explain, schema, init, sandbox, completion, version
//	                             the further commands
//	commands, stream, style, text, table, output
//	                             what is written: commands to paste, masks, colours, columns, JSON
//	memory, tracing              how far the heap grows, and OpenTelemetry
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // where the machine knows no time zones
)

func main() {
	tuneMemory()
	// A reader that goes away must end neither a run nor its record: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	a := newApp(os.Stdin, os.Stdout, os.Stderr, os.Environ())
	os.Exit(a.run(context.Background(), os.Args[1:]))
}
