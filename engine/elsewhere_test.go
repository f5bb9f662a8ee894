package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
	"snrun/steps"
)

// elsewhere has the tests of this package walk their flows in one place and carry out all else in two others.
var elsewhere = flag.Bool("elsewhere", false, "run the jobs of the tests with their flows walked elsewhere")

// sameElsewhere are the tests that hold the same on both Hosts.
var sameElsewhere = []string{
	"TestFlow", "TestForeach", "TestKeys", "TestState", "TestSavedInside", "TestIntent", "TestRetry", "TestJitter", "TestTimeouts",
	"TestTimeIsUp", "TestGivingUp", "TestCancel", "TestConcurrency", "TestSecrets", "TestParallel", "TestParallelAtOnce",
	"TestRepeat", "TestRepeatEvery", "TestWait", "TestCancelWhileItWaits", "TestCall", "TestCallState", "TestCallCancelled",
	"TestCallMasks", "TestAroundBlocks", "TestRoundsAreItems", "TestPagesInDoubt", "TestPageIsTriedAgain",
	"TestPageThatStaysBroken", "TestThrottledWalk", "TestMistakesInARun", "TestFault", "TestGoingOn", "TestInDoubt", "TestCutOff",
	"TestSecretsAreKnownAgain", "TestSource", "TestOneAhead", "TestSourceGoesOn", "TestRedoIsInterrupted", "TestSourceIsBounded",
	"TestSecretInAKey", "TestTriedAgain", "TestMendedIsForgotten", "TestToleratedOnce", "TestSavedAtOnce", "TestChangedInputs",
	"TestLateBeforeItWasSent", "TestCancelWithoutCalls", "TestItemKeysThatLookAlike", "TestBlockRetryLimits", "TestStateAtTheEnd",
	"TestKeysAtTheEnd", "TestCancelBesideAFailure", "TestCancelWhileWaiting", "TestSavesAtOnce", "TestSavesAtOnceAtTheEnd",
	"TestErrorOnRecord", "TestNotSampledOutsideLoops", "TestChangedLoop",
}

// TestElsewhere holds that what the tests of this package say of jobs holds where the flow is walked in another process than its calls.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	if *elsewhere {
		t.Skip("it is so already")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), self, "-elsewhere", "-test.run=^("+strings.Join(sameElsewhere, "|")+")$").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// walker is the Host of a flow that is walked apart from all that is done in it: what it asks for travels to one of two Parts.
type walker struct {
	t     *testing.T
	parts []*engine.Part
	ctx   context.Context
	again bool // whoever asks, asks twice: the first answer was lost on the way

	next      atomic.Int64
	mu        sync.Mutex
	open      map[string]time.Time
	tolerated []string
	doubts    []string
	told      func(text []byte) // hears of all that travels
}

func (w *walker) part() *engine.Part { return w.parts[int(w.next.Add(1))%len(w.parts)] }

// travels gives what is left of a thing that travels.
func travels[T any](w *walker, v T, encode func(T) ([]byte, error), decode func([]byte) (T, error)) T {
	w.t.Helper()
	data, err := encode(v)
	if err != nil {
		w.t.Errorf("it cannot travel: %v", err)
	}
	if w.told != nil {
		w.told(data)
	}
	got, err := decode(data)
	if err != nil {
		w.t.Errorf("%s cannot be read: %v", data, err)
	}
	return got
}

// halt is what is left of an error on its way.
func (w *walker) halt(err error) error {
	if err == nil {
		return nil
	}
	data, _ := json.Marshal(engine.HaltOf(err))
	var h engine.Halt
	if err := json.Unmarshal(data, &h); err != nil {
		w.t.Error(err)
	}
	if w.told != nil {
		w.told(data)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doubts = append(w.doubts, h.Doubts...)
	return h.Err()
}

func (w *walker) context(cleanup bool) context.Context {
	if cleanup {
		return context.WithoutCancel(w.ctx)
	}
	return w.ctx
}

func (w *walker) stopped(cleanup bool) error {
	ctx := w.context(cleanup)
	if ctx.Err() == nil {
		return nil
	}
	var reason *steps.Error
	if !errors.As(context.Cause(ctx), &reason) {
		reason = &steps.Error{Kind: steps.Cancelled, Message: "the run was cancelled"}
	}
	return &flow.Stopped{Reason: reason}
}

// Elsewhere has a unit carried out.
func (w *walker) Elsewhere(u flow.Unit) (flow.Handed, error) {
	if err := w.stopped(u.Scope.Cleanup); err != nil {
		return flow.Handed{}, err
	}
	u = travels(w, u, flow.EncodeUnit, flow.DecodeUnit)
	got, err := w.part().Carry(w.context(u.Scope.Cleanup), u)
	if err != nil {
		return flow.Handed{}, w.halt(err)
	}
	if w.again {
		second, err := w.part().Carry(w.context(u.Scope.Cleanup), u)
		if a, b := text(got), text(second); err != nil || a != b {
			w.t.Errorf("%s: the second time it gave\n%s, %v, the first time\n%s", u.Key, b, err, a)
		}
	}
	got = travels(w, got, flow.EncodeHanded, flow.DecodeHanded)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tolerated, w.doubts = append(w.tolerated, got.Tolerated...), append(w.doubts, got.Doubts...)
	return got, nil
}

func text(got flow.Handed) string {
	data, _ := flow.EncodeHanded(got)
	return string(data)
}

// Do saves.
func (w *walker) Do(c flow.Call) (flow.Result, error) {
	if err := w.stopped(c.Cleanup); err != nil {
		return flow.Result{}, err
	}
	kept := travels(w, c, flow.EncodeSave, flow.DecodeSave)
	kept.Step = c.Step
	return flow.Result{Value: c.State}, w.halt(w.part().Save(w.context(c.Cleanup), kept))
}

// Sleep waits.
func (w *walker) Sleep(pause flow.Wait) error {
	if err := w.stopped(pause.Cleanup); err != nil {
		return err
	}
	length := pause.For
	switch {
	case !pause.Until.IsZero():
		length = time.Until(pause.Until)
	case length >= time.Second:
		at, err := w.part().Wakes(travels(w, pause, flow.EncodeWait, flow.DecodeWait))
		if err != nil {
			return w.halt(err)
		}
		length = min(length, time.Until(at))
	}
	select {
	case <-time.After(length):
		return nil
	case <-w.context(pause.Cleanup).Done():
		return w.stopped(pause.Cleanup)
	}
}

// Now gives the time.
func (w *walker) Now(string) (time.Time, error) { return time.Now(), nil }

// Fork runs branches.
func (w *walker) Fork(n, limit int, cleanup bool, branch func(i int, h flow.Host) error) error {
	errs, next, ended := make([]error, n), 0, false
	var mu sync.Mutex
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if ended || next == n || w.stopped(cleanup) != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var all sync.WaitGroup
	for range max(1, min(limit, n)) {
		all.Go(func() {
			for i, more := take(); more; i, more = take() {
				err := branch(i, w)
				mu.Lock()
				errs[i], ended = err, ended || err != nil
				mu.Unlock()
			}
		})
	}
	all.Wait()
	var failure error
	for _, err := range errs {
		if _, isStep := err.(*steps.Error); err != nil && !isStep {
			return err
		}
		if failure == nil {
			failure = err
		}
	}
	if err := w.stopped(cleanup); err != nil && next < n && failure == nil {
		return err
	}
	return failure
}

// Fold keeps where a loop is.
func (w *walker) Fold(f flow.Fold) error {
	f = travels(w, f, flow.EncodeFold, flow.DecodeFold)
	if w.again {
		if err := w.part().Fold(f); err != nil {
			return w.halt(err)
		}
	}
	return w.halt(w.part().Fold(f))
}

// Kept gives where a loop was.
func (w *walker) Kept(key string) (flow.Kept, error) {
	kept, err := w.part().Kept(key)
	if err != nil {
		return kept, w.halt(err)
	}
	return travels(w, kept, flow.EncodeKept, flow.DecodeKept), nil
}

// Tell keeps rows of history.
func (w *walker) Tell(n flow.Note) {
	row := engine.StepRun{Key: n.Key, ID: n.Step.ID, Name: n.Step.Name, Kind: n.Step.Kind.Name, Status: engine.Running, Started: time.Now(), Before: n.Before}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n.Type {
	case flow.Began:
		w.open[n.Key] = row.Started
	case flow.Ended:
		row.Ended, row.Status, row.Attempts, row.Error, row.Message = time.Now(), engine.OK, n.Tries, n.Error, n.Message
		if began, is := w.open[n.Key]; is {
			row.Started = began
		}
		switch {
		case n.Skipped:
			row.Status = engine.Skipped
		case n.Error != nil && n.Error.Kind == steps.Cancelled:
			row.Status = engine.Cancelled
		case n.Error != nil:
			row.Status = engine.Failed
		}
		if n.Counts != (flow.Counts{}) {
			row.Counts = &engine.Counts{Pages: n.Counts.Pages, Total: n.Counts.Total, Succeeded: n.Counts.Succeeded, Failed: n.Counts.Failed}
		}
	case flow.Tolerated:
		w.tolerated = append(w.tolerated, n.Error.Calls...)
		return
	default:
		return
	}
	if err := w.part().Note([]engine.StepRun{row}); err != nil {
		w.t.Error(err)
	}
}

// apart is how flows are walked apart from their calls.
type apart struct {
	engines []*engine.Engine
	small   int  // see engine.PartOf
	again   bool // all is asked for twice
	told    func(text []byte)
}

// walk walks the flow of a run that is on record to its end.
func (a apart) walk(ctx context.Context, t *testing.T, of engine.PartOf) (*engine.Run, error) {
	t.Helper()
	began := time.Now()
	if err := a.engines[0].BeginElsewhere(of.Run); err != nil {
		return nil, err
	}
	of.Small = a.small
	if of.Job.Timeout > 0 {
		of.Ends = began.Add(of.Job.Timeout)
		limited, stop := context.WithDeadlineCause(ctx, of.Ends, engine.OutOfTime(of.Job))
		defer stop()
		ctx = limited
	}
	w := &walker{t: t, ctx: ctx, again: a.again, told: a.told, open: map[string]time.Time{}}
	for _, e := range a.engines {
		part, err := e.Part(ctx, of)
		if err != nil {
			return nil, err
		}
		w.parts = append(w.parts, part)
	}
	given := travels(w, w.parts[0].Opening(), flow.EncodeGiven, flow.DecodeGiven)
	out := flow.Run(w, of.Job, given)
	if w.told != nil {
		travels(w, flow.Handed{Value: out.Output, Error: out.Error}, flow.EncodeHanded, flow.DecodeHanded)
	}
	return w.part().Finish(engine.Ending{Outcome: out, Doubts: w.doubts, Tolerated: w.tolerated, Started: began, Ended: time.Now()})
}

// run runs a job whose flow is walked elsewhere.
func (a apart) run(ctx context.Context, t *testing.T, req engine.Request) (*engine.Run, error) {
	t.Helper()
	run, err := a.engines[0].Enlist(req, "default/test")
	if err != nil {
		return nil, err
	}
	return a.walk(ctx, t, engine.PartOf{Run: run, Job: req.Job, Env: req.Env, Secrets: req.Secrets, Space: req.Space})
}

// resume goes on with one.
func (a apart) resume(ctx context.Context, t *testing.T, r engine.Resumption) (*engine.Run, error) {
	t.Helper()
	run, err := a.engines[0].GoOnElsewhere(r, "default/test")
	if err != nil {
		return nil, err
	}
	return a.walk(ctx, t, engine.PartOf{
		Run: run, Job: r.Job, Env: r.Environ, Secrets: r.Secrets, Space: r.Space, Assume: r.Assume, Redo: r.FailedItems,
	})
}

// veiling is a Sealer whose sealed texts show nothing of the plain ones.
type veiling struct{}

func (veiling) Seal(plain []byte, about string) ([]byte, error) {
	sealed := slices.Concat([]byte(about), []byte{0}, plain)
	for i := range sealed {
		sealed[i] ^= 0x55
	}
	return sealed, nil
}

func (v veiling) Open(sealed []byte, about string) ([]byte, error) {
	plain, _ := v.Seal(sealed[len(about)+1:], "")
	if opened, _ := v.Seal(sealed[:len(about)], ""); string(opened[1:]) != about {
		return nil, errors.New("it was sealed as another's")
	}
	return plain[1:], nil
}
