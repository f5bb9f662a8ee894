package schedule

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
)

// many is how many jobs the benchmarks have.
const many = 10_000

// manyJobs makes jobs whose schedules are of several kinds, or all the same.
func manyJobs(b *testing.B, lines ...string) []Job {
	list := make([]Job, many)
	for i := range list {
		list[i] = job(b, fmt.Sprintf("job_%05d", i), lines[i%len(lines)])
	}
	return list
}

// atDesk makes a scheduler on a new history whose clock stands where now says.
func atDesk(b *testing.B, now *time.Time, c Config) *Scheduler {
	b.Helper()
	store, err := history.Open(filepath.Join(b.TempDir(), "snrun.db"), history.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	c.Book, c.NewID = store, (&engine.Engine{}).NewID
	c.Now = func() time.Time { return *now }
	if c.Start == nil {
		c.Start = func(context.Context, engine.QueuedRun) {}
	}
	return New(c)
}

// cpu is how much time all of the processors has gone into this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPlan is what it costs to learn of ten thousand jobs that are parsed already.
func BenchmarkPlan(b *testing.B) {
	lines := []string{"*/15 * * * *", "30 2 * * *", "0 9 * * MON-FRI", "@every 90s", "0 0 L * *"}
	now := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	for _, name := range []string{"new", "known"} {
		b.Run(name, func(b *testing.B) {
			list := manyJobs(b, lines...)
			s := atDesk(b, &now, Config{})
			if name == "known" {
				if err := s.Plan(list); err != nil {
					b.Fatal(err)
				}
			}
			before := cpu()
			b.ResetTimer()
			for b.Loop() {
				if name == "new" {
					b.StopTimer()
					s = atDesk(b, &now, Config{})
					before = cpu()
					b.StartTimer()
				}
				if err := s.Plan(list); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-before).Milliseconds())/map[string]float64{"new": 1, "known": float64(b.N)}[name], "cpu-ms/op")
		})
	}
}

// BenchmarkIdle is what a scheduler with ten thousand jobs does each second in which none is due.
func BenchmarkIdle(b *testing.B) {
	now := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	s := atDesk(b, &now, Config{})
	if err := s.Plan(manyJobs(b, "0 3 * * *")); err != nil {
		b.Fatal(err)
	}
	s.look()
	b.ReportAllocs()
	for b.Loop() {
		s.ticked = time.Time{}
		s.look()
	}
}

// BenchmarkDueAtOnce has ten thousand jobs be due in the same second: until all are decided upon and queued.
func BenchmarkDueAtOnce(b *testing.B) {
	list := manyJobs(b, "0 3 * * *")
	for b.Loop() {
		b.StopTimer()
		now := time.Date(2026, 3, 1, 2, 59, 30, 0, time.UTC)
		s := atDesk(b, &now, Config{})
		if err := s.Plan(list); err != nil {
			b.Fatal(err)
		}
		s.look()
		s.Drain(context.Background(), nil) // so that none starts
		now = now.Add(30 * time.Second)
		s.clock.wall = time.Time{} // the clock was not set, time has passed
		b.StartTimer()
		s.look()
		b.StopTimer()
		if n := len(s.Standing().Queued); n != many {
			b.Fatalf("%d are queued", n)
		}
		b.StartTimer()
	}
}

// BenchmarkStart starts a thousand runs that wait.
func BenchmarkStart(b *testing.B) {
	const most = 1000
	list := manyJobs(b, "0 3 * * *")[:most]
	for b.Loop() {
		b.StopTimer()
		var started atomic.Int64
		now, all := time.Date(2026, 3, 1, 2, 59, 30, 0, time.UTC), make(chan bool)
		s := atDesk(b, &now, Config{MaxRuns: most, Start: func(context.Context, engine.QueuedRun) {
			if started.Add(1) == most {
				close(all)
			}
		}})
		if err := s.Plan(list); err != nil {
			b.Fatal(err)
		}
		s.look()
		now = now.Add(30 * time.Second)
		s.clock.wall = time.Time{}
		b.StartTimer()
		s.look()
		<-all
	}
}

// BenchmarkLateness waits for runs that are due each second, among ten thousand other jobs: how late they start.
func BenchmarkLateness(b *testing.B) {
	store, err := history.Open(filepath.Join(b.TempDir(), "snrun.db"), history.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	begun := make(chan time.Duration, 1)
	s := New(Config{Book: store, NewID: (&engine.Engine{}).NewID, Start: func(_ context.Context, r engine.QueuedRun) {
		begun <- time.Since(r.Due)
		_, _ = store.Withdraw(time.Now(), r.Run, engine.Skipped, "it was only to start")
	}})
	list := append(manyJobs(b, "0 3 1 1 *"), job(b, "pulse", "@every 1s", func(s *jobs.Schedule) { s.Overlap = "allow" }))
	if err := s.Plan(list); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	var late []time.Duration
	for b.Loop() {
		late = append(late, <-begun)
	}
	stop()
	<-ended
	s.Drain(ctx, nil)
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1000, "p99-ms-late")
}

// BenchmarkBareCron has robfig/cron alone run ten thousand entries each second, kept nowhere: what a process pays without slots that
// are decided upon once.
func BenchmarkBareCron(b *testing.B) {
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			c := cron.New()
			for range many {
				if _, err := c.AddFunc("0 3 * * *", func() {}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("due at once", func(b *testing.B) {
		c := cron.New()
		var ran atomic.Int64
		second := make(chan bool, 100)
		for range many {
			c.Schedule(cron.Every(time.Second), cron.FuncJob(func() {
				if ran.Add(1)%many == 0 {
					second <- true
				}
			}))
		}
		c.Start()
		before := cpu()
		for b.Loop() {
			<-second
		}
		b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		<-c.Stop().Done()
	})
}
