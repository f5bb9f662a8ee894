// Command snrun runs integration jobs that are written in YAML, and keeps a history of their runs.
//
// What a program wants to read goes to standard output, all else to standard error. exit.go lists the exit codes.
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
