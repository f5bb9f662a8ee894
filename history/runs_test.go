package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

var day = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

// aRun is a run with everything set that Begin records.
func aRun(id, job string) *engine.Run {
	return &engine.Run{
		ID: id, Job: job, Status: engine.Running, Trigger: "manual", Due: day, Started: day.Add(time.Second),
		Inputs:  map[string]any{"priority": 1, "id": json.Number("99007199254740993123")},
		Attempt: 1, File: "jobs/" + job + ".yaml", Text: "version: 1\n# " + job + "\n", Process: "4711@host",
	}
}

func begin(t *testing.T, s *Store, run *engine.Run) *engine.Run {
	t.Helper()
	if err := s.Begin(run); err != nil {
		t.Fatal(err)
	}
	return run
}

func finish(t *testing.T, s *Store, run *engine.Run, status engine.Status) {
	t.Helper()
	run.Status, run.Ended = status, day.Add(time.Minute)
	if err := s.Finish(run); err != nil {
		t.Fatal(err)
	}
}

func note(t *testing.T, s *Store, run string, step engine.StepRun) {
	t.Helper()
	if err := s.Note(run, step); err != nil {
		t.Fatal(err)
	}
}

func TestRunComesBackAsItWas(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	want := begin(t, s, aRun("r1", "sync"))
	step := engine.StepRun{
		Key: "/a", ID: "a", Name: "Ask", Kind: "rest", Status: engine.Failed, Attempts: 3, Started: day, Ended: day.Add(time.Second),
		Error: &steps.Error{
			Kind: "status", Message: "the answer was <500>", Step: "a", Status: 500, Attempts: 3, Hint: "ask later",
			Fields: map[string]any{"code": json.Number("10000000000000000001"), "n": 7},
		},
		Counts: &engine.Counts{Pages: 2, Total: -1, Succeeded: 3, Failed: 4}, Message: "hello",
	}
	note(t, s, "r1", step)
	want.Output = map[string]any{"n": 0.5, "big": json.Number("1e400"), "list": []any{nil, true, "x"}}
	want.Error = &steps.Error{Kind: "status", Message: "step a: the answer was <500>"}
	finish(t, s, want, engine.Failed)
	want.Steps = []engine.StepRun{step}

	got, err := s.Run("r1")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the run came back as\n%s\nwant\n%s", asJSON(t, got), asJSON(t, want))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBeginTwice(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	if err := s.Begin(aRun("r1", "sync")); err == nil || !strings.Contains(err.Error(), "begin run r1") {
		t.Errorf("Begin of a run that is on record: %v, want an error that names it", err)
	}
	if got := texts(t, s); got != 1 {
		t.Errorf("%d texts, want 1: each once", got)
	}
}

// texts counts the job texts that are kept.
func texts(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.read.QueryRow("SELECT count(*) FROM texts").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTextIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 5 {
		begin(t, s, aRun(fmt.Sprintf("r%d", i), "sync"))
	}
	begin(t, s, aRun("other", "other"))
	if got := texts(t, s); got != 2 {
		t.Errorf("%d texts for two jobs, want 2", got)
	}
	run, err := s.Run("r3")
	if err != nil {
		t.Fatal(err)
	}
	if want := "version: 1\n# sync\n"; run.Text != want {
		t.Errorf("text = %q, want %q", run.Text, want)
	}
}

func TestUnknownRun(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	calls := map[string]func() error{
		"Intend":     func() error { return s.Intend("nope", "/a") },
		"Commit":     func() error { return s.Commit("nope", engine.Entry{Key: "/a"}) },
		"Note":       func() error { return s.Note("nope", engine.StepRun{Key: "/a"}) },
		"Finish":     func() error { return s.Finish(&engine.Run{ID: "nope"}) },
		"Lookup":     func() error { _, _, err := s.Lookup("nope", "/a"); return err },
		"Run":        func() error { _, err := s.Run("nope"); return err },
		"Steps":      func() error { _, err := s.Steps("nope", StepFilter{}); return err },
		"StepCounts": func() error { _, err := s.StepCounts("nope", StepFilter{}); return err },
		"Exchanges":  func() error { _, err := s.Exchanges("nope", ""); return err },
		"Attempts":   func() error { _, err := s.Attempts("nope", ""); return err },
		"InDoubt":    func() error { _, err := s.InDoubt("nope"); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, ErrUnknownRun) {
			t.Errorf("%s: %v, want ErrUnknownRun", name, err)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 60 {
		job := []string{"even", "odd"}[i%2]
		run := begin(t, s, aRun(fmt.Sprintf("r%02d", i), job))
		if i%3 == 0 {
			finish(t, s, run, engine.Failed)
		} else if i%3 == 1 {
			finish(t, s, run, engine.OK)
		}
	}
	tests := []struct {
		name   string
		filter Filter
		want   string
	}{
		{"the newest", Filter{Limit: 3}, "r59 r58 r57"},
		{"the page after", Filter{Limit: 3, Before: "r57"}, "r56 r55 r54"},
		{"the last page", Filter{Limit: 3, Before: "r02"}, "r01 r00"},
		{"beyond the last", Filter{Before: "r00"}, ""},
		{"of a job", Filter{Job: "odd", Limit: 2}, "r59 r57"},
		{"of a job, the page after", Filter{Job: "odd", Limit: 2, Before: "r57"}, "r55 r53"},
		{"failed", Filter{Statuses: []engine.Status{engine.Failed}, Limit: 2}, "r57 r54"},
		{"running, of a job", Filter{Statuses: []engine.Status{engine.Running}, Job: "even", Limit: 2}, "r56 r50"},
		{"of no such job", Filter{Job: "nope"}, ""},
	}
	for _, test := range tests {
		got, err := s.Runs(test.filter)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if ids := idsOf(got); ids != test.want {
			t.Errorf("%s: %s, want %s", test.name, ids, test.want)
		}
	}
	if got, err := s.Runs(Filter{}); err != nil || len(got) != 50 {
		t.Errorf("without a limit: %d runs, %v, want 50", len(got), err)
	}
}

func idsOf(runs []engine.Run) string {
	ids := make([]string, len(runs))
	for i, run := range runs {
		ids[i] = run.ID
	}
	return strings.Join(ids, " ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if _, err := s.Find("@last"); !errors.Is(err, ErrUnknownRun) {
		t.Errorf("@last of nothing: %v, want ErrUnknownRun", err)
	}
	for _, id := range []string{"06k1a000001", "06k1a000002", "06k2b000003", "06k2b00000", "06k3"} {
		begin(t, s, aRun(id, "sync"))
	}
	for i := range 7 {
		begin(t, s, aRun(fmt.Sprintf("05many%05d", i), "many"))
	}
	tests := []struct {
		name, ref, want string
		err             error
		says            string
	}{
		{name: "a whole id", ref: "06k1a000001", want: "06k1a000001"},
		{name: "in capitals", ref: "06K1A000001", want: "06k1a000001"},
		{name: "a beginning", ref: "06k3", want: "06k3"},
		{name: "an id that begins another", ref: "06k2b00000", want: "06k2b00000"},
		{name: "the newest", ref: "@last", want: "06k3"},
		{name: "the newest of a job", ref: "@last:many", want: "05many00006"},
		{name: "two", ref: "06k1", err: ErrAmbiguousRun, says: "06k1 may be 06k1a000001, 06k1a000002: write more"},
		{name: "many", ref: "05", err: ErrAmbiguousRun, says: "05many00004, …"},
		{name: "none", ref: "09", err: ErrUnknownRun, says: `no id begins with "09"`},
		{name: "a job", ref: "many", err: ErrUnknownRun, says: "write @last:many"},
		{name: "the newest of no job", ref: "@last:nope", err: ErrUnknownRun, says: "the job nope was never run"},
		{name: "another mark", ref: "@first", err: ErrUnknownRun, says: "@last"},
		{name: "nothing", ref: "", err: ErrUnknownRun, says: "@last"},
		{name: "a pattern", ref: "%", err: ErrUnknownRun},
		{name: "a quote", ref: "'", err: ErrUnknownRun},
	}
	for _, test := range tests {
		got, err := s.Find(test.ref)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: Find(%q) = %q, %v, want %q, %v", test.name, test.ref, got, err, test.want, test.err)
		}
		if err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want it to say %q", test.name, err, test.says)
		}
	}
}
