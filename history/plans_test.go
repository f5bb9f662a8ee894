package history

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"snrun/engine"
)

// decided writes plans as job line=minutes.
func decided(plans []engine.Plan) string {
	var all []string
	for _, p := range plans {
		text := p.Job + " " + p.Line
		if len(p.Inputs) > 0 {
			text += fmt.Sprint(" ", p.Inputs)
		}
		all = append(all, fmt.Sprint(text, "=", p.Decided.Sub(day).Minutes()))
	}
	return strings.Join(all, ", ")
}

func TestKnow(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	know := func(minutes int, want string, plans ...engine.Plan) {
		t.Helper()
		got, err := s.Know(at(minutes), plans)
		if err != nil {
			t.Fatal(err)
		}
		if got := decided(got); got != want {
			t.Errorf("known at %d: %s, want %s", minutes, got, want)
		}
	}
	hourly, daily := engine.Plan{Job: "sync", Line: "@hourly"}, engine.Plan{Job: "sync", Line: "@daily"}
	second := engine.Plan{Job: "sync", Line: "@hourly", Inputs: map[string]any{"n": 2}}
	other := engine.Plan{Job: "other", Line: "@hourly"}
	know(0, "sync @hourly=0, other @hourly=0", hourly, other)
	know(10, "other @hourly=0, sync @hourly=0, sync @hourly map[n:2]=10", other, hourly, second)
	know(15, "sync @hourly=0, sync @hourly=0, sync @hourly map[n:2]=10", hourly, hourly, second)
	claimed(t, s, missed("a", "sync", 1, 20), due("b", "other", 25))
	know(30, "sync @hourly=20, sync @hourly map[n:2]=10", hourly, second)
	know(31, "sync @daily=31, sync @hourly=20", daily, hourly) // no more with inputs
	know(32, "sync @hourly=20, sync @hourly map[n:2]=32", hourly, second)
	know(10, "sync @hourly=10, other @hourly=0", hourly, other) // the clock was set back: not beyond now
	know(40, "other @hourly=25", engine.Plan{Job: "sync"}, other)
	know(41, "sync @hourly=41", hourly)
	if got, err := s.Know(day, nil); got != nil || err != nil {
		t.Errorf("no plans: %v, %v", got, err)
	}
	for name, store := range map[string]*Store{"the same": s, "another": readAt(t, path)} {
		plans, err := store.Plans(at(50))
		if got, want := decided(plans), "other @hourly=25, sync @hourly=41"; got != want || err != nil {
			t.Errorf("the plans, read by %s: %s, %v, want %s", name, got, err, want)
		}
	}
}

// A history of many runs and slots is not read as a whole, whatever SQLite makes of the indexes.
func TestNothingIsScanned(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	for _, test := range []struct {
		query string
		args  []any
		uses  string
	}{
		{plansSQL, []any{"[]", 1}, "INDEX slots_of_job"},
		{slotsSQL, []any{"a", 1, 1}, "INDEX slots_of_job"},
		{lastSlotsSQL, []any{"[]"}, "INDEX slots_of_job"},
		{goingRunsSQL, []any{"[]"}, "INDEX runs_going"},
		{goingSQL, []any{"a", "r", "me"}, "INDEX runs_going"},
		{nowGoingSQL, []any{"[]"}, "INDEX runs_going"},
		{lastOKSQL, []any{"[]"}, "INDEX runs_ok"},
		{lastEndedSQL, []any{"[]"}, "INDEX runs_of_job"},
		{toResumeSQL, nil, "INDEX runs_interrupted"},
		{toCancelSQL, []any{"a"}, "INDEX runs_to_cancel"},
		{endsSQL, nil, "SEARCH runs"},
		{fmt.Sprintf(betweenSQL, fmt.Sprintf(anyTriggerSQL, "runs_ended", "")), []any{"[]", nil, nil, "[]", "[]"}, "SEARCH r USING COVERING INDEX runs_ended"},
		{tallySQL, []any{"[]", ""}, "SEARCH runs USING INDEX runs_failed"},
	} {
		plan := explained(t, s, test.query, test.args)
		if !strings.Contains(plan, test.uses) || scanned.MatchString(plan) {
			t.Errorf("%s\nis carried out by\n%s\nwant %s", test.query, plan, test.uses)
		}
	}
}

// scanned is what a plan says of a table that is read as a whole.
var scanned = regexp.MustCompile(`SCAN (runs|slots|r|s)\b( USING INDEX sqlite_autoindex| USING COVERING|$|\n)`)

// explained gives SQLite's plan of a query.
func explained(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
