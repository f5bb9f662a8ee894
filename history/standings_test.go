package history

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// standing writes how it stands with a job.
func standing(st *Standing) string {
	ids := func(briefs ...Brief) string {
		var all []string
		for _, b := range briefs {
			all = append(all, b.Run)
		}
		return strings.Join(all, " ")
	}
	text := ""
	if st.Last != nil {
		text += fmt.Sprint("last ", st.Last.Run, " ", st.Last.Status, " ", st.Last.Error)
	}
	if st.LastOK != nil {
		text += "; ok " + st.LastOK.Run
	}
	return strings.Join(strings.Fields(text+"; running "+ids(st.Running...)+"; queued "+ids(st.Queued...)), " ")
}

func TestStandings(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	finish(t, s, begin(t, s, aRun("a1", "a")), engine.OK)
	failed := begin(t, s, aRun("a2", "a"))
	failed.Error = &steps.Error{Kind: steps.Limit, Message: "too much"}
	finish(t, s, failed, engine.Failed)
	claimed(t, s, missed("a3", "a", 1, 2))
	begin(t, s, aRun("a4", "a"))
	waits := due("a5", "a", 3)
	waits.Overlap, waits.Start = "queue", at(4)
	claimed(t, s, waits)
	for _, run := range []string{"b0", "b1"} {
		finish(t, s, begin(t, s, aRun(run, "b")), engine.OK)
	}
	begin(t, s, aRun("c1", "c"))
	finish(t, s, begin(t, s, aRun("x1", "x")), engine.Interrupted)
	got, err := s.Standings([]string{"a", "b", "c", "never", "b"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"a": "last a2 failed too much; ok a1; running a4; queued a5", "b": "last b1 ok ; ok b1; running ; queued", "c": "; running c1; queued",
		"never": "; running ; queued",
	}
	for job, st := range got {
		if got := standing(st); got != want[job] {
			t.Errorf("%s: %s, want %s", job, got, want[job])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d jobs, want %d", len(got), len(want))
	}
	waiting := Brief{
		Run: "a5", Job: "a", Status: engine.Queued, Trigger: "schedule", Due: at(3), Start: at(4), Reason: "it was queued behind run a4",
	}
	if got := got["a"].Queued[0]; got != waiting {
		t.Errorf("the one that waits is %+v, want %+v", got, waiting)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, gone := openAt(t, path, Options{}), openAt(t, path, Options{})
	for _, id := range []string{"mine", "doubtful", "byhand", "unheard"} {
		run := aRun(id, map[bool]string{true: "unheard", false: "sync"}[id == "unheard"])
		run.Daemon, run.Attempt = id != "byhand", 2
		begin(t, gone, run)
	}
	if err := gone.Intend("doubtful", "/send"); err != nil {
		t.Fatal(err)
	}
	suspended := aRun("suspended", "sync")
	suspended.Daemon = true
	finish(t, s, begin(t, s, suspended), engine.Interrupted)
	if got, err := s.Interrupted([]string{"sync"}); err != nil || len(got) != 1 || got[0].Run != "suspended" {
		t.Errorf("while the process lives: %+v, %v, want the one that was suspended", got, err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := s.Interrupted([]string{"sync"})
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v, want 3", got, err)
	}
	got[0].Ended = day // of the intent, by the real clock
	for i, want := range []engine.Interruption{
		{Run: "doubtful", Job: "sync", Attempt: 2, Ended: day, InDoubt: []string{"/send"}},
		{Run: "mine", Job: "sync", Attempt: 2, Ended: aRun("", "").Started},
		{Run: "suspended", Job: "sync", Attempt: 1, Ended: suspended.Ended},
	} {
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%+v\nwant %+v", got[i], want)
		}
	}
}

// A history that an older snrun made has its runs, slots and all once it is opened.
func TestHistoryOfVersionTwo(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	write(t, path, "")
	c := connect(t, path)
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if err := apply(c, n, names); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(c.run(`INSERT INTO texts (id, digest, text) VALUES (1, x'00', 'version: 1');
		INSERT INTO runs (run, job, status, "trigger", started, ended, file, text, process, live) VALUES
			('r1', 'sync', 'ok', 'manual', 1, 2, '/p/sync.yaml', 1, '4711@host', 'gone'),
			('r2', 'sync', 'running', 'manual', 3, NULL, '/p/sync.yaml', 1, '4711@host', 'gone')`), c.close())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(path); err == nil || !strings.Contains(err.Error(), "made by an older snrun") {
		t.Errorf("OpenReadOnly: %v, want it to say that an older snrun made it", err)
	}
	s := openAt(t, path, Options{})
	runs, err := s.Runs(Filter{})
	if err != nil || idsOf(runs) != "r2 r1" || runs[0].Status != engine.Interrupted || runs[1].Status != engine.OK || runs[1].Reason != "" {
		t.Errorf("the runs are %+v, %v, want r2, interrupted, and r1", runs, err)
	}
	if got, err := s.Interrupted([]string{"sync"}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v are for a daemon to resume, want none: a person started them", got, err)
	}
	if got := told(claimed(t, s, due("r3", "sync", 1))); got != "r3=queued" {
		t.Errorf("a slot: %s", got)
	}
	if st, err := s.Standings([]string{"sync"}); err != nil || standing(st["sync"]) != "last r2 interrupted the process that ran it ended before the run did; ok r1; running ; queued r3" {
		t.Errorf("it stands so: %s, %v", standing(st["sync"]), err)
	}
}
