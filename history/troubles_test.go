package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// troubled is what Troubles promises, of runs that are the newest first.
func troubled(runs []engine.Run, jobs []string) string {
	var list []Trouble
	for _, job := range jobs {
		t := Trouble{Job: job}
		for _, run := range runs {
			if run.Job != job {
				continue
			}
			if run.Status == engine.OK {
				t.LastOK = &Brief{Run: run.ID}
				break
			}
			if run.Status == engine.Failed || run.Status == engine.Interrupted {
				t.First, t.Last.Run = Brief{Run: run.ID}, cmp.Or(t.Last.Run, run.ID)
				t.Failures++
			}
		}
		if t.Failures > 0 {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b Trouble) int { return cmp.Compare(b.First.Run, a.First.Run) })
	return toldOf(list)
}

func toldOf(list []Trouble) string {
	var lines []string
	for _, t := range list {
		ok := "never"
		if t.LastOK != nil {
			ok = t.LastOK.Run
		}
		lines = append(lines, fmt.Sprintf("%s %d since %s, last %s, ok %s", t.Job, t.Failures, t.First.Run, t.Last.Run, ok))
	}
	return strings.Join(lines, "\n")
}

// TestTroubles holds that those jobs are told of which failed after they went well last, while runs of all jobs come and go.
func TestTroubles(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	runs := aPast(t, s, 400)
	all := []string{"hourly", "nightly", "often", "once"}
	told := map[string]bool{}
	for i := range runs { // as if the newest ones were gone
		if i%20 > 0 {
			continue
		}
		if err := s.writer.commit(false, rowOf(`DELETE FROM runs WHERE run > ?`, runs[i].ID)); err != nil {
			t.Fatal(err)
		}
		for _, jobs := range [][]string{nil, all, {"once", "never", "once"}, {}} {
			got, err := s.Troubles(jobs)
			if err != nil {
				t.Fatal(err)
			}
			named := all
			if jobs != nil {
				named = slices.Compact(slices.Sorted(slices.Values(jobs)))
			}
			if got, want := toldOf(got), troubled(runs[i:], named); got != want {
				t.Errorf("after %s, of %v:\n%s\nwant\n%s", runs[i].ID, jobs, got, want)
			}
			told[toldOf(got)] = true
		}
	}
	if len(told) < 15 {
		t.Errorf("only %d different troubles: that shows little", len(told))
	}
}

// TestATroubleNamesItsErrors holds what is said of the runs of a trouble, and that they are not counted without end.
func TestATroubleNamesItsErrors(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	failed := begin(t, s, aRun("r1", "sync"))
	failed.Error = &steps.Error{Kind: "status", Step: "alert", Message: "503"}
	finish(t, s, failed, engine.Failed)
	finish(t, s, begin(t, s, aRun("r2", "sync")), engine.Interrupted)
	finish(t, s, begin(t, s, aRun("r3", "sync")), engine.Cancelled)
	begin(t, s, aRun("r4", "sync"))
	got, err := s.Troubles(nil)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v, want one", got, err)
	}
	first := Brief{
		Run: "r1", Job: "sync", Status: engine.Failed, Trigger: "manual", Due: day, Started: day.Add(time.Second), Ended: day.Add(time.Minute),
		Step: "alert", Error: "503",
	}
	if got := got[0]; got.First != first || got.Last.Run != "r2" || got.Last.Status != engine.Interrupted || got.LastOK != nil || got.Failures != 2 {
		t.Errorf("got %+v, want r1 to r2 with their errors", got)
	}
	rows := []row{}
	for i := range ManyFailures + 7 {
		rows = append(rows, rowOf(`INSERT INTO runs (run, job, status, "trigger", file, process, live, text)
			SELECT ?, job, 'failed', "trigger", file, process, live, text FROM runs WHERE run = 'r1'`, fmt.Sprintf("s%d", i)))
	}
	if err := s.writer.commit(false, rows...); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Troubles([]string{"sync"}); err != nil || got[0].Failures != ManyFailures {
		t.Errorf("%+v, %v, want %d failures", got, err, ManyFailures)
	}
	if count, err := s.FailedSince("sync", "r1"); err != nil || count != ManyFailures+9 {
		t.Errorf("%d, %v, want that all are counted where somebody asks", count, err)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i, job := range []string{"a", "b", "a", "c"} {
		run := begin(t, s, aRun(engine.LowestID(day.Add(time.Duration(i)*time.Hour)), job))
		status := engine.Interrupted
		if job == "c" {
			status = engine.Failed
		}
		if i == 2 {
			note(t, s, run.ID, engine.StepRun{Key: "/send", Status: engine.InDoubt})
		}
		finish(t, s, run, status)
	}
	tests := []struct {
		name  string
		jobs  []string
		since time.Time
		limit int
		want  string
	}{
		{"all", nil, time.Time{}, 9, "a doubt b a"},
		{"one", nil, time.Time{}, 1, "a doubt"},
		{"of b", []string{"b", "c"}, time.Time{}, 9, "b"},
		{"of none", []string{}, time.Time{}, 9, ""},
		{"since the second", nil, day.Add(time.Hour), 9, "a doubt b"},
		{"since just after it", nil, day.Add(time.Hour + time.Millisecond), 9, "a doubt"},
	}
	for _, test := range tests {
		list, err := s.Stopped(test.jobs, test.since, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, run := range list {
			got = append(got, run.Job)
			if run.InDoubt {
				got = append(got, "doubt")
			}
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestUnfinished(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 7 {
		run := begin(t, s, aRun(fmt.Sprintf("r%d", i), []string{"a", "b"}[i%2]))
		if i == 3 {
			finish(t, s, run, engine.OK)
		}
	}
	tests := []struct {
		jobs   []string
		status engine.Status
		limit  int
		want   string
	}{
		{nil, engine.Running, 9, "r0 r1 r2 r4 r5 r6 of 6"},
		{nil, engine.Running, 2, "r0 r1 of 6"},
		{[]string{"b"}, engine.Running, 1, "r1 of 2"},
		{[]string{"c"}, engine.Running, 1, " of 0"},
		{nil, engine.Queued, 2, " of 0"},
	}
	for _, test := range tests {
		list, count, err := s.Unfinished(test.jobs, test.status, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, run := range list {
			ids = append(ids, run.Run)
		}
		if got := fmt.Sprintf("%s of %d", strings.Join(ids, " "), count); got != test.want {
			t.Errorf("%v %s %d: %s, want %s", test.jobs, test.status, test.limit, got, test.want)
		}
	}
}

// counted counts runs by how they stand.
func counted(runs []engine.Run, fits func(engine.Run) bool) map[engine.Status]int {
	counts := map[engine.Status]int{}
	for _, run := range runs {
		if fits(run) {
			counts[run.Status]++
		}
	}
	return counts
}

func TestCountsOf(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	runs := aPast(t, s, 1000)
	moments := []time.Time{{}, runs[900].Started, runs[899].Started, runs[500].Started, runs[500].Started, {}}
	for _, job := range []string{"often", "once", "never"} {
		got, err := s.CountsOf(job, moments...)
		if err != nil || len(got) != len(moments)-1 {
			t.Fatalf("%d counts, %v", len(got), err)
		}
		for i := range got {
			want := counted(runs, func(r engine.Run) bool {
				return r.Job == job && !r.Started.Before(moments[i]) && (i == len(moments)-2 || r.Started.Before(moments[i+1]))
			})
			if !maps.Equal(got[i], want) {
				t.Errorf("of %s, part %d: %v, want %v", job, i, got[i], want)
			}
		}
	}
}

func TestCountsBetweenAndTallies(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	runs := aPast(t, s, 1000)
	moments := []time.Time{runs[900].Started, runs[170].Started, runs[160].Started, runs[100].Started, {}}
	for _, jobs := range [][]string{nil, {"often", "once", "never"}, {"never"}} {
		got, err := s.CountsBetween(jobs, moments...)
		if err != nil || len(got) != len(moments)-1 {
			t.Fatalf("%d counts, %v", len(got), err)
		}
		for i := range got {
			want := counted(runs, func(r engine.Run) bool {
				return (jobs == nil || slices.Contains(jobs, r.Job)) && !r.Started.Before(moments[i]) && (moments[i+1].IsZero() || r.Started.Before(moments[i+1]))
			})
			if !maps.Equal(got[i], want) {
				t.Errorf("of %v, part %d: %v, want %v", jobs, i, got[i], want)
			}
		}
	}
	tallies, err := s.Tallies([]string{"often", "once", "never"}, moments[1])
	for _, job := range []string{"often", "once", "never"} {
		n := counted(runs, func(r engine.Run) bool { return r.Job == job && !r.Started.Before(moments[1]) })
		if want := (Tally{OK: n[engine.OK], Bad: n[engine.Failed] + n[engine.Interrupted]}); err != nil || tallies[job] != want {
			t.Errorf("of %s: %v, %v, want %v", job, tallies[job], err, want)
		}
	}
}

func TestDurationsAndFailedSteps(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 12 {
		began := day.Add(time.Duration(i) * time.Hour)
		run := aRun(engine.LowestID(began), []string{"sync", "sync", "other"}[i%3])
		run.Started = began
		begin(t, s, run)
		run.Status, run.Ended = engine.OK, began.Add(time.Duration(i)*time.Second)
		if i%2 == 1 {
			run.Status, run.Error = engine.Failed, &steps.Error{Step: []string{"", "a", "b", "b"}[i%4], Message: "no"}
		}
		if err := s.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Durations("sync", time.Time{}, time.Time{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, fmt.Sprint(d.Took, " ", d.Run == engine.LowestID(d.Started)))
	}
	if got, want := strings.Join(got, ", "), "10s true, 6s true, 4s true"; got != want {
		t.Errorf("the last three took %s, want %s", got, want)
	}
	if list, err := s.Durations("sync", day.Add(4*time.Hour), day.Add(10*time.Hour), 9); err != nil || len(list) != 2 {
		t.Errorf("between: %v, %v, want those of 4 and 6 s", list, err)
	}
	failed, err := s.FailedSteps("sync", time.Time{}, time.Time{}, 100)
	want := []FailedStep{{"b", 2, engine.LowestID(day.Add(7 * time.Hour))}, {"a", 2, engine.LowestID(day.Add(9 * time.Hour))}}
	slices.SortFunc(want, func(a, b FailedStep) int { return cmp.Compare(a.Step, b.Step) })
	if err != nil || !slices.Equal(failed, want) {
		t.Errorf("failed in %v, %v, want %v", failed, err, want)
	}
	if failed, err := s.FailedSteps("sync", time.Time{}, time.Time{}, 3); err != nil || len(failed) != 2 || failed[0].Failed != 2 || failed[1].Failed != 1 {
		t.Errorf("of the newest three failed %v, %v, want 2 and 1", failed, err)
	}
	if failed, err := s.FailedSteps("never", time.Time{}, time.Time{}, 3); err != nil || failed == nil || len(failed) > 0 {
		t.Errorf("of no job failed %v, %v, want an empty list", failed, err)
	}
}
