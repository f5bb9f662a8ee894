package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
)

// aPast puts so many runs of four jobs on record, at random, and gives them, the newest first. Few are of the last job, and few go on.
func aPast(t *testing.T, s *Store, n int) []engine.Run {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	ended := []engine.Status{engine.OK, engine.OK, engine.OK, engine.Failed, engine.Cancelled, engine.Interrupted, engine.Skipped}
	rows := []row{rowOf(textSQL, []byte("digest"), "version: 1\n")}
	var runs []engine.Run
	for i := range n {
		began := day.Add(time.Duration(i) * time.Minute)
		run := engine.Run{
			ID: engine.LowestID(began)[:8] + fmt.Sprintf("%03d", random.IntN(1000)), Job: "often", Status: ended[random.IntN(len(ended))],
			Trigger: []string{"schedule", "schedule", "manual", "catch_up"}[random.IntN(4)], Started: began, Ended: began.Add(time.Second),
		}
		switch random.IntN(20) {
		case 0, 1, 2:
			run.Job = "hourly"
		case 3, 4:
			run.Job = "nightly"
		case 5:
			run.Job = "once"
		}
		if random.IntN(30) == 0 {
			run.Status, run.Ended = []engine.Status{engine.Queued, engine.Running}[random.IntN(2)], time.Time{}
		}
		token, err := s.alive.hold()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, rowOf(`INSERT INTO runs (run, job, status, "trigger", started, ended, file, process, live, text)
			VALUES (?, ?, ?, ?, ?, ?, '/p/job.yaml', '1@host', ?, 1)`, run.ID, run.Job, string(run.Status), run.Trigger, run.Started, run.Ended, token))
		runs = append(runs, run)
	}
	if err := s.writer.commit(false, rows...); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(runs)
	return runs
}

// listed is what Runs promises, of runs that are the newest first.
func (f Filter) listed(runs []engine.Run) []engine.Run {
	var list []engine.Run
	for _, run := range runs {
		fits := (f.Job == "" || run.Job == f.Job) && (len(f.Statuses) == 0 || slices.Contains(f.Statuses, run.Status)) &&
			(f.Trigger == "" || run.Trigger == f.Trigger) && (f.Since.IsZero() || !run.Started.Before(f.Since)) &&
			(f.Until.IsZero() || run.Started.Before(f.Until)) && (f.Before == "" || run.ID < f.Before) && run.ID > f.After
		if fits {
			list = append(list, run)
		}
	}
	if f.After != "" {
		return list[max(0, len(list)-f.Limit):]
	}
	return list[:min(len(list), f.Limit)]
}

// TestAnyFilterListsWhatItSays holds that the lists of random filters are those of a plain walk through all runs.
func TestAnyFilterListsWhatItSays(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	runs := aPast(t, s, 1000)
	random := rand.New(rand.NewPCG(1, 2))
	some := func(list ...string) string { return list[random.IntN(len(list))] }
	anID := func() string { return runs[random.IntN(len(runs))].ID }
	found := 0
	for range 2000 {
		f := Filter{Job: some("", "", "often", "hourly", "once", "never"), Trigger: some("", "", "schedule", "manual", "never"), Limit: 1 + random.IntN(12)}
		for _, status := range AllStatuses() {
			if random.IntN(5) == 0 {
				f.Statuses = append(f.Statuses, status)
			}
		}
		if random.IntN(3) == 0 {
			f.Since = runs[random.IntN(len(runs))].Started
		}
		if random.IntN(3) == 0 {
			f.Until = runs[random.IntN(len(runs))].Started.Add(time.Duration(random.IntN(2)) * time.Second)
		}
		switch random.IntN(4) {
		case 0:
			f.Before = anID()
		case 1:
			f.After = anID()
		case 2:
			f.After, f.Before = anID(), anID()
		}
		got, err := s.Runs(f)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if got, want := idsOf(got), idsOf(f.listed(runs)); got != want {
			t.Fatalf("%+v lists\n%s, want\n%s", f, got, want)
		}
		found += len(got)
	}
	if found < 2000 {
		t.Errorf("%d runs were listed in all: that shows little", found)
	}
}

// TestPagesOfAListMeet holds that a list is gone through page by page, and back, without a gap.
func TestPagesOfAListMeet(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	runs := aPast(t, s, 300)
	f := Filter{Statuses: []engine.Status{engine.Failed, engine.Interrupted}, Limit: 7}
	var pages []string
	for {
		page, err := s.Runs(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		pages = append(pages, idsOf(page))
		f.Before = page[len(page)-1].ID
	}
	whole := f
	whole.Before, whole.Limit = "", len(runs)
	if got, want := strings.Join(pages, " "), idsOf(whole.listed(runs)); got != want {
		t.Errorf("the pages have\n%s, want\n%s", got, want)
	}
	for i := len(pages) - 1; i > 0; i-- {
		first, _, _ := strings.Cut(pages[i], " ")
		f.Before, f.After = "", first
		page, err := s.Runs(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOf(page); got != pages[i-1] {
			t.Errorf("the page before %s is %s, want %s", pages[i], got, pages[i-1])
		}
	}
}

// TestNoFilterSorts holds that a list is read from an index in its order: what SQLite would have to sort is no more than a few runs.
func TestNoFilterSorts(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	for _, f := range []Filter{{}, {Job: "a"}, {After: "a"}, {Since: day}} {
		query, args, err := f.query()
		if err != nil {
			t.Fatal(err)
		}
		if plan := planOf(t, s, query, args...); strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN runs\n") {
			t.Errorf("%+v: %s", f, plan)
		}
	}
	for _, f := range []Filter{{Statuses: []engine.Status{engine.OK}}, {Trigger: "a"}, {Job: "a", Trigger: "a"}, {Job: "a", Statuses: AllStatuses(), After: "b"}} {
		query, args, err := f.query()
		if err != nil {
			t.Fatal(err)
		}
		plan := planOf(t, s, query, args...)
		if strings.Count(plan, "SEARCH runs USING COVERING INDEX runs_ended") < 1 || strings.Contains(plan, "SCAN runs\n") {
			t.Errorf("%+v: %s", f, plan)
		}
	}
}

// planOf is how SQLite carries a query out.
func planOf(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		b.WriteString(detail + "\n")
	}
	return b.String()
}
