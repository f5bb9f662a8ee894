package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"snrun/steps/steptest"
)

// The benchmarks of this file time whole processes: `snrun run` with its history on, and beside it a bare Go program that
// makes the same requests with net/http and encoding/json. Both speak to a server in a process of its own. They report CPU
// time, which a busy machine disturbs less than the clock.

const (
	chainSteps  = 1000
	loopItems   = 10000
	loopPage    = 1000
	loopWorkers = 32
)

func BenchmarkChain(b *testing.B) {
	compare(b, chainJob(), "chain")
}

func BenchmarkForeach(b *testing.B) {
	compare(b, loopJob(), "foreach")
}

// BenchmarkMillion reads many records of about 1.2 KB and takes one field of each; the figure beside the CPU time is the
// most memory that the process had. It is to be the same however many there are.
func BenchmarkMillion(b *testing.B) {
	for _, records := range []int{100_000, 1_000_000} {
		b.Run(strconv.Itoa(records)+" one by one", func(b *testing.B) { compare(b, recordsJob(records, false), "records") })
		b.Run(strconv.Itoa(records)+" by page", func(b *testing.B) { compare(b, recordsJob(records, true), "records") })
	}
}

// BenchmarkOne times one request from the start of the process to its end.
func BenchmarkOne(b *testing.B) {
	compare(b, "version: 1\nsteps:\n  - id: one\n    rest: {url: \"${env.BENCH_URL}/next/1\"}\noutput: ${steps.one.output.next}\n", "one")
}

// BenchmarkVersion times the start of the process.
func BenchmarkVersion(b *testing.B) {
	var cpu time.Duration
	for b.Loop() {
		cpu += cpuOf(b, exec.Command("snrun", "version"))
	}
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// compare runs a job and its bare counterpart in turn.
func compare(b *testing.B, job, name string) {
	url := startBenchServer(b)
	dir := b.TempDir()
	file := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(file, []byte(job), 0o600); err != nil {
		b.Fatal(err)
	}
	var ours, bare time.Duration
	var memory, bareMemory int64
	for i := 0; b.Loop(); i++ {
		run := exec.Command("snrun", "run", "--progress", "none", "--db", filepath.Join(dir, strconv.Itoa(i)+".db"), file)
		run.Env = append(os.Environ(), "BENCH_URL="+url)
		ours += cpuOf(b, run)
		memory = max(memory, peakOf(run))
		other := exec.Command("bench-bare", name, url, recordsOf(job))
		bare += cpuOf(b, other)
		bareMemory = max(bareMemory, peakOf(other))
	}
	b.ReportMetric(float64(memory)/(1<<20), "snrun-peak-MB")
	b.ReportMetric(float64(bareMemory)/(1<<20), "bare-peak-MB")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "snrun-cpu-ms/op")
	b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "bare-cpu-ms/op")
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
}

// cpuOf runs a process to its end and gives the CPU time it took.
func cpuOf(b *testing.B, cmd *exec.Cmd) time.Duration {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// peakOf gives the most memory that a process had that has ended, in bytes: what Linux counts.
func peakOf(cmd *exec.Cmd) int64 {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}

// recordsOf finds in a job how many records it is to read, "" in one that reads none.
func recordsOf(job string) string {
	_, after, _ := strings.Cut(job, "of: ")
	number, _, _ := strings.Cut(after, "}")
	return number
}

// recordsJob reads records page by page, one by one or a page at a time.
func recordsJob(records int, byPage bool) string {
	each := "      as: record\n      key: ${record.id}\n      steps:\n        - set: {id: \"${record.id}\"}\n"
	if byPage {
		each = "      as: page\n      batch: page\n      steps:\n        - save: {last: \"${last(page).id}\"}\n"
	}
	return fmt.Sprintf(`version: 1
state: {last: {initial: ""}}
steps:
  - id: all
    foreach:
      in:
        rest:
          url: ${env.BENCH_URL}/records
          query: {of: %d}
          paginate: {type: offset, offset: query.offset, limit: query.limit, size: %d, items: "${response.body.result}"}
%soutput: ${steps.all.succeeded}
`, records, loopPage, each)
}

// chainJob is a chain of requests, each made from the answer before.
func chainJob() string {
	var y strings.Builder
	y.WriteString("version: 1\nsteps:\n")
	previous := "0"
	for i := range chainSteps {
		fmt.Fprintf(&y, "  - id: s%d\n    rest: {url: \"${env.BENCH_URL}/next/%s\"}\n", i, previous)
		previous = fmt.Sprintf("${steps.s%d.output.next}", i)
	}
	fmt.Fprintf(&y, "output: ${steps.s%d.output.next}\n", chainSteps-1)
	return y.String()
}

// loopJob lists records, and for each gets one, maps it and posts it.
func loopJob() string {
	return fmt.Sprintf(`version: 1
steps:
  - id: list
    rest:
      url: ${env.BENCH_URL}/list
      paginate: {type: offset, offset: query.offset, limit: query.limit, size: %d, items: "${response.body.result}"}
  - id: copies
    foreach:
      in: ${steps.list.output}
      as: record
      key: ${record.id}
      concurrency: %d
      collect: ${steps.copy.output.id}
      steps:
        - id: one
          rest: {url: "${env.BENCH_URL}/item/${record.id}"}
        - id: copy
          rest:
            url: ${env.BENCH_URL}/sink
            method: POST
            json: {key: "${steps.one.output.id}", title: "${steps.one.output.number}: ${steps.one.output.text}"}
output: ${steps.copies.succeeded}
`, loopPage, loopWorkers)
}

// startBenchServer starts the server as a process of its own, and gives its address.
func startBenchServer(b *testing.B) string {
	b.Helper()
	server := exec.Command("bench-server")
	return steptest.Beside(b, server)
}

// benchServer is the main function of the server's process. It ends with its standard input.
func benchServer() {
	filler := strings.Repeat("integration ", 80)
	write := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /next/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		write(w, http.StatusOK, map[string]any{"next": n + 1, "text": filler})
	})
	mux.HandleFunc("GET /list", func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		page := []any{}
		for i := offset; i < min(offset+limit, loopItems); i++ {
			page = append(page, map[string]any{"id": "r" + strconv.Itoa(i)})
		}
		write(w, http.StatusOK, map[string]any{"result": page})
	})
	records := benchRecords()
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		of, _ := strconv.Atoi(r.FormValue("of"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(records(offset, min(loopPage, max(of-offset, 0))))
	})
	mux.HandleFunc("GET /item/{id}", func(w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusOK, map[string]any{"id": r.PathValue("id"), "number": "INC" + r.PathValue("id"), "text": filler})
	})
	serveCalls(mux)
	mux.HandleFunc("POST /sink", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		write(w, http.StatusCreated, map[string]any{"id": r.ContentLength})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() { _ = http.Serve(listener, mux) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// benchRecords gives pages of records of about 1.2 KB, in which only the ids differ.
func benchRecords() func(offset, count int) []byte {
	fields := `"number":"INC0012345","active":true,"priority":3,"tags":["a","b"],"opened":{"at":"2026-01-01 00:00:00","by":"someone"},`
	for i := range 16 {
		fields += fmt.Sprintf(`"field_%02d":"%s",`, i, strings.Repeat("integration ", 4))
	}
	record := `{"id":"rec-0000000",` + fields + `"end":null}`
	const digits = len(`{"id":"rec-`)
	page := []byte(`{"result":[` + strings.Repeat(record+",", loopPage-1) + record + "]}")
	var mu sync.Mutex
	return func(offset, count int) []byte {
		mu.Lock()
		defer mu.Unlock()
		if count == 0 {
			return []byte(`{"result":[]}`)
		}
		for i := range count {
			at := len(`{"result":[`) + i*(len(record)+1) + digits
			copy(page[at:], fmt.Sprintf("%07d", offset+i))
		}
		if count == loopPage {
			return slices.Clone(page)
		}
		return append(slices.Clone(page[:len(`{"result":[`)+count*(len(record)+1)-1]), "]}"...)
	}
}

// benchBare is the main function of the bare program.
func benchBare() {
	bare := bareClient{url: os.Args[2], http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loopWorkers}}}
	switch os.Args[1] {
	case "chain":
		bare.chain()
	case "one":
		fmt.Println(bare.do("GET", "/next/1", nil)["next"])
	case "records":
		bare.records(os.Args[3])
	default:
		bare.foreach()
	}
}

type bareClient struct {
	url  string
	http *http.Client
}

func (c bareClient) do(method, path string, body any) map[string]any {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		sent = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, c.url+path, sent)
	if err != nil {
		panic(err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	var decoded any
	if err := json.Unmarshal(data, &decoded); err != nil {
		panic(err)
	}
	return decoded.(map[string]any)
}

func (c bareClient) chain() {
	next := 0.0
	for range chainSteps {
		next = c.do("GET", "/next/"+strconv.Itoa(int(next)), nil)["next"].(float64)
	}
	fmt.Println(next)
}

func (c bareClient) records(of string) {
	last, read := any(nil), 0
	for offset := 0; ; offset += loopPage {
		page := c.do("GET", fmt.Sprintf("/records?of=%s&offset=%d&limit=%d", of, offset, loopPage), nil)["result"].([]any)
		for _, record := range page {
			last = record.(map[string]any)["id"]
		}
		if read += len(page); len(page) < loopPage {
			break
		}
	}
	fmt.Println(read, last)
}

func (c bareClient) foreach() {
	var records []any
	for offset := 0; ; offset += loopPage {
		page := c.do("GET", fmt.Sprintf("/list?offset=%d&limit=%d", offset, loopPage), nil)["result"].([]any)
		records = append(records, page...)
		if len(page) < loopPage {
			break
		}
	}
	work := make(chan any)
	var workers sync.WaitGroup
	for range loopWorkers {
		workers.Go(func() {
			for record := range work {
				one := c.do("GET", "/item/"+record.(map[string]any)["id"].(string), nil)
				c.do("POST", "/sink", map[string]any{"key": one["id"], "title": fmt.Sprintf("%s: %s", one["number"], one["text"])})
			}
		})
	}
	for _, record := range records {
		work <- record
	}
	close(work)
	workers.Wait()
	fmt.Println(len(records))
}
