package history

import (
	"strings"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

func TestStepFilters(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	for i, step := range []engine.StepRun{
		{Key: "/a", ID: "a", Kind: "foreach", Status: engine.Failed},
		{Key: "/a[x]/b", ID: "b", Kind: "rest", Status: engine.OK},
		{Key: "/a[y]/b", ID: "b", Kind: "rest", Status: engine.Failed},
		{Key: "/a/page:2[z]/b", ID: "b", Kind: "rest", Status: engine.InDoubt},
		{Key: "/a#2[y]/fail:2", Kind: "fail", Status: engine.Failed},
		{Key: "/ab[y]/b", ID: "b", Kind: "rest", Status: engine.Failed},
		{Key: "/ab", ID: "ab", Kind: "foreach", Status: engine.OK},
		{Key: "/fail:2", Kind: "fail", Status: engine.Skipped},
	} {
		step.Started, step.Ended = at(i), at(i)
		if err := s.Note("r1", step); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		f    StepFilter
		want string
	}{
		{"in no item", StepFilter{Outer: true}, "/a /ab /fail:2"},
		{"in the items of a loop, in its pages and tries too", StepFilter{Inside: "/a", Items: true}, "/a[x]/b /a[y]/b /a/page:2[z]/b /a#2[y]/fail:2"},
		{"that failed there", StepFilter{Inside: "/a", Items: true, Failed: true}, "/a[y]/b /a/page:2[z]/b /a#2[y]/fail:2"},
		{"that went well", StepFilter{Well: true}, "/a[x]/b /ab /fail:2"},
		{"without an id", StepFilter{Ending: "fail:2"}, "/a#2[y]/fail:2 /fail:2"},
		{"the end of a key is whole", StepFilter{Ending: "ail:2"}, ""},
		{"with a key", StepFilter{Key: "/a[x]/b"}, "/a[x]/b"},
		{"of a kind", StepFilter{Kind: "foreach"}, "/a /ab"},
		{"after one", StepFilter{ID: "b", After: "/a[y]/b"}, "/a/page:2[z]/b /ab[y]/b"},
		{"after the last one", StepFilter{After: "/fail:2"}, ""},
	} {
		list, err := s.Steps("r1", test.f)
		var keys []string
		for _, step := range list {
			keys = append(keys, step.Key)
		}
		if got := strings.Join(keys, " "); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.want)
		}
		if n, err := s.CountSteps("r1", test.f); err != nil || n != len(list) {
			t.Errorf("%s: counted %d, %v, want %d", test.name, n, err, len(list))
		}
	}
	counts, err := s.FailedInItems("r1")
	if err != nil || len(counts) != 4 || counts["/a"] != 1 || counts["/a/page:2"] != 1 || counts["/a#2"] != 1 || counts["/ab"] != 1 {
		t.Errorf("what failed in items: %v, %v", counts, err)
	}
	if ids, err := s.StepIDs("r1"); err != nil || strings.Join(ids, " ") != "a ab b" {
		t.Errorf("the ids: %v, %v", ids, err)
	}
}

// What is inside a step fails at the same moment as the step itself, or before.
func TestFirstFailed(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	bad := &steps.Error{Message: "no"}
	for _, step := range []engine.StepRun{
		{Key: "/block", ID: "block", Status: engine.Failed, Ended: at(2)},
		{Key: "/block/in", ID: "in", Status: engine.Failed, Ended: at(2)},
		{Key: "/block/in/fail:1", Status: engine.Failed, Ended: at(2)},
		{Key: "/early", ID: "early", Status: engine.OK, Ended: at(1)},
		{Key: "/xfail:1", Status: engine.Failed, Ended: at(1)},
		{Key: "/late", ID: "in", Status: engine.InDoubt, Ended: at(3)},
	} {
		step.Started, step.Error = at(0), bad
		if err := s.Note("r1", step); err != nil {
			t.Fatal(err)
		}
	}
	for label, want := range map[string]string{"": "/xfail:1", "in": "/block/in", "block": "/block", "fail:1": "/block/in/fail:1", "early": "", "nothing": ""} {
		got, err := s.FirstFailed("r1", label)
		if err != nil || (got == nil) != (want == "") || got != nil && got.Key != want {
			t.Errorf("%q: got %+v, %v, want %q", label, got, err, want)
		}
	}
	begin(t, s, aRun("r2", "sync"))
	for _, key := range []string{"/block", "/block/in", "/next"} {
		if err := s.Note("r2", engine.StepRun{Key: key, Status: engine.Failed, Started: at(0), Ended: at(2), Error: bad}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.FirstFailed("r2", ""); err != nil || got.Key != "/block/in" {
		t.Errorf("of several at once: got %+v, %v, want the inmost", got, err)
	}
	if _, err := s.FirstFailed("nope", ""); err == nil {
		t.Error("of a run that is not there: no error")
	}
}

func TestFindLastFailed(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if _, err := s.Find("@last-failed"); err == nil || !strings.Contains(err.Error(), "no run has failed here") {
		t.Errorf("where nothing was run: %v", err)
	}
	for id, status := range map[string]engine.Status{"a1": engine.Failed, "a2": engine.Interrupted, "a3": engine.OK, "a4": engine.Cancelled} {
		run := aRun(id, "sync")
		begin(t, s, run)
		run.Status = status
		if err := s.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
	other := aRun("a5", "other")
	begin(t, s, other)
	other.Status = engine.Failed
	if err := s.Finish(other); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{"@last-failed": "a5", "@last-failed:sync": "a2", "@last-failed:other": "a5"} {
		if got, err := s.Find(ref); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %s", ref, got, err, want)
		}
	}
	for ref, want := range map[string]string{"@last-failed:none": "no run of the job none has failed here", "@last-failed:": "write a run's id"} {
		if _, err := s.Find(ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}
