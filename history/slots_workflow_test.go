package history

import (
	"errors"
	"slices"
	"testing"

	"snrun/engine"
)

// TestSlotsOfWorkflows holds that the run of a slot which a workflow carries out belongs to no process: none adopts it, its workflow begins
// it wherever that is, twice too, nobody else does, and of those that wait the first comes first.
func TestSlotsOfWorkflows(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	var claims []engine.Claim
	for i, id := range []string{"r1", "r2", "r3"} {
		c := due(id, "sync", i)
		c.Overlap, c.Workflow = "queue", "default/"+id
		claims = append(claims, c)
	}
	verdicts, err := s.Claim(at(1000), 100, claims)
	if got := told(verdicts); err != nil || got != "r1=queued, r2=queued, r3=queued" {
		t.Errorf("claimed %q, %v", got, err)
	}
	if got, err := other.Adopt([]string{"sync"}); err != nil || len(got) != 0 {
		t.Errorf("a process adopts %+v, %v", got, err)
	}
	going := func(run string, want ...string) {
		t.Helper()
		if got, err := other.Going("sync", run); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s waits for %q, %v, want %q", run, got, err, want)
		}
	}
	going("r1")
	going("r2", "r1")
	going("r3", "r1", "r2")

	begin := func(s *Store, workflow string) error {
		return s.Begin(&engine.Run{ID: "r1", Job: "sync", Started: day, Due: at(0), Text: "version: 1\n", Workflow: workflow})
	}
	for _, wrong := range []string{"", "default/another"} {
		if err := begin(other, wrong); !errors.Is(err, engine.ErrNotQueued) {
			t.Errorf("begun by %q: %v", wrong, err)
		}
	}
	for _, s := range []*Store{other, s} {
		if err := begin(s, "default/r1"); err != nil {
			t.Error(err)
		}
	}
	if run, err := s.Begun("r1"); err != nil || run.Status != engine.Running || len(run.Texts()) != 1 {
		t.Errorf("on record is %+v, %v, want a run with its text", run, err)
	}
	going("r2", "r1")
	if err := other.Finish(&engine.Run{ID: "r1", Status: engine.OK, Started: day, Ended: day}); err != nil {
		t.Fatal(err)
	}
	going("r2")
	going("r3", "r2")
	if got := told(claimed(t, other, claims[1])); got != "r2=" {
		t.Errorf("decided upon again: %s", got)
	}
}
