package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// benchRows is how many rows go each way in a call of the benchmarks: about 1.2 KB.
const benchRows = 10

// BenchmarkSOAPForeach makes 10,000 SOAP calls with a WSDL, and as many REST calls that send and get as much.
func BenchmarkSOAPForeach(b *testing.B) {
	url := startBenchServer(b)
	p := newCallsProject(b, url, 20<<10)
	p.write("soap.yaml", callsJob(loopItems, soapCall("${n}")))
	p.write("rest.yaml", callsJob(loopItems, restCall("${n}")))
	cpus := p.inTurn(b, []string{"run", "soap.yaml"}, []string{"run", "rest.yaml"})
	b.ReportMetric(cpus[0]/cpus[1], "ratio")
	b.ReportMetric(askSize(b, url, "soap"), "soap-bytes/call")
	b.ReportMetric(askSize(b, url, "rest"), "rest-bytes/call")
}

// BenchmarkSOAPFirst makes one call, from the start of the process to its end, with a small WSDL and with one of a megabyte.
func BenchmarkSOAPFirst(b *testing.B) {
	url := startBenchServer(b)
	small, large := newCallsProject(b, url, 0), newCallsProject(b, url, 1<<20)
	for _, p := range []*callsProject{small, large} {
		p.write("once.yaml", "version: 1\nsteps:\n  - "+deeper(soapCall("1"), "    ")+"\n")
	}
	var cpus [2][]time.Duration
	for b.Loop() {
		for i, p := range []*callsProject{small, large} {
			cpus[i] = append(cpus[i], p.run(b, "run", "once.yaml"))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(medianMS(cpus[0]), "small-cpu-ms")
	b.ReportMetric(medianMS(cpus[1]), "megabyte-cpu-ms")
}

// BenchmarkSOAPValidate checks a job with one step, and one with fifty, over one WSDL of a megabyte.
func BenchmarkSOAPValidate(b *testing.B) {
	p := newCallsProject(b, "http://127.0.0.1:1", 1<<20)
	steps := func(n int) string {
		return "version: 1\nsteps:\n" + strings.Repeat("  - "+deeper(soapCall("1"), "    ")+"\n", n)
	}
	p.write("one.yaml", steps(1))
	p.write("fifty.yaml", steps(50))
	p.inTurn(b, []string{"validate", "fifty.yaml"}, []string{"validate", "one.yaml"})
}

// BenchmarkSOAPLarge takes an answer of 10 MB, decoded by its schema, and beside it one of JSON with as many bytes.
func BenchmarkSOAPLarge(b *testing.B) {
	url := startBenchServer(b)
	p := newCallsProject(b, url, 0)
	soap := strings.Replace(soapCall("1"), "/soap", "/soap?rows="+strconv.Itoa(largeRows), 1)
	rest := strings.Replace(restCall("1"), "/rest", "/rest?rows="+strconv.Itoa(largeRows), 1)
	for name, step := range map[string]string{"soap.yaml": soap, "rest.yaml": strings.Replace(rest, "method:", "max_body: 16MB\n  method:", 1)} {
		p.write(name, "version: 1\nsteps:\n  - id: all\n    "+deeper(step, "    ")+"\noutput: ${len(steps.all.output.row)}\n")
	}
	p.inTurn(b, []string{"run", "soap.yaml"}, []string{"run", "rest.yaml"})
}

// largeRows are the rows of an answer of 10 MB.
const largeRows = 32_000

// callsProject is a folder with a WSDL and jobs.
type callsProject struct {
	b    *testing.B
	dir  string
	env  []string
	runs int
	peak map[string]int64
}

func newCallsProject(b *testing.B, url string, size int) *callsProject {
	dir := b.TempDir()
	p := &callsProject{b: b, dir: dir, env: append(os.Environ(), "BENCH_URL="+url, "XDG_STATE_HOME="+dir), peak: map[string]int64{}}
	p.write("calls.wsdl", callsWSDL(size))
	return p
}

func (p *callsProject) write(name, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.b.Fatal(err)
	}
}

// run runs snrun with a history of its own, and gives the CPU time that it took.
func (p *callsProject) run(b *testing.B, args ...string) time.Duration {
	p.runs++
	cmd := exec.Command("snrun", args...)
	cmd.Dir, cmd.Env = p.dir, append(slices.Clip(p.env), databaseVariable+"="+filepath.Join(p.dir, strconv.Itoa(p.runs)+".db"))
	cpu := cpuOf(b, cmd)
	p.peak[args[1]] = max(p.peak[args[1]], peakOf(cmd))
	return cpu
}

// inTurn runs two commands in turn, reports the medians of their CPU time and the most memory they had, and gives the medians in ms.
func (p *callsProject) inTurn(b *testing.B, commands ...[]string) []float64 {
	cpus := make([][]time.Duration, len(commands))
	for b.Loop() {
		for i, args := range commands {
			cpus[i] = append(cpus[i], p.run(b, args...))
		}
	}
	b.ReportMetric(0, "ns/op")
	medians := make([]float64, len(commands))
	for i, args := range commands {
		name := strings.TrimSuffix(args[1], ".yaml")
		medians[i] = medianMS(cpus[i])
		b.ReportMetric(medians[i], name+"-cpu-ms")
		b.ReportMetric(float64(p.peak[args[1]])/(1<<20), name+"-peak-MB")
	}
	return medians
}

func medianMS(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}

func deeper(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }

// callsJob makes many calls, 8 at once.
func callsJob(count int, step string) string {
	return fmt.Sprintf("version: 1\nsteps:\n  - id: calls\n    foreach:\n      in: ${1..%d}\n      as: n\n      key: ${n}\n      concurrency: 8\n      collect: ${steps.one.output.id}\n      steps:\n        - id: one\n          %s\n"+
		"output: ${len(steps.calls.output)}\n", count, deeper(step, "          "))
}

func soapCall(id string) string {
	call := "soap:\n  endpoint: ${env.BENCH_URL}/soap\n  wsdl: calls.wsdl\n  operation: Call0\n  params:\n    id: " + id + "\n    row:\n"
	return call + strings.Repeat("      - {no: 1, price: {_: 19.99, currency: EUR}, text: integration}\n", benchRows)
}

// restCall sends as much as soapCall: the keys make up for the tags.
func restCall(id string) string {
	call := "rest:\n  url: ${env.BENCH_URL}/rest\n  method: POST\n  json:\n    id: " + id + "\n    fill: " + strings.Repeat("x", 251) + "\n    row:\n"
	return call + strings.Repeat("      - {number_of_it: 1, price_of_the_row: {amount: 19.99, currency: EUR}, text_of_it: integration}\n", benchRows)
}

// callsWSDL is a WSDL of at least so many bytes with operations Call0, Call1 and so on, each with types of its own.
func callsWSDL(size int) string {
	var types, messages, operations, bindings strings.Builder
	for i := 0; i == 0 || types.Len()+messages.Len()+operations.Len()+bindings.Len() < size; i++ {
		fmt.Fprintf(&types, `<complexType name="Money%[1]d"><annotation><documentation>What the %[1]dth part costs.</documentation></annotation><simpleContent>
  <extension base="decimal"><attribute name="currency" type="string" use="required"/></extension></simpleContent></complexType>
<simpleType name="State%[1]d"><restriction base="string"><enumeration value="open"/><enumeration value="paid"/><enumeration value="sent"/></restriction></simpleType>
<complexType name="Row%[1]d"><sequence><element name="no" type="int"/><element name="price" type="c:Money%[1]d" minOccurs="0"/><element name="text" type="string" minOccurs="0"/>
  <element name="state" type="c:State%[1]d" minOccurs="0"/><element name="created" type="dateTime" minOccurs="0" nillable="true"/></sequence></complexType>
<element name="Call%[1]d"><complexType><sequence><element name="id" type="string"/><element name="row" type="c:Row%[1]d" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType></element>
<element name="Call%[1]dResponse"><complexType><sequence><element name="id" type="string"/><element name="row" type="c:Row%[1]d" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType></element>
`, i)
		fmt.Fprintf(&messages, "<w:message name=\"In%[1]d\"><w:part name=\"parameters\" element=\"c:Call%[1]d\"/></w:message><w:message name=\"Out%[1]d\"><w:part name=\"parameters\" element=\"c:Call%[1]dResponse\"/></w:message>\n", i)
		fmt.Fprintf(&operations, "<w:operation name=\"Call%[1]d\"><w:input message=\"c:In%[1]d\"/><w:output message=\"c:Out%[1]d\"/></w:operation>\n", i)
		fmt.Fprintf(&bindings, "<w:operation name=\"Call%[1]d\"><s:operation soapAction=\"urn:call%[1]d\"/><w:input><s:body use=\"literal\"/></w:input><w:output><s:body use=\"literal\"/></w:output></w:operation>\n", i)
	}
	return `<w:definitions targetNamespace="` + callsSpace + `" xmlns:c="` + callsSpace + `" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
<w:types><schema targetNamespace="` + callsSpace + `" elementFormDefault="qualified" xmlns="http://www.w3.org/2001/XMLSchema">
` + types.String() + `</schema></w:types>
` + messages.String() + `<w:portType name="Calls">
` + operations.String() + `</w:portType>
<w:binding name="Calls" type="c:Calls"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
` + bindings.String() + `</w:binding>
<w:service name="Calls"><w:port name="Calls" binding="c:Calls"><s:address location="http://calls.example.com/soap"/></w:port></w:service>
</w:definitions>
`
}

const callsSpace = "urn:example:calls"

// serveCalls answers /soap and /rest with as many bytes, and tells how many it was sent.
func serveCalls(mux *http.ServeMux) {
	soapAnswer := func(rows int) string {
		row := `<c:row><c:no>1</c:no><c:price currency="EUR">19.99</c:price><c:text>` + strings.Repeat("integration ", 6) + `</c:text></c:row>`
		return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><c:Call0Response xmlns:c="` + callsSpace + `"><c:id>7</c:id>` +
			strings.Repeat(row, rows) + `</c:Call0Response></e:Body></e:Envelope>`
	}
	restAnswer := func(rows int) string {
		row := `{"number_of_it":1,"price_of_it":{"amount":19.99,"currency":"EUR"},"text_of_the_row":"` + strings.Repeat("integration ", 6) + `"},`
		answer := `{"id":"7","row":[` + strings.TrimSuffix(strings.Repeat(row, rows), ",") + `],"fill":"`
		return answer + strings.Repeat("x", max(0, len(soapAnswer(rows))-len(answer)-2)) + `"}`
	}
	answers := map[string]func(int) string{"soap": soapAnswer, "rest": restAnswer}
	types := map[string]string{"soap": "text/xml; charset=utf-8", "rest": "application/json"}
	for name, answer := range answers {
		var calls, bytes atomic.Int64
		usual, large := answer(benchRows), ""
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			calls.Add(1)
			bytes.Add(n)
			text := usual
			if rows, err := strconv.Atoi(r.FormValue("rows")); err == nil {
				if large == "" {
					large = answer(rows)
				}
				text = large
			}
			w.Header().Set("Content-Type", types[name])
			_, _ = io.WriteString(w, text)
		})
		mux.HandleFunc("GET /size/"+name, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, bytes.Load()/max(calls.Load(), 1))
		})
	}
}

// askSize asks how many bytes a request had.
func askSize(b *testing.B, url, name string) float64 {
	resp, err := http.Get(url + "/size/" + name)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	size, err := strconv.Atoi(string(text))
	if err != nil {
		b.Fatal(err)
	}
	return float64(size)
}
