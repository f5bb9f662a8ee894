package temporal

import (
	"fmt"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// told is a note of a step of a kind that has steps inside.
func told(of flow.NoteType, key string, item bool) flow.Note {
	return flow.Note{Type: of, Key: key, Item: item, Step: &jobs.Step{Kind: &steps.Kind{Name: "steps"}}}
}

func keysOf(rows []row) string {
	text := ""
	for _, r := range rows {
		text += fmt.Sprintf("%s %s; ", r.Key, r.Status)
	}
	return text
}

// TestRowsTravelWithTheirOwn holds that no row of a step under way can come after that of its end: such a row travels with what is done inside
// the step, which is over before the step is.
func TestRowsTravelWithTheirOwn(t *testing.T) {
	t.Parallel()
	r, now := newRows(nil), time.Now()
	r.began(told(flow.Began, "/a", false), now)
	r.began(told(flow.Began, "/b", false), now)
	r.ended(told(flow.Ended, "/c", false), now)
	for _, c := range []struct{ of, want string }{
		{"/b/in", "/b running; /c ok; "},
		{"/bc", ""},
		{"/a@items:0-50", "/a running; "},
	} {
		if got := keysOf(r.along(c.of)); got != c.want {
			t.Errorf("with %s travels %q, want %q", c.of, got, c.want)
		}
	}
	r.ended(told(flow.Ended, "/a", false), now)
	r.flying["/a"] = true // an older one is under way by itself
	if got := keysOf(r.all()); got != "" {
		t.Errorf("%q overtakes", got)
	}
}

// TestRowsAreToldOnce holds that a renewed workflow leaves alone what people know of steps that are over, and goes on with those under way.
func TestRowsAreToldOnce(t *testing.T) {
	t.Parallel()
	r, now := newRows(nil), time.Now()
	r.began(told(flow.Began, "/open", false), now)
	r.ended(told(flow.Ended, "/over", false), now)
	r.all()
	open, over := r.went()
	if !open["/open"].Equal(now) || len(open) != 1 || len(over) != 1 {
		t.Fatalf("it goes on with %v, %v", open, over)
	}
	next := newRows(&Went{Open: open, Noted: over})
	next.began(told(flow.Began, "/over", false), now.Add(time.Hour))
	next.ended(told(flow.Ended, "/over", false), now.Add(time.Hour))
	next.ended(told(flow.Ended, "/new", false), now.Add(time.Hour))
	if got := keysOf(next.all()); got != "/new ok; " {
		t.Errorf("it tells %q", got)
	}
}

// TestRowsAreFew holds that of steps inside loops no more than the first are told, but for failures.
func TestRowsAreFew(t *testing.T) {
	t.Parallel()
	r, now := newRows(nil), time.Now()
	n := told(flow.Began, "", true)
	for i := range engine.Sampled + 50 {
		n.Key, n.Type, n.Error = fmt.Sprintf("/l[%d]/s", i), flow.Began, nil
		r.began(n, now)
		n.Type = flow.Ended
		if i == engine.Sampled+7 {
			n.Error = &steps.Error{Kind: steps.Status, Message: "no"}
		}
		r.ended(n, now)
	}
	if len(r.pending) != engine.Sampled+1 {
		t.Errorf("%d are told", len(r.pending))
	}
	if got := len(r.all()); got != rowsAtOnce {
		t.Errorf("%d travel at once", got)
	}
}
