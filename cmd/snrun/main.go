// Command snrun runs integration jobs that are written in YAML, and keeps a history of their runs.
//
// What a program wants to read goes to standard output, all else to standard error. exit.go lists the exit codes.
//
// A command is a file of its name, and root.go lists them; wire.go is where all packages meet. Beside them:
//
//	app, stream, exit, prompt        the program, what masks its output, how it ends, what it asks
//	project, checker, inputs, completion
//	                                 what a command reads before it does something
//	prepare, execute                 a run that is ready, and carrying it out
//	goingon, commands                the job of a past run, and the command lines that are shown to go on
//	progress, tty, frame, board, plain, quiet, jsonlines, pace, summary
//	                                 how a run is shown: live, line by line, as JSON; how fast it goes, how it ended
//	runs, show, record, exchanges    how past runs are shown
//	text, style                      words, numbers and colours
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	tuneMemory()
	// A reader that goes away must end neither a run nor its record: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	a := newApp(os.Stdin, os.Stdout, os.Stderr, os.Environ())
	os.Exit(a.run(context.Background(), os.Args[1:]))
}
