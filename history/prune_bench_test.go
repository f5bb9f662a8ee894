package history

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// manyRuns makes a history of so many runs of ten jobs with ten steps each, a minute apart, the last one at noon.
func manyRuns(b *testing.B, path string, n int) *Store {
	b.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	past := []row{rowOf(textSQL, []byte("digest"), "version: 1\n")}
	for i := range n {
		ended := noon.Add(time.Duration(i-n) * time.Minute)
		lo, _ := rowRange(int64(i + 1))
		past = append(past, rowOf(`INSERT INTO runs (id, run, job, status, "trigger", due, started, ended, file, process, live, text)
			VALUES (?, ?, ?, 'ok', 'schedule', ?, ?, ?, '/p/job.yaml', '1@host', '', 1)`, i+1, engine.LowestID(ended), fmt.Sprintf("job%d", i%10), ended, ended, ended))
		for step := range 10 {
			past = append(past, rowOf(noteSQL, lo+int64(step)+1, fmt.Sprintf("/step%d", step), fmt.Sprintf("step%d", step), "", "rest", "ok", 1, ended, ended, nil, nil, ""))
		}
		if len(past) > 50_000 || i == n-1 {
			if err := s.writer.commit(false, past...); err != nil {
				b.Fatal(err)
			}
			past = past[:0]
		}
	}
	return s
}

// BenchmarkPrune deletes 100,000 runs with a million steps, while nothing goes on and while a run commits without a pause. Nobody waits
// for the lock longer than a step holds it.
func BenchmarkPrune(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("busy=%v", busy), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				pruneMany(b, busy)
			}
		})
	}
}

func pruneMany(b *testing.B, busy bool) {
	const runs, kept = 100_000, 1000
	s := manyRuns(b, filepath.Join(b.TempDir(), "history.db"), runs+kept)
	defer s.Close()
	stop, waited := make(chan struct{}), make(chan []time.Duration, 1)
	if busy {
		go func() { waited <- commitUntil(b, s, stop) }()
	}
	p, err := s.Pruner(Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Age: kept * time.Minute}}}, noon)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var held []time.Duration
	b.StartTimer()
	for more := true; more; {
		if more, err = p.Step(); err != nil {
			b.Fatal(err)
		}
		if p.held > 0 {
			held = append(held, p.held)
		}
		if err := wait(b.Context(), p.Pause()); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if got := p.Pruned().Runs(); got != runs {
		b.Fatalf("%d runs were deleted", got)
	}
	report(b, "held", held)
	b.ReportMetric(float64(p.done.Before)/1e6, "MB-before")
	b.ReportMetric(float64(p.Pruned().After)/1e6, "MB-after")
	if busy {
		close(stop)
		report(b, "commit", <-waited)
	}
}

// commitUntil commits calls of a run until stop, and gives how long each took.
func commitUntil(b *testing.B, s *Store, stop <-chan struct{}) (took []time.Duration) {
	run := &engine.Run{ID: engine.LowestID(noon), Job: "busy", Started: noon, Text: "# busy"}
	if err := s.Begin(run); err != nil {
		b.Error(err)
		return nil
	}
	for {
		select {
		case <-stop:
			return took
		default:
		}
		start := time.Now()
		if err := s.Commit(run.ID, benchEntry(int64(len(took)), 0)); err != nil {
			b.Error(err)
			return took
		}
		took = append(took, time.Since(start))
	}
}

// report reports the 50th and the 99th part of a hundred, and the longest.
func report(b *testing.B, what string, list []time.Duration) {
	slices.Sort(list)
	at := func(part float64) float64 { return list[int(part*float64(len(list)-1))].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "ms-"+what+"-p50")
	b.ReportMetric(at(0.99), "ms-"+what+"-p99")
	b.ReportMetric(at(1), "ms-"+what+"-max")
}

// BenchmarkNothingToPrune looks through 100,000 runs of which none has to go: what the daemon does each hour.
func BenchmarkNothingToPrune(b *testing.B) {
	s := manyRuns(b, filepath.Join(b.TempDir(), "history.db"), 100_000)
	defer s.Close()
	policy := Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Age: 90 * 24 * time.Hour, Runs: 20_000}}}
	for b.Loop() {
		if done, err := s.Prune(b.Context(), policy, noon); err != nil || done.Runs() > 0 {
			b.Fatal(done, err)
		}
	}
}
