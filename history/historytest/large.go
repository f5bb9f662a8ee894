// Package historytest has what benchmarks of a large history have in common: where it is, its largest run, and how long looks at it take.
package historytest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
)

// folderVariable names the folder in which the benchmarks of package history make a large history.
const folderVariable = "SNRUN_BENCH_HISTORY"

// Large gives the file of the large history. The benchmark is skipped where nobody has made one.
func Large(b *testing.B) string {
	b.Helper()
	folder := os.Getenv(folderVariable)
	file := filepath.Join(folder, "history.db")
	if _, err := os.Stat(file); folder == "" || err != nil {
		b.Skip("make the history first, in a folder that " + folderVariable + " names: go test -run xxx -bench LookBack ./history")
	}
	return file
}

// LargestRun gives the run of the large history with very many items, which is in the middle of the time up to the last run.
func LargestRun(b *testing.B, s *history.Store, last time.Time) string {
	b.Helper()
	const half = 104 * 24 * time.Hour
	runs, err := s.Runs(history.Filter{Since: last.Add(-half - 5*time.Minute), Until: last.Add(-half + 5*time.Minute), Limit: 1000})
	if err != nil {
		b.Fatal(err)
	}
	for _, run := range runs {
		counts, err := s.StepCounts(run.ID, history.StepFilter{})
		if err != nil {
			b.Fatal(err)
		}
		if counts[engine.OK] > 10_000 {
			return run.ID
		}
	}
	b.Fatal("there is no run with very many items in the middle")
	return ""
}

// Look looks as often as the benchmark goes, and reports the CPU time that a look takes, and the clock's in the median, at the 99th
// percentile and at most. Look gets the number of the look, from 0.
func Look(b *testing.B, look func(i int) error) {
	b.Helper()
	var took []time.Duration
	before := cpuTime(b)
	for b.Loop() {
		start := time.Now()
		if err := look(len(took)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(len(took)), "cpu-ms")
	slices.Sort(took)
	for _, part := range []int{50, 99, 100} {
		b.ReportMetric(took[(len(took)-1)*part/100].Seconds()*1000, fmt.Sprintf("ms-p%d", part))
	}
}

// cpuTime is what this process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
