package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"snrun/auth"
	"snrun/history/review"
)

// apiHouse is a house with jobs whose requests are answered, or not, and with people who come in by a password.
type apiHouse struct {
	*house
	down atomic.Bool // requests of the job asks are answered with 500
}

func newAPIHouse(t testing.TB) *apiHouse {
	t.Helper()
	a := &apiHouse{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case a.down.Load():
			http.Error(w, `{"error":"<down> & out"}`, http.StatusInternalServerError)
		case r.URL.Path == "/odd":
			w.Write([]byte(`{"data":"` + "\xff" + `"}`))
		default:
			io.WriteString(w, `{"result":[{"sys_id":"a1","n":1},{"sys_id":"a2","n":2}],"token":"hunter2-hunter2"}`)
		}
	}))
	t.Cleanup(server.Close)
	a.house = newHouse(t, map[string]string{
		"jobs/asks.yaml": "description: Asks with hunter2-hunter2.\ninputs: {priority: {type: integer, default: 1, enum: [1, 2]}}\nstate: {since: {initial: 0}}\nsteps:\n" +
			"  - id: all\n    rest: {url: " + server.URL + "/x}\n    retry: {attempts: 2, when: response.status == 500, backoff: {initial: 1ms}}\n" +
			"  - id: each\n    foreach:\n      in: ${steps.all.output.result}\n      as: one\n      key: ${one.sys_id}\n      steps: [{id: say, log: 'it is ${one.n}'}]\n" +
			"  - save: {since: 1}\noutput: {n: 2}\n",
		"jobs/tolerant.yaml": "steps:\n  - id: each\n    foreach: {in: [1, 2], key: 'k${item}', tolerate: all, steps: [{id: bad, fail: 'no ${item}'}]}\n",
		"jobs/waits.yaml":    "steps: [{wait: 1h}]\n",
		"jobs/odd.yaml":      "steps: [{id: all, rest: {url: " + server.URL + "/odd, accept: bytes}}]\n",
		"jobs/never.yaml":    "steps: [{log: a}]\n",
		"jobs/nightly.yaml":  "schedule: {cron: '0 3 * * *', timezone: Europe/Berlin, inputs: {}}\nsteps: [{log: a}]\n",
		"jobs/broken.yaml":   "steps: [{lgo: a}]\n",
		"profiles.yaml":      "profiles: {erp: {base_url: " + server.URL + "}, down: {base_url: " + server.URL + "}}\n",
	}, houseOptions{change: func(c *Config) {
		c.TestProfile, c.ResetProfile = testedProfile, testedProfile
		c.SignIns = func(context.Context) ([]review.SignIn, error) {
			return []review.SignIn{{Profile: "erp", Type: "basic", UsedBy: []string{"asks"}}, {Profile: "down", Type: "none"}}, nil
		}
	}})
	return a
}

// testedProfile is the test of profiles, of which one is down.
func testedProfile(_ context.Context, name string) ([]string, error) {
	if name == "down" {
		return []string{"it hums"}, &review.Refusal{Reason: review.Unavailable, Message: "down is down", Hint: "wait"}
	}
	return []string{"profile " + name + " works"}, nil
}

// answer is what a program was answered.
type answer struct {
	*http.Response
	text []byte
}

// ask sends a request as a program does.
func (a *apiHouse) ask(method, path, body string, header ...string) answer {
	a.t.Helper()
	req, err := http.NewRequest(method, a.server.URL+apiPath+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", jsonType)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := a.browser.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{resp, text}
}

// want asks, and holds that there is an answer with a status; it gives what is in the answer's JSON.
func (a *apiHouse) want(status int, method, path, body string) map[string]any {
	a.t.Helper()
	got := a.ask(method, path, body)
	if got.StatusCode != status {
		a.t.Fatalf("%s %s: %s, want %d\n%s", method, path, got.Status, status, got.text)
	}
	var v map[string]any
	if err := json.Unmarshal(got.text, &v); err != nil {
		a.t.Fatalf("%s %s: %v\n%s", method, path, err, got.text)
	}
	return v
}

// runs has a job be run, and gives the run's id when it has ended.
func (a *apiHouse) runs(job, inputs string) string {
	a.t.Helper()
	id := a.want(http.StatusCreated, "POST", "/jobs/"+job+"/run", inputs)["run"].(string)
	a.await(id, "queued", "running")
	return id
}

// await waits until a run is in none of these states any more.
func (a *apiHouse) await(id string, not ...string) {
	a.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		status := a.want(http.StatusOK, "GET", "/runs/"+id, "")["status"].(string)
		if !strings.Contains(strings.Join(not, " "), status) {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("run %s is still %s", id, status)
		}
	}
}

// TestAPISaysWhatCommandsPrint holds that the documents of the API are those that commands print as JSON: byte for byte, where it is one
// document.
func TestAPISaysWhatCommandsPrint(t *testing.T) {
	t.Parallel()
	a := newAPIHouse(t)
	good := a.runs("asks", "")
	a.down.Store(true)
	bad := a.runs("asks", `{"inputs":{"priority":2}}`)
	print := func(v any, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, err := review.JSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(a.site.Redactor.Bytes(text))
	}
	run, err := review.Read(a.store, bad, review.Options{HTTP: true})
	diff, diffErr := review.Compare(a.store, bad, good)
	for path, want := range map[string]string{
		"/runs/" + bad + "?http=1":           print(run, err),
		"/runs/" + bad + "/diff":             print(diff, diffErr),
		"/runs/@last:asks/diff?with=" + good: print(diff, diffErr),
	} {
		if got := a.ask("GET", path, ""); string(got.text) != want {
			t.Errorf("%s gives\n%s\nwant\n%s", path, got.text, want)
		}
	}
	runs, _, err := review.Page(a.store, history50)
	var got struct{ Runs json.RawMessage }
	if err := json.Unmarshal(a.ask("GET", "/runs", "").text, &got); err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(print(runs, err)); string(got.Runs) != want {
		t.Errorf("/runs gives\n%s\nwant\n%s", got.Runs, want)
	}
	if says := a.want(200, "GET", "/runs/@last/diff", "")["says"].(string); !strings.HasPrefix(says, "all: 2 × 500 where there were none") {
		t.Errorf("the difference is %q", says)
	}
}

// TestAPIRefuses holds that what cannot be meant is refused, and says what to do, as RFC 9457 has it.
func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	a := newAPIHouse(t)
	id := a.ran("asks", "failed", time.Minute)
	for _, test := range []struct {
		method, path, body string
		header             []string
		status             int
		detail, hint       string
	}{
		{"GET", "/nothing", "", nil, 404, "the API has nothing at /api/v1/nothing", "what there is stands in /api/v1/openapi.yaml"},
		{"DELETE", "/runs", "", nil, 405, "this is not for DELETE", "use GET or HEAD"},
		{"GET", "/runs/" + id + "/resume", "", nil, 405, "this is not for GET", "use POST"},
		{"GET", "/runs?statsu=failed", "", nil, 400, "there is no parameter “statsu”", `did you mean "status"?`},
		{"GET", "/daemons?limit=1", "", nil, 400, "there is no parameter “limit”", "this takes none"},
		{"GET", "/runs?job=a&job=b", "", nil, 400, "the parameter job stands there more than once", "write it once"},
		{"GET", "/runs?limit=201", "", nil, 400, "limit “201” is no number of them", "write one from 1 to 200"},
		{"GET", "/runs?limit=0", "", nil, 400, "limit “0”", "from 1 to 200"},
		{"GET", "/runs?limit=ten", "", nil, 400, "limit “ten”", "from 1 to 200"},
		{"GET", "/runs?status=faild&since=soon", "", nil, 400, `status faild: a run has no status "faild"; since soon: this is not a time`, `did you mean "failed"?`},
		{"GET", "/runs?before=%zz", "", nil, 400, "cannot be read: invalid", ""},
		{"GET", "/runs?before=;drop", "", nil, 400, "cannot be read: invalid", ""},
		{"GET", "/search", "", nil, 400, "", "write one or more words"},
		{"GET", "/runs/nosuch", "", nil, 404, `no id begins with "nosuch"`, ""},
		{"GET", "/runs/@first", "", nil, 404, "@last", ""},
		{"GET", "/runs/" + id + "?step=nosuch", "", nil, 404, "has no step", ""},
		{"GET", "/runs/" + id + "?http=perhaps", "", nil, 400, "http “perhaps” is neither yes nor no", "write 1 or 0"},
		{"GET", "/runs/" + id + "/diff", "", nil, 404, "no run of the job asks has gone well here before", ""},
		{"GET", "/runs/" + id + "/diff?with=" + id, "", nil, 400, "a run is not compared with itself", "name another one"},
		{"GET", "/runs/" + id + "/exchanges?after=-1", "", nil, 400, "after “-1” is no id", "next"},
		{"GET", "/jobs?state=fialing", "", nil, 400, "jobs have no state “fialing”", `did you mean "failing"?`},
		{"GET", "/jobs/nigthly", "", nil, 404, "there is no job “nigthly”", `did you mean "nightly"?`},
		{"GET", "/jobs/nosuch/slots", "", nil, 404, "there is no job", ""},
		{"GET", "/jobs/nightly/slots?before=now", "", nil, 400, "before “now” is no time", "2026"},
		{"GET", "/runs", "", []string{"Accept", "text/html"}, 406, "this is application/json", "Accept: application/json"},
		{"GET", "/runs", "", []string{"Accept", "application/json;q=0"}, 406, "this is application/json", ""},
		{"GET", "/runs/" + id + "/export?format=csv", "", nil, 400, "there is no format “csv”", "json or har or junit"},
		{"GET", "/runs/" + id + "/export?format=junit", "", []string{"Accept", "application/json"}, 406, "this is application/xml", ""},
		{"GET", "/runs/nosuch/export", "", nil, 404, "no id begins", ""},
		{"GET", "/jobs/nosuch/stats", "", nil, 404, "there is no job", ""},
		{"GET", "/jobs/asks/stats?since=ever", "", nil, 400, "since “ever”: this is not a time", "30d"},
		{"GET", "/runs/" + id + "/events", "", []string{"Accept", "application/json"}, 406, "this is text/event-stream", ""},
		{"POST", "/jobs/asks/run", "inputs=1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "is not application/json", "Content-Type"},
		{"POST", "/jobs/asks/run", "{}", []string{"Content-Type", "text/plain"}, 415, "is not application/json", "Content-Type"},
		{"POST", "/jobs/asks/run", "{", nil, 400, "the body cannot be read", ""},
		{"POST", "/jobs/asks/run", "[]", nil, 400, "the body is no JSON object", "write {inputs}"},
		{"POST", "/jobs/asks/run", `{"input":{}}`, nil, 400, "the body has no key “input”", `did you mean "inputs"?`},
		{"POST", "/jobs/asks/run", `{"inputs":[1]}`, nil, 400, "inputs is no object", ""},
		{"POST", "/jobs/asks/run", `{"inputs":{"priority":"high"}}`, nil, 422, "the inputs do not fit the job asks", ""},
		{"POST", "/jobs/asks/run", `{"inputs":{"text":"version: 1"}}`, nil, 422, "the inputs do not fit the job asks", ""},
		{"POST", "/jobs/nosuch/run", ``, nil, 404, "the project has no job nosuch", ""},
		{"POST", "/jobs/asks/run", `{"inputs":{"priority":1}` + strings.Repeat(" ", maxBody) + "}", nil, 413, "the request brings more than 64 KB", ""},
		{"POST", "/runs/" + id + "/cancel", `{"why":"so"}`, nil, 400, "the body has no key “why”", "this takes none"},
		{"POST", "/runs/" + id + "/cancel", ``, nil, 409, "", ""},
		{"POST", "/runs/" + id + "/resume", `{"assume":"perhaps"}`, nil, 400, "there is no assume perhaps", "write done or redo"},
		{"POST", "/runs/" + id + "/resume", `{"assume":1}`, nil, 400, "assume is no text", ""},
		{"POST", "/runs/" + id + "/resume", `{"job":"new"}`, nil, 400, "there is no job new", "original or current"},
		{"POST", "/runs/nosuch/resume", ``, nil, 404, "no id begins", ""},
		{"POST", "/runs/bulk", `{"action":"delete","runs":["a"]}`, nil, 400, "there is no action delete", "resume, resume_current, retry or cancel"},
		{"POST", "/runs/bulk", `{"action":"resume"}`, nil, 400, "no run is chosen", ""},
		{"POST", "/runs/bulk", `{"action":"resume","runs":"all"}`, nil, 400, "runs is no list", ""},
		{"POST", "/runs/bulk", `{"action":"resume","runs":[1]}`, nil, 400, "runs[0] is no text", ""},
		{"POST", "/profiles/nosuch/test", ``, nil, 404, "the project has no profile nosuch", ""},
		{"POST", "/profiles/down/reset", ``, nil, 503, "down is down", "wait"},
	} {
		got := a.ask(test.method, test.path, test.body, test.header...)
		name := test.method + " " + test.path + " " + test.body[:min(len(test.body), 40)]
		var p struct {
			Type, Title, Detail, Hint string
			Status                    int
		}
		if err := json.Unmarshal(got.text, &p); err != nil {
			t.Errorf("%s: %s, %v\n%s", name, got.Status, err, got.text)
			continue
		}
		if got.StatusCode != test.status || p.Status != test.status || !strings.Contains(p.Detail, test.detail) || !strings.Contains(p.Hint, test.hint) {
			t.Errorf("%s: %s %+v\nwant %d %q %q", name, got.Status, p, test.status, test.detail, test.hint)
		}
		if kind := got.Header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("%s: a problem of type %s", name, kind)
		}
	}
	if got := a.ask("PUT", "/runs", ""); got.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow is %q", got.Header.Get("Allow"))
	}
}

// TestAPIPages holds that a list gives each run once, whatever its pages, and that what is known already is not sent again.
func TestAPIPages(t *testing.T) {
	t.Parallel()
	a := newAPIHouse(t)
	var want []string
	for i := range 7 {
		want = append(want, a.ran("asks", "ok", time.Duration(i+1)*time.Minute))
	}
	for _, limit := range []int{1, 3, 7, 8} {
		var got []string
		path := fmt.Sprintf("/runs?job=asks&limit=%d", limit)
		for next := ""; ; {
			page := a.want(200, "GET", path+next, "")
			for _, r := range page["runs"].([]any) {
				got = append(got, r.(map[string]any)["id"].(string))
			}
			if page["next"] == nil {
				break
			}
			next = "&before=" + page["next"].(string)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("with %d on a page: got %q, want %q", limit, got, want)
		}
	}
	newer := a.want(200, "GET", "/runs?limit=2&after="+want[6], "")
	if got := fmt.Sprint(newer["next"]); got != want[4] {
		t.Errorf("after %s comes up to %s, want %s", want[6], got, want[4])
	}
	first := a.ask("GET", "/runs", "")
	again := a.ask("GET", "/runs", "", "If-None-Match", `"other", `+first.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || len(again.text) > 0 {
		t.Errorf("what is known is answered with %s and %d bytes", again.Status, len(again.text))
	}
	a.ran("asks", "ok", 0)
	if again = a.ask("GET", "/runs", "", "If-None-Match", first.Header.Get("ETag")); again.StatusCode != http.StatusOK {
		t.Errorf("what is new is answered with %s", again.Status)
	}
	if head := a.ask("HEAD", "/runs", ""); head.StatusCode != http.StatusOK || head.ContentLength <= 0 || len(head.text) > 0 {
		t.Errorf("HEAD: %s, %d bytes told of, %d sent", head.Status, head.ContentLength, len(head.text))
	}
}

// TestAPIMasks holds that no secret comes out of the API.
func TestAPIMasks(t *testing.T) {
	t.Parallel()
	a := newAPIHouse(t)
	id := a.runs("asks", "")
	for _, path := range []string{"/runs/" + id + "?http=1", "/runs/" + id + "/exchanges", "/runs/" + id + "/export", "/search?text=hunter2", "/runs?text=hunter2", "/jobs/asks"} {
		if got := a.ask("GET", path, ""); got.StatusCode != 200 || bytes.Contains(got.text, []byte("hunter2-hunter2")) {
			t.Errorf("%s: %s\n%s", path, got.Status, got.text)
		}
	}
}

// TestEventsOfTheAPI holds that programs are told when a run comes, and when it ends.
func TestEventsOfTheAPI(t *testing.T) {
	t.Parallel()
	a := newAPIHouse(t)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, "GET", a.server.URL+apiPath+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := a.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	changes := make(chan string, 100)
	go func() {
		defer close(changes)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if mark, is := strings.CutPrefix(lines.Text(), "id: "); is {
				changes <- mark
			}
		}
	}()
	first := <-changes
	a.runs("asks", "")
	if second, more := <-changes; !more || second == first {
		t.Errorf("after %q a run brings %q", first, second)
	}
}

// TestBrokenDownload holds that what breaks down is told while nothing was sent, and breaks off the connection after that.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	down := errors.New("the disk is gone")
	for _, begun := range []bool{false, true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d := &download{w: w, control: http.NewResponseController(w), redactor: auth.NewRedactor()}
			if begun {
				d.Write([]byte("[1,"))
				d.control.Flush()
			}
			http.Error(w, d.broken(r.Context(), down, w.Header()).Error(), http.StatusInternalServerError)
		}))
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		server.Close()
		if begun != (err != nil) || !begun && !strings.Contains(string(text), down.Error()) {
			t.Errorf("begun %v: %q, %v", begun, text, err)
		}
	}
}
