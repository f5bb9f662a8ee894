package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// furnished makes a history in a file that has rows in all tables, as its last run was cut off, and gives the file.
func furnished(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	past(t, s, "old 9 ok", "old 8 ok", "old 0.5 ok")
	_, err = s.Prune(t.Context(), Policy{Keep: jobs.Keep{KeepRule: jobs.KeepRule{Runs: 1}}}, noon) // numbers that are free again
	must(err)
	run := aRun("odd", "sync")
	run.Called = []engine.Text{{File: "/p/called.yaml", Text: "version: 1\n"}}
	run.Inputs = map[string]any{"text": "a\x00b\xffc"}
	begin(t, s, run)
	item := "/all[\x00\xff" + lettersOf(5000) + "]"
	failure := &steps.Error{Kind: steps.Status, Message: "the answer was 500 \x00\xfe", Status: 500}
	shown := steps.Exchange{Method: "POST", URL: "https://example.com/", Status: 500, Request: steps.Message{Body: largeValue("\xff")}, Response: steps.Message{Body: []byte("\x00\x80")}}
	must(
		s.Note("odd", engine.StepRun{Key: item + "/send", ID: "send", Kind: "rest", Status: engine.Failed, Attempts: 2, Started: day, Ended: at(1), Error: failure}),
		s.Intend("odd", item+"/send"),
		s.Commit("odd", engine.Entry{Key: item + "/send", StepKey: item + "/send", Attempt: 1, Result: []byte("\x00\xff"), Error: failure, Exchanges: []steps.Exchange{shown}}),
		s.Commit("odd", engine.Entry{Key: "/twice", Result: []byte("first")}),
		s.Commit("odd", engine.Entry{Key: "/b", Result: largeValue("b"), Job: "sync", State: map[string]any{"since": "2026-01-01", "n": 7}}),
		s.Intend("odd", "/doubt"),
		s.Commit("odd", engine.Entry{Key: "/twice", Result: []byte("second")}),
		s.Intend("odd", "/twice"),
		s.Fold("odd", "/page:1", nil, engine.Entry{Key: "/all@failed[x]", Result: largeValue("kept")}, engine.Entry{Key: "/all@progress", Result: []byte("1")}),
	)
	finish(t, s, run, engine.Failed)
	run.Status, run.Attempt, run.Latest = engine.Running, 2, []engine.Text{{File: "/p/sync.yaml", Text: "version: 1\n# mended\n"}}
	must(s.Continue(run, nil, nil))
	finish(t, s, run, engine.Failed)
	claim := due("waits", "nightly", 5)
	claim.Inputs = map[string]any{"text": lettersOf(4000)}
	claimed(t, s, missed("missed", "sync", 1, 3), due("queued", "nightly", 4), claim)
	_, err = s.Know(at(6), []engine.Plan{{Job: "sync", Line: "@hourly"}, {Job: "nightly", Line: "@daily", Inputs: claim.Inputs}})
	must(
		err, s.Pause(engine.Pause{Job: "sync", Since: day, Who: "ann", Why: "a\x00b"}),
		s.Raise(engine.Alert{Subject: "job:sync", Kind: "failure", Since: day, Run: "odd"}, []engine.Post{{Target: "chat", Notice: []byte(`{"a":1}`), Posted: day, Next: day}}),
		s.Audit(Audit{At: noon, Who: "ann", Role: "operator", Origin: "127.0.0.1", Action: "resume", Subject: "run:odd", Outcome: AuditDone}),
	)
	begin(t, s, aRun("cut-off", "sync"))
	must(s.Intend("cut-off", "/send"), s.Close())
	carrySQLite(t, path, "INSERT INTO dropped VALUES (1, 5)", "UPDATE runs SET status = 'running', live = 'gone', ended = NULL, error = NULL WHERE run = 'cut-off'")
	return path
}

// carrySQLite carries statements out on a file.
func carrySQLite(t *testing.T, path string, statements ...string) {
	t.Helper()
	p, err := locate(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	carryAt(t, p, statements...)
}

// TestCopyToServer holds that each row of each table is on the server as it was in the file, and that all goes on there as it would have.
func TestCopyToServer(t *testing.T) {
	t.Parallel()
	to := postgrestest.Server(t).URL
	from := furnished(t)
	would, err := WouldCopy(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := Copy(t.Context(), from, to, CopyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(from); err != nil || string(after) != string(before) {
		t.Errorf("the file is another one than before, %v", err)
	}
	if !slices.Equal(copied, would) {
		t.Errorf("copied %v, and foresaw %v", copied, would)
	}
	for _, table := range copied {
		if table.Rows == 0 {
			t.Errorf("the table %s has no row in this test: have furnished make one", table.Table)
		}
	}
	source, err := openSource(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	server := openWithoutSettling(t, to)
	for _, table := range source.tables {
		compareTables(t, source, server, table)
	}
	source.close()
	server.Close()
	one, two := openAt(t, from, Options{}), openAt(t, to, Options{})
	checkSame(t, one, two)
	checkGoesOn(t, two)
}

// openWithoutSettling opens a history on a server, and leaves runs as they are that were cut off.
func openWithoutSettling(t *testing.T, to string) *Store {
	t.Helper()
	s, err := OpenReadOnly(to)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compareTables compares a table row by row.
func compareTables(t *testing.T, from *source, to *Store, table sourceTable) {
	t.Helper()
	one, err := from.read(t.Context(), table)
	if err != nil {
		t.Fatal(table.query, err)
	}
	defer one.Close()
	two, err := to.read.Query("SELECT " + strings.Join(quoted(table.columns), ", ") + " FROM " + table.name + " ORDER BY 1")
	if err != nil {
		t.Fatal(table.name, err)
	}
	defer two.Close()
	for n := 1; ; n++ {
		more := one.Next()
		if more != two.Next() {
			t.Errorf("one of both has more than %d rows of %s", n-1, table.name)
			return
		}
		if !more {
			return
		}
		want, got := make([]any, len(table.columns)), make([]any, len(table.columns))
		for i := range want {
			want[i], got[i] = new(any), new(any)
		}
		if err := errors.Join(one.Scan(want...), two.Scan(got...)); err != nil {
			t.Fatal(err)
		}
		for i, column := range table.columns {
			w, g := fmt.Sprintf("%v", *want[i].(*any)), fmt.Sprintf("%v", *got[i].(*any))
			if data, ok := (*want[i].(*any)).([]byte); ok {
				w = string(data)
			}
			if data, ok := (*got[i].(*any)).([]byte); ok {
				g = string(data)
			}
			if w != g {
				t.Errorf("row %d of %s has the %s %.100q, want %.100q", n, table.name, column, g, w)
			}
		}
	}
}

// checkSame compares what two histories tell people, and the journal.
func checkSame(t *testing.T, one, two *Store) {
	t.Helper()
	told := func(s *Store) (all []any) {
		add := func(v any, err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
			all = append(all, v)
		}
		runs, err := s.Runs(Filter{Limit: 100})
		add(runs, err)
		for _, r := range runs {
			run, err := s.Run(r.ID)
			add(run, err)
			for _, step := range run.Steps {
				x, err := s.Exchanges(r.ID, step.Key)
				add(x, err)
				tries, err := s.Attempts(r.ID, step.Key)
				add(tries, err)
			}
			doubt, err := s.InDoubt(r.ID)
			add(doubt, err)
			for _, prefix := range []string{"/", "/all@", "@"} {
				kept, err := s.Kept(r.ID, prefix)
				add(kept, err)
			}
		}
		for _, key := range []string{"/twice", "/b", "/doubt", "/none"} {
			e, mark, err := s.Lookup("odd", key)
			add([]any{e, mark}, err)
		}
		state, err := s.State("sync")
		add(state, err)
		plans, err := s.Plans(at(50))
		add(plans, err)
		slots, err := s.Slots("nightly", 10, time.Time{})
		add(slots, err)
		pauses, err := s.Pauses()
		add(pauses, err)
		posts, err := s.Posts()
		add(posts, err)
		audits, err := s.Audits(AuditFilter{Limit: 10}, 0)
		add(audits, err)
		alert, there, err := s.Alert("job:sync", "failure")
		add([]any{alert, there}, err)
		return all
	}
	want, got := told(one), told(two)
	for i := range want {
		if w, g := asJSON(t, want[i]), asJSON(t, got[i]); w != g || !reflect.DeepEqual(want[i], got[i]) {
			t.Errorf("%d: the file tells\n%.2000s\nthe server\n%.2000s", i, w, g)
		}
	}
}

// checkGoesOn has a history that was copied go on: nothing that is new has the number of something old.
func checkGoesOn(t *testing.T, s *Store) {
	t.Helper()
	run, err := s.Run("cut-off")
	if err != nil || run.Status != engine.Interrupted {
		t.Fatalf("the run that was cut off is %s, %v", run.Status, err)
	}
	run.Status, run.Attempt = engine.Running, 2
	errs := []error{
		s.Continue(run, []string{"/send"}, nil),
		s.Commit("cut-off", engine.Entry{Key: "/send", StepKey: "/send", Attempt: 2, Result: largeValue("new"), Job: "sync", State: map[string]any{"n": 8, "new": 1}}),
		s.Note("cut-off", engine.StepRun{Key: "/send", Kind: "rest", Status: engine.OK, Started: day, Ended: day}),
	}
	finish(t, s, run, engine.OK)
	odd, err := s.Run("odd")
	errs = append(errs, err)
	odd.Status, odd.Attempt = engine.Running, 3
	errs = append(errs, s.Continue(odd, nil, nil))
	for i := range 5 { // none has the number of an older row
		key := fmt.Sprint("/new", i)
		errs = append(errs, s.Commit("odd", engine.Entry{Key: key, Result: []byte(key)}), s.Note("odd", engine.StepRun{Key: key, Kind: "rest", Status: engine.OK, Started: day, Ended: day}))
	}
	finish(t, s, odd, engine.Failed)
	if e, mark, err := s.Lookup("odd", "/twice"); err != nil || mark != engine.Done || string(e.Result) != "second" {
		t.Errorf("what was done in the file: %s, %v, %v", e.Result, mark, err)
	}
	next := aRun("next", "other")
	next.Text, next.Called = "version: 1\n# new\n", []engine.Text{{File: "/p/more.yaml", Text: "version: 1\n# more\n"}}
	finish(t, s, begin(t, s, next), engine.OK)
	_, err = s.Know(at(60), []engine.Plan{{Job: "other", Line: "@hourly"}})
	errs = append(errs, err, s.Post([]engine.Post{{Target: "chat", Notice: []byte("{}"), Posted: day, Next: day}}), s.Audit(Audit{At: noon, Who: "bob", Outcome: AuditDone}))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	again := missed("again", "sync", 1, 3)
	if got := told(claimed(t, s, again)); got != "missed=" {
		t.Errorf("a slot that was decided upon in the file: %s", got)
	}
	if first, last := number(t, s, "SELECT min(id) FROM runs"), number(t, s, "SELECT id FROM runs WHERE run = 'next'"); first < 3 || last != number(t, s, "SELECT max(id) FROM runs") {
		t.Errorf("the runs have the numbers %d to %d", first, last)
	}
	if state, err := s.State("sync"); err != nil || fmt.Sprint(state) != "map[n:8 new:1 since:2026-01-01]" {
		t.Errorf("state is %v, %v", state, err)
	}
}

// TestCopyIsWholeOnServer holds that a copy that does not come to its end leaves nothing, and keeps nobody from copying again.
func TestCopyIsWholeOnServer(t *testing.T) {
	t.Parallel()
	to := postgrestest.Server(t).URL
	from := furnished(t)
	ctx, cancel := context.WithCancel(t.Context())
	mine := errors.New("mine")
	for name, opts := range map[string]CopyOptions{
		"cancelled": {Progress: func(table string, _, _ int64) {
			if table == "steps" { // one of the last
				cancel()
			}
		}},
		"what else is copied fails": {Also: func(context.Context, pgx.Tx) error { return mine }},
	} {
		with := t.Context()
		if opts.Also == nil {
			with = ctx
		}
		_, err := Copy(with, from, to, opts)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, mine) {
			t.Errorf("%s: %v", name, err)
		}
		s := openAt(t, to, Options{})
		for _, table := range []string{"texts", "runs", "journal", "exchanges"} {
			if n := number(t, s, "SELECT count(*) FROM "+table); n != 0 {
				t.Errorf("%s: %d rows of %s are there", name, n, table)
			}
		}
	}
	kept := false
	_, err := Copy(t.Context(), from, to, CopyOptions{Progress: func(table string, _, _ int64) {
		if table != "runs" || kept {
			return
		}
		kept = true
		if _, err := Open(from, Options{Wait: time.Millisecond}); !errors.Is(err, engine.ErrLocked) {
			t.Errorf("who writes to the file meanwhile: %v, want ErrLocked", err)
		}
	}})
	if err != nil || !kept {
		t.Errorf("at last: %v", err)
	}
	if _, err := Copy(t.Context(), from, to, CopyOptions{}); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "runs (6)") {
		t.Errorf("once more: %v, want ErrNotEmpty and what is there", err)
	}
	if _, err := WouldCopy(t.Context(), from, to); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("once more, without writing: %v, want ErrNotEmpty", err)
	}
}

// TestCopyRefusesOnServer holds what is not copied.
func TestCopyRefusesOnServer(t *testing.T) {
	t.Parallel()
	to := postgrestest.Server(t).URL
	for name, test := range map[string]struct {
		prepare func(t *testing.T) string
		is      error
		want    string
	}{
		"no file":  {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none.db") }, ErrNoRuns, "no runs yet"},
		"a server": {func(*testing.T) string { return to }, nil, "copied from a file, not from a server"},
		"a text": {func(t *testing.T) string {
			p := filepath.Join(t.TempDir(), "a")
			write(t, p, strings.Repeat("no database ", 1000))
			return p
		}, engine.ErrDamaged, ""},
		"an older":  {func(t *testing.T) string { return versioned(t, 5) }, nil, "made by an older snrun"},
		"a newer":   {func(t *testing.T) string { return versioned(t, 99) }, nil, "made by a newer snrun"},
		"a run":     {func(t *testing.T) string { return inUse(t, "hold") }, ErrInUse, "by run child of sync (process 4711@host): end that"},
		"a daemon":  {func(t *testing.T) string { return inUse(t, "serve") }, ErrInUse, "by snrun serve (process "},
		"something": {func(t *testing.T) string { return somethingAlive(t) }, ErrInUse, "by a process of snrun"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := test.prepare(t)
			for _, err := range []error{second(Copy(t.Context(), from, to, CopyOptions{})), second(WouldCopy(t.Context(), from, to))} {
				if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// versioned gives a history that says it has a version.
func versioned(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	carrySQLite(t, path, fmt.Sprintf("PRAGMA user_version = %d", version))
	return path
}

// inUse gives a history that another process is at work in.
func inUse(t *testing.T, what string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	start(t, what, path).await(t)
	return path
}

// somethingAlive gives a history in which a process shows that it lives, of which nothing else is on record.
func somethingAlive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	s := openAt(t, path, Options{})
	if _, err := s.alive.hold(); err != nil {
		t.Fatal(err)
	}
	return path
}
