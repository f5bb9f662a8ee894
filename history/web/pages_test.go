package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snrun/auth"
	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/steps"
)

// evil is a text that does harm where it is not shown as a text.
const evil = `<script>alert(1)</script><b title='"'>&lt; bold</b> {{.}} ` + "\u202e\x1b[2J"

// evilFiles are jobs that bring it wherever they can.
func evilFiles() map[string]string {
	quoted := `"<script>alert(1)</script><b title='\"'>&lt;"`
	return map[string]string{
		"jobs/evil.yaml":   "name: " + quoted + "\ndescription: " + quoted + "\nschedule: {cron: \"@yearly\"}\ninputs:\n  a: {type: string, default: " + quoted + ", description: " + quoted + "}\nsteps: [{log: " + quoted + "}]\n",
		"jobs/<i>.yaml":    "steps: [{log: a}]\n",
		"jobs/broken.yaml": "steps: [{" + quoted + ": a}]\n",
	}
}

const evilJob = `<script>alert(1)</script><b title='"'>&lt;`

// everywhere are the pages of a project with these jobs.
func everywhere(jobs ...string) []string {
	list := []string{"/", "/jobs", "/schedules", "/profiles", "/system", "/jobs?text=%3Cb%3E&after=a", "/schedules?text=%3Cb%3E&after=a"}
	for _, st := range jobStates() {
		list = append(list, "/jobs?state="+st.Name)
	}
	for _, j := range jobs {
		list = append(list, path("jobs", j))
	}
	return list
}

// TestPagesShowWhatIsHostile holds that what comes from elsewhere is shown, and is no part of a page.
func TestPagesShowWhatIsHostile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, evilFiles(), houseOptions{idle: true, change: func(c *Config) {
		c.SignIns = func(context.Context) ([]review.SignIn, error) {
			s := review.SignIn{Profile: evil, Type: evil, UsedBy: []string{evil}}
			s.Refuse(errors.New(evil), evil)
			return []review.SignIn{s}, nil
		}
	}})
	h.ran(evilJob, engine.Failed, time.Hour, func(r *engine.Run) {
		r.Error = &steps.Error{Kind: steps.Expression, Step: evil, Message: evil, Hint: evil}
		r.Trigger = evil
	})
	if err := h.store.Pause(engine.Pause{Job: evilJob, Since: time.Now(), Who: evil, Why: evil}); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Audit(history.Audit{At: time.Now(), Who: evil, Role: evil, Origin: evil, Action: evil, Subject: "job:" + evil, Outcome: evil, Detail: evil}); err != nil {
		t.Fatal(err)
	}
	for _, p := range everywhere(evilJob, "broken", "<i>") {
		doc := h.page(p)
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "b" || n.Data == "i") {
				t.Errorf("%s: a text has become <%s>", p, n.Data)
			}
		}
		if text := textIn(doc); strings.ContainsAny(text, "\u202e\x1b") {
			t.Errorf("%s: what steers the terminal or the direction of writing is not taken out", p)
		}
	}
	h.says(path("jobs", evilJob), "<script>alert(1)</script>")
	h.says("/schedules", "<script>alert(1)</script>")
}

// TestPagesOfNothing holds that pages say so where there is nothing, and what to do then.
func TestPagesOfNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/README": ""}, houseOptions{idle: true})
	for _, p := range everywhere() {
		h.page(p)
	}
	h.says("/jobs", "The project has no jobs yet")
	h.says("/jobs?state=failing", "No job is like that.")
	h.says("/schedules", "No daemon is running: nothing runs by itself.", "Nothing is late, and all that was due in the last 24 hours was run.")
	h.says("/profiles", "The project has no profiles")
	h.says("/system", "by a link", "start one: snrun serve", "all runs are kept", "Oldest run none")
	for p, want := range map[string]int{
		"/jobs/nothing": 404, "/jobs?state=nothing": 400, "/system?before=x": 400, "/system?before=-1": 400, "/jobs/%3Cb%3E": 404, "/jobs/" + strings.Repeat("x", 9000): 404,
	} {
		if got, text := h.get(p); got != want || !strings.Contains(text, `class="error"`) {
			t.Errorf("%s gives %d, want a page with %d", p[:min(40, len(p))], got, want)
		}
	}
}

// TestPagesOfABrokenProject holds that pages are there where nothing of the project can be read, and say where the mistakes are.
func TestPagesOfABrokenProject(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"snrun.yaml": "jobz: x\n", "jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	h.ran("a", engine.Failed, time.Hour)
	for _, p := range everywhere("a") {
		h.page(p)
	}
	h.says("/system", "snrun.yaml:2:1")
	h.says("/jobs/a", "the server answered 422")
}

// TestJobsPage holds that jobs are found by their names and by how they stand, a hundred a page.
func TestJobsPage(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"jobs/good.yaml":   "schedule: {cron: \"@yearly\"}\nsteps: [{log: a}]\n",
		"jobs/bad.yaml":    "steps: [{log: a}]\n",
		"jobs/rests.yaml":  "schedule: {cron: \"@yearly\"}\nsteps: [{log: a}]\n",
		"jobs/broken.yaml": "schedule: {cron: \"61 * * * *\"}\nsteps: [{log: a}]\n",
		"jobs/queued.yaml": "steps: [{log: a}]\n",
	}
	for i := range 120 {
		files[fmt.Sprintf("jobs/many_%03d.yaml", i)] = "steps: [{log: a}]\n"
	}
	h := newHouse(t, files, houseOptions{idle: true})
	h.ran("good", engine.OK, time.Hour)
	h.ran("bad", engine.OK, 3*time.Hour)
	bad := h.ran("bad", engine.Failed, 2*time.Hour)
	if err := h.store.Pause(engine.Pause{Job: "rests", Since: time.Now(), Who: "ann", Why: "it is moved"}); err != nil {
		t.Fatal(err)
	}
	h.waits("queued", time.Hour)
	for state, want := range map[string]string{"failing": "bad", "ok": "good", "paused": "rests", "broken": "broken", "late": "queued", "going": "queued"} {
		if got := strings.Join(h.names("/jobs?state="+state), " "); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
	if got := strings.Join(h.names("/jobs?text=OO"), " "); got != "good" {
		t.Errorf("by a part of the name: %q", got)
	}
	if status, text := h.get("/jobs?state=failing"); status != 200 || !strings.Contains(text, "/runs/"+bad) {
		t.Errorf("the list does not lead to the run that failed")
	}
	h.says("/jobs?state=broken", "broken.yaml:2:19: 61 is no minute")
	first := h.names("/jobs")
	next := h.names("/jobs?after=" + first[len(first)-1])
	if len(first) != 100 || len(first)+len(next) != 125 || first[99] >= next[0] {
		t.Errorf("the pages have %d and %d jobs, %s before %s", len(first), len(next), first[99], next[0])
	}
	first = h.names("/jobs?state=never")
	if next = h.names("/jobs?state=never&after=" + first[len(first)-1]); len(first)+len(next) != 123 {
		t.Errorf("%d jobs were never run, want 123: one that waits is among them", len(first)+len(next))
	}
}

// names are the jobs in the list of a page.
func (h *house) names(path string) []string {
	h.t.Helper()
	var names []string
	for n := range h.page(path).Descendants() {
		if n.Type == html.ElementNode && n.Data == "th" && attr(n, "class") == "name" {
			names = append(names, textIn(n))
		}
	}
	return names
}

// waits puts a run into the queue that was due some time ago.
func (h *house) waits(job string, ago time.Duration) string {
	h.t.Helper()
	due := time.Now().Add(-ago)
	c := engine.Claim{
		Run: engine.New(engine.Config{}).NewID(due), Job: job, File: h.dir + "/jobs/" + job + ".yaml", Trigger: engine.TriggerManual, Due: due, Overlap: "queue",
	}
	if _, err := h.store.Enqueue(due, 10, true, c); err != nil {
		h.t.Fatal(err)
	}
	return c.Run
}

// TestJobPage holds what a page says of a job, and that its form gives the inputs that the job's schemas ask for.
func TestJobPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"jobs/all.yaml": `description: Copies all incidents.
schedule: {cron: "30 2 * * *", timezone: Europe/Berlin, jitter: 30s, inputs: {which: b, many: 3}}
inputs:
  text: {type: string, default: "a\"b"}
  which: {enum: [a, b], description: Which of them.}
  many: {type: integer}
  dry: {type: boolean, default: true}
  filter: {type: object, default: {state: 1}}
state: {cursor: {initial: null}}
steps:
  - {id: keep, save: {cursor: "${run.id} and 1"}}
  - call: {job: other}
`,
		"jobs/other.yaml": "steps: [{log: a}]\n",
	}, houseOptions{})
	h.ran("all", engine.Failed, time.Hour)
	page := path("jobs", "all")
	h.says(page, "Copies all incidents.", "30 2 * * *, Europe/Berlin, jitter 30s, overlap skip", "Calls other", "the server answered 422", "02:30:00")
	fields := map[string]string{}
	for n := range h.page(page).Descendants() {
		if name := attr(n, "name"); strings.HasPrefix(name, "input.") {
			_, checked := hasAttr(n, "checked")
			_, required := hasAttr(n, "required")
			fields[name+" "+attr(n, "type")] = fmt.Sprint(n.Data, " ", attr(n, "value"), textIn(n), " ", checked, required)
		}
	}
	for name, want := range map[string]string{
		"input.text text": `input a"b false false`, "input.which ": "select – a b false true", "input.many number": "input  false true",
		"input.dry checkbox": "input true true false", "input.dry hidden": "input false false false", "input.filter ": `textarea {"state":1} false false`,
	} {
		if fields[name] != want {
			t.Errorf("%s: %q, want %q", name, fields[name], want)
		}
	}
	run := h.posted(page+"/run", "input.which=b&input.many=2&input.dry=false&input.text=&input.filter=")
	head := h.ended(run)
	if head.Status != engine.OK || fmt.Sprint(head.Inputs) != `map[dry:false filter:map[state:1] many:2 text:a"b which:b]` {
		t.Errorf("the run is %s with %v (%v)", head.Status, head.Inputs, head.Error)
	}
	h.says(page, "cursor", run+" and 1")
	h.posted(page+"/pause", "why=it+is+moved")
	h.says(page, "paused", "by operator-ann: it is moved")
	h.says("/schedules", "operator-ann", "it is moved")
	h.posted(page+"/unpause", "")
	if text := textIn(h.page(page)); strings.Contains(text, "it is moved") {
		t.Error("the job is paused still")
	}
	viewer := *h
	viewer.browser = visit(t, h.site, h.server, Viewer)
	if text := textIn(viewer.page(page)); strings.Contains(text, "Run now") {
		t.Error("a viewer is offered to run the job")
	}
}

func hasAttr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// posted sends a form, and gives the last part of where that leads to.
func (h *house) posted(path, form string) string {
	h.t.Helper()
	resp, err := h.browser.Post(h.server.URL+path, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("POST %s gives %s", path, resp.Status)
	}
	to, _, _ := strings.Cut(resp.Header.Get("Location"), "?")
	return to[strings.LastIndex(to, "/")+1:]
}

// ended waits for the end of a run.
func (h *house) ended(run string) *engine.Run {
	h.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		head, err := h.store.Head(run)
		if err != nil {
			h.t.Fatal(err)
		}
		if !head.Ended.IsZero() {
			return head
		}
		<-time.After(5 * time.Millisecond)
	}
	h.t.Fatalf("run %s does not end", run)
	return nil
}

// TestSchedulesPage holds that it is said what is late and why, what was not run and why, and who paused what.
func TestSchedulesPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{
		"jobs/waits.yaml": "schedule: {cron: \"@yearly\"}\nsteps: [{log: a}]\n",
		"jobs/often.yaml": "schedule: {cron: \"*/10 * * * *\"}\nsteps: [{log: a}]\n",
		"jobs/hand.yaml":  "steps: [{log: a}]\n",
	}, houseOptions{idle: true})
	run := h.waits("waits", time.Hour)
	for i := range 6 {
		h.ran("often", []engine.Status{engine.OK, engine.Failed}[i%2], time.Duration(7-i)*time.Hour)
	}
	skipped := engine.Claim{
		Run: engine.New(engine.Config{}).NewID(time.Now()), Job: "often", File: "often.yaml", Trigger: engine.TriggerSchedule, Due: time.Now().Add(-40 * time.Minute),
		Until: time.Now().Add(-20 * time.Minute), Count: 3, Reason: engine.ReasonMissed, Detail: "no daemon was there to run it",
	}
	if _, err := h.store.Claim(time.Now(), 10, []engine.Claim{skipped}); err != nil {
		t.Fatal(err)
	}
	h.says("/schedules", "! late", "run "+run+" waits: for its turn", "(3 times)", "no daemon was there to run it", "2 jobs with a schedule")
	marks := map[string]int{}
	for n := range h.page("/schedules").Descendants() {
		if n.Data == "rect" {
			marks[attr(n, "class")]++
		}
	}
	if marks["ok"] != 3 || marks["failed"] != 3 || marks["skipped"] != 1 || marks["late"] != 1 || marks["next"] == 0 {
		t.Errorf("the picture has %v", marks)
	}
	if text := textIn(h.page("/schedules?text=often")); !strings.Contains(text, "3 failed, 1 skipped, 3 ok") {
		t.Errorf("the table below the picture says %s", text)
	}
}

// TestProfilesPage holds that each state is said in words, with what to do.
func TestProfilesPage(t *testing.T) {
	t.Parallel()
	grant, now := "refresh_token", time.Now()
	list := []review.SignIn{}
	for _, state := range []auth.State{auth.StateNew, auth.StateOK, auth.StateRefresh, auth.StateBackoff, auth.StateReauth, auth.StateConfig} {
		s := review.SignIn{Profile: "p_" + string(state), Type: "oauth2", UsedBy: []string{"a"}}
		st := auth.Status{Grant: grant, State: state, HasRefresh: true, AccessExpires: now.Add(time.Hour), LastOK: now.Add(-time.Hour)}
		if state == auth.StateReauth {
			st.Help, st.LastError, st.AccessExpires = "sign in again: snrun auth login p_reauth_required", "invalid_grant", now.Add(-time.Hour)
		}
		s.Fill(st)
		list = append(list, s)
	}
	h := newHouse(t, nil, houseOptions{idle: true, change: func(c *Config) {
		c.SignIns = func(context.Context) ([]review.SignIn, error) { return list, nil }
	}})
	h.says("/profiles",
		"✓ ok", "✗ reauth_required", "somebody must sign in again", "invalid_grant", "What to do: sign in again: snrun auth login p_reauth_required", "Refresh token dead",
		"backoff: the server is asked again later", "config error: the server refuses the profile", "new: there was no token yet", "lives until",
	)
}

// TestSystemPage holds that what does not look right is said, and who did what, a hundred a page.
func TestSystemPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"snrun.yaml": "history: {keep: {age: 90d, runs: 1000, failed: 180d, size: 2GB}}\n", "jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{})
	h.ran("a", engine.OK, -time.Hour) // the clock was ahead
	for i := range 120 {
		if err := h.store.Audit(history.Audit{At: time.Now(), Who: fmt.Sprintf("person-%03d", i), Role: "operator", Action: "resume", Subject: "run:06c3k", Outcome: history.AuditRefused, Detail: "it runs already"}); err != nil {
			t.Fatal(err)
		}
	}
	h.says("/system", "the clock was ahead, or is behind", "those of the last 90d, at most the newest 1,000", "beyond 2.0 GB", "runs the jobs, its last sign of life", "server.max_runs 2", "■ refused", "person-119")
	rows := func(path string) (n int, next string) {
		for node := range h.page(path).Descendants() {
			if node.Data == "td" && strings.HasPrefix(textIn(node), "person-") {
				n++
			}
			if attr(node, "rel") == "next" {
				next = attr(node, "href")
			}
		}
		return n, next
	}
	first, next := rows("/system")
	second, none := rows(next)
	if first != 100 || second != 20 || none != "" {
		t.Errorf("the pages have %d and %d rows, then %q", first, second, none)
	}
}
