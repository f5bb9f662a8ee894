// Package temporaltest runs a real Temporal server for tests: the program that .ci/setup-temporal builds, with its SQLite
// configuration, on free ports of 127.0.0.1. It is the server that others wrote, so what is shown against it is shown.
//
// The files:
//
//	running   a server: start, kill, start again; its namespaces and clients
//	config    what it is told, and its ports
//	guard     a server that lets only some in: TLS, certificates of clients, API keys
//	search    whether some text stands in its database
//	process   it ends with the process that tests, and leaves nothing behind
package temporaltest

import (
	"os"
	"sync"
	"testing"

	"snrun/steps/steptest"
)

// Variable names the program of the server.
const Variable = "SNRUN_TEST_TEMPORAL"

// shared is the server that all tests of a process may use.
var shared = sync.OnceValues(func() (*Running, error) {
	folder, err := os.MkdirTemp("", "snrun-temporal")
	if err != nil {
		return nil, err
	}
	held, err := removeAfter(folder)
	if err != nil {
		return nil, err
	}
	r, err := begin(os.Getenv(Variable), folder, nil)
	if err == nil {
		r.held = held
	}
	return r, err
})

// Server gives the one server of the test process, and starts it for the first who asks. Nobody may kill it: other tests use it at the
// same time. Without a program to start, the test is skipped with a line that says so; in CI it fails.
func Server(t testing.TB) *Running {
	t.Helper()
	program(t)
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Own starts a server for this test alone, which may kill it and start it again. It ends with the test, and shows its log where that
// failed. It is skipped, or fails, as Server does.
func Own(t testing.TB) *Running {
	t.Helper()
	return own(t, nil)
}

func own(t testing.TB, g *guard) *Running {
	t.Helper()
	r, err := begin(program(t), t.TempDir(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Kill()
		r.taken.Close()
		if t.Failed() {
			t.Logf("the Temporal server says:\n%s", r.saidLast())
		}
	})
	return r
}

func program(t testing.TB) string {
	t.Helper()
	return steptest.Installed(t, Variable, "no Temporal server: export "+Variable+"=$(.ci/setup-temporal) builds one from its Go module")
}
