package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/examples/sandbox"
	"snrun/jobs"
)

// soakVariable is how long the examples are run in the background, such as 1m, or 1h by hand.
const soakVariable = "SNRUN_TEST_SOAK"

// TestSoak has `snrun serve` run the examples' project with a sandbox that goes wrong all the time, while a person pauses, triggers,
// breaks a file and has it read again. Afterwards the commands, the metrics and the database tell one story, with no gap.
func TestSoak(t *testing.T) {
	t.Parallel()
	text := os.Getenv(soakVariable)
	if text == "" {
		t.Skip(soakVariable + " is not set: export " + soakVariable + "=1m")
	}
	long, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	s := newSoak(t)
	s.serve()
	disturbances := s.disturbances()
	ticks := time.NewTicker(long / time.Duration(len(disturbances)+1))
	defer ticks.Stop()
	for _, disturb := range disturbances {
		<-ticks.C
		disturb()
	}
	<-ticks.C
	s.must(exitOK, "schedule", "pause", "--all")
	end := time.Now()
	s.finish(end)
}

// soak is a daemon in the examples' project.
type soak struct {
	*user
	jobs   []string // with schedules
	daemon *daemonProcess
}

// faulty are paths of the sandbox, and what goes wrong there at times. A POST to /oncall that is lost leaves a call in doubt in
// some jobs, which is part of the story.
var faulty = map[string][]sandbox.Kind{
	"/api/now":        {sandbox.Unavailable, sandbox.Limited, sandbox.Slow, sandbox.Cut, sandbox.Hibernating, sandbox.Expired},
	"/oncall":         {sandbox.Unavailable, sandbox.Lost, sandbox.Slow},
	"/chat":           {sandbox.Lost, sandbox.Drop},
	"/warehouse":      {sandbox.Unavailable, sandbox.Cut},
	"/oauth_token.do": {sandbox.Unavailable, sandbox.Lost},
}

// faults has about one request in twenty go wrong.
func faults(random *rand.Rand) []sandbox.Fault {
	var list []sandbox.Fault
	for _, path := range slices.Sorted(maps.Keys(faulty)) {
		for _, kind := range faulty[path] {
			f := sandbox.Fault{Kind: kind, Path: path, Delay: time.Second}
			each := 40 * len(faulty[path])
			for n := random.IntN(each); n < 1_000_000; n += 1 + random.IntN(each) {
				f.On = append(f.On, sandbox.Nth(n+1)...)
			}
			list = append(list, f)
		}
	}
	return list
}

var (
	cronLine   = regexp.MustCompile(`cron: "[^"]*"`)
	jitterLine = regexp.MustCompile(`jitter: \w+`)
)

// newSoak copies the examples. Here they are due every few seconds: in an hour some would not be due at all.
func newSoak(t *testing.T) *soak {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &soak{user: newUser(t, sandbox.Options{Faults: faults(rand.New(rand.NewPCG(seed, 3))), TokenLifetime: 20 * time.Second})}
	files, err := filepath.Glob(root + "/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range append(files, root+"/examples/wsdl/incident.wsdl") {
		text := readText(t, file)
		name, _ := filepath.Rel(root+"/examples", file)
		if job, isJob := strings.CutSuffix(name, ".yaml"); isJob && strings.Contains(text, "\nschedule:") {
			s.jobs = append(s.jobs, job)
			text = cronLine.ReplaceAllString(text, fmt.Sprintf(`cron: "@every %ds"`, 1+i%4))
			text = jitterLine.ReplaceAllString(text, "jitter: 500ms")
		}
		s.write(name, text)
	}
	if len(s.jobs) < 5 {
		t.Errorf("only %q have schedules", s.jobs)
	}
	runtime, err := os.MkdirTemp("", "snrun") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	s.environ = append(s.environ, "XDG_RUNTIME_DIR="+runtime)
	s.write("snrun.yaml", readText(t, root+"/examples/snrun.yaml")+"\ndatabase: runs.db\nserver: {listen: \"127.0.0.1:0\", grace: 30s}\n")
	return s
}

// serve starts the daemon.
func (s *soak) serve() {
	process, wait := s.start("serve")
	s.daemon = &daemonProcess{process, sync.OnceValue(wait)}
	s.t.Cleanup(func() {
		_ = s.daemon.process.Kill() // only where the test broke off
		s.daemon.wait()
	})
	s.awaitRun("something to run", func(r *storyRun) bool { return r.status == "ok" })
}

// awaitRun waits until some run is as it should.
func (s *soak) awaitRun(what string, is func(*storyRun) bool) {
	s.t.Helper()
	if !s.within(2*patience, func() bool {
		for _, r := range s.story().runs {
			if is(r) {
				return true
			}
		}
		return false
	}) {
		_ = s.daemon.process.Kill()
		s.t.Fatalf("waited in vain for %s\n%s", what, s.daemon.wait().stderr)
	}
}

// disturbances are what a person does meanwhile, in this order.
func (s *soak) disturbances() []func() {
	command := func(args ...string) func() { return func() { s.must(exitOK, args...) } }
	whole := readText(s.t, filepath.Join(s.dir, "switch.yaml"))
	return []func(){
		command("schedule", "pause", "export", "--why", "the warehouse is moved"),
		func() { s.write("switch.yaml", strings.Replace(whole, "steps:", "stepps:", 1)) },
		command("schedule", "trigger", "team_load", "-i", "team=hardware"),
		func() { _ = s.daemon.process.Signal(syscall.SIGHUP) },
		command("schedule", "resume", "export"),
		func() { s.write("switch.yaml", whole) },
	}
}

// finish lets what goes on end, and compares.
func (s *soak) finish(end time.Time) {
	s.t.Helper()
	if !s.within(3*patience, func() bool { return s.isOver(end) }) {
		s.t.Error("three minutes after all was paused something still goes on")
	}
	s.checkMetrics()
	_ = s.daemon.process.Signal(syscall.SIGTERM)
	if got := s.daemon.wait(); got.code != exitOK {
		s.t.Errorf("the daemon ended with exit code %d\n%s", got.code, got.stderr)
	}
	s.checkIntact()
	story := s.story()
	for _, job := range s.jobs {
		for _, plan := range s.plans(job) {
			story.checkTimes(s.t, job, inputsOf(&plan), &plan, end)
		}
	}
	counts := story.checkListed(s.user)
	s.checkScheduleList(story)
	s.t.Logf("%d decisions, runs: %v", len(story.slots), counts)
}

// isOver says whether nothing goes on, and all times until the end are decided upon.
func (s *soak) isOver(end time.Time) bool {
	story := s.story()
	for _, r := range story.runs {
		if r.status == "queued" || r.status == "running" {
			return false
		}
	}
	for _, job := range s.jobs {
		for _, plan := range s.plans(job) {
			if slot, ok := plan.Next(story.decidedUpTo(job, inputsOf(&plan))); ok && slot.At.Before(end) {
				return false
			}
		}
	}
	return true
}

// inputsOf gives the inputs of a schedule, as they stand on record.
func inputsOf(plan *jobs.Schedule) string {
	if plan.Inputs == nil {
		return "{}"
	}
	return oneLine(plan.Inputs)
}

// metrics reads the daemon's page, as series and their values.
func (s *soak) metrics() map[string]string {
	s.t.Helper()
	daemons := slices.Collect(maps.Values(s.daemons()))
	if len(daemons) != 1 {
		s.t.Fatalf("there are %d daemons", len(daemons))
	}
	resp, err := http.Get("http://" + daemons[0] + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	series := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if at := strings.LastIndexByte(strings.TrimSpace(line), ' '); at > 0 && line[0] != '#' {
			series[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return series
}

// checkMetrics holds that the daemon has counted what is on record.
func (s *soak) checkMetrics() {
	s.t.Helper()
	var page map[string]string
	var want map[string]int
	var wrong []string
	if !s.within(patience, func() bool { // slots of paused jobs go on being skipped: the page is of some moment between
		before := s.story().counts()
		page = s.metrics()
		want, wrong = s.story().counts(), nil
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if n, err := strconv.Atoi(cmp.Or(page[name], "0")); err != nil || n < before[name] || n > want[name] {
				wrong = append(wrong, fmt.Sprintf("the metrics have %s %s, on record were %d and then %d", name, page[name], before[name], want[name]))
			}
		}
		return len(wrong) == 0 // else the page may not have heard yet of what was just written
	}) {
		s.t.Error(strings.Join(wrong, "\n"))
	}
	for _, name := range slices.Sorted(maps.Keys(page)) {
		counted := strings.HasPrefix(name, "snrun_runs_total{") || strings.HasPrefix(name, "snrun_slots_total{")
		if counted && page[name] != "0" && want[name] == 0 {
			s.t.Errorf("the metrics have %s %s, of which nothing is on record", name, page[name])
		}
	}
}

// counts are the runs and the slots on record, as the metrics have to count them: runs that were skipped are slots.
func (s *story) counts() map[string]int {
	counts := map[string]int{}
	for _, r := range s.runs {
		if r.status != "skipped" {
			counts[fmt.Sprintf("snrun_runs_total{job=%q,status=%q}", r.job, r.status)]++
		}
	}
	for _, d := range s.slots {
		counts[fmt.Sprintf("snrun_slots_total{job=%q,outcome=%q}", d.job, cmp.Or(d.reason, "run"))] += d.count
	}
	return counts
}

// checkScheduleList holds that `schedule list` and `schedule why` tell of the same runs and times as the database has.
func (s *soak) checkScheduleList(story *story) {
	s.t.Helper()
	var list []struct {
		Job             string
		Running, Queued []string
		Paused, Last    map[string]any
	}
	s.decode(&list, "schedule", "list", "--json")
	var names []string
	for _, j := range list {
		names = append(names, j.Job)
		last := story.runs[fmt.Sprint(j.Last["run"])]
		if last == nil || last.job != j.Job || last.status != j.Last["status"] || len(j.Running)+len(j.Queued) > 0 || j.Paused == nil {
			s.t.Errorf("schedule list has %+v, on record is %v", j, last)
		}
		s.checkWhy(story, j.Job)
	}
	if slices.Sort(names); !slices.Equal(names, s.jobs) {
		s.t.Errorf("schedule list has %q, want %q", names, s.jobs)
	}
}

// checkWhy holds that `schedule why` tells of each decision upon the times of a job.
func (s *soak) checkWhy(story *story, job string) {
	s.t.Helper()
	var told []struct {
		Due, Until  time.Time
		Count       int
		Run, Status string
		Reason      *string
	}
	s.decode(&told, "schedule", "why", job, "--json", "-n", strconv.Itoa(len(story.slots)+1))
	of := map[string]storySlot{}
	for _, d := range story.slots {
		if d.job == job {
			of[d.run] = d
		}
	}
	for _, w := range told {
		d, known := of[w.Run]
		reason := ""
		if w.Reason != nil {
			reason = *w.Reason
		}
		if !known || !w.Due.Equal(d.due) || !w.Until.Equal(d.until) || w.Count != d.count || reason != d.reason || w.Status != story.runs[w.Run].status {
			s.t.Errorf("schedule why %s has %+v, on record is %v", job, w, d)
		}
	}
	if len(told) != len(of) {
		s.t.Errorf("schedule why %s tells of %d decisions, on record are %d", job, len(told), len(of))
	}
}
