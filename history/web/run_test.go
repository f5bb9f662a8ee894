package web

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snrun/engine"
	"snrun/history/review"
	"snrun/steps"
)

// hostile is a text that would do something where it is not shown as a text.
const hostile = `<script>document.title='pwned'</script><img src=x onerror=alert(1)>"'&`

// passed puts a run on record with steps and requests.
func (h *house) passed(run *engine.Run, calls ...engine.Entry) string {
	h.t.Helper()
	if run.ID == "" {
		run.ID = engine.New(engine.Config{}).NewID(time.Now())
	}
	if run.File == "" {
		run.File = filepath.Join(h.dir, "jobs", "a.yaml")
	}
	run.Trigger, run.Due = engine.TriggerManual, run.Started
	status := run.Status
	if err := h.store.Begin(run); err != nil {
		h.t.Fatal(err)
	}
	for _, c := range calls {
		if err := h.store.Commit(run.ID, c); err != nil {
			h.t.Fatal(err)
		}
	}
	for _, s := range run.Steps {
		if err := h.store.Note(run.ID, s); err != nil {
			h.t.Fatal(err)
		}
	}
	if run.Status = status; status == engine.Running {
		return run.ID
	}
	if err := h.store.Finish(run); err != nil {
		h.t.Fatal(err)
	}
	return run.ID
}

// failedSync is a run of which an item failed, full of texts that would do something.
func failedSync(began time.Time) (*engine.Run, []engine.Entry) {
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	failure := &steps.Error{Kind: steps.Status, Message: "POST https://example.com/" + hostile + ": 422 " + hostile, Step: "alert", Status: 422, Hint: "look there " + hostile}
	item := "/alerts[" + hostile + "]/alert"
	run := &engine.Run{
		Job: "a", Status: engine.Failed, Started: began, Ended: at(3000), Inputs: map[string]any{"who": hostile}, Error: failure,
		Text: "version: 1\nname: a # " + hostile + "\nsteps:\n  - id: ask\n    rest: {url: x}\n  - id: alerts\n    foreach:\n      in: [1]\n      steps:\n        - id: alert\n          rest: {url: x}\n",
		Steps: []engine.StepRun{
			{Key: "/ask", ID: "ask", Name: hostile, Kind: "rest", Status: engine.OK, Attempts: 2, Started: at(0), Ended: at(1000)},
			{Key: "/alerts", ID: "alerts", Kind: "foreach", Status: engine.Failed, Attempts: 1, Started: at(1000), Ended: at(3000), Error: failure, Counts: &engine.Counts{Total: 2, Succeeded: 1, Failed: 1}},
			{Key: item, ID: "alert", Kind: "rest", Status: engine.Failed, Attempts: 1, Started: at(2000), Ended: at(2900), Error: failure},
			{Key: "/alerts[x]/log:2", Kind: "log", Status: engine.OK, Started: at(2000), Ended: at(2000), Message: hostile},
		},
	}
	exchange := steps.Exchange{
		Method: "POST", URL: "https://example.com/" + hostile, Status: 422, Started: at(2100), Duration: 300 * time.Millisecond, Connect: 50 * time.Millisecond, FirstByte: 200 * time.Millisecond,
		Request:  steps.Message{Header: http.Header{"X-Evil": {hostile}, "Authorization": {"***"}}, Body: []byte(`{"a":"` + strings.ReplaceAll(hostile, `"`, `\"`) + `"}`), Size: -1},
		Response: steps.Message{Header: http.Header{"Content-Type": {"application/xml"}}, Body: []byte("<a><b>" + hostile + "</b></a>"), Size: 5000},
	}
	silent := steps.Exchange{Method: "GET", URL: "https://example.com/x", Error: "no route " + hostile, Started: at(10)}
	return run, []engine.Entry{
		{Key: "/ask", StepKey: "/ask", Attempt: 1, Started: at(0), Ended: at(100), Error: failure, Exchanges: []steps.Exchange{silent}},
		{Key: "/ask#2", StepKey: "/ask", Attempt: 2, Started: at(700), Ended: at(1000)},
		{Key: item, StepKey: item, Attempt: 1, Started: at(2000), Ended: at(2900), Error: failure, Exchanges: []steps.Exchange{exchange}},
	}
}

// TestRunPageShowsAndRunsNothing holds what each part of a run's page says, and that no text of the run becomes part of the page's own.
func TestRunPageShowsAndRunsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	run, calls := failedSync(time.Now().Add(-time.Hour))
	id := h.passed(run, calls...)
	item := run.Steps[2].Key
	list, err := h.store.Requests(id, requestsOf(item))
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	shown := strings.Join(strings.Fields(hostile), " ")
	for name, test := range map[string]struct {
		path string
		want []string
	}{
		"the run": {"/runs/" + id, []string{
			"a ✗ failed", "What went wrong first", item, "422 " + shown, "look there " + shown, "line 10", "10here: - id: alert", "✗ 422 Unprocessable Entity", "What to do", "Resume", "Goes on as attempt 2", "Resume with the job of now",
			"Retry 1 failed item", "Run again", "Where the time went", "ask 2 tries, waited 600ms between tries", "1 ok, 1 failed", "2 failed", "The job fails since", "snrun history show " + id,
		}},
		"a loop":                  {tabPath(id, "steps", "step", "/alerts"), []string{"/alerts ✗ failed", "1 failed", "1 ok", "[x]/log:2", shown}},
		"a status":                {tabPath(id, "steps", "status", "ok"), []string{"2 ok", "/ask", "[x]/log:2"}},
		"an item":                 {tabPath(id, "steps", "step", item), []string{item, "1 request with its answer", "its line"}},
		"a step":                  {tabPath(id, "steps", "step", "/ask"), []string{"Tries", "went well", "422"}},
		"requests":                {tabPath(id, "exchanges"), []string{"GET https://example.com/x", "✗ no answer", "POST https://example.com/" + shown, "4.9 KB"}},
		"one opened":              {tabPath(id, "exchanges", "x", fmt.Sprint(list[0].ID)), []string{"X-Evil", "Authorization ***", shown, "cut here, 4.9 KB in all", "connecting 50ms", "waiting for the answer 200ms", "As a curl command", "curl"}},
		"inputs":                  {tabPath(id, "inputs"), []string{`"who"`, "alert(1)", "gives its output when it ends well"}},
		"the log":                 {tabPath(id, "log"), []string{"try 1: ", "next try after 600ms", shown, "foreach, 2.0s"}},
		"the job":                 {tabPath(id, "job"), []string{"1version: 1", "name: a # " + shown, "10here: - id: alert"}},
		"a line":                  {tabPath(id, "job", "step", "/ask"), []string{"4here: - id: ask"}},
		"nothing to compare with": {tabPath(id, "diff"), []string{"no run of the job a has gone well", "Compare with"}},
		"the list":                {"/runs", []string{"✗ failed", "alert: POST https://example.com/", "1 hour ago", id}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := h.page(strings.TrimSuffix(test.path, "#tab"))
			text := textIn(doc)
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for n := range doc.Descendants() {
				if n.Type == html.ElementNode && (n.Data == "script" && attr(n, "src") != "/static/script.js" || n.Data == "img" && attr(n, "src") != "/static/icon.svg") {
					t.Errorf("there is a <%s src=%q>", n.Data, attr(n, "src"))
				}
			}
		})
	}
}

// TestRunsThatAreNotThere holds what is answered where an address names nothing.
func TestRunsThatAreNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	run, calls := failedSync(time.Now().Add(-time.Hour))
	id := h.passed(run, calls...)
	for path, want := range map[string]string{
		"/runs/nothing":                                      "404 no id begins with",
		"/runs/" + id + "?tab=steps&step=/none":              "404 has no step /none",
		"/runs/" + id + "?tab=exchanges&x=99999":             "404 has no request 99999",
		"/runs/" + id + "?tab=exchanges&x=%3Cb%3E":           "200 Requests",
		"/runs/" + id + "?tab=nowhere":                       "200 Steps",
		"/runs/" + id + "?tab=steps&status=%3Cb%3E":          "200 No step is <b>",
		"/runs/" + id + "?tab=steps&status=ok&page=99999999": "200 /ask",
		"/runs/" + id + "?tab=diff&with=nonsense":            "200 no id begins with",
		"/runs/nothing/live":                                 "404 no id begins with",
		"/runs?status=nope&since=gestern":                    "400 a run has no status",
		"/runs?since=1h&until=2h":                            "400 this is not later than since",
		"/runs?job=other":                                    "200 No run is like that",
	} {
		status, body := h.get(path)
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(status) + " " + textIn(doc); !strings.HasPrefix(got, want[:3]) || !strings.Contains(got, want[4:]) {
			t.Errorf("%s: %.1500s\nwant %s", path, got, want)
		}
		for _, w := range unsound(body, doc) {
			t.Errorf("%s: %s", path, w)
		}
	}
	if got := followed(t, h, "/runs/@last?tab=log"); got != "/runs/"+id+"?tab=log" {
		t.Errorf("@last leads to %s", got)
	}
}

// followed gives where an address leads.
func followed(t *testing.T, h *house, path string) string {
	t.Helper()
	resp, err := h.browser.Get(h.server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if where := resp.Header.Get("Location"); where != "" {
		return where
	}
	return resp.Request.URL.RequestURI()
}

// TestWhatCanBeDone holds which buttons a run has, for whom.
func TestWhatCanBeDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	began := time.Now().Add(-time.Minute)
	text := "version: 1\nsteps: [{log: a}]\n"
	run := func(change func(*engine.Run)) string {
		r := &engine.Run{Job: "a", Status: engine.Failed, Started: began, Ended: began.Add(time.Second), Text: text, Error: &steps.Error{Kind: steps.Status, Message: "no"}}
		change(r)
		return h.passed(r)
	}
	doubt := []engine.StepRun{{Key: "/x", ID: "x", Kind: "rest", Status: engine.InDoubt, Started: began}}
	for name, test := range map[string]struct {
		id   string
		want string
	}{
		"failed":                       {run(func(*engine.Run) {}), "Resume, Run again"},
		"ended well":                   {run(func(r *engine.Run) { r.Status, r.Error = engine.OK, nil }), "Run again"},
		"running":                      {run(func(r *engine.Run) { r.Status, r.Ended = engine.Running, time.Time{} }), "Cancel"},
		"in doubt":                     {run(func(r *engine.Run) { r.Status, r.Steps = engine.Interrupted, doubt }), "It was carried out: go on after it, It was not: make it again, Run again"},
		"of a job that changed":        {run(func(r *engine.Run) { r.Text = "version: 1\n" }), "Resume, Resume with the job of now, Run again"},
		"of a job that is gone":        {run(func(r *engine.Run) { r.Job = "gone" }), "Resume"},
		"ended well with failed items": {run(func(r *engine.Run) { r.Status, r.Error, r.Open = engine.OK, nil, true }), "Retry failed items, Run again"},
	} {
		if got := strings.Join(buttons(h.page("/runs/"+test.id)), ", "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if got := buttons(h.page("/runs")); !slices.Equal(got, []string{"Show", "Resume", "Resume with the job of now", "Retry failed items", "Cancel"}) {
		t.Errorf("the list has %q", got)
	}
	h.browser = visit(t, h.site, h.server, Viewer)
	for _, path := range []string{"/runs/" + run(func(*engine.Run) {}), "/runs"} {
		if got := buttons(h.page(path)); len(got) > 1 {
			t.Errorf("a viewer finds %q on %s", got, path)
		}
	}
}

// TestTheButtonThatHelps holds that the page of a run whose job was mended since puts the job of now first, unless it is the server that failed.
func TestTheButtonThatHelps(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	began := time.Now().Add(-time.Minute)
	for _, test := range []struct {
		text    string
		failure steps.Error
		want    string
		mend    bool // that it can be mended is said
	}{
		{"version: 1\n", steps.Error{Kind: steps.Status, Status: 404}, "Resume with the job of now", false},
		{"version: 1\n", steps.Error{Kind: steps.Status, Status: 503}, "Resume", false},
		{"version: 1\n", steps.Error{Kind: steps.Status, Status: 401}, "Resume", false},
		{"version: 1\n", steps.Error{Kind: steps.Network}, "Resume", false},
		{"version: 1\nsteps: [{log: a}]\n", steps.Error{Kind: steps.Expect, Status: 200}, "Resume", true},
	} {
		doc := h.page("/runs/" + h.passed(&engine.Run{Job: "a", Status: engine.Failed, Started: began, Ended: began, Text: test.text, Error: &test.failure}))
		var main []string
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode && n.Data == "button" && slices.Contains(n.Attr, html.Attribute{Key: "class", Val: "main"}) {
				main = append(main, textIn(n))
			}
		}
		if got := strings.Join(main, ", "); got != test.want {
			t.Errorf("after %s %d: %s, want %s", test.failure.Kind, test.failure.Status, got, test.want)
		}
		if got := strings.Contains(textIn(doc), "mend its file first"); got != test.mend {
			t.Errorf("after %s %d: that the job can be mended is said: %v, want %v", test.failure.Kind, test.failure.Status, got, test.mend)
		}
	}
}

// TestTheWayToASignIn holds that the page of a run whose sign-in failed leads to its profile, and shows each line of what to do.
func TestTheWayToASignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	began := time.Now().Add(-time.Minute)
	for kind, want := range map[string]bool{steps.Auth: true, steps.Status: false} {
		failure := &steps.Error{Kind: kind, Message: "no token", Step: "ask", Hint: "check:\n1. the secret"}
		id := h.passed(&engine.Run{
			Job: "a", Status: engine.Failed, Started: began, Ended: began, Error: failure,
			Text:  "version: 1\nsteps:\n  - {id: ask, rest: {profile: crm, path: /x}}\n",
			Steps: []engine.StepRun{{Key: "/ask", ID: "ask", Kind: "rest", Status: engine.Failed, Started: began, Ended: began, Error: failure}},
		})
		_, body := h.get("/runs/" + id)
		if got := strings.Contains(body, `href="/profiles#profile-crm"`); got != want {
			t.Errorf("after an error of kind %s the page leads to the profile: %v, want %v", kind, got, want)
		}
		if !strings.Contains(body, `<p class="hint">check:`+"\n1. the secret</p>") {
			t.Errorf("the page has not the hint with its lines:\n%s", body)
		}
	}
}

// buttons gives what the buttons of a page say, but for that which signs out.
func buttons(doc *html.Node) (list []string) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "button" && textIn(n) != "Sign out" {
			list = append(list, textIn(n))
		}
	}
	return list
}

// TestRunOfManyItems holds that the pages of a run with 10,000 failed items stay small.
func TestRunOfManyItems(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	id := h.manyItems(10_000)
	for _, path := range []string{
		"/runs/" + id, tabPath(id, "steps", "step", "/all"), tabPath(id, "steps", "status", "failed", "page", "100"), tabPath(id, "exchanges"), tabPath(id, "log"),
	} {
		path = strings.TrimSuffix(path, "#tab")
		h.page(path)
		began := time.Now()
		_, text := h.get(path)
		if len(text) > 300<<10 {
			t.Errorf("%s has %d KB, want 300 at most", path, len(text)>>10)
		}
		t.Logf("%s: %d KB in %s", path, len(text)>>10, time.Since(began).Round(time.Millisecond))
	}
	h.says("/runs/"+id, "10,000 failed", "Retry 10,000 failed items", "[4]/b")
	h.says(strings.TrimSuffix(tabPath(id, "steps", "step", "/all", "page", "100"), "#tab"), "9,901 to 10,000 of 10,000", "[9999]/b")
}

// manyItems puts a run on record with so many items that failed.
func (h *house) manyItems(n int) string {
	began := time.Now().Add(-time.Hour)
	failure := &steps.Error{Kind: steps.Status, Message: "POST https://example.com/v1/alerts: 500 Internal Server Error: " + strings.Repeat("x", 300), Step: "b", Status: 500}
	run := &engine.Run{Job: "a", Status: engine.Failed, Started: began, Ended: began.Add(time.Minute), Error: failure, Text: "version: 1\n"}
	run.Steps = []engine.StepRun{{Key: "/all", ID: "all", Kind: "foreach", Status: engine.Failed, Started: began, Ended: began.Add(time.Minute), Error: failure, Counts: &engine.Counts{Total: n, Failed: n}}}
	var calls []engine.Entry
	for i := range n {
		key := fmt.Sprintf("/all[%d]/b", i)
		at := began.Add(time.Duration(i) * time.Millisecond)
		run.Steps = append(run.Steps, engine.StepRun{Key: key, ID: "b", Kind: "rest", Status: engine.Failed, Attempts: 1, Started: at, Ended: at.Add(time.Millisecond), Error: failure})
		if i%10 == 0 {
			calls = append(calls, engine.Entry{Key: key, StepKey: key, Attempt: 1, Started: at, Ended: at, Error: failure,
				Exchanges: []steps.Exchange{{Method: "POST", URL: "https://example.com/v1/alerts", Status: 500, Started: at, Response: steps.Message{Body: []byte("no"), Size: 2}}}})
		}
	}
	return h.passed(run, calls...)
}

// discard reads all there is.
func discard(r io.Reader) { io.Copy(io.Discard, r) }

// BenchmarkRunPage is the page of a run with 10,000 failed items.
func BenchmarkRunPage(b *testing.B) {
	h := newHouse(b, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	id := h.manyItems(10_000)
	for b.Loop() {
		resp, err := h.browser.Get(h.server.URL + "/runs/" + id)
		if err != nil {
			b.Fatal(err)
		}
		discard(resp.Body)
		resp.Body.Close()
	}
}

// TestCommandsOfTabs holds that each tab names the command that shows what stands on it.
func TestCommandsOfTabs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{idle: true})
	run, calls := failedSync(time.Now().Add(-time.Minute))
	id := h.passed(run, calls...)
	for query, want := range map[string]string{
		"":                                 " history show " + id + " snrun",
		"?tab=log&step=/a":                 " history show " + id + " snrun",
		"?tab=steps&step=%2Fa%5Bx+y%5D":    " history show " + id + " --step '/a[x y]' snrun",
		"?tab=exchanges":                   " history show " + id + " --http snrun",
		"?tab=exchanges&step=/ask":         " history show " + id + " --step /ask --http snrun",
		"?tab=diff":                        " history diff " + id + " snrun",
		"?tab=diff&with=%20@last-good%3Ba": " history diff " + id + " '@last-good;a' snrun",
	} {
		q, _ := url.ParseQuery(strings.TrimPrefix(query, "?"))
		if got := h.site.commandOf(id, cmp.Or(q.Get("tab"), "steps"), q) + " snrun"; !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	h.says("/runs/"+id+"?tab=exchanges", "history show "+id+" --http")
}

// TestPicturesLeaveRoom holds that no hour is written under the word now, and no time twice on a scale.
func TestPicturesLeaveRoom(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.Local)
	for _, at := range []time.Duration{12*time.Hour + 25*time.Minute, 13*time.Hour + 30*time.Minute, 11*time.Hour + 50*time.Minute} {
		p := newLanes(1, day.Add(at))
		said := 0
		for _, hour := range p.Hours {
			far := max(hour.X-p.Now, p.Now-hour.X)
			if hour.Text != "" {
				said++
			}
			if (hour.Text == "") != (far < 44) {
				t.Errorf("at %s: the hour %q is %d from now", at, hour.Text, far)
			}
		}
		if said < 6 {
			t.Errorf("at %s: only %d hours are named", at, said)
		}
	}
	v := timelineOf(&engine.Run{}, &review.Timeline{Length: time.Millisecond})
	var texts []string
	for _, tick := range v.Ticks {
		texts = append(texts, tick.Text)
	}
	if got := strings.Join(texts, ","); got != "0ms,,,,1ms" {
		t.Errorf("the scale of a millisecond: %s", got)
	}
}
