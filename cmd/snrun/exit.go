package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"snrun/engine"
	"snrun/steps"
)

// The exit codes of snrun, for scripts and schedulers. A signal that ended a run gives 128 and its number.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitInvalid   = 3  // a file has mistakes, or a secret that it needs is missing
	exitSignIn    = 4  // a person must sign in, or mend the sign-in
	exitSkipped   = 5  // the run was skipped
	exitTransient = 75 // it may work later: EX_TEMPFAIL of sysexits.h
	exitSignal    = 128
)

// exitError ends the program with a code. Err is what went wrong, nil when that has been said already; hint is what to do
// next.
type exitError struct {
	code int
	err  error
	hint string
}

// Error gives what went wrong, without the hint.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap gives what went wrong.
func (e *exitError) Unwrap() error { return e.err }

// usageError is a mistake on the command line.
func usageError(hint, format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), hint}
}

// exitCode is the code that a run's end asks for. Stopped is the signal that ended it, nil when there was none.
func exitCode(run *engine.Run, stopped error) int {
	var sig *signalError
	switch {
	case run.Status == engine.OK:
		return exitOK
	case run.Status == engine.Skipped:
		return exitSkipped
	case errors.As(stopped, &sig):
		return exitSignal + int(sig.signal)
	case run.Error == nil, run.Status == engine.Interrupted:
		return exitFailed // trying again does not help where a person must say what holds
	}
	return failureCode(run.Error)
}

func failureCode(e *steps.Error) int {
	switch e.Kind {
	case steps.Auth:
		if e.Repeat == steps.Never {
			return exitSignIn
		}
		return exitTransient
	case steps.Network, steps.Timeout:
		return exitTransient
	case steps.Status:
		if e.Status == http.StatusUnauthorized {
			return exitSignIn
		}
		if e.Status == http.StatusTooManyRequests || e.Status >= 500 {
			return exitTransient
		}
	}
	return exitFailed
}

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal syscall.Signal }

func (e *signalError) Error() string { return "stopped by " + unix.SignalName(e.signal) }

// stopped gives the error that ends the program where a signal did not come first.
func stopped(ctx context.Context, err error) error {
	var sig *signalError
	if errors.As(context.Cause(ctx), &sig) {
		return &exitError{code: exitSignal + int(sig.signal), err: sig}
	}
	return err
}

// sameSignal is how long after the first signal further ones count as the same: timeout(1), and other supervisors, tell the process and then
// its whole group.
const sameSignal = 500 * time.Millisecond

// withSignals gives a context that SIGINT or SIGTERM ends, with a signalError as its cause. A second signal, half a second later or more, ends
// the process at once. Stop gives the signals back.
func withSignals(ctx context.Context) (_ context.Context, stop func()) {
	return signalled(ctx, os.Exit)
}

// signalled is withSignals, with what a second signal leads to.
func signalled(ctx context.Context, exit func(code int)) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		heed(signals, cancel, exit)
	}()
	return ctx, func() {
		signal.Stop(signals) // nothing is sent to the channel any more
		close(signals)
		<-ended
		cancel(nil)
	}
}

// heed has the first signal end what goes on, and a second one exit.
func heed(signals <-chan os.Signal, end context.CancelCauseFunc, exit func(code int)) {
	var first time.Time
	for s := range signals {
		switch number := s.(syscall.Signal); {
		case first.IsZero():
			first = time.Now()
			end(&signalError{number})
		case time.Since(first) >= sameSignal:
			exit(exitSignal + int(number))
		}
	}
}
