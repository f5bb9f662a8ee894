package main

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the tests expect")

func TestMain(m *testing.M) {
	time.Local = time.UTC // pages show local times
	testscript.Main(m, map[string]func(){"snrun": main, "bench-server": benchServer, "bench-bare": benchBare, "xdg-open": browserCommand})
}

// needs skips a test for which this machine lacks something. In CI nothing may be missing.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("%s: %v", what, err)
}
