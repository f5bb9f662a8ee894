package soap_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// TestMain makes the test program the server of the benchmarks, too: so that what the server does is not counted.
func TestMain(m *testing.M) {
	if os.Getenv("SNRUN_BENCH_SERVER") != "" {
		serveBench()
		return
	}
	os.Exit(m.Run())
}

// lines is how many lines an order of the benchmarks has: about 3 KB each way.
const lines = 40

// BenchmarkStep is what a SOAP step costs with a schema both ways, and beside it a REST step that sends and gets as many bytes and as many
// values in JSON. They take turns.
func BenchmarkStep(b *testing.B) {
	url := startBenchServer(b)
	var line []any
	for i := range lines {
		line = append(line, pairs("no", i, "price", pairs("_", 19.99, "currency", "EUR")))
	}
	soapStep := newMeasured(b, soap.Kind(), steps.Input{"profile": "p", "base_url": url, "path": "/soap", "wsdl": "orders.wsdl", "operation": "PlaceOrder",
		"params": pairs("order", pairs("customer", pairs("_type", "Person", "firstName", "Ann"), "line", line))})
	soapStep.run(b)
	line = nil
	for i := range lines {
		line = append(line, pairs("number", i, "price_of_the_line", pairs("amount", 19.99, "currency_of_it", "EUR")))
	}
	in := steps.Input{"profile": "p", "base_url": url, "path": "/rest", "method": "POST"}
	order := func(fill int) steps.Pairs {
		return pairs("order", pairs("customer", pairs("kind", "Person", "name", "Ann"+strings.Repeat("n", fill)), "line", line))
	}
	in["json"] = order(0)
	restStep := newMeasured(b, rest.Kind(), in)
	restStep.run(b)
	in["json"] = order(int(soapStep.sent - restStep.sent))
	restStep.run(b)
	if soapStep.sent != restStep.sent || soapStep.got != restStep.got {
		b.Fatalf("the sizes differ: SOAP sends %d bytes and gets %d, REST %d and %d", soapStep.sent, soapStep.got, restStep.sent, restStep.got)
	}
	inTurn(b, 200, "soap", func() { soapStep.run(b) }, "rest", func() { restStep.run(b) })
	b.ReportMetric(float64(soapStep.sent), "bytes-sent")
	b.ReportMetric(float64(soapStep.got), "bytes-got")
}

// measured is a step with the sizes of its bodies.
type measured struct {
	kind      *steps.Kind
	in        steps.Input
	env       *steptest.Env
	sent, got int64
}

func newMeasured(b *testing.B, kind *steps.Kind, in steps.Input) *measured {
	m := &measured{kind: kind, in: in, env: steptest.NewEnv(b)}
	m.env.Dir = "testdata"
	m.env.Observe = func(x steps.Exchange) { m.sent, m.got = x.Request.Size, x.Response.Size }
	return m
}

func (m *measured) run(b *testing.B) {
	if _, err := m.kind.Run(b.Context(), m.in, &m.env.Env); err != nil {
		b.Fatal(err)
	}
}

// inTurn measures the CPU time of two functions in turn, in portions, and reports the medians: what else the machine does hits both alike.
func inTurn(b *testing.B, portion int, ourName string, ours func(), otherName string, other func()) {
	var took [2][]time.Duration
	for b.Loop() {
		for i, f := range []func(){ours, other} {
			start := cpuTime()
			for range portion {
				f()
			}
			took[i] = append(took[i], (cpuTime()-start)/time.Duration(portion))
		}
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2])
	}
	first, second := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(first/1000, ourName+"-cpu-µs")
	b.ReportMetric(second/1000, otherName+"-cpu-µs")
	b.ReportMetric(first/second, "ratio")
	b.ReportMetric(testing.AllocsPerRun(portion, ours), ourName+"-allocs")
	b.ReportMetric(testing.AllocsPerRun(portion, other), otherName+"-allocs")
}

// cpuTime is the CPU time that the process took so far, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// startBenchServer starts the server as a process of its own, and gives its address.
func startBenchServer(b *testing.B) string {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	server := exec.Command(program)
	server.Env = append(os.Environ(), "SNRUN_BENCH_SERVER=1")
	return steptest.Beside(b, server)
}

// serveBench answers /soap and /rest with as many bytes. It ends with its standard input.
func serveBench() {
	one := `<o:line><o:no>1</o:no><o:price currency="EUR">19.99</o:price></o:line>`
	envelope := answering(200, `<o:PlaceOrderResponse xmlns:o="`+ordersSpace+`"><o:number>7</o:number>`+strings.Repeat(one, lines)+`</o:PlaceOrderResponse>`).Body
	var items []string
	for i := range lines {
		items = append(items, fmt.Sprintf(`{"number":%02d,"price_of_it":{"amount":19.99,"currency":"EUR"}}`, 10+i))
	}
	json := `{"number":7,"line":[` + strings.Join(items, ",") + `],"fill":"`
	json += strings.Repeat("n", max(0, len(envelope)-len(json)-2)) + `"}`
	mux := http.NewServeMux()
	for path, answer := range map[string][2]string{"/soap": {"text/xml; charset=utf-8", envelope}, "/rest": {"application/json", json}} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", answer[0])
			_, _ = io.WriteString(w, answer[1])
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() { _ = http.Serve(listener, mux) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
