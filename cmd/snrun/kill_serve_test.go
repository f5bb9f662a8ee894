package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// roundsVariable is how often daemons are killed, in all. CI kills them 100 times.
const roundsVariable = "SNRUN_TEST_KILLS"

// TestKilledDaemons kills daemons at random moments and starts them again: every due time from the first to the last has one
// answer, none was run twice, and no request that may not be repeated was.
func TestKilledDaemons(t *testing.T) {
	t.Parallel()
	const lanes = 4 // at the same time, each with a database of its own
	rounds := 8
	if text := os.Getenv(roundsVariable); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(roundsVariable, ": ", err)
		}
	}
	for lane := range lanes {
		seed := uint64(time.Now().UnixNano()) + uint64(lane)
		t.Run(fmt.Sprint("lane ", lane+1), func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			newFleet(t, seed).kill((rounds + lanes - 1 - lane) / lanes)
		})
	}
}

// fleet is one or two daemons on one database, and what they are judged by.
type fleet struct {
	*user
	audit  *auditor
	random *rand.Rand
	going  []*daemonProcess
}

// daemonProcess is a `snrun serve`.
type daemonProcess struct {
	process *os.Process
	wait    func() outcome
}

func newFleet(t *testing.T, seed uint64) *fleet {
	f := &fleet{user: newUser(t, sandbox.Options{}), audit: newAuditor(t, seed), random: rand.New(rand.NewPCG(seed, 2))}
	runtime, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	f.environ = append(f.environ, "AUDIT_URL="+f.audit.URL, "XDG_RUNTIME_DIR="+runtime)
	f.write("snrun.yaml", "version: 1\ndatabase: runs.db\nserver: {listen: none, grace: 20s, max_queue: 5, log: {level: error}}\n")
	f.writeDaemonJobs()
	t.Cleanup(func() {
		for _, d := range f.going { // only where the test broke off
			_ = d.process.Kill()
			d.wait()
		}
	})
	return f
}

// serve starts daemons until there are n.
func (f *fleet) serve(n int) {
	for len(f.going) < n {
		process, wait := f.start("serve")
		f.going = append(f.going, &daemonProcess{process, sync.OnceValue(wait)})
	}
}

// kill has the daemons killed so many times, lets the last of them end by itself, and looks at what they did.
func (f *fleet) kill(rounds int) {
	for range rounds {
		f.serve(1 + f.random.IntN(3)/2)
		f.moment()
		for len(f.going) > 0 { // mostly all, at times one of two
			f.strike(f.random.IntN(len(f.going)))
			if f.random.IntN(3) == 0 {
				break
			}
		}
		if len(f.going) == 0 && f.random.IntN(4) == 0 {
			f.ages(time.Duration(1+f.random.IntN(300)) * time.Second)
		}
	}
	f.serve(1)
	f.asked(1)
	for len(f.going) > 0 {
		f.strike(0)
	}
	f.ages(100 * time.Second)
	f.serve(2)
	f.asked(5)
	f.must(exitOK, "schedule", "pause", "--all")
	f.end()
	last := time.Now()
	f.serve(1)
	f.settled(last)
	f.end()
	f.check(last)
}

// ages has all that is on record have been so much earlier, as if no daemon had been there since.
func (f *fleet) ages(by time.Duration) {
	f.t.Helper()
	if len(f.story().since) == 0 { // the first daemon did not get so far
		return
	}
	const apart = 1_000_000_000_000_000 // no time on its way may be that of another slot
	f.change(
		fmt.Sprintf("UPDATE slots SET due = due + %d, until = until - %d", apart, by.Microseconds()),
		fmt.Sprintf("UPDATE slots SET due = due - %d", apart+by.Microseconds()),
		fmt.Sprintf("UPDATE runs SET due = due - %d", by.Microseconds()),
		fmt.Sprintf("UPDATE queue SET start = start - %d", by.Microseconds()),
		fmt.Sprintf("UPDATE schedules SET since = since - %d", by.Microseconds()),
	)
	f.audit.ages(f.t, by)
}

// moment waits for a random one: soon after the start, or soon after some request.
func (f *fleet) moment() {
	soon := time.Duration(f.random.IntN(400)) * time.Millisecond
	if f.random.IntN(3) > 0 {
		f.asked(1 + f.random.IntN(20))
		soon /= 40
	}
	<-time.After(soon)
}

// asked waits until the daemons have made n more requests.
func (f *fleet) asked(n int) {
	f.t.Helper()
	select {
	case <-f.audit.after(n):
	case <-time.After(2 * patience):
		f.t.Fatal("for two minutes no daemon has asked for anything: ", f.strike(0).stderr)
	}
}

// strike kills one of the daemons.
func (f *fleet) strike(i int) outcome {
	d := f.going[i]
	f.going = append(f.going[:i], f.going[i+1:]...)
	_ = d.process.Kill()
	got := d.wait()
	if got.code != -1 {
		f.t.Errorf("a daemon ended by itself with exit code %d:\n%s", got.code, got.stderr)
	}
	return got
}

// end has the daemons drain.
func (f *fleet) end() {
	for _, d := range f.going {
		f.begun(d)
		if err := d.process.Signal(syscall.SIGTERM); err != nil {
			f.t.Error(err)
		}
	}
	for _, d := range f.going {
		if got := d.wait(); got.code != exitOK {
			f.t.Errorf("a daemon that was told to end gave exit code %d:\n%s", got.code, got.stderr)
		}
	}
	f.going = nil
}

// begun waits until a daemon is at work: before that SIGTERM is nothing that it could answer.
func (f *fleet) begun(d *daemonProcess) {
	f.t.Helper()
	if !f.within(patience, func() bool {
		for process := range f.daemons() {
			if strings.HasPrefix(process, fmt.Sprint(d.process.Pid, "@")) {
				return true
			}
		}
		return false
	}) {
		f.t.Fatal("a daemon has not begun: ", f.strike(0).stderr)
	}
}

// settled waits until nothing is left that the last daemon would go on with, and no time until then that it would decide upon.
func (f *fleet) settled(last time.Time) {
	f.t.Helper()
	f.begun(f.going[0])
	var left []string
	if !f.within(2*patience, func() bool {
		left = nil
		s := f.story()
		for _, run := range s.runs {
			if isOpen(run) {
				left = append(left, run.String())
			}
		}
		for _, j := range daemonJobs {
			if at := s.decidedUpTo(j.name, "{}"); at.Add(time.Second).Before(last) {
				left = append(left, fmt.Sprintf("%s, decided upon until %v", j.name, at.UTC()))
			}
		}
		return len(left) == 0
	}) {
		f.t.Errorf("after %s there are still\n%s", 2*patience, strings.Join(left, "\n"))
	}
}

// within asks ten times a second whether something holds, until it does or the time is over.
func (u *user) within(d time.Duration, holds func() bool) bool {
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(d); !holds(); <-ticks.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// maxResumed is how often a daemon goes on with a run that was interrupted.
const maxResumed = 3

// isOpen says whether a daemon has still to do with a run: it goes on, waits, or can be gone on with.
func isOpen(r *storyRun) bool {
	return r.status == "queued" || r.status == "running" || r.status == "interrupted" && !isDoubtful(r) && r.attempt <= maxResumed
}

// isDoubtful says whether a run has calls in doubt, as the daemon or the next process put it.
func isDoubtful(r *storyRun) bool {
	return strings.Contains(r.errorText, "in doubt") || strings.Contains(r.errorText, "not known whether")
}

// check looks at the whole of it. Last is when the last daemon that fired was told to end.
func (f *fleet) check(last time.Time) {
	f.t.Helper()
	f.checkIntact()
	s := f.story()
	for _, j := range daemonJobs {
		s.checkTimes(f.t, j.name, "{}", &f.plans(j.name)[0], last)
	}
	for _, run := range s.runs {
		unsafe := run.job == "unsafe" || run.job == "brittle"
		allowed := run.job == "brittle" || strings.Contains(run.errorText, "it was interrupted 4 times")
		if isOpen(run) || isDoubtful(run) && !unsafe || run.status == "failed" && !allowed {
			f.t.Errorf("in the end there is %s", run)
		}
	}
	f.checkCaughtUp(s)
	f.audit.checkDeeds(f.t, s.runs)
	f.t.Logf("%d times, %d runs: %v", len(s.slots), len(s.runs), s.checkListed(f.user))
}

// checkCaughtUp holds that times which passed while no daemon was there were made up for where the job asks for that, and else missed: each
// of unsafe's, and of keyed's no more than may wait.
func (f *fleet) checkCaughtUp(s *story) {
	f.t.Helper()
	missed := map[string]int{}
	for _, d := range s.slots {
		if d.reason == "missed" {
			missed[d.job] += d.count
		}
	}
	caughtUp := map[string]int{}
	for _, run := range s.runs {
		if run.trigger == "catch_up" {
			caughtUp[run.job]++
		}
	}
	for _, job := range []string{"safe", "keyed", "newest", "brittle", "spread"} {
		if caughtUp[job] == 0 {
			f.t.Errorf("no time of %s was made up for: %v", job, caughtUp)
		}
	}
	if caughtUp["unsafe"] > 0 || missed["unsafe"] < 99 || missed["keyed"] < 90 {
		f.t.Errorf("made up for are %v, missed %v", caughtUp, missed)
	}
}
