package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// counter is a SOAP service that answers each path as was said, one answer after the other, and the last one from then on.
type counter struct {
	*place
	mu      sync.Mutex
	answers map[string][]string
	keys    []string // the Idempotency-Key of each request
}

func newCounter(t *testing.T, answers map[string][]string) *counter {
	d := &counter{answers: answers}
	d.place = newPlace(t, false, d.answer)
	return d
}

func (d *counter) next(path string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.answers[path]
	if len(list) > 1 {
		d.answers[path] = list[1:]
	}
	return list[0]
}

func (d *counter) answer(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.keys = append(d.keys, r.Header.Get("Idempotency-Key"))
	d.mu.Unlock()
	said := d.next(r.URL.Path)
	if strings.HasSuffix(said, "later") {
		w.Header().Set("Retry-After", "0")
	}
	fault := func(code string) string {
		return "<e:Fault><faultcode>e:" + code + "</faultcode><faultstring>no</faultstring><detail><why>" + r.URL.Path[1:] + "</why></detail></e:Fault>"
	}
	switch said {
	case "ok":
		reply(w, 200, "text/xml", enveloped("<done><at>"+r.URL.Path[1:]+"</at></done>"))
	case "client":
		reply(w, 500, "text/xml", enveloped(fault("Client")))
	case "server":
		reply(w, 500, "text/xml", enveloped(fault("Server")))
	case "server, later":
		reply(w, 503, "text/xml", enveloped(fault("Server")))
	case "down", "down, later":
		reply(w, 503, "text/plain", "down")
	case "busy, later":
		reply(w, 429, "text/plain", "busy")
	case "gone":
		panic(http.ErrAbortHandler)
	}
}

func enveloped(body string) string {
	return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` + body + `</e:Body></e:Envelope>`
}

// seen gives how often each path was asked for.
func (d *counter) seen() map[string]int {
	d.place.mu.Lock()
	defer d.place.mu.Unlock()
	n := map[string]int{}
	for _, line := range d.came {
		path, _, _ := strings.Cut(strings.TrimPrefix(line, "POST /"), ":")
		n[path]++
	}
	return n
}

// TestSoapTriesAgain holds when a call is made again without anybody saying so, and when on the word of the step or of the profile.
func TestSoapTriesAgain(t *testing.T) {
	t.Parallel()
	const soon = "attempts: 3, backoff: {initial: 1ms}"
	for name, tt := range map[string]struct {
		answers []string
		step    string // its retry, and more
		profile string
		want    int // requests
		well    bool
	}{
		"a fault":                           {[]string{"server"}, "", "", 1, false},
		"a fault, later":                    {[]string{"server, later"}, "", "", 1, false},
		"down":                              {[]string{"down"}, "", "", 1, false},
		"no answer":                         {[]string{"gone"}, "", "", 1, false},
		"down, later":                       {[]string{"down, later", "ok"}, "", "", 2, true},
		"busy, later":                       {[]string{"busy, later", "ok"}, "", "", 2, true},
		"a key":                             {[]string{"gone", "down", "ok"}, "    retry: {" + soon + "}\n", "", 3, true},
		"unsafe":                            {[]string{"gone", "down", "ok"}, "    retry: {" + soon + ", unsafe: true}\n", "", 3, true},
		"unsafe, a fault":                   {[]string{"server", "ok"}, "    retry: {" + soon + ", unsafe: true}\n", "", 1, false},
		"unsafe, when a fault":              {[]string{"server", "server", "ok"}, "    retry: {" + soon + `, unsafe: true, when: error.kind == "fault" && error.fault.code == "Server"}` + "\n", "", 3, true},
		"unsafe, when another fault":        {[]string{"client", "ok"}, "    retry: {" + soon + `, unsafe: true, when: 'error.fault?.code == "Server"'}` + "\n", "", 1, false},
		"unsafe, when its status":           {[]string{"server", "ok"}, "    retry: {" + soon + `, unsafe: true, when: 'response?.status == 500'}` + "\n", "", 2, true},
		"when a fault":                      {[]string{"server", "ok"}, "    retry: {" + soon + `, when: error.kind == "fault"}` + "\n", "", 1, false},
		"the profile says so":               {[]string{"gone", "ok"}, "", "retry: {attempts: 2, unsafe: true, backoff: {initial: 1ms}}", 2, true},
		"the step knows better":             {[]string{"gone", "ok"}, "    retry: none\n", "retry: {attempts: 2, unsafe: true, backoff: {initial: 1ms}}", 1, false},
		"the profile says so, and no fault": {[]string{"server", "ok"}, "", "retry: {attempts: 2, unsafe: true, backoff: {initial: 1ms}}", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCounter(t, map[string][]string{"/x": tt.answers})
			u := newUser(t, sandbox.Options{})
			u.write("profiles.yaml", "version: 1\nprofiles:\n  d: {base_url: "+d.URL+", "+tt.profile+"}\n")
			key := ""
			if name == "a key" {
				key = ", idempotency_key: \"${run.id}-1\""
			}
			u.write("ask.yaml", "version: 1\nsteps:\n  - id: ask\n    soap: {profile: d, path: /x, body: {ask: 1}"+key+"}\n"+tt.step+"output: ${steps.ask.output.at}\n")
			got := u.run("run", "ask")
			if d.seen()["x"] != tt.want || (got.code == exitOK) != tt.well {
				t.Errorf("%d requests, exit code %d, want %d\n%s", d.seen()["x"], got.code, tt.want, got.stderr)
			}
			if name == "a key" && (d.keys[0] == "" || len(slices.Compact(d.keys)) != 1) {
				t.Errorf("the keys are %q, want the same each time", d.keys)
			}
			if told := strings.Contains(got.stderr, "`unsafe: true` there says that twice does no harm"); told != (name == "when a fault") {
				t.Errorf("it is said that unsafe is missing: %v\n%s", told, got.stderr)
			}
		})
	}
}

// TestSoapInDoubt holds which calls that ended a run are in doubt when it goes on, and what becomes of them.
func TestSoapInDoubt(t *testing.T) {
	t.Parallel()
	for first, doubtful := range map[string]bool{"gone": true, "server": true, "down": true, "client": false, "server, later": false} {
		for _, assume := range []string{"done", "redo"} {
			t.Run(first+" "+assume, func(t *testing.T) {
				t.Parallel()
				d := newCounter(t, map[string][]string{"/x": {first, "ok"}, "/y": {"ok"}})
				u := newUser(t, sandbox.Options{})
				u.write("profiles.yaml", "version: 1\nprofiles:\n  d: {base_url: "+d.URL+"}\n")
				u.write("ask.yaml", `version: 1
steps:
  - id: before
    soap: {profile: d, path: /y, body: {ask: 1}}
  - id: ask
    soap: {profile: d, path: /x, body: {ask: "${steps.before.output.at}"}}
    retry: none
output: [ "${steps.ask.output?.at}", "${steps.before.output.at}" ]
`)
				u.run("run", "ask")
				want, asked := "[\"x\",\"y\"]\n", 2
				if doubtful {
					if got := u.must(exitFailed, "resume", "@last"); !strings.Contains(got.stderr, "a call is in doubt: /ask. ") {
						t.Errorf("got %s", got.stderr)
					}
					if assume == "done" {
						want, asked = "[null,\"y\"]\n", 1
					}
				}
				if got := u.must(exitOK, "resume", "@last", "--assume", assume); got.stdout != want {
					t.Errorf("got %s, want %s", got.stdout, want)
				}
				if n := d.seen(); n["x"] != asked || n["y"] != 1 {
					t.Errorf("got requests %v, want %d of x and 1 of y", n, asked)
				}
			})
		}
	}
}

// TestSoapFaultsOnTheWay holds that faults reach catch, on_failure and the failed items of loops, also those that are tried again later.
func TestSoapFaultsOnTheWay(t *testing.T) {
	t.Parallel()
	d := newCounter(t, map[string][]string{"/a": {"ok"}, "/b": {"client", "ok"}, "/c": {"ok"}, "/caught": {"server"}, "/end": {"client"}, "/told": {"ok"}})
	u := newUser(t, sandbox.Options{})
	u.write("profiles.yaml", "version: 1\nprofiles:\n  d: {base_url: "+d.URL+"}\n")
	u.write("all.yaml", `version: 1
steps:
  - id: caught
    try:
      - soap: {profile: d, path: /caught, body: {ask: 1}}
    catch:
      - when: error.kind == "fault" && error.fault.code == "Server"
        steps: [{set: {why: "${error.fault.detail.why}", status: "${error.status}"}}]
  - id: each
    foreach:
      in: [a, b, c]
      key: ${item}
      tolerate: 1
      concurrency: 2
      collect: ${steps.call.output.at}
      steps:
        - id: call
          soap: {profile: d, path: "/${item}", body: {ask: "${item}"}}
output: {caught: "${steps.caught.output}", each: "${steps.each.output}", failed: "${steps.each.failed}"}
`)
	u.write("ends.yaml", `version: 1
steps:
  - soap: {profile: d, path: /end, body: {ask: 1}}
on_failure:
  - soap: {profile: d, path: /told, body: {told: "${error.fault.code} ${error.fault.detail.why}"}}
`)
	const caught = `{"caught":{"status":500,"why":"caught"},`
	if got := u.must(exitOK, "run", "all").stdout; got != caught+`"each":["a",null,"c"],"failed":1}`+"\n" {
		t.Errorf("got %s", got)
	}
	if got := u.must(exitOK, "retry", "@last", "--failed-items").stdout; got != caught+`"each":["a","b","c"],"failed":0}`+"\n" {
		t.Errorf("got %s", got)
	}
	if want := map[string]int{"a": 1, "b": 2, "c": 1, "caught": 1}; fmt.Sprint(d.seen()) != fmt.Sprint(want) {
		t.Errorf("got requests %v, want %v", d.seen(), want)
	}
	u.must(exitFailed, "run", "ends")
	if shown := u.must(exitOK, "history", "show", "--http", "@last").stdout; !strings.Contains(shown, "Client end") {
		t.Errorf("on_failure did not tell of the fault:\n%s", shown)
	}
}
