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
// stands in a folder, an empty one at first; what it gave before in that folder has been closed. What goes on with
// a run is ended too: after one in so many of the ends, 1 for each.
func Killed(t *testing.T, oneIn int, open func(t *testing.T, dir string) Closer) {
	t.Helper()
	KilledAt(t, 1, oneIn, open)
}

// KilledAt is Killed at each so many-th write only, for a journal that takes long to be opened: other ones in each job.
func KilledAt(t *testing.T, each, oneIn int, open func(t *testing.T, dir string) Closer) {
	t.Helper()
	eachKilled(t, func(t *testing.T, text string) { killEverywhere(&world{t: t, text: text, open: open}, each, oneIn) })
}

// eachKilled runs a test for each job whose processes are ended, one item at a time and, where that makes a difference, four at once.
func eachKilled(t *testing.T, test func(t *testing.T, text string)) {
	t.Helper()
	all := maps.Clone(corpus)
	maps.Copy(all, sources)
	maps.Copy(all, manners)
	for _, name := range sortedKeys(all) {
		for _, concurrency := range []int{1, 4} {
			text := strings.ReplaceAll(all[name], "LIMIT", strconv.Itoa(concurrency))
			if concurrency > 1 && text == all[name] {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d at once", name, concurrency), func(t *testing.T) {
				t.Parallel()
				test(t, text)
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

// killEverywhere runs a job once to its end, then once for each write. Also what goes on with the run it ends, at one of its
// writes, and for one of the first at each.
func killEverywhere(of *world, each, oneIn int) {
	t := of.t
	fresh := func() *world { return &world{t: t, text: of.text, dir: t.TempDir(), open: of.open, server: &server{}} }
	whole, again := fresh(), fresh()
	want := whole.toTheEnd(never)
	if want.Status != engine.OK {
		t.Fatalf("the job does not end well by itself: %+v", want.Error)
	}
	if again.toTheEnd(never); !slices.Equal(whole.server.sorted(), again.server.sorted()) {
		t.Errorf("of two runs one made %s, the other %s", beyond(whole.server, again.server), beyond(again.server, whole.server))
	}
	for write := len(of.text) % each; write < whole.first; write += each {
		w := fresh()
		w.compare(fmt.Sprintf("ended at write %d of %d", write, whole.first), w.toTheEnd(write), want, whole)
		for second := range w.second {
			if (write != whole.first/2 || oneIn > 1) && (second != write*7%w.second || write%oneIn != 0) {
				continue
			}
			w := fresh()
			w.compare(fmt.Sprintf("ended at write %d of %d, then at write %d", write, whole.first, second), w.toTheEnd(write, second), want, whole)
		}
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
	loaded *jobs.Job
	first  int // how many writes the run made
	second int // and what went on with it
}

// toTheEnd runs the job until it ends well, ending it at some write each time first.
func (w *world) toTheEnd(until ...int) *engine.Run {
	run, writes := w.run(until[0])
	w.first = writes
	for i := 1; run.Status != engine.OK && i < 6; i++ {
		at := never
		if i < len(until) {
			at = until[i]
		}
		if run, writes = w.goOn(run, at); i == 1 {
			w.second = writes
		}
	}
	return run
}

func (w *world) compare(when string, got, want *engine.Run, whole *world) {
	w.t.Helper()
	if got.Status != engine.OK {
		w.t.Errorf("%s: %s: %+v", when, got.Status, got.Error)
		return
	}
	if g, e := encoded(got.Output), encoded(want.Output); g != e {
		w.t.Errorf("%s: the output is %s, want %s", when, g, e)
	}
	if more, less := beyond(w.server, whole.server), beyond(whole.server, w.server); len(more)+len(less) > 0 {
		w.t.Errorf("%s: beyond the calls of the whole run were made %s, and not made %s", when, more, less)
	}
	if g, e := encoded(w.state()), encoded(whole.state()); g != e {
		w.t.Errorf("%s: the state is %s, want %s", when, g, e)
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

// beyond gives the calls that one server had and another had not.
func beyond(one, other *server) []string {
	return slices.DeleteFunc(one.distinct(), func(key string) bool { return slices.Contains(other.calls, key) })
}

func encoded(v any) string {
	data, err := steps.EncodeJSON(v)
	return cmp.Or(string(data), fmt.Sprint(err))
}

// state gives what the jobs have saved.
func (w *world) state() map[string]any {
	w.t.Helper()
	j := w.open(w.t, w.dir)
	defer j.Close()
	all := map[string]any{}
	for _, job := range []string{"killed", "other"} {
		values, err := j.State(job)
		if err != nil {
			w.t.Fatal(err)
		}
		all[job] = values
	}
	return all
}

// run runs the job until it ends, or until a write. It gives how many there were.
func (w *world) run(until int) (*engine.Run, int) {
	j := w.journal(until)
	defer j.Close()
	run, _ := w.engine(j).Run(w.context(), engine.Request{Job: w.job(), Inputs: map[string]any{}})
	return run, j.seen
}

// goOn goes on with a run until it ends, or until a write. What is in doubt is looked up on the server, as a person would.
func (w *world) goOn(run *engine.Run, until int) (*engine.Run, int) {
	j := w.journal(until)
	defer j.Close()
	r := engine.Resumption{Run: run, Job: w.job()}
	next, err := w.engine(j).Resume(w.context(), r)
	if next == nil {
		w.t.Fatal(err)
	}
	if next.Status == engine.Interrupted && err == nil {
		r.Run, r.Assume = next, w.server.whatBecame(next.Error.Message)
		if next, err = w.engine(j).Resume(w.context(), r); next == nil {
			w.t.Fatal(err)
		}
	}
	return next, j.seen
}

func (w *world) context() context.Context { return w.t.Context() }

func (w *world) engine(j engine.Journal) *engine.Engine {
	return engine.New(engine.Config{Journal: j, Redactor: auth.NewRedactor(), Dir: w.dir})
}

func (w *world) job() *jobs.Job {
	w.t.Helper()
	if w.loaded == nil {
		w.loaded = w.load()
	}
	return w.loaded
}

func (w *world) load() *jobs.Job {
	w.t.Helper()
	dir := w.t.TempDir()
	for i, text := range strings.Split(w.text, "=== ") {
		name := "killed"
		if i > 0 {
			name, text, _ = strings.Cut(text, "\n")
		}
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte("version: 1\nname: "+name+"\n"+text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	kinds := steps.NewSet(append(jobs.Kinds(), w.server.kind())...)
	project, err := jobs.Open(w.dir, jobs.Settings{Profiles: "profiles.yaml", Jobs: "jobs"}, jobs.Options{Kinds: kinds})
	if err != nil {
		w.t.Fatal(err)
	}
	job, err := project.Load(filepath.Join(dir, "killed.yaml"))
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
	if err == nil && entry.Key == "@failed" {
		d.server.runFailed()
	}
	if err == nil && !entry.Passing {
		d.server.recorded(entry.Key, entry.Error != nil)
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
