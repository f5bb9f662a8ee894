package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// noJobs are the files of the example project that are no jobs.
const noJobs = " profiles.yaml snrun.yaml "

// exampleJobs are the examples with what they print, and what else holds.
var exampleJobs = map[string]struct {
	output string
	also   func(*testing.T, *user, outcome)
	login  string // the profile in which a person must have signed in, unless the sandbox is its own
}{
	"export.yaml":         {`{"sha256":"e69064e0cb1aa4cb8a5e36d779a4e158b74886b25ff7ed518e93bcc4fe9799f6","size":300026}`, exampleExport, ""},
	"fan_out.yaml":        {`{"incidents":32,"texts":45}`, exampleFanOut, ""},
	"files.yaml":          {`{"copies":["copy.csv","form.csv"],"sha256":"0a5006bda426cc614e3714a9983ebff472f0449ba5f3527814ed690e7ec803dd","size":22559}`, exampleFiles, ""},
	"incident_sync.yaml":  {`{"alerts":37}`, exampleSync, ""},
	"incremental.yaml":    {`{"sent":39}`, exampleIncremental, ""},
	"mirror.yaml":         {`{"pages":10,"rows":10000}`, exampleMirror, ""},
	"morning_report.yaml": {`[{"critical":8,"open":50,"team":"network"},{"critical":8,"open":57,"team":"software"},{"critical":7,"open":43,"team":"hardware"},{"critical":4,"open":38,"team":"database"}]`, exampleMorningReport, ""},
	"my_incidents.yaml":   {`{"open":32}`, nil, "servicenow_user"},
	"pagination.yaml":     {`{"changes":130,"departments":34,"engineers":45,"incidents":218,"sites":55,"users":45}`, examplePagination, ""},
	"retry.yaml":          {`{"attempts":3,"visits":3}`, nil, ""},
	"soap_plain.yaml":     {`{"newest":["INC0010156","INC0010088","INC0010142"],"refused":"com.glide.processors.soap.SOAPProcessingException: there is no record 0 in incident"}`, nil, ""},
	"soap_to_rest.yaml":   {`{"alerts":218}`, exampleSOAPToREST, ""},
	"soap_wsdl.yaml":      {`{"active":true,"critical":8,"of":"INC0010007","opened":"INC0010251","urgency":1}`, nil, ""},
	"switch.yaml":         {`{"critical":32,"limit":40}`, exampleSwitch, ""},
	"team_load.yaml":      {`{"critical":8,"open":57,"team":"software"}`, nil, ""},
	"tolerate.yaml":       {`{"incidents":37,"refused":6,"sent":31}`, nil, ""},
	"try_catch.yaml":      {`{"alert":"alert-0001","team":""}`, exampleTryCatch, ""},
}

// companions are the examples that an example calls, and the files that it reads.
var companions = map[string][]string{"morning_report.yaml": {"team_load.yaml"}, "soap_wsdl.yaml": {"wsdl/incident.wsdl"}}

// copyExamples makes an example a job of the project, and those that it calls.
func (u *user) copyExamples(name string) {
	for _, name := range append(companions[name], name) {
		u.copyExample(name)
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.Contains(noJobs, " "+name+" ") {
			continue
		}
		found[name] = true
		test, known := exampleJobs[name]
		if !known {
			t.Errorf("examples/%s has no test: add it to the table", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.copyExamples(name)
			if test.login != "" {
				exampleWithoutLogin(t, u, name, test.login)
				return
			}
			got := u.must(exitOK, "run", "--progress", "plain", name)
			if got.stdout != test.output+"\n" {
				t.Errorf("got %s, want %s", got.stdout, test.output)
			}
			if test.also != nil {
				test.also(t, u, got)
			}
			if name == "tolerate.yaml" { // what it sent is known there now
				if again := u.must(exitOK, "run", name); again.stdout != got.stdout {
					t.Errorf("a second run gave %s, want %s", again.stdout, got.stdout)
				}
			}
		})
	}
	for name := range exampleJobs {
		if !found[name] {
			t.Errorf("examples/%s is gone: take it out of the table", name)
		}
	}
}

// TestExamplesWithTheirOwnSandbox runs them as their head comments and the README say, from a copy of the folder.
func TestExamplesWithTheirOwnSandbox(t *testing.T) {
	t.Parallel()
	for name, test := range exampleJobs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.copyExample("snrun.yaml")
			u.copyExamples(name)
			u.environ = append(u.environ, "XDG_STATE_HOME="+filepath.Join(u.dir, "state"))
			if got := u.must(exitOK, "run", "--sandbox", name); got.stdout != test.output+"\n" {
				t.Errorf("got %s, want %s", got.stdout, test.output)
			}
			if n := u.server.seen(); n != 0 {
				t.Errorf("%d requests went to another sandbox, want none", n)
			}
		})
	}
}

// TestSandboxLeavesTheStateOfRealRunsAlone runs the incremental job for trial before it is run in earnest.
func TestSandboxLeavesTheStateOfRealRunsAlone(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.copyExample("incremental.yaml")
	want := exampleJobs["incremental.yaml"].output + "\n"
	if got := u.must(exitOK, "run", "--sandbox", "incremental"); got.stdout != want {
		t.Errorf("the trial gave %s, want %s", got.stdout, want)
	}
	if got := u.must(exitOK, "run", "incremental"); got.stdout != want {
		t.Errorf("the first real run gave %s, want %s", got.stdout, want)
	}
}

// exampleWithoutLogin is a job that needs a login, before there is one: nobody is asked, and the person is told what to type.
func exampleWithoutLogin(t *testing.T, u *user, name, profile string) {
	t.Helper()
	got := u.must(exitSignIn, "run", name)
	for _, want := range []string{"profile " + profile + ": nobody has signed in yet", "snrun auth login " + profile} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	if n := u.server.seen(); n != 0 {
		t.Errorf("%d requests went out without a login, want none", n)
	}
}

func exampleExport(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "POST", "/warehouse/v1/exports", 1)
	checkRequests(t, u, "GET", "/warehouse/v1/exports/export-0001", 3)
	checkRequests(t, u, "GET", "/warehouse/v1/exports/export-0001/file", 1)
	if info, err := os.Stat(filepath.Join(u.dir, "out", "items.csv")); err != nil || info.Size() != 300026 {
		t.Errorf("the file is %v, %v", info, err)
	}
}

// exampleFanOut holds that each engineer got one message, though the gateway turned some requests away.
func exampleFanOut(t *testing.T, u *user, _ outcome) {
	got := map[string]int{}
	for _, text := range u.server.sandbox.Texts() {
		got[text.To]++
	}
	for i := range 45 {
		if n := got[fmt.Sprintf("eng-%03d", i+1)]; n != 1 {
			t.Errorf("engineer %d got %d messages, want 1", i+1, n)
		}
	}
	if asked := u.server.requests("POST", "/sms/v1/messages"); asked > 45+16 {
		t.Errorf("%d requests for 45 messages: once told to wait, all have to", asked)
	}
}

func exampleMirror(t *testing.T, u *user, _ outcome) {
	got := u.server.sandbox.Stored()["cmdb_ci"]
	if got.LastRow = nil; got != (sandbox.Stored{Rows: 10000, Batches: 10, Largest: 1000}) {
		t.Errorf("the warehouse has %+v", got)
	}
	checkRequests(t, u, "GET", "/api/now/table/cmdb_ci", 10)
	if again := u.must(exitOK, "run", "mirror"); again.stdout != `{"pages":10,"rows":10000}`+"\n" {
		t.Errorf("a whole mirror is made anew: got %s", again.stdout)
	}
}

func exampleMorningReport(t *testing.T, u *user, _ outcome) {
	messages := u.server.sandbox.Messages()
	if len(messages) != 1 || !strings.HasPrefix(messages[0], "network ") || strings.Count(messages[0], ";") != 3 {
		t.Errorf("the chat got %q", messages)
	}
}

func exampleFiles(t *testing.T, u *user, _ outcome) {
	for _, path := range []string{"GET /files/incidents.csv", "PUT /files/copy.csv", "POST /files/form.csv"} {
		method, path, _ := strings.Cut(path, " ")
		checkRequests(t, u, method, path, 1)
	}
}

// exampleSync is the README's first command: pages, items, a token fetched once, how to look at the run.
func exampleSync(t *testing.T, u *user, got outcome) {
	for _, want := range []string{"signed in as servicenow (client_credentials", "37 items, 4 pages", "37 items, 37 ok", "look at it: snrun history show "} {
		if strings.Count(got.stderr, want) != 1 {
			t.Errorf("the log must show %q once:\n%s", want, got.stderr)
		}
	}
	checkRequests(t, u, "POST", "/oauth_token.do", 1)
	checkRequests(t, u, "GET", "/api/now/table/incident", 4)
	checkRequests(t, u, "POST", "/oncall/v1/alerts", 37)
	checkRequests(t, u, "POST", "/chat/hook", 0)

	for _, secret := range u.server.secrets() { // what the end of the test looks for can be found
		if secret != u.server.sandbox.Secrets()["SANDBOX_PASSWORD"] && len(finds(u.server.sent(), disguisesOf([]string{secret}), 0)) == 0 {
			t.Error("a secret of the sandbox was not sent to it")
		}
	}

	if again := u.must(exitOK, "run", "incident_sync"); again.stdout != "{\"alerts\":1}\n" { // the tie that `>=` finds again
		t.Errorf("the second run gave %s, want the last incident alone", again.stdout)
	}
}

func exampleIncremental(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "POST", "/oncall/v1/alerts", 39)
	if again := u.must(exitOK, "run", "incremental"); again.stdout != "{\"sent\":0}\n" {
		t.Errorf("the second run gave %s, want nothing sent", again.stdout)
	}
	checkRequests(t, u, "POST", "/oncall/v1/alerts", 39)
}

func examplePagination(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "GET", "/api/now/table/incident", 3)
	checkRequests(t, u, "GET", "/api/now/table/sys_user", 3)
	checkRequests(t, u, "GET", "/oncall/v1/engineers", 5)
	checkRequests(t, u, "GET", "/warehouse/v1/sites", 3)
	checkRequests(t, u, "GET", "/warehouse/v1/departments", 4)
	checkRequests(t, u, "GET", "/warehouse/v1/changes", 3)
}

// exampleSOAPToREST holds that each record was sent once, though a page ends where the next begins.
func exampleSOAPToREST(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "GET", "/incident.do", 1)
	checkRequests(t, u, "POST", "/incident.do", 3)
	checkRequests(t, u, "POST", "/oncall/v1/alerts", 218)
	if got := len(u.server.sandbox.Alerts()); got != 218 {
		t.Errorf("there are %d alerts, want 218", got)
	}
}

func exampleSwitch(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "POST", "/chat/hook", 1)
	if got := u.must(exitFailed, "run", "switch", "-i", "limit=10"); !strings.Contains(got.stderr, "32 P1 incidents are open, more than 10") {
		t.Errorf("with a limit of 10 the run ends with %s", got.stderr)
	}
}

func exampleTryCatch(t *testing.T, u *user, _ outcome) {
	checkRequests(t, u, "POST", "/oncall/v1/alerts", 2)
	checkRequests(t, u, "POST", "/chat/hook", 1)
}

func checkRequests(t *testing.T, u *user, method, path string, want int) {
	t.Helper()
	if got := u.server.requests(method, path); got != want {
		t.Errorf("%d requests %s %s, want %d", got, method, path, want)
	}
}
