package main

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// daemonJobs are the jobs of a daemon that is killed: each is due every second, and each request says for which run and which
// item it is.
var daemonJobs = [...]struct {
	name, schedule, more string
	steps                string
}{
	{"safe", "overlap: skip, catch_up: {mode: latest}", "", itemSteps("GET", "")},
	{"unsafe", "overlap: allow", "", itemSteps("POST", "")},
	{"keyed", "overlap: queue, catch_up: {mode: all}", "", itemSteps("POST", "idempotency_key: \"${run.id}-${item}\"")},
	{"newest", "overlap: cancel_running, catch_up: {mode: latest, window: 1h}", "", itemSteps("GET", "")},
	{"brittle", "overlap: skip, catch_up: {mode: all, window: 2s}", "on_interrupt: fail\n", itemSteps("POST", "")},
	{"spread", "overlap: queue, jitter: 700ms, catch_up: {mode: all, window: 5s}", "", itemSteps("PUT", "")},
}

// items is how many requests a run makes, one after the other.
const items = 3

func itemSteps(method, more string) string {
	return `  - foreach:
      in: [a, b, c]
      as: item
      key: ${item}
      steps:
        - rest:
            url: ${env.AUDIT_URL}/${run.job}
            method: ` + method + `
            query: {run: "${run.id}", due: "${run.due}", item: "${item}"}
            ` + more + "\n"
}

func (u *user) writeDaemonJobs() {
	for _, j := range daemonJobs {
		u.write("jobs/"+j.name+".yaml", "version: 1\nschedule: {cron: \"@every 1s\", "+j.schedule+"}\n"+j.more+"steps:\n"+j.steps)
	}
}

// A deed is a request that came to the audit.
type deed struct{ job, run, due, item, method, key string }

// auditor is a server that takes down what it is asked, and tells when so many requests have come.
type auditor struct {
	*httptest.Server

	mu     sync.Mutex
	deeds  []deed
	random *rand.Rand
	left   int           // requests until struck is closed
	struck chan struct{} // nil: nobody waits
}

func newAuditor(t *testing.T, seed uint64) *auditor {
	a := &auditor{random: rand.New(rand.NewPCG(seed, 1))}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// ServeHTTP takes a request down before it is answered, a little later: those of the job newest late enough for the next run to come.
func (a *auditor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	pause := a.note(deed{strings.TrimPrefix(r.URL.Path, "/"), q.Get("run"), q.Get("due"), q.Get("item"), r.Method, r.Header.Get("Idempotency-Key")})
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *auditor) note(d deed) (pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deeds = append(a.deeds, d)
	if a.left--; a.left == 0 && a.struck != nil {
		close(a.struck)
		a.struck = nil
	}
	most := 40
	if d.job == "newest" {
		most = 800
	}
	return time.Duration(a.random.IntN(most)) * time.Millisecond
}

// ages has the due times of all that came be so much earlier.
func (a *auditor) ages(t testing.TB, by time.Duration) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.deeds {
		due, err := time.Parse(time.RFC3339, a.deeds[i].due)
		if err != nil {
			t.Fatal(err)
		}
		a.deeds[i].due = due.Add(-by).Format(time.RFC3339)
	}
}

// after gives a channel that closes when n more requests have come.
func (a *auditor) after(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left, a.struck = n, make(chan struct{})
	return a.struck
}

// checkDeeds holds what came against the runs on record.
func (a *auditor) checkDeeds(t testing.TB, runs map[string]*storyRun) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	times := map[deed]int{}
	of := map[string]string{} // the run of a job and due time
	for _, d := range a.deeds {
		times[d]++
		slot := d.job + " due " + d.due
		if other := cmp.Or(of[slot], d.run); other != d.run {
			t.Errorf("%s was run twice: by %s and %s", slot, other, d.run)
		}
		of[slot] = d.run
		run := runs[d.run]
		if run == nil || run.job != d.job || run.status == "skipped" {
			t.Errorf("%+v came from a run that is on record as %+v", d, run)
		}
	}
	for d, n := range times {
		if d.method == "POST" && d.key == "" && n > 1 {
			t.Errorf("%+v came %d times", d, n)
		}
		if want := d.run + "-" + d.item; d.job == "keyed" && d.key != want {
			t.Errorf("%+v has another key than %s", d, want)
		}
	}
	for _, run := range runs {
		if run.status == "ok" {
			checkWhole(t, run, times)
		}
	}
}

// checkWhole holds that all of a run's requests came.
func checkWhole(t testing.TB, run *storyRun, times map[deed]int) {
	t.Helper()
	came := map[string]bool{}
	for d := range times {
		if d.run == run.id {
			came[d.item] = true
		}
	}
	if len(came) != items {
		t.Errorf("run %s of %s ended well, with %d of %d items", run.id, run.job, len(came), items)
	}
}
