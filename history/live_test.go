package history

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// childVariable makes the test's binary a process that does what one of children says.
const childVariable = "SNRUN_HISTORY_TEST_CHILD"

// children are what a process of its own does with the history at path.
var children = map[string]func(path string) error{
	"hold": hold, "create": create, "write": writeMuch, "pour": pour, "read only": readFolder, "fold": foldWithoutEnd,
	"serve": serve, "claim": claimMuch, "prune": pruneBigRuns, "long keys": holdLong,
}

func TestMain(m *testing.M) {
	name, path, ok := strings.Cut(os.Getenv(childVariable), "@")
	if !ok {
		os.Exit(m.Run())
	}
	if err := children[name](path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a process that was started for a test.
type child struct {
	path string
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// start starts a process. It is killed at the end of the test when it is still there.
func start(t *testing.T, what, path string) *child {
	t.Helper()
	c := &child{path: path, Cmd: exec.Command("/proc/self/exe")}
	if _, err := os.Stat(c.Path); err != nil {
		c.Cmd = exec.Command(os.Args[0])
	}
	c.Env = append(os.Environ(), childVariable+"="+what+"@"+path, "GORACE=atexit_sleep_ms=0")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() // most have ended
		c.Wait()
	})
	return c
}

// await waits until the process says that it is ready.
func (c *child) await(t *testing.T) {
	t.Helper()
	if !c.out.Scan() || c.out.Text() != "ready" {
		t.Fatalf("the process said %q, %v", c.out.Text(), c.out.Err())
	}
}

// kill ends the process as kill -9 does.
func (c *child) kill(t *testing.T) {
	t.Helper()
	before := living(t, c.path)
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	for deadline := time.Now().Add(time.Minute); before > 0 && living(t, c.path) == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server does not notice that the process is gone")
		}
	}
}

// living gives how many processes show that they live, on a server: it notices a moment later that one is gone. In a file nobody has to wait.
func living(t *testing.T, path string) (n int) {
	t.Helper()
	if !isAddress(path) {
		return 0
	}
	s, err := OpenReadOnly(path)
	if errors.Is(err, ErrNoRuns) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.read.Query(livingSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var token string
		if err := rows.Scan(&token); err != nil {
			t.Fatal(err)
		}
		if !s.alive.dead(token) {
			n++
		}
	}
	return n
}

// hold is in the middle of a run until its input ends.
func hold(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	at := func(seconds int) time.Time { return day.Add(time.Duration(seconds) * time.Second) }
	err = errors.Join(
		s.Begin(aRun("child", "sync")),
		s.Note("child", engine.StepRun{Key: "/ask", ID: "ask", Kind: "rest", Status: engine.OK, Started: at(2), Ended: at(3)}),
		s.Note("child", engine.StepRun{Key: "/all", ID: "all", Kind: "foreach", Status: engine.Running, Started: at(4)}),
		s.Note("child", engine.StepRun{Key: "/all[a]/send", ID: "send", Kind: "rest", Status: engine.Running, Started: at(5)}),
		s.Note("child", engine.StepRun{Key: "/all[b]/get", ID: "get", Kind: "rest", Status: engine.Waiting, Started: at(6)}),
		s.Intend("child", "/all[x]/send"),
		s.Commit("child", engine.Entry{Key: "/all[x]/send", StepKey: "/all[x]/send", Attempt: 1, Started: at(7), Ended: at(8)}),
		s.Intend("child", "/all[a]/send#2"),
		s.Intend("child", "/all[c]/send/page:3#4"),
		s.flush("have all of it on record"),
	)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	c := start(t, "hold", path)
	c.await(t)
	before := time.Now()
	s := openAt(t, path, Options{})
	if run, err := s.Run("child"); err != nil || run.Status != engine.Running {
		t.Fatalf("while its process lives the run is %v, %v, want it running", run, err)
	}
	c.kill(t)

	// One way to look at it is as good as the other.
	reader := readAt(t, path)
	runs, err := reader.Runs(Filter{})
	if err != nil || len(runs) != 1 || runs[0].Status != engine.Interrupted {
		t.Fatalf("after kill -9 the runs are %v, %v, want one that is interrupted", runs, err)
	}
	checkInterrupted(t, s, before)
	if _, err := os.Stat(path + "-live"); !errors.Is(err, fs.ErrNotExist) {
		if left, _ := os.ReadDir(path + "-live"); len(left) > 0 {
			t.Errorf("the lock file of the process is still there: %v", left)
		}
	}
	finish(t, s, begin(t, s, aRun("next", "sync")), engine.OK)
}

func checkInterrupted(t *testing.T, s *Store, before time.Time) {
	t.Helper()
	run, err := s.Run("child")
	if err != nil {
		t.Fatal(err)
	}
	// The intents are the last things recorded, by the real clock.
	if run.Ended.After(before) || run.Ended.Before(before.Add(-time.Hour)) {
		t.Errorf("ended %v, want the time of the last intent, shortly before %v", run.Ended, before)
	}
	if want := "not known whether this was carried out: /all[a]/send#2, /all[c]/send/page:3#4"; run.Error == nil ||
		!strings.Contains(run.Error.Message, want) {
		t.Errorf("error %+v, want it to say %q", run.Error, want)
	}
	got := map[string]string{}
	for _, step := range run.Steps {
		got[step.Key] = fmt.Sprintf("%s %s %d", step.ID, step.Status, step.Attempts)
		if step.Ended.IsZero() {
			t.Errorf("step %s has no end", step.Key)
		}
	}
	want := map[string]string{
		"/ask": "ask ok 0", "/all": "all cancelled 0", "/all[b]/get": "get cancelled 0", "/all[a]/send": "send in_doubt 0",
		"/all[c]/send": "send in_doubt 4",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("steps %v\nwant  %v", got, want)
	}
	if keys, err := s.InDoubt("child"); err != nil || strings.Join(keys, " ") != "/all[a]/send#2 /all[c]/send/page:3#4" {
		t.Errorf("InDoubt = %v, %v", keys, err)
	}
}

// pour commits calls without end, and says of each that it is durable.
func pour(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	if err := s.Begin(aRun("child", "sync")); err != nil {
		return err
	}
	for i := 0; ; i++ {
		key := fmt.Sprintf("/a[%d]", i)
		state := map[string]any{"last": i}
		if err := s.Commit("child", engine.Entry{Key: key, Result: make([]byte, 3000), Job: "sync", State: state}); err != nil {
			return err
		}
		fmt.Println(key)
	}
}

func TestKilledWhileItWrites(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	c := start(t, "pour", path)
	var durable []string
	for len(durable) < 2000 && c.out.Scan() {
		durable = append(durable, c.out.Text())
	}
	c.kill(t)
	s := openAt(t, path, Options{})
	for _, key := range durable {
		if e, mark, err := s.Lookup("child", key); err != nil || mark != engine.Done || len(e.Result) != 3000 {
			t.Fatalf("%s was said to be durable and is %d with %d bytes, %v", key, mark, len(e.Result), err)
		}
	}
	state, err := s.State("sync")
	if last, _ := state["last"].(int); err != nil || last < len(durable)-1 {
		t.Errorf("state %v, %v, want last to be at least %d", state, err, len(durable)-1)
	}
	if run, err := s.Run("child"); err != nil || run.Status != engine.Interrupted || run.Error.Hint != "go on with it: snrun resume child" {
		t.Errorf("run %+v, %v, want it interrupted, with a hint how to go on", run, err)
	}
}

func TestLivingProcessIsLeftAlone(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	c := start(t, "hold", path)
	c.await(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		s := openAt(t, name, Options{})
		run, err := s.Run("child")
		if err != nil || run.Status != engine.Running || !run.Ended.IsZero() {
			t.Errorf("a run of a process that lives is %+v, %v, want it running", run, err)
		}
		mine := begin(t, s, aRun("mine"+filepath.Base(name), "sync"))
		finish(t, s, mine, engine.OK)
	}
	files, err := os.ReadDir(path + "-live")
	if err != nil || len(files) == 0 {
		t.Errorf("the lock files are %v, %v, want that of the process", files, err)
	}
	c.in.Close()
	if err := c.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

// A Store that is closed without finishing its runs has given them up.
func TestRunThatIsNeverFinished(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, aRun("r1", "sync"))
	other := openAt(t, path, Options{}) // of the same process
	if run, err := other.Run("r1"); err != nil || run.Status != engine.Running {
		t.Errorf("run %v, %v, want it running", run, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	run, err := other.Run("r1")
	if err != nil || run.Status != engine.Interrupted {
		t.Fatalf("run %v, %v, want it interrupted", run, err)
	}
	if want := day.Add(time.Second); !run.Ended.Equal(want) {
		t.Errorf("ended %v, want %v: nothing is recorded but its start", run.Ended, want)
	}
}

func TestStaleLockFiles(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	folder := somewhere(t)
	a, b := newAlive(folder), newAlive(folder)
	if _, err := a.hold(); err != nil {
		t.Fatal(err)
	}
	token, err := b.hold()
	if err != nil {
		t.Fatal(err)
	}
	if a.dead(token) {
		t.Error("who holds on is said to be dead")
	}
	write(t, filepath.Join(a.folder, "stale"), "")
	if !a.dead("stale") || !a.dead("unheard-of") {
		t.Error("who holds nothing is said to live")
	}
	a.sweep()
	if left, _ := os.ReadDir(a.folder); len(left) != 2 {
		t.Errorf("%d lock files left, want the 2 that are held", len(left))
	}
	if err := errors.Join(a.release(), b.release(), b.release()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(a.folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v, want it gone with the last one", err)
	}
}

// Processes come and go while others clear up after them: no one who lives is ever taken for dead.
func TestLockFilesUnderSweeping(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	folder := somewhere(t)
	watcher := newAlive(folder)
	stop := make(chan bool)
	var sweeper, all sync.WaitGroup
	sweeper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				watcher.sweep()
			}
		}
	})
	for range 8 {
		all.Go(func() {
			for range 100 {
				a := newAlive(folder)
				token, err := a.hold()
				if err != nil {
					t.Errorf("hold: %v", err)
					return
				}
				if !same(a.file, filepath.Join(folder+"-live", token)) {
					t.Error("a lock file was swept away though it is held")
				}
				if err := a.release(); err != nil {
					t.Errorf("release: %v", err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	sweeper.Wait()
}

// create only opens the history, which makes it.
func create(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	return s.Close()
}

const eachWrites = 300

// writeMuch runs one job from beginning to end, in many small commits.
func writeMuch(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	run := aRun(fmt.Sprintf("run-of-%d", os.Getpid()), "sync")
	errs := []error{s.Begin(run)}
	for i := range eachWrites {
		key := fmt.Sprintf("/a[%d]", i)
		errs = append(errs, s.Commit(run.ID, engine.Entry{Key: key, Result: []byte("1"), Job: "sync", State: map[string]any{run.ID: i}}),
			s.Note(run.ID, engine.StepRun{Key: key, Status: engine.OK}))
	}
	run.Status = engine.OK
	return errors.Join(append(errs, s.Finish(run), s.Close())...)
}

func TestManyProcesses(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"create", "write"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := somewhere(t)
			processes := make([]*child, 4)
			for i := range processes {
				processes[i] = start(t, what, path)
			}
			for _, c := range processes {
				if err := c.Wait(); err != nil {
					t.Errorf("a process ended with %v", err)
				}
			}
			if what == "write" {
				checkWritten(t, openAt(t, path, Options{}), len(processes))
			}
		})
	}
}

func checkWritten(t *testing.T, s *Store, processes int) {
	t.Helper()
	runs, err := s.Runs(Filter{Statuses: []engine.Status{engine.OK}})
	if err != nil || len(runs) != processes {
		t.Errorf("%d runs are ok, %v, want %d", len(runs), err, processes)
	}
	for _, run := range runs {
		if steps, err := s.Steps(run.ID, StepFilter{}); err != nil || len(steps) != eachWrites {
			t.Errorf("%d steps, %v, want %d", len(steps), err, eachWrites)
		}
	}
	if state, err := s.State("sync"); err != nil || len(state) != processes {
		t.Errorf("state %v, %v, want a value of each process", state, err)
	}
}

// readFolder checks that a history in a folder that may not be written can be read, and that writing says why not.
func readFolder(path string) error {
	r, err := OpenReadOnly(path)
	if err != nil {
		return err
	}
	defer r.Close()
	runs, err := r.Runs(Filter{})
	if err != nil {
		return err
	}
	if len(runs) != 2 {
		return fmt.Errorf("%d runs, want 2", len(runs))
	}
	if _, err := r.Prune(context.Background(), Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the error of Prune is %w, want fs.ErrPermission", err)
	}
	if would, err := r.WouldPrune(context.Background(), Policy{Keep: jobs.Keep{KeepRule: rule(0, 1, 0)}}, noon); err != nil || would.Runs() != 0 {
		return fmt.Errorf("WouldPrune gives %+v, %w", would, err)
	}
	for _, file := range []string{path, filepath.Join(filepath.Dir(path), "more", "new.db")} {
		s, err := Open(file, Options{})
		if err == nil {
			return errors.Join(errors.New("a folder that may not be written was written"), s.Close())
		}
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), filepath.Dir(path)) || !strings.Contains(err.Error(), "--db") {
			return fmt.Errorf("the error is %w, want one that names the file, is fs.ErrPermission and tells of --db", err)
		}
	}
	return nil
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "snrun-read-only-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Chmod(folder, 0o700)
		os.RemoveAll(folder)
	})
	path := filepath.Join(folder, "history.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s, begin(t, s, aRun("r1", "sync")), engine.OK)
	begin(t, s, aRun("r2", "sync")) // nobody can mark it as interrupted
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o444), os.Chmod(folder, 0o555)); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/proc/self/exe")
	if _, err := os.Stat(c.Path); err != nil {
		c = exec.Command(os.Args[0])
	}
	c.Env = append(os.Environ(), childVariable+"=read only@"+path, "GORACE=atexit_sleep_ms=0")
	if os.Getuid() == 0 { // root may write everywhere
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
