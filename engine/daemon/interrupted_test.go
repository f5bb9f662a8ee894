package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
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
		{"the end of a daemon", engine.Run{Job: "a", Attempt: 9, Error: &steps.Error{Fields: map[string]any{"suspended": true}}}, ""},
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

// TestDoubtIsToldOnce holds that a run in doubt which a daemon finds is told in one line, and that who counts ends of runs does not hear of it
// again.
func TestDoubtIsToldOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var told []engine.Event
	ends := 0
	d := New(Config{
		Log: slog.New(slog.NewTextHandler(&log, nil)), GoOn: func(string, bool) []string { return []string{"go on"} },
		Watch: func(engine.Event) { ends++ }, Doubted: func(e engine.Event) { told = append(told, e) },
	})
	d.tellDoubt(&engine.Run{ID: "r", Job: "j", Status: engine.Interrupted}, []string{"/a"})
	if ends != 0 || len(told) != 1 || told[0].InDoubt == nil || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("its end is told %d times, want none; people are told %+v, want once; the log has\n%s", ends, told, &log)
	}
}
