package auth

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkSixProcesses has 50 goroutines in each of six processes live through 20 expiries, with hardly a pause.
func BenchmarkSixProcesses(b *testing.B) {
	for b.Loop() {
		f := newFleet(b, 20)
		start := time.Now()
		f.sail(b, 6, visit{Goroutines: 50, Record: true})
		f.report(b, start)
	}
}

// BenchmarkExpiry is what an expiry costs a request, in six processes that make 1,200 a second together, where a token request takes
// 100 ms: with tokens renewed while they are good, each process at a time of its own; with the first request that finds one about to expire
// renewing it; and with tokens used to their end, so that all requests have to wait.
func BenchmarkExpiry(b *testing.B) {
	for _, mode := range []struct {
		name string
		visit
	}{{"ahead", visit{}}, {"by the first", visit{Late: true}}, {"to the end", visit{Late: true, ToTheEnd: true}}} {
		b.Run(mode.name, func(b *testing.B) {
			for b.Loop() {
				f := newFleet(b, 20)
				f.slow = 100 * time.Millisecond
				mode.Goroutines, mode.Pause, mode.Record = 4, 20*time.Millisecond, true
				start := time.Now()
				f.sail(b, 6, mode.visit)
				f.report(b, start)
			}
		})
	}
}

// report reports what the processes have lived through: beside the median of all requests the slowest of those that were under way
// when a token was given, as the median of all expiries, and how many of them took as long as a token request.
func (f *fleet) report(b *testing.B, start time.Time) {
	seconds := time.Since(start).Seconds()
	all := make([]time.Duration, len(f.samples))
	for i, s := range f.samples {
		all[i] = s.Took
	}
	var slowest []time.Duration
	waited := 0
	for _, given := range f.given[1:] {
		var worst time.Duration
		for _, s := range f.samples {
			if s.Start.Before(given) && s.Start.Add(s.Took).After(given) {
				worst = max(worst, s.Took)
				if f.slow > 0 && s.Took > f.slow/2 { // the rest of one that another has begun counts too
					waited++
				}
			}
		}
		slowest = append(slowest, worst)
	}
	slices.Sort(all)
	slices.Sort(slowest)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(f.given)-1), "refreshes")
	b.ReportMetric(float64(f.rejected), "401s")
	b.ReportMetric(float64(f.served)/seconds, "requests/s")
	b.ReportMetric(ms(all[len(all)/2]), "median-ms")
	b.ReportMetric(ms(slowest[len(slowest)/2]), "slowest-ms")
	if f.slow > 0 {
		b.ReportMetric(float64(waited)/float64(len(slowest)), "waited/expiry")
	}
}

// sample is how long a request took.
type sample struct {
	Start time.Time
	Took  time.Duration
}

func writeSamples(folder string, list []sample) error {
	f, err := os.CreateTemp(folder, "samples-*.json")
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(list)
}

func readSamples(t testing.TB, folder string) (all []sample) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "samples-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []sample
		if err := json.Unmarshal(data, &list); err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// postpone has the token that is in use renewed not before it must be.
func (s *tokenSource) postpone() {
	t := s.current.Load()
	s.current.Store(&token{header: t.header, access: t.access, expires: t.expires, refreshAt: t.refreshAt, aheadAt: t.refreshAt})
}
