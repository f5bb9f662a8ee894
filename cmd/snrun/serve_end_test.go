package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// gate is a server that answers nothing on paths that begin with /slow until it is opened, and counts what came.
type gate struct {
	*httptest.Server
	mu    sync.Mutex
	open  bool
	came  map[string]int // by method and path
	grows chan struct{}  // has room for one
}

func newGate(t *testing.T) *gate {
	g := &gate{came: map[string]int{}, grows: make(chan struct{}, 1)}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// ServeHTTP counts a request, and answers it where it may.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.came[r.Method+" "+r.URL.Path]++
	open := g.open
	g.mu.Unlock()
	select {
	case g.grows <- struct{}{}:
	default:
	}
	_, _ = io.Copy(io.Discard, r.Body) // else nobody hears that the client is gone
	if !open && strings.HasPrefix(r.URL.Path, "/slow") {
		<-r.Context().Done()
		return
	}
	fmt.Fprintln(w, `{"ok": true}`)
}

// opens has all be answered from now on.
func (g *gate) opens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
}

// count is how often a request came.
func (g *gate) count(request string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.came[request]
}

// waitFor waits until a request has come.
func (g *gate) waitFor(t *testing.T, request string) {
	t.Helper()
	late := time.After(patience)
	for g.count(request) == 0 {
		select {
		case <-g.grows:
		case <-late:
			t.Fatalf("there was no %s", request)
		}
	}
}

// cutOff is a job whose run is cut off in one of its steps.
type cutOff struct {
	name, steps string
	during      []string // what is asked for before it is cut off
	want        string   // how the run ends with the next daemon
}

// cutOffs are jobs for each kind of step that a run may be cut off in.
func cutOffs(url string) []cutOff {
	get := func(path string) string { return "rest: {url: \"" + url + path + "\"}" }
	post := func(path string) string { return "rest: {url: \"" + url + path + "\", method: POST, json: {}}" }
	return []cutOff{
		{"get", "  - " + get("/slow/get"), []string{"GET /slow/get"}, "ok"},
		{"post", "  - " + post("/slow/post"), []string{"POST /slow/post"}, "interrupted"},
		{"keyed", "  - rest: {url: \"" + url + "/slow/keyed\", method: POST, json: {}, idempotency_key: k}", []string{"POST /slow/keyed"}, "ok"},
		{"soap", "  - soap: {url: \"" + url + "/slow/soap\", action: a, body: {a: 1}}", []string{"POST /slow/soap"}, "interrupted"},
		{"wait", "  - " + get("/wait") + "\n  - wait: 8s", []string{"GET /wait"}, "ok"},
		{"tries", "  - retry: {attempts: 2, when: \"true\", backoff: {initial: 8s}}\n    rest: {url: \"" + url + "/tries\", expect: \"response.status == (run.attempt > 1 ? 200 : 201)\"}",
			[]string{"GET /tries"}, "ok"},
		{"loop", "  - foreach:\n      in: [1, 2, 3]\n      concurrency: 2\n      steps: [{" + get("/slow/loop${item}") + "}]", []string{"GET /slow/loop1", "GET /slow/loop2"}, "ok"},
		{"branches", "  - parallel:\n      a: [{" + get("/branch") + "}]\n      b: [{" + get("/slow/branch") + "}]", []string{"GET /branch", "GET /slow/branch"}, "ok"},
		{"rounds", "  - repeat: {attempts: 2, steps: [{" + get("/slow/rounds") + "}]}", []string{"GET /slow/rounds"}, "ok"},
		{"choice", "  - switch: [{steps: [{" + get("/slow/choice") + "}]}]", []string{"GET /slow/choice"}, "ok"},
		{"guarded", "  - try: [{" + get("/slow/guarded") + "}]\n    catch: [{steps: [{" + get("/never") + "}]}]\n    finally: [{" + post("/once/guarded/end") + "}]",
			[]string{"GET /slow/guarded"}, "ok"},
		{"caller", "  - call: {job: callee}", []string{"GET /slow/callee"}, "ok"},
		{"ending", "  - log: end\nfinally:\n  - " + post("/once/ending/end") + "\n  - " + get("/slow/ending"), []string{"GET /slow/ending"}, "ok"},
		{"strict", "  - " + get("/slow/strict") + "\non_interrupt: fail", []string{"GET /slow/strict"}, "failed"},
	}
}

// TestServeEnds holds that while a daemon waits for its runs to end, what is due is queued for the next one, and a run can be cancelled.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	u, g := newUser(t, sandbox.Options{}), newGate(t)
	u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
	u.write("jobs/long.yaml", "version: 1\nsteps: [{rest: {url: \""+g.URL+"/slow\"}}]\n")
	u.write("jobs/often.yaml", "version: 1\nschedule: {cron: \"@every 1s\"}\nsteps: [{log: often}]\n")
	s := u.ready("--grace", "1m")
	u.must(exitOK, "schedule", "trigger", "long")
	g.waitFor(t, "GET /slow")
	s.signal(syscall.SIGTERM)
	s.sees("ending")
	statuses := func() map[string]string {
		seen := map[string]string{}
		for _, r := range u.history() {
			seen[r.Job] += r.Status + " "
		}
		return seen
	}
	if !u.within(patience, func() bool { return strings.Contains(statuses()["often"], "queued") }) {
		t.Error("what is due while the daemon ends is not queued")
	}
	u.must(exitOK, "cancel", "@last:long")
	s.ends(exitOK)
	if got := statuses(); got["long"] != "cancelled " || strings.Count(got["often"], "queued") != 1 {
		t.Errorf("the runs are %v, want the long one cancelled, and one waiting", got)
	}
}

// TestServeIsCutOff ends a daemon, by a signal and by a crash, in the middle of each kind of step. Two daemons that are started after it
// go on with each run once: nothing that was done is done again, and where that is not known a person is asked.
func TestServeIsCutOff(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"told to end": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, g := newUser(t, sandbox.Options{}), newGate(t)
			u.write("snrun.yaml", "version: 1\ndatabase: runs.db\n")
			u.write("jobs/callee.yaml", "version: 1\nsteps: [{rest: {url: \""+g.URL+"/slow/callee\"}}]\n")
			jobs := cutOffs(g.URL)
			for _, job := range jobs {
				u.write("jobs/"+job.name+".yaml", "version: 1\nsteps:\n  - rest: {url: \""+g.URL+"/once/"+job.name+"\", method: POST, json: {}}\n"+job.steps+"\n")
				u.must(exitOK, "schedule", "trigger", job.name)
			}
			s := u.ready("--grace", "0s")
			for _, job := range jobs {
				for _, request := range job.during {
					g.waitFor(t, request)
				}
			}
			s.signal(sig)
			if sig == syscall.SIGTERM {
				s.ends(exitOK)
			} else {
				s.ends(-1)
			}
			for _, r := range u.history() {
				if r.Status != "interrupted" {
					t.Errorf("%s is %s after the end of the daemon, want interrupted: %+v", r.Job, r.Status, r.Error)
				}
			}
			g.opens()
			next := [2]*server{u.ready(), u.ready()}
			u.checkCutOff(g, jobs)
			log := ""
			for _, s := range next {
				s.signal(syscall.SIGTERM)
				log += s.ends(exitOK)
			}
			if !strings.Contains(log, "a person must say") || !strings.Contains(log, "--assume done") {
				t.Errorf("nobody is told of what is in doubt:\n%s", log)
			}
		})
	}
}

// checkCutOff waits until each run has ended as it must, and holds that nothing was done twice.
func (u *user) checkCutOff(g *gate, jobs []cutOff) {
	u.t.Helper()
	want := map[string]string{}
	for _, job := range jobs {
		want[job.name] = job.want
	}
	late := time.After(patience)
	every := time.NewTicker(200 * time.Millisecond)
	defer every.Stop()
	for left := len(jobs); left > 0; {
		left = 0
		var runs []record
		u.decode(&runs, "history", "list", "--json")
		for _, r := range runs {
			if r.Status != want[r.Job] {
				left++
			}
		}
		if left == 0 && len(runs) != len(jobs) {
			u.t.Errorf("there are %d runs, want %d", len(runs), len(jobs))
		}
		select {
		case <-every.C:
		case <-late:
			u.t.Fatalf("not all runs end as they must: %+v", runs)
		}
	}
	for _, job := range jobs {
		for request, n := range map[string]int{"POST /once/" + job.name: 1, "POST /once/" + job.name + "/end": 1, "POST /slow/" + job.name: 1, "GET /slow/" + job.name: 3, "GET /never": 0} {
			if got := g.count(request); got > n && job.name != "keyed" {
				u.t.Errorf("%s came %d times, want %d at most", request, got, n)
			}
		}
	}
	if n := g.count("POST /once/guarded/end"); n != 1 {
		u.t.Errorf("what stands at the end of a try was done %d times, want once, in the end", n)
	}
}
