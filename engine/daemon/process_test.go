package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

// process is a daemon at work in this process, on a real history. What it logs, and the ends of its runs, can be waited for.
type process struct {
	*Daemon
	*folder
	store *unsteady
	log   *logged
	stop  context.CancelCauseFunc
	ended chan error
}

// unsteady is a history that cannot be written now and then, as on a full disk.
type unsteady struct {
	*history.Store
	mu   sync.Mutex
	full error
}

func (u *unsteady) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.full = err
}

func (u *unsteady) why() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.full
}

func (u *unsteady) Know(now time.Time, plans []engine.Plan) ([]engine.Plan, error) {
	if err := u.why(); err != nil {
		return nil, err
	}
	return u.Store.Know(now, plans)
}

func (u *unsteady) SignOfLife(now time.Time) error {
	if err := u.why(); err != nil {
		return err
	}
	return u.Store.SignOfLife(now)
}

// logged is a log whose lines can be waited for, with the ends of runs as lines of their own.
type logged struct {
	t     *testing.T
	lines chan string
}

// Write keeps a line.
func (l *logged) Write(line []byte) (int, error) {
	l.lines <- string(line)
	return len(line), nil
}

// sees waits for a line with all of these texts, and gives it.
func (l *logged) sees(texts ...string) string {
	l.t.Helper()
	late := time.After(time.Minute)
next:
	for {
		select {
		case line := <-l.lines:
			for _, text := range texts {
				if !strings.Contains(line, text) {
					continue next
				}
			}
			return line
		case <-late:
			l.t.Fatalf("there is no line with %q", texts)
		}
	}
}

// silent holds that nothing more was logged.
func (l *logged) silent() {
	l.t.Helper()
	select {
	case line := <-l.lines:
		l.t.Errorf("the log says %s", line)
	default:
	}
}

// newProcess makes a daemon of the project in a folder on the history in a file.
func newProcess(f *folder, file string, grace time.Duration) *process {
	f.t.Helper()
	store, err := history.Open(file, history.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = store.Close() })
	p := &process{folder: f, store: &unsteady{Store: store}, log: &logged{f.t, make(chan string, 1000)}, ended: make(chan error, 1)}
	p.Daemon = New(Config{
		Open: f.open, Store: p.store, Redactor: auth.NewRedactor(), Limits: &auth.Limits{}, Log: slog.New(slog.NewTextHandler(p.log, nil)), Grace: grace,
		Watch: func(e engine.Event) {
			if e.Type == engine.RunStarted || e.Type == engine.RunEnded {
				fmt.Fprintf(p.log, "%s %s %s %v", e.Type, e.Run, e.Status, e.Error)
			}
		},
		GoOn: func(run string, _ bool) []string { return []string{"resume " + run} },
	})
	return p
}

// begin has the daemon run, and waits until it fires.
func (p *process) begin() *process {
	ctx, stop := context.WithCancelCause(context.Background())
	p.stop = stop
	p.t.Cleanup(func() { stop(nil) })
	go func() { p.ended <- p.Run(ctx) }()
	p.log.sees("msg=ready")
	return p
}

// end ends the daemon, and gives back the history.
func (p *process) end() {
	p.t.Helper()
	p.stop(errors.New("the test is over"))
	if err := <-p.ended; err != nil {
		p.t.Error(err)
	}
}

// trigger queues a run as a person does.
func (p *process) trigger(run, job string, inputs map[string]any) {
	p.t.Helper()
	claim := engine.Claim{Run: run, Job: job, Trigger: engine.TriggerManual, Due: time.Now(), Overlap: "allow", Inputs: inputs}
	if _, err := p.store.Enqueue(time.Now(), 100, true, claim); err != nil {
		p.t.Fatal(err)
	}
	p.scheduler.Wake()
}

// run gives a run as it is on record.
func (p *process) run(id string) *engine.Run {
	p.t.Helper()
	run, err := p.store.Run(id)
	if err != nil {
		p.t.Fatal(err)
	}
	return run
}

// TestRunsGiveBackWhatTheyHad holds that a run ends with nothing left of it: no keyring in use, and no secret that is still masked.
func TestRunsGiveBackWhatTheyHad(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": "inputs: {n: {type: integer, enum: [1, 2]}}\nsteps: [{log: \"${secret.WORD}\"}]\n"})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), time.Minute)
	read := p.Open
	p.library.open = func() (*Project, error) {
		project, err := read()
		if err == nil {
			project.Secrets = func(r *auth.Redactor) *auth.Secrets {
				return auth.NewSecrets(auth.SecretsOptions{Redactor: r, Environ: []string{"SNRUN_SECRET_WORD=hunter2hunter2"}})
			}
		}
		return project, err
	}
	p.begin()
	p.trigger("r1", "a", map[string]any{"n": 1})
	p.log.sees(string(engine.RunEnded), "r1", "ok")
	p.trigger("r2", "a", map[string]any{"n": 3})
	p.log.sees(string(engine.RunEnded), "r2", "failed", "the inputs do not fit the job a")
	p.keyrings.mu.Lock()
	shared := p.keyrings.newest[""] // of those that sign in nowhere
	p.keyrings.mu.Unlock()
	p.end()
	if shared == nil || shared.users != 0 {
		t.Errorf("the keyring of the runs is %+v, want one that nobody uses", shared)
	}
	if got := p.run("r2"); got.Status != engine.Failed {
		t.Errorf("r2 is %+v, want it failed", got)
	}
	if p.Redactor.Contains([]byte("hunter2hunter2")) {
		t.Error("the secret of a run that is over is masked still: a secret that changes every hour would fill the memory")
	}
	if daemons, err := p.store.Daemons(); err != nil || len(daemons) != 0 {
		t.Errorf("after its end %+v, %v are enlisted", daemons, err)
	}
}

// TestRunsWhoseContextEndsBeforeTheyBegin holds that one which is suspended waits on, and one which is cancelled is on record as that.
func TestRunsWhoseContextEndsBeforeTheyBegin(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("x")})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), 0)
	p.begin()
	p.end() // what is queued from here on nobody starts but the test
	for _, test := range []struct {
		run    string
		cause  error
		status engine.Status
	}{
		{"r1", &engine.Suspend{Why: "the daemon ends"}, engine.Queued},
		{"r2", &steps.Error{Kind: steps.Cancelled, Message: "cancelled by ann"}, engine.Cancelled},
	} {
		p.trigger(test.run, "a", nil)
		queued, err := p.store.Adopt([]string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(test.cause)
		p.start(ctx, queued[len(queued)-1])
		if run := p.run(test.run); run.Status != test.status || !run.Started.IsZero() || run.Status == engine.Cancelled && run.Reason != "cancelled by ann" {
			t.Errorf("%s is %s %q, want %s", test.run, run.Status, run.Reason, test.status)
		}
	}
}

// TestRunsThatAreNotHereAnyMore holds that no error is told of a run that somebody cancelled just before it began.
func TestRunsThatAreNotHereAnyMore(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("x")})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), 0)
	p.begin()
	p.end()
	p.log.sees("msg=ending")
	p.trigger("r1", "a", nil)
	queued, err := p.store.Adopt([]string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.Cancel(time.Now(), "r1", "ann"); err != nil {
		t.Fatal(err)
	}
	p.start(context.Background(), queued[0])
	p.log.silent()
	if run := p.run("r1"); run.Status != engine.Cancelled {
		t.Errorf("it is %s, want it cancelled", run.Status)
	}
}

// TestAJobThatChangesWhileItsRunIsCutOff holds that a run goes on with the text that it began with.
func TestAJobThatChangesWhileItsRunIsCutOff(t *testing.T) {
	t.Parallel()
	f, file := newFolder(t), filepath.Join(t.TempDir(), "snrun.db")
	f.write(map[string]string{"jobs/a.yaml": "steps: [{log: before}, {wait: 1s}]\noutput: before\n"})
	first := newProcess(f, file, 0).begin()
	first.trigger("r1", "a", nil)
	first.log.sees(string(engine.RunStarted), "r1")
	first.end()
	if run := first.run("r1"); run.Status != engine.Interrupted {
		t.Fatalf("it is %s, want it interrupted", run.Status)
	}
	f.write(map[string]string{"jobs/a.yaml": "steps: [{log: afterwards}, {wait: 1s}]\noutput: afterwards\n"})
	second := newProcess(f, file, time.Minute).begin()
	second.log.sees(string(engine.RunEnded), "r1", "ok")
	second.end()
	if run := second.run("r1"); run.Output != "before" || run.Attempt != 2 {
		t.Errorf("it gave %v in attempt %d, want what the job said when it began, in the second", run.Output, run.Attempt)
	}
}

// TestCutOffRunsWaitForRoom holds that no more of them go on at once than there may be runs, and that those which wait for that when
// the daemon ends are left as they are.
func TestCutOffRunsWaitForRoom(t *testing.T) {
	t.Parallel()
	f, file := newFolder(t), filepath.Join(t.TempDir(), "snrun.db")
	f.write(map[string]string{"jobs/a.yaml": "steps: [{wait: 1h}]\n", "jobs/b.yaml": "steps: [{wait: 1h}]\n"})
	first := newProcess(f, file, 0).begin()
	first.trigger("r1", "a", nil)
	first.log.sees(string(engine.RunStarted), "r1")
	first.trigger("r2", "b", nil)
	first.log.sees(string(engine.RunStarted), "r2")
	first.end()
	second := newProcess(f, file, 0)
	second.MaxRuns = 1
	second.begin()
	for len(second.cutOff.room) == 0 {
		runtime.Gosched()
	}
	second.end()
	if n := second.run("r1").Attempt + second.run("r2").Attempt; n > 3 {
		t.Errorf("both went on")
	}
}

// TestADatabaseThatCannotBeWritten holds that it is told once, and that what was read meanwhile is planned as soon as it can be.
func TestADatabaseThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("x")})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), time.Minute).begin()
	p.store.fail(errors.New("no room"))
	f.write(map[string]string{"jobs/b.yaml": says("x")})
	p.reload()
	p.log.sees("planning the jobs: it is tried again", "no room")
	p.sign()
	p.sign()
	p.log.sees("the database cannot be written", "no room")
	p.store.fail(nil)
	p.sign()
	if line := p.log.sees("the database"); !strings.Contains(line, "the database can be written again") {
		t.Errorf("after that the log says %s", line)
	}
	if !p.unplanned.Load() {
		t.Error("nobody knows that the jobs are to be planned")
	}
	p.reload() // which finds nothing that has changed
	p.trigger("r1", "b", nil)
	p.log.sees(string(engine.RunEnded), "r1", "ok")
	if p.unplanned.Load() {
		t.Error("the jobs are to be planned still")
	}
	p.end()
}

// TestABackgroundTaskThatBreaksDown takes nothing with it.
func TestABackgroundTaskThatBreaksDown(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("x")})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), time.Minute)
	ready := make(chan bool)
	p.Tasks = []Task{{"pruning", func(context.Context) error {
		<-ready
		panic("oh no")
	}}}
	p.begin()
	close(ready)
	p.log.sees("a background task broke down", "pruning", "oh no")
	p.trigger("r1", "a", nil)
	p.log.sees(string(engine.RunEnded), "r1", "ok")
	p.end()
}

// TestWhileItEnds holds that a daemon whose runs have their grace is not ready, and not stuck either.
func TestWhileItEnds(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": "steps: [{wait: 1h}]\n"})
	p := newProcess(f, filepath.Join(t.TempDir(), "snrun.db"), time.Hour).begin()
	p.trigger("r1", "a", nil)
	p.log.sees(string(engine.RunStarted), "r1")
	p.stop(errors.New("SIGTERM"))
	p.log.sees("msg=ending", "SIGTERM", "running=1")
	p.pulse.Store(time.Now().Add(-time.Hour).UnixNano())
	if s := p.status(); s.State != "draining" || p.hanging() != 0 {
		t.Errorf("it is %s, and hangs for %s", s.State, p.hanging())
	}
	if _, err := p.store.Cancel(time.Now(), "r1", "ann"); err != nil {
		t.Fatal(err)
	}
	p.scheduler.Wake()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	if run := p.run("r1"); run.Status != engine.Cancelled {
		t.Errorf("the run is %s", run.Status)
	}
}
