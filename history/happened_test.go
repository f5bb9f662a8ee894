package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

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
