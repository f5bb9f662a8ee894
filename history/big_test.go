package history

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"snrun/engine"
)

// bigVariable names the folder in which the benchmarks of a large history make it, and find it again: it takes a few GB and minutes.
// bigRunsVariable says of how many runs it is.
const (
	bigVariable     = "SNRUN_BENCH_HISTORY"
	bigRunsVariable = "SNRUN_BENCH_RUNS"
)

const (
	bigJobs  = 200
	bigSteps = 21 // of a run, but of those that were skipped
	bigItems = 10_000
	bigTime  = 208 * 24 * time.Hour // in which the runs came to be
	rareWord = "quetzalcoatlus"
)

// bigPath gives the file of the large history, and makes it where it is not there. It is as an older snrun leaves it: Open brings it up
// to date.
func bigPath(b *testing.B) string {
	b.Helper()
	folder := os.Getenv(bigVariable)
	if folder == "" {
		b.Skip("name a folder for a few GB: " + bigVariable)
	}
	path := filepath.Join(folder, "history.db")
	if _, err := os.Stat(path); err == nil {
		return path
	} else if !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	runs := 1_000_000
	if text := os.Getenv(bigRunsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		runs = n
	}
	start := time.Now()
	if err := makeBig(path+".new", runs, time.Now()); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		b.Fatal(err)
	}
	b.Logf("%s is made in %s", path, time.Since(start).Round(time.Second))
	return path
}

// makeBig makes a history of so many runs that came to be before now, of which none goes on.
func makeBig(path string, runs int, now time.Time) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p, err := locate(path, Options{})
	if err != nil {
		return err
	}
	if err := p.create(); err != nil {
		return err
	}
	c, err := openConn(p.dsn(url.Values{"mode": {"rw"}, "_mutex": {"no"}}))
	if err != nil {
		return err
	}
	return errors.Join(fillBig(c, runs, now), c.close())
}

// beforeReviews is how many migrations there were before reviews.
const beforeReviews = 4

func fillBig(c *conn, runs int, now time.Time) error {
	// Nothing of it is worth a journal: what is not made whole is made again.
	for _, pragma := range []string{"auto_vacuum = INCREMENTAL", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -262144"} {
		if err := c.run("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for n := range beforeReviews {
		if err := apply(c, n, names); err != nil {
			return err
		}
	}
	return c.atomically(func() error {
		if err := bigTexts(c); err != nil {
			return err
		}
		if err := bigRuns(c, runs, now); err != nil {
			return err
		}
		return bigRest(c, runs)
	})
}

// bigTexts keeps a text of 30 lines for each job.
func bigTexts(c *conn) error {
	for i := range bigJobs {
		text := fmt.Appendf(nil, "version: 1\nname: %s\n", bigJob(i))
		text = append(text, bytes.Repeat([]byte("  - rest: {profile: servicenow, path: /api/now}\n"), 28)...)
		if err := c.exec(rowOf(textSQL, fmt.Append(nil, i), string(text))); err != nil {
			return err
		}
	}
	return nil
}

func bigJob(i int) string { return fmt.Sprintf("sync_of_table_%03d", i) }

// bigRuns keeps the runs. The first jobs have very many of them, the last ones few; some fail now, and one of them did ever since.
func bigRuns(c *conn, runs int, now time.Time) error {
	random := rand.New(rand.NewPCG(1, 1))
	const sql = `INSERT INTO runs (run, job, status, "trigger", due, started, ended, inputs, output, error, file, text, process, live, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '4711@jobs1', 'gone', ?)`
	for i := range runs {
		at := now.Add(-bigTime + bigTime/time.Duration(runs)*time.Duration(i+1)).Add(-time.Minute)
		u := random.Float64()
		job := int(bigJobs * u * u * u)
		status := bigStatus(random, job, now.Sub(at))
		trigger := []string{engine.TriggerSchedule, engine.TriggerSchedule, engine.TriggerSchedule, engine.TriggerSchedule, engine.TriggerManual}[random.IntN(5)]
		if random.IntN(500) == 0 {
			trigger = engine.TriggerCatchUp
		}
		started, ended := at, at.Add(time.Duration((0.5+random.ExpFloat64())*float64(job+1)*float64(50*time.Millisecond)))
		var output, failure any
		reason := ""
		switch status {
		case engine.OK:
			output = `{"read":9,"sent":9}`
		case engine.Failed:
			word := ""
			if random.IntN(runs/5+1) == 0 {
				word = " " + rareWord
			}
			failure = `{"kind":"status","message":"POST https://chat.example.com/v1/alerts: 503 Service Unavailable` + word +
				`","step":"alert","status":503,"attempts":3,"hint":"the server asks to come back later: snrun resume"}`
		case engine.Interrupted:
			failure = `{"kind":"cancelled","message":"the process that ran it ended before the run did","hint":"go on with it: snrun resume"}`
		case engine.Skipped:
			started, reason = time.Time{}, "another run of the job went on"
		}
		err := c.exec(rowOf(sql, engine.LowestID(at)[:9]+fmt.Sprintf("%02d", i%100), bigJob(job), string(status), trigger, at, started, ended,
			`{"table":"incident","limit":100}`, output, failure, "/srv/jobs/"+bigJob(job)+".yaml", job+1, reason))
		if err != nil {
			return err
		}
	}
	return nil
}

// bigStatus is how a run of a job ended, so long ago.
func bigStatus(random *rand.Rand, job int, ago time.Duration) engine.Status {
	switch {
	case job == bigJobs-1, job%25 == 3 && ago < time.Duration(job+1)*time.Hour:
		return engine.Failed
	}
	switch n := random.IntN(1000); {
	case n < 30:
		return engine.Failed
	case n < 32:
		return engine.Interrupted
	case n < 35:
		return engine.Cancelled
	case n < 65:
		return engine.Skipped
	}
	return engine.OK
}

// bigRest keeps steps, requests, and what the runs that did not end well left in the journal. The run with very many items is the one in the middle.
func bigRest(c *conn, runs int) error {
	const steps = `INSERT INTO steps (id, key, step, name, kind, status, attempts, started, ended, error, counts, message)
		SELECT (r.id << 32) + n.n,
			CASE WHEN n.n = 1 THEN '/incidents' WHEN n.n = 2 THEN '/alerts' WHEN n.n = ?2 THEN '/said' ELSE
				'/alerts[INC' || (r.id * 10 + (n.n - 1) / 2) || ']/' || iif(n.n % 2, 'read', 'alert') END,
			CASE WHEN n.n = 1 THEN 'incidents' WHEN n.n = 2 THEN 'alerts' WHEN n.n = ?2 THEN 'said' ELSE iif(n.n % 2, 'read', 'alert') END, '',
			CASE n.n WHEN 2 THEN 'foreach' WHEN ?2 THEN 'log' ELSE 'rest' END,
			CASE WHEN r.status IN ('failed', 'interrupted') AND n.n >= ?2 - 1 THEN iif(r.status = 'failed', 'failed', 'cancelled') ELSE 'ok' END, 1,
			r.started + n.n * 1000, r.started + n.n * 1000 + 900, iif(n.n = ?2 - 1, r.error, NULL),
			iif(n.n = 2, '{"total":9,"succeeded":9,"failed":0}', NULL), iif(n.n = ?2, '9 alerts were sent', '')
		FROM runs r CROSS JOIN (WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) SELECT n FROM n) n
		WHERE r.status <> 'skipped' AND r.id BETWEEN ?1 AND ?3`
	const exchanges = `INSERT INTO exchanges (id, step, attempt, page, method, url, status, error, started, duration, connect, first_byte,
			request_size, response_size, request_header, response_header, request_body, response_body)
		SELECT (r.id << 32) + 50, '/alerts[INC' || (r.id * 10 + 9) || ']/alert', 1, 0, 'POST', 'https://chat.example.com/v1/alerts?incident=INC' || (r.id * 10 + 9),
			iif(r.status = 'failed', 503, 201), '', r.started, 31000, 0, 30000, 120, 300,
			'{"Accept":["application/json"],"Authorization":["***"],"Content-Type":["application/json"]}', '{"Content-Type":["application/json"]}',
			CAST('{"number":"INC' || (r.id * 10 + 9) || '","priority":1,"text":"the disk of db' || (r.id % 977) || ' is full"}' AS BLOB),
			CAST('{"id":"' || hex(r.id * 7919) || '","state":"' || iif(r.status = 'failed', 'down', 'accepted') || '","queue":"' || r.job || '","note":"' ||
				iif(r.id % (?1 / 3 + 1) = 7, '` + rareWord + ` was seen', 'nothing was seen') || '","links":["https://chat.example.com/v1/alerts/' || r.id || '"]}' AS BLOB)
		FROM runs r WHERE r.status <> 'skipped'`
	const journal = `INSERT INTO journal (id, key, started, ended, result)
		SELECT (r.id << 32) + 60 + n.value, '/alerts[INC' || n.value || ']/alert#1', r.started, r.started + 900, CAST('{"status":201}' AS BLOB)
		FROM runs r CROSS JOIN json_each('[1,2,3]') n WHERE r.status IN ('failed', 'interrupted', 'cancelled')`
	middle := runs / 2
	all := []row{
		rowOf(`UPDATE runs SET status = 'failed', started = due, error = (SELECT error FROM runs WHERE status = 'failed' LIMIT 1) WHERE id = ?`, middle),
		rowOf(steps, 1, bigSteps, middle-1), rowOf(steps, middle, 2*bigItems+3, middle), rowOf(steps, middle+1, bigSteps, runs),
		rowOf(exchanges, runs), rowOf(journal),
		rowOf(`UPDATE steps SET counts = ? WHERE id = (? << 32) + 2`, fmt.Sprintf(`{"total":%d,"succeeded":%[1]d,"failed":0}`, bigItems), middle),
	}
	for _, r := range all {
		if err := c.exec(r); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkUpgrade opens the large history that an older snrun has left, once, and says how long that takes.
func BenchmarkUpgrade(b *testing.B) {
	path := bigPath(b)
	start := time.Now()
	s, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(start).Seconds(), "s")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
