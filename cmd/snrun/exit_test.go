package main

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/steps"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	failed := func(e steps.Error) *engine.Run { return &engine.Run{Status: engine.Failed, Error: &e} }
	interrupt := fmt.Errorf("cancelled: %w", &signalError{syscall.SIGINT})
	for _, test := range []struct {
		name    string
		run     *engine.Run
		stopped error
		want    int
	}{
		{"ok", &engine.Run{Status: engine.OK}, nil, 0},
		{"ok in spite of a signal at the end", &engine.Run{Status: engine.OK}, interrupt, 0},
		{"skipped", &engine.Run{Status: engine.Skipped}, nil, 5},
		{"interrupted", &engine.Run{Status: engine.Cancelled}, interrupt, 130},
		{"terminated", &engine.Run{Status: engine.Cancelled}, &signalError{syscall.SIGTERM}, 143},
		{"cancelled otherwise", &engine.Run{Status: engine.Cancelled}, nil, 1},
		{"in doubt", &engine.Run{Status: engine.Interrupted, Error: &steps.Error{Kind: steps.Network}}, nil, 1},
		{"a wrong sign-in", failed(steps.Error{Kind: steps.Auth}), nil, 4},
		{"a token endpoint that is down", failed(steps.Error{Kind: steps.Auth, Repeat: steps.Always}), nil, 75},
		{"a sign-in that the server does not accept", failed(steps.Error{Kind: steps.Status, Status: 401}), nil, 4},
		{"no connection", failed(steps.Error{Kind: steps.Network}), nil, 75},
		{"too slow", failed(steps.Error{Kind: steps.Timeout}), nil, 75},
		{"too many requests", failed(steps.Error{Kind: steps.Status, Status: 429}), nil, 75},
		{"a server in trouble", failed(steps.Error{Kind: steps.Status, Status: 503}), nil, 75},
		{"a request that is wrong", failed(steps.Error{Kind: steps.Status, Status: 404}), nil, 1},
		{"a certificate that is wrong", failed(steps.Error{Kind: steps.TLS}), nil, 1},
		{"a body that is wrong", failed(steps.Error{Kind: steps.Content, Status: 200}), nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(test.run, test.stopped); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// TestSignalsThatComeTogetherAreOne holds that a supervisor which tells the process and its group at once does not end it at once.
func TestSignalsThatComeTogetherAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		ends, code := 0, 0
		go heed(signals, func(error) { ends++ }, func(c int) { code = c })
		send := func(s syscall.Signal, wantCode int) {
			t.Helper()
			signals <- s
			synctest.Wait()
			if ends != 1 || code != wantCode {
				t.Errorf("ended %d times, exit code %d; want once, and %d", ends, code, wantCode)
			}
		}
		send(syscall.SIGTERM, 0)
		send(syscall.SIGTERM, 0)
		time.Sleep(sameSignal - time.Millisecond)
		send(syscall.SIGTERM, 0)
		time.Sleep(time.Millisecond)
		send(syscall.SIGINT, 130)
		close(signals)
	})
}
