package history

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/steps"
)

func TestNoteReplacesWhileAStepGoesOn(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	note(t, s, "r1", engine.StepRun{Key: "/a", Kind: "rest", Status: engine.Running, Started: day})
	note(t, s, "r1", engine.StepRun{Key: "/b", Kind: "rest", Status: engine.Running, Started: day})
	note(t, s, "r1", engine.StepRun{Key: "/a", Kind: "rest", Status: engine.Waiting, Started: day})
	checkStatuses(t, s, "/a waiting, /b running")
	note(t, s, "r1", engine.StepRun{Key: "/a", Kind: "rest", Status: engine.OK, Started: day})
	note(t, s, "r1", engine.StepRun{Key: "/b", Kind: "rest", Status: engine.Failed, Started: day})
	note(t, s, "r1", engine.StepRun{Key: "/c", Kind: "log", Status: engine.OK, Started: day})
	finish(t, s, run, engine.Failed)
	checkStatuses(t, s, "/a ok, /b failed, /c ok")
}

func checkStatuses(t *testing.T, s *Store, want string) {
	t.Helper()
	list, err := s.Steps("r1", StepFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range list {
		got = append(got, step.Key+" "+string(step.Status))
	}
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("steps: %s, want %s", text, want)
	}
}

func TestNoteBecomesDurableByItself(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		begin(t, s, aRun("r1", "sync"))
		note(t, s, "r1", engine.StepRun{Key: "/a", Status: engine.OK})
		other, err := OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		checkStatuses(t, other, "")
		time.Sleep(flushEvery)
		synctest.Wait()
		checkStatuses(t, other, "/a ok")
	})
}

func TestStepsInPages(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	const total = 100_000
	for i := range total {
		status := engine.OK
		if i%1000 == 0 {
			status = engine.Failed
		}
		note(t, s, "r1", engine.StepRun{Key: fmt.Sprintf("/a[%d]/b", i), ID: []string{"even", "odd"}[i%2], Kind: "set", Status: status})
	}
	begin(t, s, aRun("r2", "sync"))
	note(t, s, "r2", engine.StepRun{Key: "/other", Status: engine.OK})
	if err := s.writer.flush(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		filter StepFilter
		count  int
		first  string
	}{
		{"all", StepFilter{}, total, "/a[0]/b"},
		{"a page", StepFilter{Offset: 70_000, Limit: 100}, 100, "/a[70000]/b"},
		{"the last page", StepFilter{Offset: total - 1, Limit: 100}, 1, "/a[99999]/b"},
		{"with an id", StepFilter{ID: "odd", Limit: 10}, 10, "/a[1]/b"},
		{"failed", StepFilter{Status: engine.Failed}, 100, "/a[0]/b"},
	}
	for _, test := range tests {
		got, err := s.Steps("r1", test.filter)
		if err != nil || len(got) != test.count || got[0].Key != test.first {
			t.Errorf("%s: %d steps, %v, want %d from %s", test.name, len(got), err, test.count, test.first)
		}
	}
	counts, err := s.StepCounts("r1", StepFilter{})
	if want := map[engine.Status]int{engine.OK: total - 100, engine.Failed: 100}; err != nil || !maps.Equal(counts, want) {
		t.Errorf("StepCounts = %v, %v, want %v", counts, err, want)
	}
}

func TestFlowOrder(t *testing.T) {
	t.Parallel()
	at := func(key string, second int) engine.StepRun {
		return engine.StepRun{Key: key, Started: day.Add(time.Duration(second) * time.Second)}
	}
	// As they come in: a step is noted when it ends, so what is inside comes first, and items run side by side.
	list := []engine.StepRun{
		at("/in", 1), at("/all[b]/one", 4), at("/all[a/x]/one", 3), at("/all[b]/two", 5), at("/all[a/x]/two[7]/deep", 7),
		at("/all[a/x]/two", 6), at("/all", 2), at("/try/try/ask", 9), at("/try/catch:1/log:1", 10), at("/try", 8), at("", 11),
		at("/odd]", 12), at("/odd[", 13),
	}
	want := "/in /all /all[a/x]/one /all[a/x]/two /all[a/x]/two[7]/deep /all[b]/one /all[b]/two " +
		"/try /try/try/ask /try/catch:1/log:1 /odd] /odd["
	InFlowOrder(list)
	var got []string
	for _, step := range list[1:] {
		got = append(got, step.Key)
	}
	if text := strings.Join(got, " "); text != want {
		t.Errorf("order\n%s\nwant\n%s", text, want)
	}
	if list[0].Key != "" {
		t.Errorf("first %q, want the step with no path", list[0].Key)
	}
}

func FuzzSegments(f *testing.F) {
	for _, key := range []string{"", "/", "/a", "/a[x]/b", "/a[[]]/b", "]/[", "/a[b/c]/d[e]", "//", "[a][b]"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		parts := segments(key)
		if got := strings.Join(parts, ""); got != key {
			t.Errorf("segments of %q join to %q", key, got)
		}
		for _, part := range parts {
			if part == "" {
				t.Errorf("segments of %q: %q, want none empty", key, parts)
			}
		}
	})
}

func TestRowOfAStep(t *testing.T) {
	t.Parallel()
	l := newLedger(1)
	at := func(status engine.Status) int64 {
		id, _, _ := l.stepRow(&engine.StepRun{Key: "/a", Status: status})
		return id
	}
	began, ended := at(engine.Running), at(engine.OK)
	if began != ended {
		t.Errorf("its end is in row %d, want row %d, where it began", ended, began)
	}
	if again := at(engine.Running); again == ended || len(l.open) != 1 {
		t.Errorf("begun again it has row %d, and %d steps are under way; want a new row and one step", again, len(l.open))
	}
}

// loops is a run with a loop whose items failed here and there, and a step whose key begins like the loop's.
func loops(t *testing.T) *Store {
	t.Helper()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Second) }
	list := []engine.StepRun{
		{Key: "/a", ID: "a", Kind: "foreach", Status: engine.Failed, Started: at(0), Ended: at(9), Error: &steps.Error{Message: "2 failed"}},
		{Key: "/a[x]/b", ID: "b", Kind: "rest", Status: engine.OK, Started: at(1), Ended: at(2)},
		{Key: "/a[y]/b", ID: "b", Kind: "rest", Status: engine.Failed, Started: at(2), Ended: at(3), Error: &steps.Error{Message: "no"}},
		{Key: "/a[z/[é]]/b", ID: "b", Kind: "rest", Status: engine.InDoubt, Started: at(3), Ended: at(4)},
		{Key: "/a[w]/c", Kind: "log", Status: engine.OK, Started: at(5), Ended: at(5), Message: "hello"},
		{Key: "/ab", ID: "ab", Kind: "set", Status: engine.OK, Started: at(10), Ended: at(10)},
	}
	for _, step := range list {
		note(t, s, "r1", step)
	}
	finish(t, s, run, engine.Failed)
	return s
}

// keys are those of steps, with their statuses.
func keys(list []engine.StepRun) string {
	var text []string
	for _, s := range list {
		text = append(text, s.Key+" "+string(s.Status))
	}
	return strings.Join(text, ", ")
}

func TestStepsInside(t *testing.T) {
	t.Parallel()
	s := loops(t)
	for _, test := range []struct {
		name   string
		in     StepFilter
		want   string
		counts string
	}{
		{"all", StepFilter{}, "/a failed, /a[y]/b failed, /a[z/[é]]/b in_doubt, /a[x]/b ok, /a[w]/c ok, /ab ok", "map[failed:2 in_doubt:1 ok:3]"},
		{"a loop", StepFilter{Inside: "/a"}, "/a[y]/b failed, /a[z/[é]]/b in_doubt, /a[x]/b ok, /a[w]/c ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"a status", StepFilter{Inside: "/a", Status: engine.OK}, "/a[x]/b ok, /a[w]/c ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"a page", StepFilter{Inside: "/a", Offset: 1, Limit: 2}, "/a[z/[é]]/b in_doubt, /a[x]/b ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"an item", StepFilter{Inside: "/a[z/[é]]"}, "/a[z/[é]]/b in_doubt", "map[in_doubt:1]"},
		{"nothing inside", StepFilter{Inside: "/ab"}, "", "map[]"},
		{"no such step", StepFilter{Inside: "/%"}, "", "map[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.in.Worst = true
			list, err := s.Steps("r1", test.in)
			if got := keys(list); got != test.want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
			counts, err := s.StepCounts("r1", StepFilter{Inside: test.in.Inside})
			if got := fmt.Sprint(counts); got != test.counts || err != nil {
				t.Errorf("counts are %s, %v, want %s", got, err, test.counts)
			}
		})
	}
}
