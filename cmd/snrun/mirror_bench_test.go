package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMirror copies the records of the sandbox as examples/mirror.yaml says: the same memory for a hundred thousand as for
// a million.
func BenchmarkMirror(b *testing.B) {
	for _, records := range []int{100_000, 1_000_000} {
		b.Run(strconv.Itoa(records), func(b *testing.B) { benchmarkMirror(b, records) })
	}
}

func benchmarkMirror(b *testing.B, records int) {
	environ := sandboxProcess(b, "--records", strconv.Itoa(records))
	dir := b.TempDir()
	for _, name := range []string{"mirror.yaml", "profiles.yaml", "snrun.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples", name))
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	want := `{"pages":` + strconv.Itoa(records/1000) + `,"rows":` + strconv.Itoa(records) + "}\n"
	var cpu time.Duration
	var peak, size int64
	for i := 0; b.Loop(); i++ {
		database := filepath.Join(dir, strconv.Itoa(i)+".db")
		cmd := exec.Command("snrun", "run", "--progress", "none", "--db", database, "mirror")
		cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), environ...), os.Stderr
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			b.Fatalf("%v, got %s, want %s", err, out, want)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, used.Maxrss)
		}
		if info, err := os.Stat(database); err == nil {
			size = info.Size()
		}
	}
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(peak)/1024, "peak-MB")
	b.ReportMetric(float64(size)/(1<<20), "database-MB")
}

// sandboxProcess starts a sandbox as a process of its own, and gives the variables to reach it.
func sandboxProcess(b *testing.B, flags ...string) (environ []string) {
	b.Helper()
	cmd := exec.Command("snrun", append([]string{"sandbox"}, flags...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
	})
	url := ""
	for lines := bufio.NewScanner(stdout); len(environ) < 4 && lines.Scan(); {
		entry := strings.TrimPrefix(lines.Text(), "export ")
		environ = append(environ, strings.ReplaceAll(entry, "'", ""))
		if name, value, _ := strings.Cut(entry, "="); name == sandboxVariable {
			url = value
		}
	}
	if answer, err := http.Get(url + "/sandbox/stored"); err != nil {
		b.Fatal(err)
	} else {
		answer.Body.Close()
	}
	return environ
}
