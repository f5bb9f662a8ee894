package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkSearch looks for a rare word, and for some that are not, in the history of a million runs that BenchmarkList tells how to make.
// The file is copied, as an index comes into it.
func BenchmarkSearch(b *testing.B) {
	folder := os.Getenv("SNRUN_BENCH_HISTORY")
	if folder == "" {
		b.Skip("set SNRUN_BENCH_HISTORY to the folder of a large history")
	}
	file := filepath.Join(folder, "search.db")
	s, err := Open(file, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	scans, err := Open(file, Options{scans: true})
	if err != nil {
		b.Fatal(err)
	}
	defer scans.Close()
	b.Run("scan", func(b *testing.B) { searchMuch(b, scans, "quetzalcoatlus", 1) })
	b.Run("index", func(b *testing.B) { indexMuch(b, s) })
	for _, text := range []string{"quetzalcoatlus", "INC6666759", "refused", "INC", "no such word"} {
		b.Run(text, func(b *testing.B) { searchMuch(b, s, text, 50) })
	}
}

// searchMuch looks for a text as often as is said.
func searchMuch(b *testing.B, s *Store, text string, times int) {
	var took []time.Duration
	for range times {
		start := time.Now()
		found, err := s.Search(b.Context(), Search{Filter: Filter{Text: text, Limit: 20}})
		if err != nil || !found.Finished {
			b.Fatal(err, found.Finished)
		}
		took = append(took, time.Since(start))
		b.ReportMetric(float64(len(found.Hits)), "hits")
	}
	report(b, "search", took)
}

// indexMuch makes the index.
func indexMuch(b *testing.B, s *Store) {
	before, err := s.fileSize()
	if err != nil {
		b.Fatal(err)
	}
	x, err := s.Indexer()
	if errors.Is(err, ErrNoIndex) {
		b.Skip("without FTS5: -tags sqlite_fts5")
	} else if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	var held []time.Duration
	for more := true; more; {
		if more, err = x.Step(context.Background()); err != nil {
			b.Fatal(err)
		}
		if x.held > 0 {
			held = append(held, x.held)
		}
	}
	after, err := s.fileSize()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after-before)/1e6, "MB")
	if len(held) > 0 {
		slices.Sort(held)
		report(b, "held", held)
	}
}
