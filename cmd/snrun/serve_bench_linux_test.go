package main

import (
	"bufio"
	"cmp"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The benchmarks of this file time `snrun serve` as a process of its own, by its own CPU clock. With benchProgramVariable that is
// another program than the test itself, which is larger; benchIdleVariable says how long one that has nothing to do is looked at.
const (
	benchProgramVariable = "SNRUN_BENCH_PROGRAM"
	benchIdleVariable    = "SNRUN_BENCH_IDLE"
	manyJobs             = 10_000
)

// BenchmarkServe has a daemon read 10,000 jobs, of which none is due while it is looked at, and then lie idle. Then one file is changed,
// then all are read again for nothing.
func BenchmarkServe(b *testing.B) {
	idle, err := time.ParseDuration(cmp.Or(os.Getenv(benchIdleVariable), "10s"))
	if err != nil {
		b.Fatal(err)
	}
	soon := time.Now().UTC().Add(20 * time.Minute)
	dir := serveProject(b, func(i int) string {
		minute, hour := (soon.Minute()+i%30)%60, strconv.Itoa((i*7)%24)
		if i%2 == 0 {
			hour = "*"
		}
		zone := []string{"Europe/Berlin", "America/New_York", "UTC", "Asia/Tokyo"}[i%4]
		return fmt.Sprintf("  - cron: \"%d %s * * *\"\n    timezone: %s\n    catch_up: {mode: latest, window: 6h}\n", minute, hour, zone)
	}, "https://api.example.com")
	for i := range b.N {
		d := startServe(b, dir, filepath.Join(dir, fmt.Sprintf("runs%d.db", i)))
		d.await("jobs read")
		parsed := d.cpu()
		d.await("msg=ready")
		ready := d.cpu()
		d.rest(3 * time.Second)
		b.ReportMetric(ms(parsed), "read-cpu-ms")
		b.ReportMetric(ms(ready-parsed), "plan-cpu-ms")
		b.ReportMetric(ms(d.cpu()-ready), "settle-cpu-ms")
		b.ReportMetric(d.memory("VmRSS"), "ready-MB")
		before, start := d.cpu(), time.Now()
		d.rest(idle)
		b.ReportMetric(ms(d.cpu()-before)/time.Since(start).Seconds(), "idle-cpu-ms/s")
		b.ReportMetric(d.memory("VmRSS"), "idle-MB")
		b.ReportMetric(d.memory("RssAnon"), "idle-anon-MB") // without the pages of the program's file
		before = d.cpu()
		touch(b, filepath.Join(dir, "jobs", "job_00123.yaml"))
		d.await("jobs read")
		d.rest(2 * time.Second)
		b.ReportMetric(ms(d.cpu()-before), "change-cpu-ms")
		before = d.cpu()
		if err := d.cmd.Process.Signal(unix.SIGHUP); err != nil {
			b.Fatal(err)
		}
		d.rest(2 * time.Second)
		b.ReportMetric(ms(d.cpu()-before), "again-cpu-ms")
		b.ReportMetric(d.memory("VmRSS"), "end-MB")
		b.ReportMetric(d.memory("VmHWM"), "peak-MB")
		list := exec.Command(d.cmd.Args[0], "schedule", "list", "--db", d.db)
		list.Dir, start = dir, time.Now()
		b.ReportMetric(ms(cpuOf(b, list)), "list-cpu-ms")
		b.ReportMetric(ms(time.Since(start)), "list-ms")
		d.end()
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkServeBurst has 10,000 jobs due in the same second, of which 1,000 go on at once. Each makes one request, which has its answer when
// all of those 1,000 wait for theirs. None may be lost, and none run twice.
func BenchmarkServeBurst(b *testing.B) {
	const atOnce = 1000
	for i := range b.N {
		w := newWitness(atOnce)
		server := httptest.NewServer(w)
		due := time.Now().Add(45 * time.Second).Truncate(time.Second).UTC()
		dir := serveProject(b, func(int) string {
			return fmt.Sprintf("  - cron: \"@every 24h\"\n    starts: %q\n", due.Format(time.RFC3339))
		}, server.URL)
		d := startServe(b, dir, filepath.Join(dir, fmt.Sprintf("runs%d.db", i)), "--max-runs", strconv.Itoa(atOnce), "--log-level", "warn")
		d.rest(time.Until(due) - time.Second)
		before := d.cpu()
		select {
		case <-w.all:
		case <-time.After(2 * time.Minute):
			b.Fatalf("%d of %d jobs were run", w.count(), manyJobs)
		}
		b.ReportMetric(ms(w.first.Sub(due)), "queued-ms")
		b.ReportMetric(ms(w.crowd.Sub(due)), "thousand-ms")
		b.ReportMetric(ms(d.cpu()-before)/manyJobs, "cpu-ms/run")
		b.ReportMetric(time.Since(due).Seconds(), "all-s")
		b.ReportMetric(d.memory("VmHWM"), "peak-MB")
		d.end()
		server.Close()
		started := slotTimes(b, d.db, `SELECT (r.started - r.due) / 1e3 FROM runs r JOIN slots s ON s.run = r.id WHERE r.status IN ('ok', 'interrupted') ORDER BY r.started`)
		if len(started) != manyJobs || w.twice > 0 {
			b.Fatalf("%d of %d runs, %d twice", len(started), manyJobs, w.twice)
		}
		b.ReportMetric(started[0], "first-start-ms")
		b.ReportMetric(started[atOnce-1], "thousandth-start-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkServeLate measures how late runs begin while there is little else to do: six a second.
func BenchmarkServeLate(b *testing.B) {
	for i := range b.N {
		server := httptest.NewServer(newWitness(1))
		begin := time.Now().UTC()
		dir := someJobs(b, 60, func(i int) string {
			start := begin.Add(time.Duration(i) * time.Second / 6)
			return fmt.Sprintf("  - cron: \"@every 10s\"\n    starts: %q\n", start.Format(time.RFC3339Nano))
		}, server.URL)
		d := startServe(b, dir, filepath.Join(dir, fmt.Sprintf("runs%d.db", i)))
		d.await("msg=ready")
		ready := time.Now()
		d.rest(30 * time.Second)
		d.end()
		server.Close()
		late := slotTimes(b, d.db, fmt.Sprintf(`SELECT (started - due) / 1e3 FROM runs WHERE started > 0 AND due > %d ORDER BY started - due`, ready.UnixMicro()))
		at := func(part float64) float64 { return late[int(part*float64(len(late)-1))] }
		b.ReportMetric(at(0.5), "late-p50-ms")
		b.ReportMetric(at(0.99), "late-p99-ms")
		b.ReportMetric(at(1), "late-max-ms")
		b.ReportMetric(float64(len(late)), "runs")
	}
	b.ReportMetric(0, "ns/op")
}

// serveProject makes a project of 10,000 jobs with these schedules.
func serveProject(b *testing.B, schedule func(i int) string, url string) (dir string) {
	return someJobs(b, manyJobs, schedule, url)
}

func someJobs(b *testing.B, n int, schedule func(i int) string, url string) (dir string) {
	b.Helper()
	dir = b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "jobs"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "snrun.yaml"), []byte("version: 1\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprintf("job_%05d", i)
		text := fmt.Sprintf(`version: 1
name: %s
description: Asks system %d what is new
schedule:
%sinputs:
  priority: {type: integer, default: 3}
steps:
  - id: list
    rest:
      url: %s/%s
      query: {priority: "${inputs.priority}", limit: 100}
  - id: each
    foreach:
      in: ${steps.list.output.result}
      as: incident
      key: ${incident.id}
      steps:
        - id: copy
          rest: {url: %s/alerts, method: POST, json: {id: "${incident.id}", title: "${incident.number}: ${incident.text}"}}
output: ${steps.each.succeeded}
`, name, i, schedule(i), url, name, url)
		if err := os.WriteFile(filepath.Join(dir, "jobs", name+".yaml"), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// serveProcess is a daemon.
type serveProcess struct {
	b     *testing.B
	cmd   *exec.Cmd
	db    string
	lines chan string
}

func startServe(b *testing.B, dir, db string, args ...string) *serveProcess {
	b.Helper()
	program := cmp.Or(os.Getenv(benchProgramVariable), "snrun")
	d := &serveProcess{b: b, db: db, lines: make(chan string, 100_000)}
	d.cmd = exec.Command(program, append([]string{"serve", "--listen", "none", "--db", db}, args...)...)
	d.cmd.Dir, d.cmd.Env = dir, append(os.Environ(), "XDG_RUNTIME_DIR="+b.TempDir(), "XDG_STATE_HOME="+dir, keyringVariable+"=off")
	log, err := d.cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.cmd.Process.Kill() })
	go func() {
		defer close(d.lines)
		for s := bufio.NewScanner(log); s.Scan(); {
			d.lines <- s.Text()
		}
	}()
	return d
}

// await waits until the log has a line with a text.
func (d *serveProcess) await(text string) {
	d.b.Helper()
	var told []string
	for line := range d.lines {
		if strings.Contains(line, text) {
			return
		}
		told = append(told, line)
	}
	d.b.Fatalf("the daemon ended: %s", strings.Join(told, "\n"))
}

// rest lets time pass.
func (d *serveProcess) rest(long time.Duration) { <-time.After(long) }

// cpu is the CPU time that the daemon has used.
func (d *serveProcess) cpu() time.Duration {
	d.b.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^d.cmd.Process.Pid<<3|2), &t); err != nil { // the clock of another process: clock_getcpuclockid(3)
		d.b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// memory gives a field of /proc/PID/status in MB.
func (d *serveProcess) memory(field string) float64 {
	d.b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		d.b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), field+":")
	kB, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		d.b.Fatal(err)
	}
	return float64(kB) / 1000
}

// end has it end as on SIGTERM.
func (d *serveProcess) end() {
	d.b.Helper()
	if err := d.cmd.Process.Signal(unix.SIGTERM); err != nil {
		d.b.Fatal(err)
	}
	for range d.lines {
		continue
	}
	if err := d.cmd.Wait(); err != nil {
		d.b.Fatal(err)
	}
}

// touch adds a line to a file.
func touch(b *testing.B, file string) {
	b.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := f.WriteString("# changed\n"); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// slotTimes gives what a query finds in a history, in its order.
func slotTimes(b *testing.B, file, query string) (list []float64) {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+file+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v float64
		if err := rows.Scan(&v); err != nil {
			b.Fatal(err)
		}
		list = append(list, v)
	}
	if rows.Err() != nil || len(list) == 0 {
		b.Fatal("nothing is found: ", rows.Err())
	}
	return list
}

// witness answers requests that jobs make, each once, as soon as so many of them wait.
type witness struct {
	mu    sync.Mutex
	seen  map[string]bool
	wait  int
	twice int
	first time.Time
	crowd time.Time     // when the first so many of them were there
	start chan struct{} // closed then
	all   chan struct{} // closed when each job was there
}

func newWitness(wait int) *witness {
	return &witness{seen: map[string]bool{}, wait: wait, start: make(chan struct{}), all: make(chan struct{})}
}

// ServeHTTP answers with no records.
func (w *witness) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	w.note(r.URL.Path)
	<-w.start
	to.Header().Set("Content-Type", "application/json")
	_, _ = to.Write([]byte(`{"result":[]}`))
}

func (w *witness) note(job string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[job] {
		w.twice++
		return
	}
	w.seen[job] = true
	switch len(w.seen) {
	case 1:
		w.first = time.Now()
	case manyJobs:
		close(w.all)
	}
	if len(w.seen) == w.wait {
		w.crowd = time.Now()
		close(w.start)
	}
}

func (w *witness) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
