package history

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// full records a failed run of the job sync with rows in all tables: so many days ago, with bodies of its own and one that all such
// runs share.
func full(t testing.TB, s *Store, days int, calls int) string {
	t.Helper()
	ended := noon.AddDate(0, 0, -days)
	run := &engine.Run{
		ID: engine.LowestID(ended), Job: "sync", Started: ended, File: "/p/sync.yaml", Text: "# sync\n",
		Called: []engine.Text{{File: "/p/own.yaml", Text: fmt.Sprint("# ", days)}, {File: "/p/all.yaml", Text: "# all"}},
	}
	err := s.Begin(run, engine.Entry{Key: "@run", Result: fmt.Append(make([]byte, large), "run", days)})
	for i := 0; i < calls && err == nil; i++ {
		key := fmt.Sprintf("/all[%d]/send", i)
		err = errors.Join(
			s.Note(run.ID, engine.StepRun{Key: key, ID: "send", Status: engine.Failed, Message: strings.Repeat("x", 100)}),
			s.Commit(run.ID, engine.Entry{
				Key: key, StepKey: key, Attempt: 2, Started: ended, Ended: ended, Error: &steps.Error{Message: "no"}, Result: []byte("1"),
				Exchanges: []steps.Exchange{
					{Request: steps.Message{Body: make([]byte, large+1)}, Response: steps.Message{Body: fmt.Append(make([]byte, large), days, i)}},
					{Request: steps.Message{Body: []byte("small")}},
				},
			}))
	}
	run.Status, run.Ended = engine.Failed, ended
	if err := errors.Join(err, s.Finish(run)); err != nil {
		t.Fatal(err)
	}
	return run.ID
}

// emptySteps does all steps of a Pruner, as little as can be in each, and gives how many they were.
func emptySteps(t *testing.T, p *Pruner, each func()) (n int) {
	t.Helper()
	p.box = 0
	for more := true; more; n++ {
		var err error
		if more, err = p.Step(); err != nil {
			t.Fatal(err)
		}
		each()
	}
	return n
}

func TestNothingOfARunStays(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for days := 9; days > 0; days-- {
		full(t, s, days, 5)
	}
	if n := number(t, s, "SELECT count(*) FROM blobs"); n != 9+9*5+1 {
		t.Fatalf("%d blobs", n)
	}
	prune(t, s, jobs.Keep{KeepRule: rule(0, 2, 0)})
	checkComplete(t, s)
	for table, want := range map[string]int{
		"runs": 2, "steps": 10, "attempts": 10, "exchanges": 20, "journal": 12, "called": 4, "texts": 4, "blobs": 2 + 10 + 1, "dropped": 0,
	} {
		if got := number(t, s, "SELECT count(*) FROM "+table); got != want {
			t.Errorf("%s has %d rows, want %d", table, got, want)
		}
	}
	last, err := s.Find("@last")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Exchanges(last, "")
	if err != nil || len(list) != 10 || !bytes.Equal(list[0].Request.Body, make([]byte, large+1)) || !strings.HasSuffix(string(list[8].Response.Body), "\x001 4") {
		t.Errorf("the exchanges of a run that is kept are %d, %v", len(list), err)
	}
}

// TestStepByStep holds that a run is gone at once for all who look, and that a Pruner which ends in the middle leaves nothing
// that the next one does not delete.
func TestStepByStep(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	first := full(t, s, 3, 500)
	second := full(t, s, 2, 500)
	full(t, s, 1, 1)
	policy := Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}
	p, err := s.Pruner(policy, noon)
	if err != nil {
		t.Fatal(err)
	}
	p.box = 0
	for n := 0; number(t, s, "SELECT count(*) FROM exchanges") > 1500; n++ {
		if more, err := p.Step(); err != nil || !more || n > 1000 {
			t.Fatal(more, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(first); !errors.Is(err, ErrUnknownRun) {
		t.Errorf("a run that is half deleted: %v", err)
	}
	if run, err := s.Run(second); err != nil || len(run.Steps) != 500 {
		t.Errorf("the run after it: %v", err)
	}
	if p, err = s.Pruner(policy, noon); err != nil {
		t.Fatal(err)
	}
	if n := emptySteps(t, p, func() {}); n < 100 {
		t.Errorf("all was done in %d steps", n)
	}
	if got := p.Pruned().Runs(); got != 1 {
		t.Errorf("told of %d runs, want the one that was still there", got)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	checkComplete(t, s)
	if left := left(t, s); left != "sync 1 failed" {
		t.Errorf("left is %s", left)
	}
}

// TestARunThatGoesOnAgainIsNotDeleted has one go on between the moment it is chosen and that in which it would be deleted.
func TestARunThatGoesOnAgainIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 9 ok", "a 8 failed", "a 7 ok", "a 1 ok")
	p, err := s.Pruner(Policy{Keep: jobs.Keep{KeepRule: rule(1, 0, 0)}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for len(p.plan) == 0 {
		if _, err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
	again := engine.LowestID(noon.AddDate(0, 0, -8).Add(-time.Second))
	run := &engine.Run{ID: again, Attempt: 1}
	goOn(t, s, run)
	emptySteps(t, p, func() {})
	if got := left(t, s); got != "a 8 running, a 1 ok" || p.Pruned().Runs() != 2 {
		t.Errorf("left is %s, told of %d", got, p.Pruned().Runs())
	}
	finish(t, s, run, engine.OK)
	checkComplete(t, s)
}

func carry(t testing.TB, s *Store, statements ...string) {
	t.Helper()
	carryAt(t, s.place, statements...)
}

// carryAt carries statements out where a history is, which nobody need have open.
func carryAt(t testing.TB, p place, statements ...string) {
	t.Helper()
	c, err := p.writer()
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, sql := range statements {
		if err := c.run(sql); err != nil {
			t.Fatal(sql, err)
		}
	}
}

// TestWhatOthersNeedIsKept holds that runs stay which state, an alert or the newest slot of a schedule name, and that the slots of the
// last day are remembered without their runs.
func TestWhatOthersNeedIsKept(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 9 ok", "a 8 failed", "a 7 ok", "a 6 skipped", "a 5 ok", "a 0.5 ok", "a 0.25 ok", "a 0.125 ok")
	at := func(days float64) int64 { return noon.Add(-time.Duration(days * 24 * float64(time.Hour))).UnixMicro() }
	carry(
		t, s, "INSERT INTO state (job, name, value, run, saved) VALUES ('called', 'n', '1', 1, 0)",
		"INSERT INTO alerts SELECT 'job:a', 'failure', 0, run FROM runs WHERE id = 2",
		fmt.Sprintf(`INSERT INTO slots VALUES (3, 'a', '{"n":1}', %d, %[1]d, 1, ''), (4, 'a', '{"n":2}', %d, %d, 9, 'paused'), (5, 'a', '{"n":1}', %d, %[4]d, 1, ''),
			(6, 'a', '{"n":2}', %d, %[5]d, 1, ''), (7, 'a', '{"n":2}', %d, %[6]d, 1, '')`, at(7), at(6), at(5.5), at(5), at(0.5), at(0.25)),
	)
	prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)})
	// 1 has state, 2 the alert, 5 and 7 are the newest slots, 8 is the newest run; the slot of 6 is young.
	if got := left(t, s); got != "a 9 ok, a 8 failed, a 5 ok, a 0.25 ok, a 0.125 ok" {
		t.Errorf("left is %s", got)
	}
	checkComplete(t, s)
	if got := number(t, s, "SELECT CAST(group_concat(CAST(run AS TEXT), '') AS BIGINT) FROM (SELECT run FROM slots ORDER BY run)"); got != 567 {
		t.Errorf("the slots of %d are remembered, want 5, 6 and 7", got)
	}
	if _, err := s.Prune(t.Context(), Policy{}, noon.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkComplete(t, s)
	if got := number(t, s, "SELECT CAST(group_concat(CAST(run AS TEXT), '') AS BIGINT) FROM (SELECT run FROM slots ORDER BY run)"); got != 57 {
		t.Errorf("the slots of %d are remembered a day later, want 5 and 7", got)
	}
}

// TestWhatADaemonWillGoOnWithIsKept holds that a run which was interrupted is there when the next daemon starts.
func TestWhatADaemonWillGoOnWithIsKept(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 9 interrupted", "a 6 interrupted", "a 5 interrupted", "a 4 ok", "a 1 ok")
	carry(t, s, "UPDATE runs SET daemon = 1 WHERE id <> 3")
	prune(t, s, jobs.Keep{KeepRule: rule(2, 1, 0), Size: 1})
	if got := left(t, s); got != "a 6 interrupted, a 1 ok" {
		t.Errorf("left is %s", got)
	}
	checkComplete(t, s)
}

// TestSlotTakenBackMeanwhile holds that a slot which is gone before it is forgotten does no harm.
func TestSlotTakenBackMeanwhile(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	past(t, s, "a 0.5 ok", "a 0.25 ok", "a 0.125 ok")
	carry(t, s, fmt.Sprintf("INSERT INTO slots VALUES (1, 'a', '', %d, %[1]d, 1, ''), (3, 'a', '', %d, %[2]d, 1, '')", noon.UnixMicro()-2, noon.UnixMicro()-1))
	prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)})
	carry(t, s, "DELETE FROM slots WHERE run = 1")
	if _, err := s.Prune(t.Context(), Policy{}, noon.AddDate(0, 0, 2)); err != nil {
		t.Fatal(err)
	}
	checkComplete(t, s)
	if n := number(t, s, "SELECT count(*) FROM dropped"); n != 0 {
		t.Errorf("%d rows of dropped stay", n)
	}
}

// pruneBigRuns deletes runs without end, and says so of each step.
func pruneBigRuns(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	p, err := s.Pruner(Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon)
	if err != nil {
		return err
	}
	p.box = 0
	for more := true; more && err == nil; fmt.Println("step") {
		more, err = p.Step()
	}
	return errors.Join(err, p.Close(), s.Close())
}

// TestKilledWhileItDeletes kills a process in the middle of its work, over and over, until nothing is left to do.
func TestKilledWhileItDeletes(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for days := 6; days > 0; days-- {
		full(t, s, days, 150)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for done := false; !done && killed < 200; {
		c := start(t, "prune", path)
		steps := 5 + rand.IntN(20)
		if isAddress(path) { // which has no room to give back
			steps = 2 + rand.IntN(8)
		}
		for range steps {
			if done = !c.out.Scan(); done {
				break
			}
		}
		if !done {
			killed++
		}
		c.kill(t)
		r := readAt(t, path)
		runs, err := r.Runs(Filter{})
		if err != nil || len(runs) == 0 {
			t.Fatal(runs, err)
		}
		for _, run := range runs {
			if got, err := r.Run(run.ID); err != nil || len(got.Steps) != 150 {
				t.Errorf("run %s has %d steps, %v, want all", run.ID, len(got.Steps), err)
			}
		}
	}
	if killed < 5 {
		t.Errorf("killed %d times only", killed)
	}
	s = openAt(t, path, Options{})
	prune(t, s, jobs.Keep{KeepRule: rule(0, 1, 0)})
	checkComplete(t, s)
	if got := left(t, s); got != "sync 1 failed" {
		t.Errorf("left is %s", got)
	}
}

// size gives the size of a file.
func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestNoStepLooksThroughATable holds that what is done while others may not write finds its rows by an index.
func TestNoStepLooksThroughATable(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	full(t, s, 1, 10)
	statements := []string{dropRunSQL, replaceCalled, dropQueueSQL, slotSQL, dropSlotSQL, rememberSQL, forgetSQL, leftSQL, dropText, activeSQL}
	for _, table := range rowsOfRun {
		statements = append(statements, table.look, table.drop)
		if table.free != "" {
			statements = append(statements, table.free)
		}
	}
	for _, sql := range statements {
		args := make([]any, strings.Count(sql, "?"))
		if strings.Contains(sql, "?1") {
			args = make([]any, 2)
		}
		rows, err := s.read.Query("EXPLAIN QUERY PLAN "+sql, args...)
		if err != nil {
			t.Fatal(sql, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var what string
			if err := rows.Scan(&id, &parent, &unused, &what); err != nil {
				t.Fatal(err)
			}
			index := strings.Contains(what, "USING COVERING INDEX dropped_until") || strings.Contains(what, "runs_going") ||
				strings.Contains(what, "(subquery") || strings.Contains(what, "CONSTANT ROW")
			if strings.HasPrefix(what, "SCAN") && !index {
				t.Errorf("%s:\n  %s", sql, what)
			}
		}
		if err := rows.Err(); err != nil {
			t.Error(sql, err)
		}
		rows.Close()
	}
}
