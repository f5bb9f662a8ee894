package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
)

// works is a house whose runs can be waited for, before a system that does as it is told.
type works struct {
	*house
	events chan engine.Event
	system *system
}

// system answers all requests alike: with a status, or not at all.
type system struct {
	*httptest.Server
	mu     sync.Mutex
	status func(*http.Request) int // 0: the connection breaks off
	asked  []string
}

func newSystem(t *testing.T) *system {
	s := &system{status: func(*http.Request) int { return 200 }}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		status := s.status(r)
		s.mu.Unlock()
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(`{}`))
	}))
	t.Cleanup(s.Close)
	return s
}

// answers has the system answer otherwise from now on.
func (s *system) answers(status func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// count gives how often something was asked for.
func (s *system) count(what string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if a == what {
			n++
		}
	}
	return n
}

func always(status int) func(*http.Request) int { return func(*http.Request) int { return status } }

// newWorks makes a house of these jobs, which ask the system as the profile p.
func newWorks(t *testing.T, jobs map[string]string, o houseOptions) *works {
	t.Helper()
	w := &works{events: make(chan engine.Event, 10_000), system: newSystem(t)}
	files := map[string]string{"profiles.yaml": "profiles: {p: {base_url: \"" + w.system.URL + "\"}}\n"}
	for name, text := range jobs {
		files["jobs/"+name+".yaml"] = text
	}
	o.watch = func(e engine.Event) { w.events <- e }
	w.house = newHouse(t, files, o)
	return w
}

// post sends a form, and gives the status, where it leads and the text.
func (w *works) post(path string, form ...string) (status int, to, text string) {
	return w.postAs(w.browser, path, form...)
}

func (w *works) postAs(browser *http.Client, path string, form ...string) (status int, to, text string) {
	w.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	resp, err := browser.PostForm(w.server.URL+path, values)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), b.String()
}

// does sends a form that must lead to a page which says that something was done, and gives the run of that page.
func (w *works) does(word, path string, form ...string) (run string) {
	w.t.Helper()
	status, to, text := w.post(path, form...)
	if status != http.StatusSeeOther || !strings.HasSuffix(to, "?done="+word) {
		w.t.Fatalf("%s %q gives %d, to %q, want one with done=%s:\n%s", path, form, status, to, word, text)
	}
	if _, page := w.get(to); !strings.Contains(page, outcomes()[word]) {
		w.t.Errorf("%s does not say %q:\n%s", to, outcomes()[word], page)
	}
	run, _, _ = strings.Cut(strings.TrimPrefix(to, "/runs/"), "?")
	return run
}

// refuses sends a form that must lead to nothing but a page which says why.
func (w *works) refuses(status int, says, path string, form ...string) {
	w.t.Helper()
	got, _, text := w.post(path, form...)
	if got != status || !strings.Contains(text, says) {
		w.t.Errorf("%s %q gives %d, want %d, and that it says %q:\n%s", path, form, got, status, says, text)
	}
}

// waits waits until something is told of a run.
func (w *works) waits(what, run string) engine.Event {
	w.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case e := <-w.events:
			if e.Type == what && e.Run == run {
				return e
			}
		case <-late:
			w.t.Fatalf("%s of run %s is not told of", what, run)
		}
	}
}

// ends holds how a run ends.
func (w *works) ends(run string, status engine.Status) *engine.Run {
	w.t.Helper()
	w.waits(engine.RunEnded, run)
	r, err := w.store.Run(run)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Status != status {
		w.t.Fatalf("run %s ends as %s %v, want %s", run, r.Status, r.Error, status)
	}
	return r
}

// audited holds what stands in the audit, the oldest first, each as "action subject outcome".
func (w *works) audited(want ...string) {
	w.t.Helper()
	list, err := w.store.Audits(history.AuditFilter{Limit: 1000}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for i := len(list) - 1; i >= 0; i-- {
		a := list[i]
		if a.Action == "sign_in" {
			continue
		}
		got = append(got, a.Action+" "+a.Subject+" "+a.Outcome)
		if a.Who != "operator-ann" || a.Role != "operator" || a.Origin != "127.0.0.1" || time.Since(a.At) > time.Hour {
			w.t.Errorf("the audit has %+v", a)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("the audit has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const asks = "steps: [{id: x, rest: {profile: p, path: /x}, retry: none}]\n"

// TestResumeOnAPage holds that a run goes on once what it failed at is mended, and only then ends well; and who wanted it is on record.
func TestResumeOnAPage(t *testing.T) {
	t.Parallel()
	for _, idle := range []bool{false, true} {
		w := newWorks(t, map[string]string{"a": asks}, houseOptions{idle: idle})
		w.system.answers(always(400))
		run := w.does("started", "/jobs/a/run")
		w.ends(run, engine.Failed)
		w.does("resumed", "/runs/"+run+"/resume")
		w.ends(run, engine.Failed)
		w.system.answers(always(200))
		w.does("resumed", "/runs/"+run+"/resume", "assume", "", "job", "original")
		if r := w.ends(run, engine.OK); r.Attempt != 3 || r.Daemon == idle {
			t.Errorf("it ends in attempt %d, and daemons take it up again: %v", r.Attempt, r.Daemon)
		}
		w.refuses(409, "ended well", "/runs/"+run+"/resume")
		w.refuses(409, "no item of a loop failed", "/runs/"+run+"/retry")
		w.refuses(409, "has ended already", "/runs/"+run+"/cancel")
		w.refuses(404, "no such run", "/runs/zzz/resume")
		w.refuses(400, "there is no assume maybe", "/runs/"+run+"/resume", "assume", "maybe")
		w.refuses(400, "there is no job mine", "/runs/"+run+"/resume", "job", "mine")
		about := " run:" + run
		w.audited("run job:a done", "resume"+about+" done", "resume"+about+" done",
			"resume"+about+" refused", "retry"+about+" refused", "cancel"+about+" refused",
			"resume run:zzz refused", "resume"+about+" refused", "resume"+about+" refused")
	}
}

// TestRetryAndRerun holds that failed items are tried again, and nothing else; and that a job is run again with the same inputs.
func TestRetryAndRerun(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": `inputs: {list: {type: array, default: [1, 2]}}
steps: [{id: l, foreach: {in: "${inputs.list}", as: i, key: "${i}", tolerate: 100%, steps: [{rest: {profile: p, path: "/${i}"}, retry: none}]}}]
output: ${inputs.list}
`}, houseOptions{})
	w.system.answers(func(r *http.Request) int {
		if r.URL.Path == "/3" {
			return 400
		}
		return 200
	})
	run := w.does("started", "/jobs/a/run", "input.list", "[3, 4]", "input.other", "", "list", "[9]")
	w.ends(run, engine.OK)
	w.refuses(409, "1 failed item", "/runs/"+run+"/resume")
	w.system.answers(always(200))
	w.does("retried", "/runs/"+run+"/retry")
	w.ends(run, engine.OK)
	if a, b := w.system.count("GET /3"), w.system.count("GET /4"); a != 2 || b != 1 {
		t.Errorf("the failed item was asked for %d times, the other %d", a, b)
	}
	again := w.does("started", "/runs/"+run+"/rerun")
	if w.ends(again, engine.OK); again == run || w.system.count("GET /3") != 3 || w.system.count("GET /1") != 0 {
		t.Errorf("the new run is %s, and asked for %q", again, w.system.asked)
	}
	w.refuses(422, "list", "/jobs/a/run", "input.list", "no list")
	w.refuses(422, "nope", "/jobs/a/run", "input.nope", "1")
	w.refuses(404, "the project has no job b", "/jobs/b/run")
}

// TestSecretsOfRerun holds that a run whose input held a secret is not run again with what is masked in its place.
func TestSecretsOfRerun(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": "inputs: {word: {type: string}}\nsteps: [{log: x}]\n"}, houseOptions{})
	w.refuses(422, "holds a secret", "/jobs/a/run", "input.word", "hunter2-hunter2")
	run := w.ran("a", engine.OK, time.Hour, func(r *engine.Run) { r.Inputs = map[string]any{"word": "x***x"} })
	w.refuses(409, "the input word of run "+run+" held a secret", "/runs/"+run+"/rerun")
}

// TestCancelAndPause holds that runs end, also those that wait, and that jobs pause.
func TestCancelAndPause(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": "schedule: {cron: \"0 3 * * *\"}\nsteps: [{wait: 1h}]\n"}, houseOptions{})
	going := w.does("started", "/jobs/a/run")
	w.waits(engine.RunStarted, going)
	waiting := w.does("started", "/jobs/a/run")
	w.does("cancelled", "/runs/"+waiting+"/cancel")
	w.does("cancels", "/runs/"+going+"/cancel")
	if r := w.ends(going, engine.Cancelled); r.Error == nil || !strings.Contains(r.Error.Message, "operator-ann") {
		t.Errorf("it ends with %v, which does not say who wanted it", r.Error)
	}
	w.does("paused", "/jobs/a/pause", "why", "see\nCHG hunter2-hunter2")
	w.refuses(409, "a is paused already", "/jobs/a/pause")
	pauses, err := w.store.Pauses()
	if p := pauses["a"]; err != nil || p.Who != "operator-ann" || p.Why != "see CHG ***" {
		t.Errorf("the pause is %+v, %v", p, err)
	}
	w.does("unpaused", "/jobs/a/unpause")
	w.refuses(409, "a is not paused", "/jobs/a/unpause")
	w.refuses(404, "the project has no job b", "/jobs/b/pause")
	w.refuses(404, "the project has no job b", "/jobs/b/unpause")
}

// TestTwoAtOnce holds that of several who want a run to go on one has it go on, and the others read who did.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": "steps: [{id: x, rest: {profile: p, path: /x}, retry: none}, {wait: 1h}]\n"}, houseOptions{})
	w.system.answers(always(400))
	run := w.does("started", "/jobs/a/run")
	w.ends(run, engine.Failed)
	w.system.answers(always(200))
	const all = 8
	type answer struct {
		status int
		text   string
	}
	answers := make(chan answer, all)
	for range all {
		go func() {
			status, _, text := w.post("/runs/" + run + "/resume")
			answers <- answer{status, text}
		}()
	}
	done := 0
	for range all {
		switch a := <-answers; {
		case a.status == http.StatusSeeOther:
			done++
		case a.status != http.StatusConflict, !strings.Contains(a.text, "operator-ann had run "+run+" go on"):
			t.Errorf("one of the others reads %d\n%s", a.status, a.text)
		}
	}
	if r, err := w.store.Run(run); err != nil || done != 1 || r.Attempt != 2 {
		t.Errorf("%d had it go on, and it is in attempt %d, %v", done, r.Attempt, err)
	}
	w.does("cancels", "/runs/"+run+"/cancel")
	w.ends(run, engine.Cancelled)
}

// TestBulk holds that several runs are dealt with at once, each by itself, and no more of them go on than may.
func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": asks, "b": "steps: [{log: x}]\n"}, houseOptions{})
	w.system.answers(always(400))
	failed, other := w.does("started", "/jobs/a/run"), ""
	w.ends(failed, engine.Failed)
	other = w.does("started", "/jobs/a/run")
	w.ends(other, engine.Failed)
	well := w.does("started", "/jobs/b/run")
	w.ends(well, engine.OK)
	w.system.answers(always(200))
	status, to, _ := w.post("/runs/bulk", "action", "resume", "run", failed, "run", well, "run", other, "run", "nope", "run", failed)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/results/") {
		t.Fatalf("it gives %d, to %s", status, to)
	}
	w.says(to, "4 runs: 2 done, 2 not.", failed, other, "run "+well+" ended well", "no such run: nope")
	for _, run := range []string{failed, other} {
		if r, err := w.store.Run(run); err != nil || r.Attempt != 2 {
			t.Errorf("run %s is in attempt %d, %v", run, r.Attempt, err)
		}
	}
	viewer := visit(t, w.site, w.server, Viewer)
	resp, err := viewer.Get(w.server.URL + to)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		t.Error("somebody else sees what came of it")
	}
	w.refuses(400, "no run is chosen", "/runs/bulk", "action", "resume")
	w.refuses(400, "there is no action drop", "/runs/bulk", "action", "drop", "run", failed)
	many := []string{"action", "cancel"}
	for i := range maxBulk + 1 {
		many = append(many, "run", strings.Repeat("0", 3)+string(rune('a'+i%26))+strings.Repeat("1", i/26))
	}
	w.refuses(400, "no more than 200", "/runs/bulk", many...)
}

// TestInDoubt holds that a run with a request in doubt goes on only once a person says what became of it, and then as they say.
func TestInDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		assume string
		posts  int
	}{{"done", 1}, {"redo", 2}} {
		w := newWorks(t, map[string]string{"a": "steps: [{id: x, rest: {profile: p, path: /x, method: POST}, retry: none}]\n"}, houseOptions{})
		w.system.answers(always(0))
		run := w.does("started", "/jobs/a/run")
		r := w.ends(run, engine.Failed)
		w.system.answers(always(200))
		if r.Status == engine.Failed { // it goes on up to there, and stops
			w.does("resumed", "/runs/"+run+"/resume")
			w.ends(run, engine.Interrupted)
		}
		w.refuses(409, "it is not known whether", "/runs/"+run+"/resume")
		w.does("resumed", "/runs/"+run+"/resume", "assume", test.assume)
		w.ends(run, engine.OK)
		if n := w.system.count("POST /x"); n != test.posts {
			t.Errorf("assume %s: it was asked %d times, want %d", test.assume, n, test.posts)
		}
	}
}

// TestChangedJob holds that a run goes on with the text that it began with, or with that of now where a person says so.
func TestChangedJob(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": asks}, houseOptions{})
	w.system.answers(always(400))
	run := w.does("started", "/jobs/a/run")
	w.ends(run, engine.Failed)
	w.write(map[string]string{"jobs/a.yaml": "steps: [{id: x, rest: {profile: p, path: /y}, retry: none}]\n"})
	w.read(func() bool { job, err := w.daemon.Job("a"); return err == nil && strings.Contains(job.Text, "/y") })
	w.does("resumed", "/runs/"+run+"/resume")
	w.ends(run, engine.Failed)
	w.system.answers(always(200))
	w.does("resumed", "/runs/"+run+"/resume", "job", "current")
	w.ends(run, engine.OK)
	if x, y := w.system.count("GET /x"), w.system.count("GET /y"); x != 2 || y != 1 {
		t.Errorf("it asked for /x %d times and for /y %d times", x, y)
	}
	run = w.ran("gone", engine.Failed, time.Hour)
	w.refuses(409, "the project has no job gone any more", "/runs/"+run+"/resume", "job", "current")
	run = w.ran("a", engine.Failed, time.Hour, func(r *engine.Run) { r.File = filepath.Join(t.TempDir(), "a.yaml") })
	w.refuses(409, "is one of another project", "/runs/"+run+"/resume")
	w.refuses(409, "is one of another project", "/runs/"+run+"/rerun")
	w.write(map[string]string{"jobs/a.yaml": "steps: [{rest: {profile: q, path: /y}}]\n"})
	w.read(func() bool { return len(w.daemon.Broken()) > 0 })
	w.refuses(422, "the job has mistakes", "/runs/"+w.ran("a", engine.Failed, time.Minute)+"/resume", "job", "current")
}

// TestTextOfTheLastAttempt holds that a run which went on with another text is shown with that one, and goes on with it; and that the
// overview and the list of runs offer the job of now where that is another one.
func TestTextOfTheLastAttempt(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": asks}, houseOptions{})
	w.system.answers(always(400))
	run := w.does("started", "/jobs/a/run")
	w.ends(run, engine.Failed)
	mend := func(path string) {
		w.write(map[string]string{"jobs/a.yaml": "# mended\nsteps: [{id: x, rest: {profile: p, path: " + path + "}, retry: none}]\n"})
		w.read(func() bool { job, err := w.daemon.Job("a"); return err == nil && strings.Contains(job.Text, path) })
	}
	offers := func(when string, now bool) {
		t.Helper()
		for _, page := range []string{"/", "/runs/" + run} {
			if got := slices.Contains(buttons(w.page(page)), "Resume with the job of now"); got != now {
				t.Errorf("%s: %s offers the job of now: %v, want %v", when, page, got, now)
			}
		}
	}
	offers("at first", false)
	mend("/y")
	offers("once it was mended", true)
	w.does("resumed", "/runs/"+run+"/resume", "job", "current")
	w.ends(run, engine.Failed)
	offers("after an attempt with that", false)
	w.says("/runs/"+run+"?tab=job", "the run began with another one", "path: /y")
	w.says("/runs/"+run, "line 3")
	w.does("resumed", "/runs/"+run+"/resume")
	w.ends(run, engine.Failed)
	mend("/z")
	offers("once it was mended again", true)
	w.post("/runs/bulk", "action", "resume_current", "run", run)
	w.ends(run, engine.Failed)
	w.does("resumed", "/runs/"+run+"/resume", "job", "original")
	w.ends(run, engine.Failed)
	for path, want := range map[string]int{"GET /x": 2, "GET /y": 2, "GET /z": 1} {
		if n := w.system.count(path); n != want {
			t.Errorf("%s was asked for %d times, want %d", path, n, want)
		}
	}
}

// read waits until the daemon has read its files again.
func (w *works) read(is func() bool) {
	w.t.Helper()
	ticks, late := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer ticks.Stop()
	for w.daemon.Reload(); !is(); {
		select {
		case <-ticks.C:
		case <-late:
			w.t.Fatal("the daemon does not read its files again")
		}
	}
}

// TestBrokenProject holds that the pages are there for a project with mistakes in its settings, profiles and jobs; that what they are asked for
// is refused with what is wrong; and that it is done once the project is mended.
func TestBrokenProject(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"settings": {"snrun.yaml": "nope: 1\n", "jobs/a.yaml": "steps: [{log: x}]\n"},
		"profiles": {"profiles.yaml": "profiles: {p: {nope: 1}}\n", "jobs/a.yaml": "steps: [{log: x}]\n"},
		"jobs":     {"jobs/a.yaml": "steps: [{nope: x}]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &works{events: make(chan engine.Event, 1000)}
			w.house = newHouse(t, files, houseOptions{idle: true, watch: func(e engine.Event) { w.events <- e }})
			run := w.ran("a", engine.Failed, time.Hour)
			if status, text := w.get("/"); status != http.StatusOK {
				t.Errorf("the overview gives %d\n%s", status, text)
			}
			w.refuses(422, "nope", "/jobs/a/run")
			w.refuses(422, "nope", "/runs/"+run+"/rerun")
			status, _, _ := w.post("/runs/" + run + "/resume")
			if status < 400 {
				t.Errorf("going on gives %d", status)
			}
			w.does("paused", "/jobs/a/pause")
			w.write(map[string]string{"snrun.yaml": "", "profiles.yaml": "profiles: {}\n", "jobs/a.yaml": "steps: [{log: x}]\n"})
			w.read(func() bool { _, err := w.daemon.Job("a"); return err == nil })
			w.ends(w.does("started", "/jobs/a/run"), engine.OK)
		})
	}
}

// TestSuspendedOnAPage holds that a run which a person had go on, and which the end of its daemon suspends, is gone on with by the next one.
func TestSuspendedOnAPage(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": "steps: [{id: x, rest: {profile: p, path: /x}, retry: none}, {id: y, rest: {profile: p, path: /y}}, {wait: 2s}]\n"}, houseOptions{})
	w.system.answers(always(400))
	run := w.does("started", "/jobs/a/run")
	w.ends(run, engine.Failed)
	w.system.answers(always(200))
	w.does("resumed", "/runs/"+run+"/resume")
	for w.waits(engine.StepEnded, run).Key != "/y" {
	}
	w.end()
	if e := w.waits(engine.RunEnded, run); e.Status != engine.Interrupted {
		t.Errorf("it is %s once the daemon has ended", e.Status)
	}
	next := &works{events: make(chan engine.Event, 1000), system: w.system}
	next.house = newHouse(t, nil, houseOptions{dir: w.dir, database: w.database, watch: func(e engine.Event) { next.events <- e }})
	if r := next.ends(run, engine.OK); r.Attempt != 3 || w.system.count("GET /x") != 2 || w.system.count("GET /y") != 1 {
		t.Errorf("it ends in attempt %d, after %q", r.Attempt, w.system.asked)
	}
}

// TestWhoMayAct holds that a viewer has nothing done, that no page takes the text of a job, and that no address puts words on a page.
func TestWhoMayAct(t *testing.T) {
	t.Parallel()
	w := newWorks(t, map[string]string{"a": "steps: [{log: x}]\n"}, houseOptions{})
	run := w.ran("a", engine.Failed, time.Hour)
	viewer := visit(t, w.site, w.server, Viewer)
	for _, r := range routes() {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		if method != "POST" || r.role != Operator || strings.HasPrefix(pattern, "/api/") {
			continue
		}
		path := strings.NewReplacer("{run}", run, "{job}", "a", "{profile}", "p").Replace(pattern)
		if status, _, text := w.postAs(viewer, path); status != http.StatusForbidden {
			t.Errorf("%s gives a viewer %d\n%s", path, status, text)
		}
	}
	if pauses, err := w.store.Pauses(); err != nil || len(pauses) > 0 {
		t.Errorf("%v are paused, %v", pauses, err)
	}
	text := "version: 1\nsteps: [{log: from the form}]\n"
	started := w.does("started", "/jobs/a/run", "text", text, "job", text, "yaml", text, "file", "/tmp/x.yaml")
	if r := w.ends(started, engine.OK); strings.Contains(r.Text, "from the form") || r.File != filepath.Join(w.dir, "jobs/a.yaml") {
		t.Errorf("it ran %s:\n%s", r.File, r.Text)
	}
	if _, page := w.get("/runs/" + run + "?done=you+have+been+had"); strings.Contains(page, "been had") {
		t.Error("an address puts words on a page")
	}
}
