package main

import (
	"flag"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the tests expect")

func TestMain(m *testing.M) {
	time.Local = time.UTC // pages show local times
	testscript.Main(m, map[string]func(){"snrun": main, "bench-server": benchServer, "bench-bare": benchBare})
}
