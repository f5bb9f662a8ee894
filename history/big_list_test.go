package history

import (
	"database/sql"
	"math/rand/v2"
	"testing"
	"time"

	"snrun/engine"
)

// BenchmarkLookBack lists runs of a large history with all kinds of filters, each time with other jobs and places, beside bare Go that
// reads the same rows, whose ids it is told.
func BenchmarkLookBack(b *testing.B) {
	path := bigPath(b)
	upgrade(b, path)
	s, err := OpenReadOnly(path)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	newest, err := s.Runs(Filter{Limit: 1})
	if err != nil || len(newest) == 0 {
		b.Fatal(newest, err)
	}
	last := newest[0].Started
	bad := []engine.Status{engine.Failed, engine.Interrupted}
	random := rand.New(rand.NewPCG(5, 5))
	job := func() string { return bigJob(random.IntN(bigJobs)) }
	ago := func() time.Time { return last.Add(-time.Duration(random.Float64() * float64(bigTime))) }
	for _, list := range []struct {
		name   string
		filter func() Filter
	}{
		{"newest", func() Filter { return Filter{} }},
		{"somewhere", func() Filter { return Filter{Before: engine.LowestID(ago())} }},
		{"page before", func() Filter { return Filter{After: engine.LowestID(ago())} }},
		{"job", func() Filter { return Filter{Job: job()} }},
		{"failed", func() Filter { return Filter{Statuses: bad, Before: engine.LowestID(ago())} }},
		{"rare status", func() Filter {
			return Filter{Statuses: []engine.Status{engine.Cancelled}, Before: engine.LowestID(ago())}
		}},
		{"rare trigger", func() Filter { return Filter{Trigger: engine.TriggerCatchUp, Before: engine.LowestID(ago())} }},
		{"no such trigger", func() Filter { return Filter{Trigger: "never"} }},
		{"going", func() Filter { return Filter{Statuses: []engine.Status{engine.Running, engine.Queued}} }},
		{"job, rare status", func() Filter { return Filter{Job: job(), Statuses: []engine.Status{engine.Interrupted}} }},
		{"job, manual, failed", func() Filter { return Filter{Job: job(), Statuses: bad, Trigger: engine.TriggerManual} }},
		{"all at once, nearly none", func() Filter {
			return Filter{Job: job(), Statuses: []engine.Status{engine.Cancelled}, Trigger: engine.TriggerCatchUp, Since: last.Add(-bigTime), Until: ago()}
		}},
		{"a day, failed", func() Filter {
			at := ago()
			return Filter{Statuses: bad, Since: at, Until: at.AddDate(0, 0, 1)}
		}},
	} {
		b.Run(list.name, func(b *testing.B) {
			var took, bare []time.Duration
			var used time.Duration
			rows := 0
			for b.Loop() {
				f := list.filter()
				f.Limit = 50
				start, before := time.Now(), cpuTime(b)
				runs, err := s.Runs(f)
				took, used = append(took, time.Since(start)), used+cpuTime(b)-before
				if err != nil {
					b.Fatal(err)
				}
				rows += len(runs)
				bare = append(bare, readBare(b, s.read, runs))
			}
			report(b, "snrun", took)
			report(b, "bare", bare)
			b.ReportMetric(used.Seconds()*1000/float64(len(took)), "cpu-ms-snrun")
			b.ReportMetric(float64(rows)/float64(len(took)), "runs")
		})
	}
}

// upgrade brings the large history up to date.
func upgrade(b *testing.B, path string) {
	b.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// readBare reads the rows of runs as a program would that does nothing else, and gives how long that takes.
func readBare(b *testing.B, db *sql.DB, runs []engine.Run) time.Duration {
	b.Helper()
	var ids []any
	query := `SELECT run, job, status, "trigger", due, started, ended, inputs, output, error, attempt, open, file, process, daemon, reason FROM runs WHERE run IN (''`
	for _, run := range runs {
		ids, query = append(ids, run.ID), query+", ?"
	}
	start := time.Now()
	rows, err := db.Query(query+")", ids...)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns := make([]sql.RawBytes, 16)
	dest := make([]any, len(columns))
	for i := range columns {
		dest[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
