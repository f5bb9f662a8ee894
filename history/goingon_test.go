package history

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// number gives what a query gives.
func number(t *testing.T, s *Store, query string) int {
	t.Helper()
	var n int
	if err := s.read.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func goOn(t *testing.T, s *Store, run *engine.Run, forget ...string) {
	t.Helper()
	run.Status, run.Attempt = engine.Running, run.Attempt+1
	if err := s.Continue(run, forget, nil); err != nil {
		t.Fatal(err)
	}
}

func TestRunThatGoesOnIsOnRecordAsSuch(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	run := aRun("r1", "sync")
	run.Called = []engine.Text{{File: "jobs/a.yaml", Text: "a"}, {File: "jobs/b.yaml", Text: run.Text}}
	begin(t, s, run)
	run.Error, run.Output = &steps.Error{Kind: steps.Limit, Message: "m"}, 1
	finish(t, s, run, engine.Failed)
	check := func(attempt int, status engine.Status, called ...string) {
		t.Helper()
		got, err := s.Run("r1")
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, c := range got.Called {
			files = append(files, c.File+"="+c.Text)
		}
		if got.Attempt != attempt || got.Status != status || !reflect.DeepEqual(files, called) || got.Text != run.Text {
			t.Errorf("the run is %s, attempt %d, calls %q, text %q; want %s, %d, %q, %q", got.Status, got.Attempt, files, got.Text,
				status, attempt, called, run.Text)
		}
		if gone := got.Error == nil && got.Output == nil && got.Ended.IsZero(); gone != (status == engine.Running) {
			t.Errorf("its end is %v with %v, %v", got.Ended, got.Output, got.Error)
		}
		if !got.Started.Equal(day.Add(time.Second)) {
			t.Errorf("it started %v, want the first time", got.Started)
		}
	}
	check(1, engine.Failed, "jobs/a.yaml=a", "jobs/b.yaml="+run.Text)
	goOn(t, s, run)
	check(2, engine.Running, "jobs/a.yaml=a", "jobs/b.yaml="+run.Text)
	finish(t, s, run, engine.Failed)
	run.Text, run.Called = "changed", []engine.Text{{File: "jobs/b.yaml", Text: "b"}}
	goOn(t, s, run)
	check(3, engine.Running, "jobs/b.yaml=b")
	if n := number(t, s, "SELECT count(*) FROM texts"); n != 4 {
		t.Errorf("%d texts are kept, want 4, each once", n)
	}
	run.Open = true
	finish(t, s, run, engine.OK)
	if got, err := s.Run("r1"); err != nil || !got.Open {
		t.Errorf("the run came back as %+v, %v, want it open", got, err)
	}
}

// A run of a process that lives goes on in that one only; one whose process was killed goes on at once.
func TestOfTwoProcessesOneGoesOn(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	c := start(t, "hold", path)
	c.await(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	run := aRun("child", "sync")
	if err := s.Continue(run, nil, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue while its process lives: %v, want ErrRunning", err)
	}
	c.kill(t)
	goOn(t, s, run)
	if err := other.Continue(run, nil, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue while another goes on with it: %v, want ErrRunning", err)
	}
	if got, err := other.Run("child"); err != nil || got.Status != engine.Running {
		t.Errorf("the run is %+v, %v, want it running", got, err)
	}
	finish(t, s, run, engine.Failed)
	goOn(t, other, run)
}

// Two may both have seen that a run has ended: only one of them goes on with it, and the other changes nothing.
func TestGoingOnAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	if err := s.Commit("r1", engine.Entry{Key: "/a"}); err != nil {
		t.Fatal(err)
	}
	finish(t, s, run, engine.Failed)
	rows := append(continuing(run, 1, "live"), rowOf(dropAllSQL))
	goOn(t, s, run)
	if err := s.flush("go on", rows...); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("going on with a run that another goes on with: %v, want ErrRunning", err)
	}
	if _, mark, err := s.Lookup("r1", "/a"); mark != engine.Done || err != nil {
		t.Errorf("the call is marked %d, %v, want it done", mark, err)
	}
}

// lines gives the steps of a run, as "key status attempts started-ended" in seconds after day, in the order of their rows.
func lines(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := s.Steps("r1", StepFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range list {
		got = append(got, fmt.Sprintf("%s %s %d %d-%d", step.Key, step.Status, step.Attempts,
			int(step.Started.Sub(day).Seconds()), int(step.Ended.Sub(day).Seconds())))
	}
	return got
}

// step is a step that began and, unless it goes on, ended so many seconds after day.
func step(key string, status engine.Status, began, ended int) engine.StepRun {
	r := engine.StepRun{Key: key, Status: status, Attempts: 1, Started: day.Add(time.Duration(began) * time.Second)}
	if ended > 0 {
		r.Ended = day.Add(time.Duration(ended) * time.Second)
	}
	return r
}

func TestStepsOfARunThatGoesOn(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	for _, r := range []engine.StepRun{
		step("/done", engine.OK, 1, 2), step("/skip", engine.Skipped, 2, 2), step("/loop[a]/x", engine.OK, 3, 4), step("/loop[b]/x", engine.Failed, 3, 5),
		step("/loop", engine.Failed, 3, 5), step("/anew", engine.OK, 5, 6), step("/unseen", engine.Failed, 6, 7), step("/counts", engine.OK, 7, 8),
		step("/doubt", engine.InDoubt, 8, 9),
	} {
		note(t, s, "r1", r)
	}
	finish(t, s, run, engine.Failed)
	goOn(t, s, run, "/anew")
	before := func(r engine.StepRun) engine.StepRun { r.Before = true; return r }
	counted := step("/counts", engine.OK, 101, 102)
	counted.Before, counted.Counts = true, &engine.Counts{Succeeded: 3}
	for _, r := range []engine.StepRun{
		step("/done", engine.Running, 101, 0), before(step("/done", engine.OK, 101, 101)),
		before(step("/skip", engine.Skipped, 101, 101)),
		step("/loop", engine.Running, 101, 0), step("/loop[a]/x", engine.Running, 101, 0), before(step("/loop[a]/x", engine.OK, 101, 101)),
		step("/loop[b]/x", engine.Running, 101, 0), step("/loop[b]/x", engine.OK, 101, 103), before(step("/loop", engine.OK, 101, 103)),
		step("/anew", engine.Running, 104, 0), counted, before(step("/lost", engine.OK, 105, 105)), step("/new", engine.Running, 106, 0),
	} {
		note(t, s, "r1", r)
	}
	want := []string{
		"/done ok 1 1-2", "/skip skipped 1 2-2", "/loop[a]/x ok 1 3-4", "/loop[b]/x ok 1 101-103", "/loop ok 1 3-103",
		"/anew running 1 104--9223372036", "/unseen failed 1 6-7", "/counts ok 1 7-102", "/doubt in_doubt 1 8-9", "/lost ok 1 105-105",
		"/new running 1 106--9223372036",
	}
	if got := lines(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("the steps are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A step that failed or was in doubt, and goes well now without being noted, is not on record as failed any more.
func TestWhatWentWellSinceIsNotOnRecordAsFailed(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	for _, r := range []engine.StepRun{
		step("/a[1]/x", engine.Failed, 1, 2), step("/a[2]/x", engine.InDoubt, 1, 2), step("/a[3]/x", engine.Failed, 1, 2),
		step("/a[4]/x", engine.Failed, 1, 2), step("/a[5]/x", engine.OK, 1, 2),
	} {
		note(t, s, "r1", r)
	}
	finish(t, s, run, engine.Failed)
	goOn(t, s, run)
	failure := &steps.Error{Kind: steps.Network, Message: "m"}
	for _, e := range []engine.Entry{
		{Key: "/a[1]/x#2", StepKey: "/a[1]/x"}, {Key: "/a[2]/x"}, {Key: "/a[3]/x", StepKey: "/a[3]/x", Error: failure},
		{Key: "/a[4]/x", StepKey: "/a[4]/x", Passing: true}, {Key: "/a[5]/x"},
	} {
		if err := s.Commit("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"/a[3]/x failed 1 1-2", "/a[4]/x failed 1 1-2", "/a[5]/x ok 1 1-2"}
	if got := lines(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("the steps are %q, want %q", got, want)
	}
}

// A run that went on and is interrupted again has one row for a step that is in doubt, as before.
func TestInDoubtAgain(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	run := aRun("r1", "sync")
	for attempt := range 3 {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if attempt == 0 {
			begin(t, s, run)
			note(t, s, "r1", step("/a[y]/x", engine.Failed, 1, 2))
		} else {
			goOn(t, s, run)
		}
		if err := errors.Join(s.Intend("r1", "/a[x]/x#2"), s.Intend("r1", "/a[y]/x"), s.Close()); err != nil {
			t.Fatal(err)
		}
		s, err = Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkStatuses(t, s, "/a[y]/x in_doubt, /a[x]/x in_doubt")
		got, err := s.Run("r1")
		if err != nil || got.Status != engine.Interrupted || got.Attempt != attempt+1 || !strings.Contains(got.Error.Hint, "resume r1") {
			t.Errorf("attempt %d: %+v, %v, want it interrupted, with a hint how to go on", attempt+1, got, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Neither the database nor what is remembered of a run grows with the pages that were folded.
func TestFoldedPagesLeaveNothing(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	run := begin(t, s, aRun("r1", "sync"))
	pages := 0
	var size, peak int
	for p := range 2000 {
		part := fmt.Sprintf("/a/page:%d", p)
		entries := make([]engine.Entry, 50)
		for i := range entries {
			entries[i] = engine.Entry{Key: fmt.Sprintf("%s[%d]/b", part, i), Result: bytes.Repeat([]byte("x"), 500)}
			if i == 7 {
				entries[i].Result = bytes.Repeat([]byte{byte(p)}, large+1+p%5)
			}
		}
		fillWith(t, s, "r1", entries)
		progress := engine.Entry{Key: "/a@progress", Result: bytes.Repeat([]byte("p"), 100)}
		if err := s.Fold("r1", part, nil, progress); err != nil {
			t.Fatal(err)
		}
		if pages = number(t, s, "PRAGMA page_count"); p == 20 {
			size = pages
		}
		peak = max(peak, number(t, s, "SELECT count(*) FROM journal"))
	}
	if pages > size+size/4 {
		t.Errorf("the database has %d pages, and had %d after 20 folds, want it not to grow", pages, size)
	}
	if blobs := number(t, s, "SELECT count(*) FROM blobs"); peak != 1 || blobs != 0 {
		t.Errorf("folds left up to %d rows and %d blobs, want 1 and none", peak, blobs)
	}
	l, err := s.ledger("r1")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.parts)+len(l.calls)+len(l.open)+len(l.before) > 0 {
		t.Errorf("the ledger remembers %v, %v, %v, %v", l.parts, l.calls, l.open, l.before)
	}
	finish(t, s, run, engine.Failed)
	goOn(t, s, run)
	if err := s.Commit("r1", engine.Entry{Key: "/a/page:9[x]/b"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Fold("r1", "/a/page:9", nil); err != nil {
		t.Fatal(err)
	}
	if l, err = s.ledger("r1"); err != nil || len(l.parts) > 0 || len(l.calls) != 1 {
		t.Errorf("the ledger of the run that goes on remembers %v, %v, %v, want what is kept of the loop", l.parts, l.calls, err)
	}
}

// fillWith commits entries as Commit does, all at once.
func fillWith(tb testing.TB, s *Store, run string, entries []engine.Entry) {
	tb.Helper()
	l, err := s.ledger(run)
	if err != nil {
		tb.Fatal(err)
	}
	var rows []row
	for _, e := range entries {
		rows = append(rows, l.result(l.last.Add(1), e)...)
	}
	if err := s.writer.commit(false, rows...); err != nil {
		tb.Fatal(err)
	}
}

func TestLargeValuesAreStoredOnce(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	run, other := begin(t, s, aRun("r1", "sync")), begin(t, s, aRun("r2", "sync"))
	body := bytes.Repeat([]byte("poll"), 10_000)
	exchange := steps.Exchange{Method: "GET", URL: "https://example.com/", Response: steps.Message{Body: body, Size: 40_000}, Request: steps.Message{Body: body}}
	for i := range 20 {
		for _, id := range []string{"r1", "r2"} {
			e := engine.Entry{Key: fmt.Sprintf("/a[%d]/b", i), StepKey: "/b", Attempt: 1, Result: body}
			if id == "r2" {
				e.Exchanges = []steps.Exchange{exchange}
			}
			if err := s.Commit(id, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	blobs := func(want int) {
		t.Helper()
		if got := number(t, s, "SELECT count(*) FROM blobs"); got != want {
			t.Errorf("%d blobs, want %d", got, want)
		}
	}
	if err := s.flush("write the exchanges"); err != nil {
		t.Fatal(err)
	}
	blobs(1)
	finish(t, s, run, engine.OK)
	blobs(1)
	finish(t, s, other, engine.OK) // its exchanges stay
	blobs(1)
	got, err := s.Exchanges("r2", "")
	if err != nil || len(got) != 20 {
		t.Fatalf("%d exchanges, %v, want 20", len(got), err)
	}
	for _, e := range got {
		if !reflect.DeepEqual(e.Exchange, exchange) {
			t.Fatalf("an exchange came back with bodies of %d and %d bytes, want %d", len(e.Request.Body), len(e.Response.Body), len(body))
		}
	}
	if err := s.Commit("r2", engine.Entry{Key: "/sent", StepKey: "/sent", Result: body[:30_000], Exchanges: []steps.Exchange{
		{Method: "POST", URL: "https://example.com/", Request: steps.Message{Body: body[:30_000]}},
	}}); err != nil {
		t.Fatal(err)
	}
	finish(t, s, other, engine.OK)
	blobs(2)
	third := begin(t, s, aRun("r3", "sync"))
	if err := s.Commit("r3", engine.Entry{Key: "/a", Result: append(body, 'x')}); err != nil {
		t.Fatal(err)
	}
	blobs(3)
	finish(t, s, third, engine.Failed)
	blobs(3)
	goOn(t, s, third, "/a")
	blobs(2)
}

func TestDamagedValues(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"missing":     `DELETE FROM blobs`,
		"changed":     `UPDATE blobs SET data = zeroblob(length(data))`,
		"cut":         `UPDATE blobs SET data = substr(data, 1, 100)`,
		"another's":   `UPDATE journal SET digest = zeroblob(32) WHERE digest IS NOT NULL`,
		"taken empty": `UPDATE blobs SET data = x''`,
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := somewhere(t)
			s := openAt(t, path, Options{})
			begin(t, s, aRun("r1", "sync"))
			body := bytes.Repeat([]byte("x"), 20_000)
			x := steps.Exchange{Method: "GET", URL: "https://example.com/", Response: steps.Message{Body: body}}
			for _, key := range []string{"/a", "/a@kept"} {
				if err := s.Commit("r1", engine.Entry{Key: key, StepKey: "/a", Result: body, Exchanges: []steps.Exchange{x}}); err != nil {
					t.Fatal(err)
				}
			}
			if s.place.shared() {
				damage = regexp.MustCompile(`zeroblob\((.*?\)|32)\)`).ReplaceAllString(damage, `decode(repeat('00', $1::int), 'hex')`)
			}
			if err := s.flush("write", rowOf(damage)); err != nil {
				t.Fatal(err)
			}
			_, mark, err := s.Lookup("r1", "/a")
			if mark != engine.Unknown {
				t.Errorf("mark %d, want none", mark)
			}
			_, keptErr := s.Kept("r1", "/a@")
			for doing, err := range map[string]error{"Lookup": err, "Kept": keptErr} {
				fails(t, doing, err, s.place.String(), engine.ErrDamaged, "20000 bytes")
			}
			if _, err = s.Exchanges("r1", "/a"); name != "another's" {
				fails(t, "Exchanges", err, s.place.String(), engine.ErrDamaged, "GET https://example.com/")
			}
		})
	}
}

// old makes a history as the first snrun made it, with a run that failed and one that goes on.
func old(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile("migrations/0001_runs.sql")
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, path)
	defer c.close()
	err = c.run(string(text) + fmt.Sprintf("; PRAGMA application_id = %d; PRAGMA user_version = 1;", ours) + `
		INSERT INTO texts VALUES (1, x'00', 'version: 1');
		INSERT INTO runs VALUES (1, 'r1', 'sync', 'failed', 'manual', 1, 1, 2, NULL, NULL, NULL, 'sync.yaml', 1, '', 'gone');
		INSERT INTO runs VALUES (2, 'r2', 'sync', 'running', 'manual', 1, 1, NULL, NULL, NULL, NULL, 'sync.yaml', 1, '', 'gone');
		INSERT INTO journal VALUES ((1 << 32) + 1, '/a', 1, 2, 'one'), ((2 << 32) + 1, '/b', 1, NULL, NULL);
		INSERT INTO exchanges VALUES ((1 << 32) + 2, '/a', 1, 0, 'GET', 'https://example.com/', 200, '', 1, 1, 1, 1, 0, 3, NULL, NULL, NULL, 'one')`)
	if err != nil {
		t.Fatal(err)
	}
}

func TestOldHistoryIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	old(t, path)
	if _, err := OpenReadOnly(path); err == nil || !strings.Contains(err.Error(), "older snrun") {
		t.Errorf("OpenReadOnly: %v, want that it is of an older snrun", err)
	}
	s := openAt(t, path, Options{})
	for id, want := range map[string]engine.Status{"r1": engine.Failed, "r2": engine.Interrupted} {
		run, err := s.Run(id)
		if err != nil || run.Status != want || run.Attempt != 1 || run.Open || run.Text != "version: 1" {
			t.Errorf("run %s is %+v, %v, want it %s, attempt 1", id, run, err, want)
		}
	}
	if e, mark, err := s.Lookup("r1", "/a"); err != nil || mark != engine.Done || string(e.Result) != "one" {
		t.Errorf("Lookup = %+v, %d, %v, want its result", e, mark, err)
	}
	if got, err := s.Exchanges("r1", ""); err != nil || len(got) != 1 || string(got[0].Response.Body) != "one" {
		t.Errorf("Exchanges = %+v, %v, want the one that was there", got, err)
	}
	run := aRun("r1", "sync")
	goOn(t, s, run, "/a")
	if err := s.Commit("r1", engine.Entry{Key: "/a", Result: bytes.Repeat([]byte("x"), 20_000)}); err != nil {
		t.Fatal(err)
	}
	finish(t, s, run, engine.OK)
	var query sql.NullString
	if err := s.read.QueryRow("PRAGMA integrity_check").Scan(&query); err != nil || query.String != "ok" {
		t.Errorf("the database is %v, %v, want it ok", query, err)
	}
}

// TestTextsOfTheLastAttempt holds that they are kept beside those that the run began with, until the run goes on with others or is gone.
func TestTextsOfTheLastAttempt(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	id := full(t, s, 9, 1)
	full(t, s, 1, 1)
	run, err := s.Begun(id)
	if err != nil || run.Latest != nil {
		t.Fatalf("it has %q, %v", run.Latest, err)
	}
	began := run.Texts()
	for _, latest := range [][]engine.Text{{{File: "/p/sync.yaml", Text: "# mended"}, {File: "/p/all.yaml", Text: "# other"}}, {{File: "/p/sync.yaml", Text: "# again"}}, nil} {
		run.Latest = latest
		goOn(t, s, run)
		finish(t, s, run, engine.Failed)
		prune(t, s, jobs.Keep{KeepRule: rule(0, 9, 0)})
		checkComplete(t, s)
		got, err := s.Run(id)
		if err != nil || !reflect.DeepEqual(got.Latest, latest) {
			t.Errorf("it has %q, %v, want %q", got.Latest, err, latest)
		}
		if got.Latest = nil; !reflect.DeepEqual(got.Texts(), began) {
			t.Errorf("it began with %q, want %q", got.Texts(), began)
		}
	}
	run.Latest = []engine.Text{{File: "/p/sync.yaml", Text: "# mended"}}
	goOn(t, s, run)
	finish(t, s, run, engine.Failed)
	prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)})
	checkComplete(t, s)
	if n := number(t, s, "SELECT count(*) FROM latest") + number(t, s, "SELECT count(*) FROM texts WHERE text = '# mended'"); n != 0 {
		t.Errorf("%d rows are left of a run that is gone", n)
	}
}
