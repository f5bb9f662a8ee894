package history

import (
	"errors"
	"reflect"
	"testing"

	"snrun/engine"
)

func cancel(t *testing.T, s *Store, run, who string) engine.Status {
	t.Helper()
	status, err := s.Cancel(at(9), run, who)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func toCancel(t *testing.T, s *Store, want map[string]string) {
	t.Helper()
	if got, err := s.ToCancel(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("to cancel: %v, %v, want %v", got, err, want)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	run := begin(t, s, aRun("running", "a"))
	claimed(t, s, due("queued", "b", 1))
	enqueue(t, s, true, asked("nobodys", "c", "allow"))
	ended := begin(t, s, aRun("ended", "d"))
	finish(t, s, ended, engine.OK)
	for run, want := range map[string]engine.Status{
		"running": engine.Running, "queued": engine.Queued, "nobodys": engine.Queued, "ended": engine.OK,
	} {
		if got := cancel(t, other, run, "ann"); got != want {
			t.Errorf("%s was %s, want %s", run, got, want)
		}
	}
	if _, err := other.Cancel(day, "nope", "ann"); !errors.Is(err, ErrUnknownRun) {
		t.Errorf("Cancel of no run: %v, want ErrUnknownRun", err)
	}
	if got := cancel(t, other, "running", "bob"); got != engine.Running {
		t.Errorf("asked a second time, it was %s", got)
	}
	toCancel(t, s, map[string]string{"running": "ann", "queued": "ann"})
	toCancel(t, other, map[string]string{})
	for _, id := range []string{"queued", "nobodys"} {
		run, err := s.Run(id)
		if err != nil || run.Status != engine.Cancelled || run.Reason != "cancelled by ann" || !run.Ended.Equal(at(9)) {
			t.Errorf("%s is %+v, %v, want it cancelled", id, run, err)
		}
	}
	if got := queued(t, s); got != [2]int{} {
		t.Errorf("%v are queued, want none", got)
	}
	if ok, err := s.Withdraw(day, "queued", engine.Cancelled, "x"); ok || err != nil {
		t.Errorf("Withdraw: %v, %v, want false", ok, err)
	}
	toCancel(t, s, map[string]string{"running": "ann"})
	finish(t, s, run, engine.Cancelled)
	toCancel(t, s, map[string]string{})
	if got := cancel(t, other, "running", "ann"); got != engine.Cancelled {
		t.Errorf("after its end it was %s", got)
	}
}

// Nobody is told of the end of a run that nobody has queued, or one who is gone: nobody would take notice of it.
func TestCancelOfWhatNobodyHas(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	gone, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	claimed(t, gone, due("a", "a", 1), due("b", "b", 1))
	enqueue(t, gone, true, asked("c", "c", "allow"))
	enqueue(t, gone, true, asked("d", "d", "allow"))
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	cancel(t, s, "a", "ann")
	cancel(t, s, "c", "ann")
	instead := func(run, job string) engine.Claim {
		c := due(run, job, 2)
		c.Overlap = "cancel_running"
		return c
	}
	claimed(t, s, instead("b2", "b"), instead("d2", "d"))
	if got, want := queued(t, s), [2]int{2, 2}; got != want {
		t.Errorf("%v are queued, want the two that came instead", got)
	}
	if n := number(t, s, "SELECT count(*) FROM runs WHERE cancel <> ''"); n != 0 {
		t.Errorf("%d ends wait for somebody's notice, want none", n)
	}
}

// Withdraw of a run that has begun takes nothing of what was asked for.
func TestWithdrawOfARunThatGoesOn(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	begin(t, s, aRun("r1", "sync"))
	cancel(t, s, "r1", "ann")
	if ok, err := s.Withdraw(day, "r1", engine.Cancelled, "x"); ok || err != nil {
		t.Errorf("Withdraw: %v, %v, want false", ok, err)
	}
	toCancel(t, s, map[string]string{"r1": "ann"})
}

// A run whose process is gone cannot be asked to end: it has.
func TestCancelOfTheDead(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	c := start(t, "hold", path)
	c.await(t)
	c.kill(t)
	if got := cancel(t, s, "child", "ann"); got != engine.Interrupted {
		t.Errorf("it was %s, want it interrupted", got)
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	pause := func(p engine.Pause) {
		t.Helper()
		if err := s.Pause(p); err != nil {
			t.Errorf("Pause of %s: %v", p.Job, err)
		}
	}
	unpause := func(job string, want bool) {
		t.Helper()
		if got, err := s.Unpause(job); got != want || err != nil {
			t.Errorf("Unpause of %s: %v, %v, want %v", job, got, err, want)
		}
	}
	first := engine.Pause{Job: "sync", Since: day, Who: "ann", Why: "the other side is down"}
	second := engine.Pause{Job: "other", Since: at(1), Who: "bob"}
	unpause("sync", false)
	pause(first)
	pause(second)
	pause(engine.Pause{Job: "sync", Since: at(5), Who: "bob", Why: "it is moved"})
	first.Who, first.Why = "bob", "it is moved"
	if got, err := s.Pauses(); err != nil || !reflect.DeepEqual(got, map[string]engine.Pause{"sync": first, "other": second}) {
		t.Errorf("%+v, %v", got, err)
	}
	unpause("sync", true)
	unpause("sync", false)
	if got, err := s.Pauses(); err != nil || !reflect.DeepEqual(got, map[string]engine.Pause{"other": second}) {
		t.Errorf("afterwards %+v, %v", got, err)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	check := func(what string, want bool) {
		t.Helper()
		if got, err := s.Changed(); got != want && (want || !s.place.shared()) || err != nil { // a server does not tell whose changes are whose
			t.Errorf("%s: changed %v, %v, want %v", what, got, err, want)
		}
	}
	check("the first time", true)
	check("again", false)
	claimed(t, s, due("r1", "sync", 1))
	check("after a change of its own", false)
	if err := other.Pause(engine.Pause{Job: "sync", Since: day}); err != nil {
		t.Fatal(err)
	}
	check("after another's", true)
	check("and again", false)
}
