package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

// openTemp opens a history in a new folder, and closes it at the end of the test.
func openTemp(t *testing.T) *Store {
	t.Helper()
	return openAt(t, somewhere(t), Options{})
}

// openAt opens a history, and closes it at the end of the test.
func openAt(t *testing.T, path string, opts Options) *Store {
	t.Helper()
	s, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// readAt opens a history for reading only, and closes it at the end of the test.
func readAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestOpenMakesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b", "ä?#%41", "history.db")
	s := openAt(t, path, Options{})
	begin(t, s, aRun("r1", "sync"))
	for name, want := range map[string]fs.FileMode{
		path: 0o600, path + "-wal": 0o600, filepath.Dir(path): fs.ModeDir | 0o700, path + "-live": fs.ModeDir | 0o700,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), got, want)
		}
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "auto_vacuum": "2", "user_version": "6"} {
		var got string
		if err := s.read.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v, want %s", pragma, got, err, want)
		}
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, aRun("r1", "sync"))
	note(t, s, "r1", engine.StepRun{Key: "/b", Status: engine.OK})
	if err := s.Commit("r1", engine.Entry{Key: "/a", Result: []byte("1"), Job: "sync", State: map[string]any{"n": 1}}); err != nil {
		t.Fatal(err)
	}
	finish(t, s, run, engine.Failed)
	note(t, s, "r1", engine.StepRun{Key: "/late", Status: engine.OK})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("Close left %v", left)
	}

	s = openAt(t, path, Options{})
	if err := s.Intend("r1", "/c"); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]engine.Mark{"/a": engine.Done, "/b": engine.Unknown, "/c": engine.Intended} {
		if _, got, err := s.Lookup("r1", key); err != nil || got != want {
			t.Errorf("Lookup of %s after reopening = %d, %v, want %d", key, got, err, want)
		}
	}
	checkStatuses(t, s, "/b ok, /late ok")
	if state, err := s.State("sync"); err != nil || state["n"] != 1 {
		t.Errorf("state after reopening = %v, %v, want n: 1", state, err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNoRuns) {
		t.Errorf("OpenReadOnly of nothing: %v, want ErrNoRuns", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("OpenReadOnly made a file")
	}
	w := openAt(t, path, Options{})
	begin(t, w, aRun("r1", "sync"))
	r := readAt(t, path)
	if run, err := r.Run("r1"); err != nil || run.Status != engine.Running {
		t.Errorf("Run = %v, %v, want it running", run, err)
	}
	for name, err := range map[string]error{
		"Begin": r.Begin(aRun("r2", "sync")), "Intend": r.Intend("r1", "/a"), "Note": r.Note("r1", engine.StepRun{}),
		"Commit": r.Commit("r1", engine.Entry{Key: "/a"}), "Finish": r.Finish(aRun("r1", "sync")),
	} {
		if err == nil || !strings.Contains(err.Error(), "reading only") {
			t.Errorf("%s on a history for reading: %v, want an error that says so", name, err)
		}
	}
}

// fails checks that an error names the file, wraps want and says what to do.
func fails(t *testing.T, doing string, err error, path string, want error, advice string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want it to be %q", doing, err, want)
		return
	}
	for _, text := range []string{path, advice} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want it to say %q", doing, err, text)
		}
	}
}

func TestFilesThatAreNoHistory(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		want error
		says string
	}{
		{"garbage", func(t *testing.T, path string) { write(t, path, strings.Repeat("no database ", 1000)) }, engine.ErrDamaged, "put a copy back"},
		{"a few bytes", func(t *testing.T, path string) { write(t, path, "x") }, engine.ErrDamaged, "put a copy back"},
		{"a header and nothing else", func(t *testing.T, path string) { cut(t, path, 100) }, engine.ErrDamaged, "put a copy back"},
		{"cut within the first page", func(t *testing.T, path string) { cut(t, path, 1000) }, engine.ErrDamaged, "put a copy back"},
		{"a newer version", func(t *testing.T, path string) { change(t, path, "PRAGMA user_version = 7") }, nil, "made by a newer snrun (it has version 7"},
		{"another program's", func(t *testing.T, path string) {
			change(t, path, "PRAGMA application_id = 7")
		}, nil, "another program's database: choose another file"},
		{"another program's without a name", func(t *testing.T, path string) {
			change(t, path, "PRAGMA application_id = 0; PRAGMA user_version = 0")
		}, nil, "another program's database"},
		{"a folder", func(t *testing.T, path string) { makeFolder(t, path) }, nil, "history.db"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := somewhere(t)
			test.make(t, path)
			_, err := Open(path, Options{})
			checkRefusal(t, "Open", err, path, test.want, test.says)
			_, err = OpenReadOnly(path)
			checkRefusal(t, "OpenReadOnly", err, path, test.want, "")
		})
	}
}

func checkRefusal(t *testing.T, doing string, err error, path string, want error, says string) {
	t.Helper()
	if want != nil {
		fails(t, doing, err, path, want, says)
		return
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v, want it to name the file and to say %q", doing, err, says)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// makeFull makes a history with a run of 2,000 steps.
func makeFull(t *testing.T, path string) {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, aRun("r1", "sync"))
	for range 2000 {
		note(t, s, "r1", engine.StepRun{Key: "/a", Status: engine.OK, Message: strings.Repeat("x", 200)})
	}
	finish(t, s, run, engine.OK)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// cut makes a history and cuts it off after so many bytes.
func cut(t *testing.T, path string, size int64) {
	t.Helper()
	makeFull(t, path)
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// change makes a history and changes it.
func change(t *testing.T, path, sql string) {
	t.Helper()
	makeFull(t, path)
	c := connect(t, path)
	if err := errors.Join(c.run(sql), c.close()); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, path string) *conn {
	t.Helper()
	c, err := openConn(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func makeFolder(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// A file that lost its end opens, since its beginning is whole. What it lost is an error, and no panic.
func TestTruncatedFile(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	cut(t, path, 20*4096)
	s, err := Open(path, Options{})
	if err == nil {
		defer s.Close()
		_, err = s.Steps("r1", StepFilter{})
	}
	fails(t, "reading a truncated file", err, path, engine.ErrDamaged, "put a copy back")
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{maxPages: 80})
	run := begin(t, s, aRun("r1", "sync"))
	entry := engine.Entry{Key: "/a", Result: make([]byte, large), Job: "sync", State: map[string]any{}}
	var err error
	done := 0
	for ; err == nil && done < 1000; done++ {
		entry.State["n"] = done
		err = s.Commit("r1", entry)
	}
	fails(t, "Commit on a full disk", err, path, engine.ErrFull, "free some space")
	if state, err := s.State("sync"); err != nil || state["n"] != done-2 {
		t.Errorf("state = %v, %v, want that of the last commit, n: %d", state, err, done-2)
	}
	entry.Result = []byte("1")
	if err := s.Commit("r1", entry); err != nil {
		t.Errorf("Commit of what still fits: %v", err)
	}
	finish(t, s, run, engine.OK)
}

func TestNotesOnAFullDiskAreToldOfAtFinish(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s, err := Open(path, Options{maxPages: 70})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, aRun("r1", "sync"))
	for range 100 {
		note(t, s, "r1", engine.StepRun{Key: "/a", Status: engine.OK, Message: strings.Repeat("x", 5000)})
	}
	run.Status = engine.OK
	fails(t, "Finish", s.Finish(run), path, engine.ErrFull, "free some space")
	fails(t, "Close", s.Close(), path, engine.ErrFull, "free some space")
}

// The steps of a run may be too much for a full disk where its end is not: then at least that is on record.
func TestARunThatFailedForAFullDiskSaysSo(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s, err := Open(path, Options{maxPages: 70})
	if err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, aRun("r1", "sync"))
	for range 100 {
		note(t, s, "r1", engine.StepRun{Key: "/a", Status: engine.OK, Message: strings.Repeat("x", 5000)})
	}
	run.Status, run.Error = engine.Failed, &steps.Error{Kind: steps.Limit, Message: "the disk is full"}
	fails(t, "Finish", s.Finish(run), path, engine.ErrFull, "free some space")
	fails(t, "Close", s.Close(), path, engine.ErrFull, "free some space")
	got, err := openAt(t, path, Options{}).Run("r1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != engine.Failed || got.Error == nil || got.Error.Message != "the disk is full" {
		t.Errorf("the run is %s with %v, want failed with the full disk", got.Status, got.Error)
	}
}

func TestLockedFile(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{Wait: 20 * time.Millisecond})
	begin(t, s, aRun("r1", "sync"))
	other := connect(t, path)
	defer other.close()
	if err := other.run("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	fails(t, "Commit", s.Commit("r1", engine.Entry{Key: "/a"}), path, engine.ErrLocked, "end the program that holds it")
	if _, err := s.Runs(Filter{}); err != nil {
		t.Errorf("listing the runs while another program writes: %v", err)
	}
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit("r1", engine.Entry{Key: "/a"}); err != nil {
		t.Errorf("Commit once the lock is gone: %v", err)
	}
}

// A short lock is waited for.
func TestBusyFile(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{})
	begin(t, s, aRun("r1", "sync"))
	other := connect(t, path)
	defer other.close()
	if err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	go func() { result <- s.Commit("r1", engine.Entry{Key: "/a"}) }()
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Errorf("Commit: %v", err)
	}
}

// A copy of the files, taken while a run goes on, is a whole history. The run's process is not where the copy is.
func TestCopyTakenMidRun(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	from, to := somewhere(t), somewhere(t)
	s := openAt(t, from, Options{})
	begin(t, s, aRun("r1", "sync"))
	for range 100 {
		if err := s.Commit("r1", engine.Entry{Key: "/a", Result: []byte("1")}); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(from + end)
		if err != nil {
			t.Fatal(err)
		}
		write(t, to+end, string(data))
	}
	run, err := readAt(t, to).Run("r1")
	if err != nil || run.Status != engine.Interrupted {
		t.Errorf("the run in the copy: %v, %v, want it interrupted", run, err)
	}
	if run, err := s.Run("r1"); err != nil || run.Status != engine.Running {
		t.Errorf("the run itself: %v, %v, want it running", run, err)
	}
}

// TestUpdatingIsTold holds that who waits until an older history is up to date is told, once, and nobody of one that is new or up to date.
func TestUpdatingIsTold(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, had := range []int{1, 2, len(names) - 1} {
		path := somewhere(t)
		write(t, path, "")
		c := connect(t, path)
		for n := range had {
			if err := apply(c, n, names); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(c.run("PRAGMA journal_mode = WAL"), c.run(beginSQL)); err != nil { // so that it takes long
			t.Fatal(err)
		}
		times := 0
		s := openAt(t, path, Options{tellAfter: time.Millisecond, Updating: func() {
			if times++; times > 1 {
				t.Error("it is told again")
			}
			if err := errors.Join(c.run(rollbackSQL), c.close()); err != nil {
				t.Error(err)
			}
		}})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if times != 1 {
			t.Errorf("with %d migrations it is told %d times", had, times)
		}
	}
}

// TestNothingIsUpdated holds that there is nothing to be told of a history that is new or up to date.
func TestNothingIsUpdated(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	for _, what := range []string{"new", "up to date"} {
		told := make(chan struct{}, 1)
		if err := openAt(t, path, Options{tellAfter: 1, Updating: func() { told <- struct{}{} }}).Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-told:
			t.Errorf("somebody is told of one that is %s", what)
		default:
		}
	}
}
