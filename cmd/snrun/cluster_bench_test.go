package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"snrun/engine/temporal/temporaltest"
	"snrun/examples/sandbox"
)

// BenchmarkCluster has a loop of 2,000 items with two requests each, to a server that takes 20 ms to answer, carried out by two workers on a
// cluster that is on this machine, and by the program alone, in turns.
func BenchmarkCluster(b *testing.B) {
	for _, concurrency := range []int{8, 32} {
		b.Run(fmt.Sprint(concurrency, " at once"), func(b *testing.B) { benchmarkCluster(b, concurrency) })
	}
}

func benchmarkCluster(b *testing.B, concurrency int) {
	const n = 2000
	c := newCrew(b, temporaltest.Own(b))
	alone := newUser(b, sandbox.Options{})
	c.target.latency = func() time.Duration { return 20 * time.Millisecond }
	alone.environ = append(alone.environ, "TARGET_URL="+c.target.URL)
	for _, u := range []*user{c.user, alone} {
		u.write("pairs.yaml", pairs(n, concurrency))
	}
	c.work(2)
	once := func(u *user, more ...string) time.Duration {
		start := time.Now()
		if got := u.must(exitOK, append([]string{"run", "--progress", "none", "pairs"}, more...)...); got.stdout != fmt.Sprintf(`{"orders":%d}`+"\n", n) {
			b.Fatalf("got %s", got.stdout)
		}
		return time.Since(start)
	}
	once(c.user, "--temporal") // makes the tables
	var there, here time.Duration
	for b.Loop() {
		there += once(c.user, "--temporal")
		here += once(alone)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(there.Seconds()/float64(b.N), "cluster-s")
	b.ReportMetric(here.Seconds()/float64(b.N), "alone-s")
	b.ReportMetric(there.Seconds()/here.Seconds(), "ratio")
	b.ReportMetric(float64(c.events(c.history()[0].ID)), "events")
}

// events is how many there are in the history of a run's workflow, and of those that it went on as.
func (c *crew) events(run string) (n int64) {
	c.t.Helper()
	list, err := c.client.ListWorkflow(c.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = 'snrun-" + run + "'"})
	if err != nil || len(list.Executions) == 0 {
		c.t.Fatalf("the workflow of run %s: %d found, %v", run, len(list.GetExecutions()), err)
	}
	for _, e := range list.Executions {
		n += e.HistoryLength
	}
	return n
}

// pairs is a job with two calls for each item.
func pairs(n, concurrency int) string {
	before, _, _ := strings.Cut(orders(n, concurrency), "        - id: pay\n")
	before = strings.Replace(before, "collect: ${steps.pay.output.id}", "collect: ${steps.order.output.id}", 1)
	return before + "output: {orders: \"${steps.orders.succeeded}\"}\n"
}
