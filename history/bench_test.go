package history

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// benchStore opens a store with one run.
func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "history.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := s.Begin(&engine.Run{ID: "bench", Job: "bench", Started: time.Now(), Text: "version: 1\n"}); err != nil {
		b.Fatal(err)
	}
	return s
}

// benchEntry is a call with a result of 1.2 KB, and n exchanges with a body of that size.
func benchEntry(i int64, exchanges int) engine.Entry {
	now := time.Now()
	body := bytes.Repeat([]byte("snrun "), 200)
	e := engine.Entry{
		Key: fmt.Sprintf("/alerts[inc-%06d]/alert#1", i), Result: body, Started: now, Ended: now,
		StepKey: fmt.Sprintf("/alerts[inc-%06d]/alert", i), Attempt: 1,
	}
	for range exchanges {
		e.Exchanges = append(e.Exchanges, steps.Exchange{
			Method: "POST", URL: "https://example.com/v1/alerts", Status: 201, Started: now, Duration: time.Millisecond,
			Request:  steps.Message{Header: http.Header{"Content-Type": {"application/json"}}, Body: body[:200], Size: 200},
			Response: steps.Message{Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Size: 1200},
		})
	}
	return e
}

func BenchmarkCommit(b *testing.B) {
	for _, exchanges := range []int{0, 1} {
		b.Run(fmt.Sprintf("alone/exchanges=%d", exchanges), func(b *testing.B) {
			s := benchStore(b)
			var i int64
			for b.Loop() {
				i++
				if err := s.Commit("bench", benchEntry(i, exchanges)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("32 at once/exchanges=%d", exchanges), func(b *testing.B) {
			s := benchStore(b)
			var i atomic.Int64
			b.SetParallelism(16)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Commit("bench", benchEntry(i.Add(1), exchanges)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkNote(b *testing.B) {
	s := benchStore(b)
	now := time.Now()
	i := 0
	for b.Loop() {
		i++
		err := s.Note("bench", engine.StepRun{
			Key: fmt.Sprintf("/alerts[inc-%06d]/alert", i), ID: "alert", Kind: "rest", Status: engine.OK, Attempts: 1, Started: now, Ended: now,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFinish ends a run that leaves 30,000 results behind.
func BenchmarkFinish(b *testing.B) {
	s := benchStore(b)
	for n := range b.N {
		b.StopTimer()
		run := &engine.Run{ID: fmt.Sprintf("run%d", n), Job: "bench", Started: time.Now()}
		if err := s.Begin(run); err != nil {
			b.Fatal(err)
		}
		fill(b, s, run.ID, 30_000)
		run.Status = engine.OK
		b.StartTimer()
		if err := s.Finish(run); err != nil {
			b.Fatal(err)
		}
	}
}

// fill commits n entries, many at once.
func fill(b *testing.B, s *Store, run string, n int) {
	b.Helper()
	l, err := s.ledger(run)
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]row, n)
	for i := range rows {
		e := benchEntry(int64(i), 0)
		rows[i] = rowOf(resultSQL, l.last.Add(1), e.Key, e.Started, e.Ended, e.Result)
	}
	if err := s.writer.commit(false, rows...); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCommitLarge commits results of 64 KB: each another, and always the same.
func BenchmarkCommitLarge(b *testing.B) {
	for _, name := range []string{"another each time", "the same"} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b)
			var i int64
			body := bytes.Repeat([]byte("snrun "), 64<<10/6)
			for b.Loop() {
				i++
				e := benchEntry(i, 0)
				if e.Result = body; name != "the same" {
					copy(body, e.Key)
				}
				if err := s.Commit("bench", e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFold folds pages of 1,000 calls with results of 1.2 KB. Beside other calls of the run it should cost the same.
func BenchmarkFold(b *testing.B) {
	for _, others := range []int{0, 120_000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			s := benchStore(b)
			fill(b, s, "bench", others)
			for page := range b.N {
				b.StopTimer()
				part := fmt.Sprintf("/a/page:%d", page)
				entries := make([]engine.Entry, 1000)
				for i := range entries {
					entries[i] = benchEntry(int64(i), 0)
					entries[i].Key = fmt.Sprintf("%s[inc-%06d]/alert", part, i)
				}
				fillWith(b, s, "bench", entries)
				b.StartTimer()
				if err := s.Fold("bench", part, nil, engine.Entry{Key: "/a@progress", Result: []byte("1")}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOneRun begins a run of a job and ends it, with two steps, in a history that has some of 200 jobs.
func BenchmarkOneRun(b *testing.B) {
	s := benchStore(b)
	one := func(i int) {
		now := time.Now()
		run := &engine.Run{ID: fmt.Sprintf("r%010d", i), Job: fmt.Sprintf("job%d", i%200), Trigger: "schedule", Due: now, Started: now, Text: "version: 1\n"}
		if err := s.Begin(run); err != nil {
			b.Fatal(err)
		}
		for _, key := range []string{"/a", "/b"} {
			if err := s.Note(run.ID, engine.StepRun{Key: key, Status: engine.OK, Started: now, Ended: now}); err != nil {
				b.Fatal(err)
			}
		}
		run.Status = engine.OK
		if err := s.Finish(run); err != nil {
			b.Fatal(err)
		}
	}
	const before = 5000
	for i := range before {
		one(i)
	}
	began := cpuTime(b)
	i := before
	for b.Loop() {
		one(i)
		i++
	}
	b.ReportMetric(float64((cpuTime(b)-began).Microseconds())/float64(i-before), "cpu-µs/run")
}
