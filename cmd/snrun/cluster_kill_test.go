package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"snrun/engine/temporal/temporaltest"
)

// chaosVariable is how many rounds of kills there are. CI has 20.
const chaosVariable = "SNRUN_TEST_CHAOS"

// chaos is what befalls a run of which some requests have come.
var chaos = []struct {
	name   string
	befall func(c *crew)
}{
	{"one of two workers is killed", func(c *crew) {
		c.kill(rand.IntN(2))
	}},
	{"the server is killed", func(c *crew) {
		c.temporal.Kill()
		c.gone()
		c.temporal.Start(c.t)
	}},
	{"a worker and the server are killed", func(c *crew) {
		c.kill(rand.IntN(2))
		c.temporal.Kill()
		c.gone()
		c.temporal.Start(c.t)
	}},
	{"both workers are killed", func(c *crew) {
		c.kill(1)
		c.kill(0)
		c.work(1)
	}},
	{"one of two workers is told to end", func(c *crew) {
		c.drain(rand.IntN(2))
	}},
}

// gone waits as long as the server is away.
func (c *crew) gone() {
	away := 10 * time.Second
	if testing.Short() {
		away = time.Second
	}
	<-time.After(away)
}

// TestClusterKilled kills workers and servers under a run, at random moments: no finished call is made twice, those in flight are made
// again under the same key, and the run ends well.
func TestClusterKilled(t *testing.T) {
	t.Parallel()
	for i := range rounds(t, chaosVariable, len(chaos)) {
		test := chaos[i%len(chaos)]
		t.Run(fmt.Sprintf("%d %s", i+1, test.name), func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, temporaltest.Own(t))
			const n = 150
			c.write("orders.yaml", orders(n, 8))
			c.work(2)
			some := c.target.after(1 + rand.IntN(3*n))
			ended := c.begin("run", "--temporal", "orders")
			c.await(some)
			test.befall(c)
			c.endedWell(ended(), fmt.Sprintf(`{"orders":%d,"paid":%d}`, n, n))
			c.target.check(t, n, 8)
		})
	}
}

// await waits for requests.
func (c *crew) await(some <-chan struct{}) {
	c.t.Helper()
	select {
	case <-some:
	case <-time.After(clusterPatience):
		c.t.Fatal("too few requests have come")
	}
}

// endedWell looks at how a run ended, and at what is on record.
func (c *crew) endedWell(got outcome, output string) {
	c.t.Helper()
	if got.code != exitOK || got.stdout != output+"\n" {
		c.t.Fatalf("exit code %d, output %s\n%s", got.code, got.stdout, lastOf(got.stderr))
	}
	runs := c.history()
	if len(runs) != 1 || runs[0].Status != "ok" {
		c.t.Fatalf("history has %+v, want one run that is ok", runs)
	}
	for _, s := range runs[0].Steps {
		if s.Status != "ok" {
			c.t.Errorf("the step %s is on record as %s", s.Key, s.Status)
		}
	}
}

// TestClusterDoubt kills the workers while a call without a key is in flight: it is in doubt, is not made again, and a person says how the
// run goes on.
func TestClusterDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		assume string
		calls  int
	}{{"done", 1}, {"redo", 2}} {
		t.Run(test.assume, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, temporaltest.Server(t))
			c.write("unsafe.yaml", `version: 1
steps:
  - id: before
    rest: {method: POST, url: "${env.TARGET_URL}/before", json: {of: nothing}}
  - id: order
    rest: {method: POST, url: "${env.TARGET_URL}/order", json: {of: "${steps.before.output.id}"}}
  - id: after
    rest: {method: POST, url: "${env.TARGET_URL}/after", json: {of: all}}
output: {after: "${steps.after.status}"}
`)
			c.work(2)
			release := c.target.hold("order", "")
			defer release()
			some := c.target.after(2)
			ended := c.begin("run", "--temporal", "unsafe")
			c.await(some)
			c.kill(1)
			c.kill(0)
			release()
			c.work(1)
			got := ended()
			if got.code != exitFailed || !strings.Contains(got.stderr, "a call is in doubt: /order") || !strings.Contains(got.stderr, "--assume done") {
				t.Fatalf("exit code %d, want a call in doubt:\n%s", got.code, got.stderr)
			}
			if runs := c.history(); len(runs) != 1 || runs[0].Status != "interrupted" {
				t.Fatalf("history has %+v, want one run that is interrupted", runs)
			}
			c.endedWell(c.begin("resume", "@last", "--assume", test.assume)(), `{"after":200}`)
			if before, order, after := len(c.target.of("before", "")), len(c.target.of("order", "")), len(c.target.of("after", "")); before != 1 || order != test.calls || after != 1 {
				t.Errorf("the calls were made %d, %d and %d times, want 1, %d and 1", before, order, after, test.calls)
			}
		})
	}
}

// TestClusterLargeAnswer has a run read an answer that no history of Temporal would take, in whichever worker is left.
func TestClusterLargeAnswer(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Own(t))
	c.write("large.yaml", `version: 1
steps:
  - id: rows
    rest: {url: "${env.TARGET_URL}/rows", query: {mb: 40}, max_body: 64MB}
  - id: few
    set: {rows: "${steps.rows.output[:120]}"}
  - id: sent
    foreach:
      in: ${steps.few.output.rows}
      as: row
      index: at
      key: ${string(at)}
      concurrency: 4
      steps:
        - rest: {method: POST, url: "${env.TARGET_URL}/row", query: {item: "${at}"}, json: {of: "${row.text}"}, idempotency_key: "${run.id}-${at}"}
output: {rows: "${len(steps.rows.output)}", sent: "${steps.sent.succeeded}", long: "${len(steps.rows.output[7].text)}"}
`)
	c.work(2)
	some := c.target.after(30)
	ended := c.begin("run", "--temporal", "large")
	c.await(some)
	c.kill(0)
	got := ended()
	if got.code != exitOK || !strings.Contains(got.stdout, `"sent":120`) {
		t.Fatalf("exit code %d, output %s\n%s", got.code, got.stdout, lastOf(got.stderr))
	}
	c.temporal.Kill() // what it has is in its files
	if places := c.temporal.Contains(t, marker); places != nil {
		t.Errorf("what was answered is in Temporal's database: %q", places)
	}
}

// TestClusterManyItems works on a loop of ten thousand items, most of which is left to a worker that was not there when it began.
func TestClusterManyItems(t *testing.T) {
	t.Parallel()
	n := 10000
	if rounds(t, chaosVariable, 0) == 0 {
		n = 1000
	}
	c := newCrew(t, temporaltest.Own(t))
	c.write("orders.yaml", orders(n, 16))
	c.work(2)
	some := c.target.after(n / 2)
	ended := c.begin("run", "--temporal", "orders")
	c.await(some)
	c.kill(0)
	some = c.target.after(n / 2)
	c.work(2)
	c.await(some)
	c.kill(0)
	c.endedWell(ended(), fmt.Sprintf(`{"orders":%d,"paid":%d}`, n, n))
	c.target.check(t, n, 16)
	if events := c.events(c.history()[0].ID); events >= 300 {
		t.Errorf("its workflow has %d events, want less than 300", events)
	}
}

// TestClusterLargeAnswersAtOnce has sixteen steps at once be given a megabyte each: a server ends a workflow without a word to which so much
// comes in one task. The answers are read by the steps after them.
func TestClusterLargeAnswersAtOnce(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	var job, sum strings.Builder
	job.WriteString("version: 1\nsteps:\n  - id: all\n    parallel:\n")
	for i := range 16 {
		fmt.Fprintf(&job, "      b%d: [{rest: {url: \"${env.TARGET_URL}/rows\", query: {mb: 1}}}]\n", i)
		fmt.Fprintf(&sum, " + len(steps.all.output.b%d)", i)
	}
	c.write("large.yaml", job.String()+"  - id: rows\n    set: {n: \"${0"+sum.String()+"}\"}\noutput: {rows: \"${steps.rows.output.n}\"}\n")
	c.work(2)
	got := c.ends(exitOK, "run", "--temporal", "large")
	alone := c.must(exitOK, "run", "large")
	if got.stdout != alone.stdout {
		t.Errorf("on a cluster it gives %s, alone %s", got.stdout, alone.stdout)
	}
}
