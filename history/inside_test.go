package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

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
		in     Inside
		want   string
		counts string
	}{
		{"all", Inside{}, "/a failed, /a[y]/b failed, /a[z/[é]]/b in_doubt, /a[x]/b ok, /a[w]/c ok, /ab ok", "map[failed:2 in_doubt:1 ok:3]"},
		{"a loop", Inside{Key: "/a"}, "/a[y]/b failed, /a[z/[é]]/b in_doubt, /a[x]/b ok, /a[w]/c ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"a status", Inside{Key: "/a", Status: engine.OK}, "/a[x]/b ok, /a[w]/c ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"a page", Inside{Key: "/a", Offset: 1, Limit: 2}, "/a[z/[é]]/b in_doubt, /a[x]/b ok", "map[failed:1 in_doubt:1 ok:2]"},
		{"an item", Inside{Key: "/a[z/[é]]"}, "/a[z/[é]]/b in_doubt", "map[in_doubt:1]"},
		{"nothing inside", Inside{Key: "/ab"}, "", "map[]"},
		{"no such step", Inside{Key: "/%"}, "", "map[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := s.StepsInside("r1", test.in)
			if got := keys(list); got != test.want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
			counts, err := s.CountsInside("r1", test.in.Key)
			if got := fmt.Sprint(counts); got != test.counts || err != nil {
				t.Errorf("counts are %s, %v, want %s", got, err, test.counts)
			}
		})
	}
}

// TestHappened holds what a log tells, in the order of time: tries only where others came after them.
func TestHappened(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	for i, failure := range []*steps.Error{{Message: "down"}, {Message: "down again"}, nil} {
		key := "/a"
		if i > 0 {
			key = fmt.Sprintf("/a#%d", i+1)
		}
		at := day.Add(time.Duration(10*i) * time.Second)
		e := engine.Entry{Key: key, StepKey: "/a", Attempt: i + 1, Started: at, Ended: at.Add(time.Second), Error: failure}
		if err := s.Commit("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	note(t, s, "r1", engine.StepRun{Key: "/a", Kind: "rest", Status: engine.OK, Attempts: 3, Started: day, Ended: day.Add(21 * time.Second)})
	note(t, s, "r1", engine.StepRun{Key: "/b[1]/c", Kind: "set", Status: engine.OK, Started: day, Ended: day})
	note(t, s, "r1", engine.StepRun{Key: "/b[1]/log:2", Kind: "log", Status: engine.OK, Started: day.Add(5 * time.Second), Ended: day.Add(5 * time.Second), Message: "between"})
	finish(t, s, run, engine.OK)
	list, err := s.Happened("r1", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range list {
		text := fmt.Sprintf("%s %s", h.At.Sub(day), h.Key)
		if h.Try {
			text += fmt.Sprintf(" try %d: %s, next after %s", h.Attempt, h.Error.Message, h.Next.Sub(h.At))
		}
		got = append(got, text+h.Message)
	}
	want := "1s /a try 1: down, next after 9s; 5s /b[1]/log:2between; 11s /a try 2: down again, next after 9s; 21s /a"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if list, err = s.Happened("r1", 1, 1); err != nil || len(list) != 1 || list[0].Message != "between" {
		t.Errorf("the second alone: %+v, %v", list, err)
	}
}
