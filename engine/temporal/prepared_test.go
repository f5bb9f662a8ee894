package temporal

import (
	"context"
	"testing"

	"snrun/engine"
)

// TestEachRunIsPreparedAnew holds that a run has the profiles and secrets of its own time, and keeps them.
func TestEachRunIsPreparedAnew(t *testing.T) {
	t.Parallel()
	var prepared, closed []string
	p := preparedRuns{prepare: func(_ context.Context, run *engine.Run) (*Prepared, error) {
		prepared = append(prepared, run.ID)
		return &Prepared{Close: func() { closed = append(closed, run.ID) }}, nil
	}}
	want := func(id string, all, ended int) (back func()) {
		t.Helper()
		_, back, err := p.of(t.Context(), &engine.Run{ID: id, Text: "steps: []"})
		if err != nil || len(prepared) != all || len(closed) != ended {
			t.Errorf("for %s %q were prepared and %q closed: %v", id, prepared, closed, err)
		}
		return back
	}
	want("a", 1, 0)()
	back := want("a", 1, 0)
	want("b", 2, 0)()
	p.over(&engine.Run{ID: "a", Text: "steps: []"})
	if len(closed) > 0 {
		t.Errorf("%q were closed while they were used", closed)
	}
	back()
	want("b", 2, 1)()
	want("a", 3, 1)()
	p.over(&engine.Run{ID: "unknown"})
	p.close()
	if len(closed) != 3 {
		t.Errorf("%q were closed", closed)
	}
}

// TestPreparedRunsMakeRoom holds that what is wanted again and again stays.
func TestPreparedRunsMakeRoom(t *testing.T) {
	t.Parallel()
	prepared := map[string]int{}
	p := preparedRuns{prepare: func(_ context.Context, run *engine.Run) (*Prepared, error) {
		prepared[run.ID]++
		return &Prepared{}, nil
	}}
	use := func(id string) {
		_, back, err := p.of(t.Context(), &engine.Run{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		back()
	}
	for i := range 2 * preparedMost {
		use("always")
		use("once " + string(rune('a'+i)))
	}
	if prepared["always"] != 1 || len(p.known) != preparedMost || len(p.order) != preparedMost {
		t.Errorf("it was prepared %d times, and there are %d, %d", prepared["always"], len(p.known), len(p.order))
	}
}
