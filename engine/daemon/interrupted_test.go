package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// TestGivesUp holds how often crashes may take a run with them, and that whoever reads of it is not asked about requests that are not
// in doubt.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("1"), "jobs/b.yaml": "on_interrupt: fail\n" + says("1")})
	d := New(Config{Open: f.open, GoOn: func(run string, inDoubt bool) []string { return []string{fmt.Sprint(run, " ", inDoubt)} }})
	if _, err := d.library.Load(time.Now()); err != nil {
		t.Fatal(err)
	}
	crash := &steps.Error{Message: "the process that ran it ended before the run did"}
	for _, test := range []struct {
		name string
		run  engine.Run
		want string // in the error; "" for none
	}{
		{"the third crash", engine.Run{Job: "a", Attempt: 3, Error: crash}, ""},
		{"the fourth crash", engine.Run{Job: "a", Attempt: 4, Error: crash}, "it was interrupted 4 times"},
		{"the end of a daemon", engine.Run{Job: "a", Attempt: 9, Error: &steps.Error{Message: suspension}}, ""},
		{"on_interrupt: fail", engine.Run{Job: "b", Attempt: 1, Error: crash}, "on_interrupt: fail"},
		{"a job that is gone", engine.Run{Job: "c", Attempt: 1}, ""},
	} {
		test.run.ID = "r1"
		got := d.givesUp(&test.run)
		if (got != nil) != (test.want != "") || got != nil && !strings.Contains(got.Message, test.want) {
			t.Errorf("%s: %v, want %q", test.name, got, test.want)
		}
		if got != nil && got.Hint != "" && got.Hint != "r1 false" {
			t.Errorf("%s: the hint is that of a run in doubt: %s", test.name, got.Hint)
		}
	}
}

// TestCutOffIsSeenOnce holds that a run which was cut off is seen to once for each of its attempts, also one that ended here in doubt.
func TestCutOffIsSeenOnce(t *testing.T) {
	t.Parallel()
	var c cutOff
	look := func(list ...Interrupted) string {
		var runs []string
		for _, i := range c.unseen(list) {
			runs = append(runs, i.Run)
		}
		return strings.Join(runs, " ")
	}
	a, b := Interrupted{Run: "a", Attempt: 1}, Interrupted{Run: "b", Attempt: 2}
	for i, step := range []struct {
		do   func()
		list []Interrupted
		want string
	}{
		{func() {}, []Interrupted{a}, "a"},
		{func() {}, []Interrupted{a, b}, "b"},
		{func() {}, []Interrupted{a, b}, ""},
		{func() { c.forget("b") }, []Interrupted{a, b}, "b"},
		{func() { c.know(&engine.Run{ID: "a", Attempt: 2, Status: engine.Interrupted}, nil) }, []Interrupted{{Run: "a", Attempt: 2}}, ""},
		{func() {
			c.know(&engine.Run{ID: "d", Attempt: 1, Status: engine.Interrupted}, errors.New("the disk is full"))
		},
			[]Interrupted{{Run: "d", Attempt: 1}}, "d"},
		{func() { c.know(&engine.Run{ID: "e", Attempt: 1, Status: engine.Failed}, nil) }, []Interrupted{{Run: "e", Attempt: 1}}, "e"},
	} {
		step.do()
		if got := look(step.list...); got != step.want {
			t.Errorf("look %d finds %q, want %q", i+1, got, step.want)
		}
	}
}
