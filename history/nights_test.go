package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/engine"
)

const (
	nightCalls  = 20
	nightResult = 3000
)

// foldPage makes the calls of a page and folds it. The calls of the page before must be gone, and the progress must be
// that page.
func foldPage(s *Store, page int, said func(call string)) error {
	part := fmt.Sprintf("/a/page:%d", page)
	for i := range nightCalls {
		key := fmt.Sprintf("%s[%d]/b", part, i)
		result := make([]byte, nightResult)
		if i == 3 {
			result = fmt.Appendf(make([]byte, large), "%d", page)
		}
		if err := errors.Join(s.Intend("child", key), s.Commit("child", engine.Entry{Key: key, Result: result})); err != nil {
			return err
		}
		said(key)
	}
	progress := engine.Entry{Key: "/a@progress", Result: []byte(strconv.Itoa(page))}
	last := engine.Entry{Key: "/a@last", Result: fmt.Appendf(make([]byte, large), "last %d", page)}
	return s.Fold("child", part, nil, progress, last)
}

func nobody(string) {}

// foldWithoutEnd pours pages into a run without end, and says of each call that it is made and of each page that it is
// folded. A run that was there goes on.
func foldWithoutEnd(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	run := aRun("child", "sync")
	page := 0
	runs, err := s.Runs(Filter{})
	switch {
	case err != nil:
	case len(runs) == 0:
		err = s.Begin(run)
	default:
		if err = s.Continue(run, nil, nil); err == nil {
			page, err = nextPage(s)
		}
	}
	for ; err == nil; page++ {
		if err = foldPage(s, page, func(call string) { fmt.Println(call) }); err == nil {
			fmt.Println(page)
		}
	}
	return err
}

// nextPage gives the page that a run goes on with. Everything that is on record must be of one time: before a fold or after it.
func nextPage(s *Store) (int, error) {
	e, mark, err := s.Lookup("child", "/a@progress")
	if err != nil || mark == engine.Unknown {
		return 0, err
	}
	page, err := strconv.Atoi(string(e.Result))
	if err != nil {
		return 0, err
	}
	if e, _, err = s.Lookup("child", "/a@last"); err != nil || !strings.HasSuffix(string(e.Result), fmt.Sprintf("\x00last %d", page)) {
		return 0, fmt.Errorf("page %d was folded, and what was kept with it is %d bytes, %w", page, len(e.Result), err)
	}
	return page + 1, nil
}

// checkNight holds that what is on record of the run is whole: no call of a page that was folded, all of the page after it.
func checkNight(t *testing.T, s *Store, folded int) {
	t.Helper()
	next, err := nextPage(s)
	if err != nil {
		t.Fatal(err)
	}
	if next <= folded {
		t.Errorf("the run goes on with page %d, and page %d was said to be folded", next, folded)
	}
	calls, err := s.Kept("child", "/a/")
	if err != nil {
		t.Fatal(err)
	}
	large := 0
	for i, e := range calls {
		if want := fmt.Sprintf("/a/page:%d[%d]/b", next, i); e.Key != want {
			t.Errorf("%s is on record, want %s", e.Key, want)
		}
		if len(e.Result) > nightResult {
			large++
		}
	}
	if got, want := number(t, s, "SELECT count(*) FROM blobs"), large+min(next, 1); got != want {
		t.Errorf("%d blobs, want %d", got, want)
	}
	if open, err := s.InDoubt("child"); err != nil || len(open) > 1 {
		t.Errorf("in doubt are %v, %v, want one at most", open, err)
	}
	if s.place.shared() {
		return // a server looks itself
	}
	if got := number(t, s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"); got > 0 {
		t.Errorf("the database has %d mistakes", got)
	}
}

// A process that is killed while it folds leaves what was before a fold or what is after it, never something between.
func TestKilledWhileItFolds(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	folded := -1
	for range 15 {
		c := start(t, "fold", path)
		hear := func() {
			if page, err := strconv.Atoi(c.out.Text()); err == nil {
				folded = page
			}
		}
		for range 1 + rand.IntN(3*nightCalls) {
			if !c.out.Scan() {
				t.Fatal("the process ended by itself")
			}
			hear()
		}
		c.kill(t)
		for c.out.Scan() { // what it said before it was killed
			hear()
		}
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if run, err := s.Run("child"); err != nil || run.Status != engine.Interrupted {
			t.Fatalf("the run is %+v, %v, want it interrupted", run, err)
		}
		checkNight(t, s, folded)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A disk that fills up while pages are folded loses nothing that was said to be durable, and the run goes on when there is space.
func TestFoldsOnAFullDisk(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s, err := Open(path, Options{maxPages: 90})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, aRun("child", "sync"))
	page := 0
	for ; page < 5 && err == nil; page++ {
		err = foldPage(s, page, nobody)
	}
	if err != nil {
		t.Fatalf("five pages do not fit: %v", err)
	}
	for i := 0; err == nil && i < 200; i++ { // what is kept for good fills the disk
		err = s.Fold("child", "", nil, engine.Entry{Key: fmt.Sprintf("/a@failed[%d]", i), Result: make([]byte, 4000)})
	}
	fails(t, "Fold", err, path, engine.ErrFull, "free some space")
	fails(t, "a page", foldPage(s, page, nobody), path, engine.ErrFull, "free some space")
	run.Status, run.Error = engine.Failed, nil
	_ = errors.Join(s.Finish(run), s.Close()) // there may be no space for the end either

	s = openAt(t, path, Options{})
	checkNight(t, s, page-1)
	goOn(t, s, run)
	if err := foldPage(s, page, nobody); err != nil {
		t.Errorf("with space again: %v", err)
	}
	checkNight(t, s, page)
	finish(t, s, run, engine.OK)
	if left := number(t, s, "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM blobs)"); left > 0 {
		t.Errorf("the run that ended well left %d rows", left)
	}
}

// A database that another program holds locked fails the fold, whole, and the next one does both.
func TestFoldsOnALockedDatabase(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{Wait: 10 * time.Millisecond})
	run := begin(t, s, aRun("child", "sync"))
	if err := errors.Join(foldPage(s, 0, nobody), s.Commit("child", engine.Entry{Key: "/a/page:1[0]/b"})); err != nil {
		t.Fatal(err)
	}
	other := connect(t, path)
	defer other.close()
	if err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	for doing, err := range map[string]error{
		"Fold":   s.Fold("child", "/a/page:1", []string{"/a@last"}, engine.Entry{Key: "/a@progress", Result: []byte("1")}),
		"Finish": s.Finish(run),
	} {
		fails(t, doing, err, path, engine.ErrLocked, "end the program that holds it")
	}
	checkNight(t, s, 0)
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := foldPage(s, 1, nobody); err != nil {
		t.Fatal(err)
	}
	checkNight(t, s, 1)
	finish(t, s, run, engine.Failed)
	if err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	fails(t, "Continue", s.Continue(run, []string{"/a"}, nil), path, engine.ErrLocked, "end the program that holds it")
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	checkNight(t, s, 1)
	goOn(t, s, run)
	checkNight(t, s, 1)
}
