package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// fileName is that of a job with its folder, folder a folder of the test's.
var (
	fileName = regexp.MustCompile(`/\S+/job\.yaml`)
	folder   = regexp.MustCompile(`/tmp/\S+/`)
)

// quiet is a server that nothing may be sent to but GET /describe.
type quiet struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newQuiet(t *testing.T) *quiet {
	q := &quiet{}
	q.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.asked = append(q.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		io.WriteString(w, "described")
	}))
	t.Cleanup(q.Close)
	return q
}

// describing is a kind that fetches a description before it posts what that says.
func describing() *steps.Kind {
	return &steps.Kind{
		Name: "described", Gives: []steps.Result{{Name: "output"}},
		Takes: steps.ObjectOf(steps.Field{Name: "url", Type: steps.Of(steps.Text), Required: true}, steps.Field{Name: "marked", Type: steps.Of(steps.Bool)}),
		Run: func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
			client, err := env.Clients.Client(ctx, "")
			if err != nil {
				return steps.Output{}, err
			}
			ask := ctx
			if in.Bool("marked") {
				ask = steps.WithLookup(ctx)
			}
			body := ""
			for _, method := range []string{"GET", "POST"} {
				req, err := http.NewRequestWithContext(ask, method, in.Text("url"), strings.NewReader(body))
				if err != nil {
					return steps.Output{}, err
				}
				resp, err := client.Do(req)
				if err != nil {
					return steps.Output{}, err
				}
				data, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					return steps.Output{}, err
				}
				body = string(data)
			}
			return steps.Output{Value: body}, nil
		},
	}
}

// dryRun goes through a job that may use the profile basic, and writes what it shows, a step a line.
func dryRun(t *testing.T, q *quiet, all map[string]string) string {
	t.Helper()
	r := auth.NewRedactor()
	r.Add("hunter2-hunter2")
	keys, err := auth.NewKeyring(nil, auth.Options{Redactor: r})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	journal := engine.NewMemory()
	e := engine.New(engine.Config{Journal: journal, Clients: keys.Dry(steps.IsLookup), Redactor: r, Dir: t.TempDir(), UserAgent: "test"})
	job := loadJobs(t, describing(), all)
	list, err := e.DryRun(t.Context(), engine.Request{
		Job: job, Inputs: map[string]any{"n": 2}, Env: map[string]any{"URL": q.URL}, Secrets: map[string]any{"KEY": "hunter2-hunter2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := journal.State(job.Name); len(state) > 0 {
		t.Errorf("state was saved: %v", state)
	}
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "%s%s %s", strings.Repeat(" ", s.Depth), s.Key, s.Status)
		if s.Value != nil {
			value, _ := json.Marshal(s.Value)
			fmt.Fprintf(&b, " %s", value)
		}
		if s.Message != "" {
			fmt.Fprintf(&b, " (%s)", s.Message)
		}
		if s.Error != nil {
			fmt.Fprintf(&b, " %s: %s", s.Error.Kind, s.Error.Message)
		}
		for _, r := range s.Requests {
			fmt.Fprintf(&b, " | %s %s %s%v", r.Method, strings.TrimPrefix(r.URL, q.URL), bytes.TrimSpace(r.Request.Body), map[bool]string{true: "fetched"}[r.Fetched])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	const get = `rest: {url: "${env.URL}/%s"}`
	tests := []struct{ name, yaml, want string }{
		{
			"requests, and what is not known without their answers",
			"steps:\n  - {id: a, rest: {url: \"${env.URL}/a\"}}\n  - {id: b, set: {v: \"${steps.a.output.id}\"}}\n" +
				"  - {id: c, rest: {method: POST, url: \"${env.URL}/c\", json: {v: \"${steps.b.output.v}\"}}}\n" +
				"  - {id: d, rest: {method: POST, url: \"${env.URL}/d\", json: {z: 007, key: \"${secret.KEY}\"}, expect: response.body.id == steps.a.output.id}}\noutput: ${steps.a.status}",
			"/a sends | GET /a \n/b unknown (not known before the answer to a)\n/c unknown (not known before the answer to a)\n" +
				"/d sends | POST /d {\"z\":7,\"key\":\"***\"}\n/output unknown (not known before the answer to a)\n",
		},
		{
			"values, conditions and state",
			"inputs: {n: {default: 1}}\nstate: {s: {initial: 1}, u: {initial: 1}}\nsteps:\n  - {id: a, if: inputs.n > 5, log: no}\n  - {id: b, set: {v: \"${inputs.n}\"}, output: \"${steps.b.output.v + 1}\"}\n" +
				"  - {save: {s: \"${state.s + steps.b.output}\"}}\n  - {log: \"${state.s} ${steps.a.skipped}\"}\n  - {id: r, rest: {url: \"${env.URL}/r\"}}\n  - {save: {u: \"${steps.r.output}\"}}\n" +
				"  - {log: \"${state.s}\"}\n  - {log: \"${state.u}\"}\n  - {log: \"${toJSON(state)}\"}\n  - {wait: 90s}\noutput: ${steps.b.output}",
			"/a skipped\n/b ok {\"v\":2}\n/save:3 ok {\"s\":4}\n/log:4 ok \"4 true\"\n/r sends | GET /r \n/save:6 unknown (not known before the answer to r)\n" +
				"/log:7 ok \"4\"\n/log:8 unknown (not known before the answer to r)\n/log:9 unknown (not known before the answer to r)\n/wait:10 ok (1m30s)\n/output ok 3\n",
		},
		{
			"a condition that is not known",
			"steps:\n  - {id: a, " + fmt.Sprintf(get, "a") + "}\n  - {id: b, if: steps.a.output.x > 3, " + fmt.Sprintf(get, "b") + "}\n  - {if: steps.a.output.x > 3, fail: stop}\n  - {log: \"${steps.b.skipped}\"}\n  - {log: on}",
			"/a sends | GET /a \n/b sends (if steps.a.output.x > 3, which is not known before the answer to a) | GET /b \n" +
				"/fail:3 failed (if steps.a.output.x > 3, which is not known before the answer to a) input: stop\n/log:4 unknown (not known before the answer to a)\n/log:5 ok \"on\"\n",
		},
		{
			"loops",
			"steps:\n  - {foreach: {in: [x, y, z], as: v, index: i, key: \"k ${v}\", steps: [{id: a, rest: {url: \"${env.URL}/${v}/${i}\"}}]}}\n  - {foreach: {in: [], steps: [{log: no}]}}\n" +
				"  - {id: p, rest: {url: \"${env.URL}/p\", paginate: {type: link}}}\n  - {foreach: {in: \"${steps.p.output}\", steps: [{log: \"${item.id}\"}, {log: each}]}}\n" +
				"  - {id: w, foreach: {in: {rest: {url: \"${env.URL}/w\", paginate: {type: link}}}, batch: page, steps: [{log: \"${len(item)}\"}]}}\n  - {log: \"${steps.w.total}\"}\n  - {foreach: {in: {b: 1, a: 2}, batch: 5, steps: [{log: \"${item[0].key}\"}]}}",
			"/foreach:1  (the first of 3 items)\n /foreach:1[k x]/a sends | GET /x/0 \n/foreach:2 ok (no items)\n/p sends (the first page) | GET /p \n" +
				"/foreach:4  (for each item of a list that is not known before the answer to p)\n /foreach:4[…]/log:1 unknown (not known before the answer to p)\n /foreach:4[…]/log:2 ok \"each\"\n" +
				"/w sends (the first page) | GET /w \n /w[…]/log:1 unknown (not known before the answer to w)\n/log:6 unknown (not known before the answer to w)\n/foreach:7  (1 item)\n /foreach:7[0]/log:1 ok \"a\"\n",
		},
		{
			"branches, rounds and blocks",
			"inputs: {n: {default: 1}}\nsteps:\n  - switch: [{when: inputs.n == 1, steps: [{log: one}]}, {when: inputs.n == 2, steps: [{log: two}]}, {steps: [{log: else}]}]\n  - {id: a, " + fmt.Sprintf(get, "a") + "}\n" +
				"  - switch: [{when: inputs.n == 1, steps: [{log: one}]}, {when: steps.a.status == 200, steps: [{log: ok}]}, {steps: [{log: else}]}]\n" +
				"  - id: p\n    parallel: {l: [{log: l}], r: [{log: r}]}\n  - {log: \"${steps.p.output.l}\"}\n" +
				"  - id: r\n    repeat: {until: steps.s.output.done, index: i, carry: {c: {initial: x, next: \"${steps.s.output.c}\"}}, steps: [{id: s, rest: {url: \"${env.URL}/s/${c}/${i}\"}}]}\n" +
				"  - {repeat: {attempts: 1, steps: [{log: once}]}}\n  - {id: b, steps: [{log: in}]}\n  - {log: \"${steps.b.output}\"}\n" +
				"  - try: [{log: a}, {fail: b}, {log: never}]\n    catch: [{steps: [{log: caught}]}]\n    finally: [{log: end}]\n  - {log: on}",
			"/switch:1 \n /switch:1/case:2/log:1 ok \"two\"\n/a sends | GET /a \n/switch:3  (case 2 if steps.a.status == 200, which is not known before the answer to a; else case 3)\n /switch:3/case:2/log:1 ok \"ok\"\n /switch:3/case:3/log:1 ok \"else\"\n" +
				"/p \n /p/branch:l/log:1 ok \"l\"\n /p/branch:r/log:1 ok \"r\"\n/log:5 ok \"l\"\n/r  (the first round)\n /r[1]/s sends | GET /s/x/0 \n/repeat:7  (the first round)\n /repeat:7[1]/log:1 ok \"once\"\n" +
				"/b \n /b/log:1 ok \"in\"\n/log:9 ok \"in\"\n/try:10 \n /try:10/try/log:1 ok \"a\"\n /try:10/try/fail:2 failed input: b\n /try:10/finally/log:1 ok \"end\"\n/log:11 ok \"on\"\n",
		},
		{
			"what is not known, in every form of a value",
			"steps:\n  - {id: a, " + fmt.Sprintf(get, "a") + "}\n" +
				"  - {id: scalar, rest: {url: \"${env.URL}/b\", redirects: \"${steps.a.output}\"}}\n" +
				"  - {id: either, rest: {url: \"${env.URL}/b\", timeout: \"${steps.a.output}\"}}\n" +
				"  - {id: object, rest: {url: \"${env.URL}/b\", timeout: {total: \"${steps.a.output}\"}}}\n" +
				"  - {id: map, rest: {url: \"${env.URL}/b\", headers: {a: \"x ${steps.a.output}\"}}}\n" +
				"  - {id: list, rest: {url: \"${env.URL}/b\", query: {q: [a, \"${steps.a.output}\"]}}}\n" +
				"  - {id: wait, wait: \"${steps.a.output}\"}\n  - {id: until, wait: {until: \"${steps.a.output}\"}}\n" +
				"  - {foreach: {in: [1, 2], tolerate: all, steps: [{fail: no}]}}\n  - {foreach: {in: [1, 2], steps: [{fail: no}]}}\n  - {log: never}",
			"/a sends | GET /a \n" + strings.ReplaceAll("/scalar U/either U/object U/map U/list U/wait U/until U", "U", "unknown (not known before the answer to a)\n") +
				"/foreach:9  (the first of 2 items)\n /foreach:9[0]/fail:1 failed input: no\n/foreach:10  (the first of 2 items)\n /foreach:10[0]/fail:1 failed input: no\n",
		},
		{
			"mistakes, all of them",
			"inputs: {n: {default: 1}}\nsteps:\n  - {id: a, rest: {url: \"${env.URL}/${inputs.n > 1 ? '..' : 'x'}\", method: POST, body_file: \"no${inputs.n}\"}}\n  - {id: b, set: {v: \"${inputs.n / 0}\"}}\n  - {log: \"${steps.b.output.v}\"}\n  - {id: c, if: inputs.n % 0 == 1, log: x}",
			"/a failed input: body_file: there is no file DIR/no2\n/b failed expression: FILE:5:34: 0 is 0, and / cannot divide by it\n/log:3 unknown (not known before the mistake in b is mended)\n/c failed expression: FILE:7:26: 0 is 0, and % cannot divide by it\n",
		},
		{
			"the end of a run that fails, and of one that does not",
			"steps:\n  - {log: a}\non_success: [{log: s}]\non_failure: [{log: f}]\nfinally: [{log: e}]",
			"/log:1 ok \"a\"\n/on_success/log:1 ok \"s\"\n/finally/log:1 ok \"e\"\n",
		},
		{
			"one that fails",
			"steps:\n  - {fail: \"no ${secret.KEY}\"}\n  - {log: never}\non_success: [{log: s}]\nfinally: [{log: e}]\noutput: 1",
			"/fail:1 failed input: no ***\n/finally/log:1 ok \"e\"\n",
		},
		{
			"another job",
			"inputs: {n: {default: 1}}\nsteps:\n  - {id: c, call: {job: child, inputs: {v: \"${inputs.n}\"}}}\n  - {log: \"${steps.c.output}\"}\n  - {id: a, " + fmt.Sprintf(get, "a") + "}\n  - {id: d, call: {job: child, inputs: {v: \"${steps.a.status}\"}}}\n  - {log: \"${steps.d.output}\"}\n  - {call: {job: child, inputs: {v: \"${inputs.n == 2 ? 'x' : 1}\"}}}",
			"/c \n /c/log:1 ok \"child 2\"\n/log:2 ok \"2\"\n/a sends | GET /a \n/d \n /d/log:1 unknown (not known before the answer to a)\n/log:5 unknown (not known before the answer to a)\n" +
				"/call:6 failed input: the inputs do not fit the job child: v: \"x\" is not a whole number\n",
		},
		{
			"what is fetched to know what to send",
			"steps:\n  - {id: a, described: {url: \"${env.URL}/describe\", marked: true}}\n  - {id: b, described: {url: \"${env.URL}/other\"}}",
			"/a sends | GET /describe fetched | POST /describe \n/b sends | GET /other \n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := newQuiet(t)
			all := map[string]string{"job": test.yaml, "child": "inputs: {v: {type: integer}}\nsteps: [{log: \"${run.job} ${inputs.v}\"}]\noutput: ${inputs.v}"}
			got := dryRun(t, q, all)
			got = fileName.ReplaceAllString(got, "FILE")
			got = strings.ReplaceAll(folder.ReplaceAllString(got, "DIR/"), "  \n", " \n")
			check(t, "shown", got, test.want)
			want := ""
			if strings.Contains(test.want, "fetched") {
				want = "GET /describe "
			}
			check(t, "sent", strings.Join(q.asked, "\n"), want)
		})
	}
}

// TestDryRunIsStopped holds that a dry run that is cancelled ends with the reason.
func TestDryRunIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	keys, err := auth.NewKeyring(nil, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Clients: keys.Dry(steps.IsLookup), Redactor: auth.NewRedactor()})
	list, err := e.DryRun(ctx, engine.Request{Job: loadJob(t, describing(), "steps: [{log: a}, {log: b}]")})
	if !errors.Is(err, reason) || len(list) > 1 {
		t.Errorf("got %d steps and %v", len(list), err)
	}
}
