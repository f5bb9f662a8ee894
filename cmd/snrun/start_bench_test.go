package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/auth/store"
	"snrun/examples/sandbox"
)

// BenchmarkStart times whole processes that do little, in the project of a new user: the clock is of interest here, beside the CPU
// time. The runs differ in where their token is from.
func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name string
		key  bool
		anew bool // with a history that is not there yet, each time, and with it a store
		args []string
	}{
		{"version", true, false, []string{"version"}},
		{"validate", true, false, []string{"validate"}},
		{"auth status", true, false, []string{"auth", "status"}},
		{"run without a profile", true, false, []string{"run", "idle"}},
		{"run, token in memory", false, false, []string{"run", "hello"}},
		{"run, token kept", true, false, []string{"run", "hello"}},
		{"first run, token in memory", false, true, []string{"run", "hello"}},
		{"first run, store made", true, true, []string{"run", "hello"}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkStart(b, c.key, c.anew, c.args) })
	}
}

func benchmarkStart(b *testing.B, key, anew bool, args []string) {
	dir, environ := benchProject(b)
	if key {
		environ = append(environ, store.KeyVariable+"="+strings.Repeat("0123456789abcdef", 4))
	}
	database := filepath.Join(dir, "runs.db")
	run := func(database string) (took, cpu time.Duration) {
		cmd := exec.Command("snrun", args...)
		cmd.Dir, cmd.Env = dir, append(slices.Clip(environ), databaseVariable+"="+database)
		start := time.Now()
		cpu = cpuOf(b, cmd)
		return time.Since(start), cpu
	}
	run(database) // makes history and store
	var took, cpus []time.Duration
	for i := 0; b.Loop(); i++ {
		if anew {
			database = filepath.Join(dir, strconv.Itoa(i)+".db")
		}
		t, cpu := run(database)
		took, cpus = append(took, t), append(cpus, cpu)
	}
	slices.Sort(took)
	slices.Sort(cpus)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(took[0]), "min-ms")
	b.ReportMetric(ms(took[len(took)/2]), "median-ms")
	b.ReportMetric(ms(took[len(took)-1]), "max-ms")
	b.ReportMetric(ms(cpus[len(cpus)/2]), "cpu-ms")
}

// benchProject makes a project as `snrun init` does, with a sandbox to go with it, and gives the environment for it.
func benchProject(b *testing.B) (dir string, environ []string) {
	b.Helper()
	s, err := sandbox.Start(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	dir = b.TempDir()
	init := exec.Command("snrun", "init", dir)
	if out, err := init.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "jobs", "idle.yaml"), []byte("version: 1\nsteps:\n  - log: idle\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	return dir, append(append(os.Environ(), sandboxEnviron(s)...), keyringVariable+"=off")
}
