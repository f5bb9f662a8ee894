package enginetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/jobs"
	"snrun/steps"
)

// Killed tests the promise of going on: runs jobs, ends each at each of its writes to the journal in turn as kill -9 would,
// goes on with it from what the journal has, and compares with the run that was never ended. Open opens the journal that
// stands in a folder, an empty one at first; what it gave before in that folder has been closed.
func Killed(t *testing.T, open func(t *testing.T, dir string) Closer) {
	t.Helper()
	all := maps.Clone(corpus)
	maps.Copy(all, sources)
	for _, name := range sortedKeys(all) {
		for _, concurrency := range []int{1, 4} {
			text := strings.ReplaceAll(all[name], "LIMIT", strconv.Itoa(concurrency))
			if concurrency > 1 && text == all[name] {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d at once", name, concurrency), func(t *testing.T) {
				t.Parallel()
				killEverywhere(t, text, open)
			})
		}
	}
}

// Closer is a Journal that is closed before its folder is opened again.
type Closer interface {
	engine.Journal
	Close() error
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// killEverywhere runs a job once to its end, then once for each write.
func killEverywhere(t *testing.T, text string, open func(t *testing.T, dir string) Closer) {
	whole := &world{t: t, text: text, dir: t.TempDir(), open: open, server: &server{}}
	want := whole.run(never)
	if want.Status != engine.OK {
		t.Fatalf("the job does not end well by itself: %+v", want.Error)
	}
	again := &world{t: t, text: text, dir: t.TempDir(), open: open, server: &server{}}
	if again.run(never); !slices.Equal(whole.server.sorted(), again.server.sorted()) {
		t.Errorf("two runs made different calls:\n%s\n%s", whole.server.sorted(), again.server.sorted())
	}
	for write := range whole.writes {
		w := &world{t: t, text: text, dir: t.TempDir(), open: open, server: &server{}}
		run := w.run(write)
		for i := 0; run.Status != engine.OK && i < 5; i++ {
			run = w.goOn(run)
		}
		w.compare(fmt.Sprintf("ended at write %d of %d", write, whole.writes), run, want, whole.server)
	}
}

// never is a write that does not come.
const never = -1

// world is where one job runs, again and again.
type world struct {
	t      *testing.T
	text   string
	dir    string
	open   func(t *testing.T, dir string) Closer
	server *server
	writes int // of the last run
}

func (w *world) compare(when string, got, want *engine.Run, whole *server) {
	w.t.Helper()
	if got.Status != engine.OK {
		w.t.Errorf("%s: %s: %+v", when, got.Status, got.Error)
		return
	}
	if g, e := encoded(got.Output), encoded(want.Output); g != e {
		w.t.Errorf("%s: the output is %s, want %s", when, g, e)
	}
	if !slices.Equal(w.server.distinct(), whole.distinct()) {
		w.t.Errorf("%s: the calls were\n%s, want\n%s", when, w.server.distinct(), whole.distinct())
	}
	for _, key := range w.server.finishedTwice() {
		w.t.Errorf("%s: %s was made again though its end was on record", when, key)
	}
	for _, key := range w.server.unsafeTwice() {
		if !w.server.allowed[key] {
			w.t.Errorf("%s: the unsafe call %s was made twice, and nobody said so", when, key)
		}
	}
}

func encoded(v any) string {
	data, err := steps.EncodeJSON(v)
	return cmp.Or(string(data), fmt.Sprint(err))
}

// run runs the job until it ends, or until a write.
func (w *world) run(until int) *engine.Run {
	j := w.journal(until)
	defer j.Close()
	run, _ := w.engine(j).Run(w.context(), engine.Request{Job: w.job(), Inputs: map[string]any{}})
	w.writes = j.seen
	return run
}

// goOn goes on with a run. What is in doubt is looked up on the server, as a person would.
func (w *world) goOn(run *engine.Run) *engine.Run {
	j := w.journal(never)
	defer j.Close()
	r := engine.Resumption{Run: run, Job: w.job()}
	next, err := w.engine(j).Resume(w.context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	if next.Status == engine.Interrupted {
		r.Run, r.Assume = next, w.server.whatBecame(next.Error.Message)
		if next, err = w.engine(j).Resume(w.context(), r); err != nil {
			w.t.Fatal(err)
		}
	}
	return next
}

func (w *world) context() context.Context { return w.t.Context() }

func (w *world) engine(j engine.Journal) *engine.Engine {
	return engine.New(engine.Config{Journal: j, Redactor: auth.NewRedactor(), Dir: w.dir})
}

func (w *world) job() *jobs.Job {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "job.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nname: killed\n"+w.text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	kinds := steps.NewSet(append(jobs.Kinds(), w.server.kind())...)
	project, err := jobs.Open(w.dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: kinds})
	if err != nil {
		w.t.Fatal(err)
	}
	job, err := project.Load(file)
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

// dying is a journal whose process is killed at a write: neither that nor any after it reaches the file.
type dying struct {
	Closer
	server *server
	until  int

	mu   sync.Mutex
	seen int
}

func (w *world) journal(until int) *dying {
	return &dying{Closer: w.open(w.t, w.dir), server: w.server, until: until}
}

var errKilled = errors.New("killed")

// write counts a write, and says whether the process is alive after it.
func (d *dying) write() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen++
	if d.until != never && d.seen > d.until {
		return errKilled
	}
	return nil
}

func (d *dying) Begin(run *engine.Run, entries ...engine.Entry) error {
	return d.Closer.Begin(run, entries...) // a run that is not on record cannot be gone on with
}

func (d *dying) Intend(run, key string) error {
	if err := d.write(); err != nil {
		return err
	}
	return d.Closer.Intend(run, key)
}

func (d *dying) Commit(run string, entry engine.Entry) error {
	if err := d.write(); err != nil {
		return err
	}
	err := d.Closer.Commit(run, entry)
	if err == nil && !entry.Passing {
		d.server.recorded(entry.Key)
	}
	return err
}

func (d *dying) Fold(run, below string, drop []string, entries ...engine.Entry) error {
	if err := d.write(); err != nil {
		return err
	}
	return d.Closer.Fold(run, below, drop, entries...)
}

func (d *dying) Finish(run *engine.Run) error {
	if err := d.write(); err != nil {
		run.Status = engine.Interrupted
		return err
	}
	return d.Closer.Finish(run)
}
