package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

// noon is the time as of which the tests delete.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// past puts runs into a history as lines say: "JOB DAYS STATUS" is a run of a job that ended so many days before noon.
func past(t testing.TB, s *Store, lines ...string) {
	t.Helper()
	for _, line := range lines {
		var job, status string
		var days float64
		if _, err := fmt.Sscan(line, &job, &days, &status); err != nil {
			t.Fatal(line, err)
		}
		ended := noon.Add(-time.Duration(days * 24 * float64(time.Hour)))
		id := engine.LowestID(ended.Add(-time.Second))
		run := &engine.Run{ID: id, Job: job, Started: ended.Add(-time.Second), File: "/p/" + job + ".yaml", Text: "# " + job}
		if err := s.Begin(run); err != nil {
			t.Fatal(err)
		}
		if err := s.Note(id, engine.StepRun{Key: "/a", Status: engine.OK, Message: "hello"}); err != nil {
			t.Fatal(err)
		}
		if status == "running" {
			continue
		}
		run.Status, run.Ended = engine.Status(status), ended
		if err := s.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
}

// left tells which runs there are, in the form of past, the oldest first.
func left(t testing.TB, s *Store) string {
	t.Helper()
	runs, err := s.Runs(Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(runs)
	var list []string
	for _, r := range runs {
		at := r.Ended
		if at.IsZero() {
			at = r.Started.Add(time.Second)
		}
		list = append(list, fmt.Sprintf("%s %.6g %s", r.Job, noon.Sub(at).Hours()/24, r.Status))
	}
	return strings.Join(list, ", ")
}

func prune(t testing.TB, s *Store, keep jobs.Keep) Pruned {
	t.Helper()
	done, err := s.Prune(t.Context(), Policy{Keep: keep}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// rule is one of so many days and runs.
func rule(age, runs, failed int) jobs.KeepRule {
	const day = 24 * time.Hour
	return jobs.KeepRule{Age: time.Duration(age) * day, Runs: runs, Failed: time.Duration(failed) * day}
}

func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	week := []string{"a 7 ok", "a 6 failed", "b 5.5 ok", "a 5 ok", "a 4 cancelled", "a 3 skipped", "a 2 ok", "a 1 ok", "b 0.5 ok"}
	for _, test := range []struct {
		name string
		keep jobs.Keep
		past []string
		want string
	}{
		{"all", jobs.Keep{}, week, strings.Join(week, ", ")},
		{"by age", jobs.Keep{KeepRule: rule(3, 0, 0)}, week, "a 3 skipped, a 2 ok, a 1 ok, b 0.5 ok"},
		{"by number", jobs.Keep{KeepRule: rule(0, 2, 0)}, week, "b 5.5 ok, a 2 ok, a 1 ok, b 0.5 ok"},
		{"by both", jobs.Keep{KeepRule: rule(5, 3, 0)}, week, "a 3 skipped, a 2 ok, a 1 ok, b 0.5 ok"},
		{"failed ones longer than by age", jobs.Keep{KeepRule: rule(3, 0, 5)}, week, "a 4 cancelled, a 3 skipped, a 2 ok, a 1 ok, b 0.5 ok"},
		{"failed ones longer than by number", jobs.Keep{KeepRule: rule(0, 1, 7)}, week, "a 6 failed, a 4 cancelled, a 1 ok, b 0.5 ok"},
		{"of one job", jobs.Keep{Jobs: map[string]jobs.KeepRule{"a": rule(2, 0, 0)}}, week, "b 5.5 ok, a 2 ok, a 1 ok, b 0.5 ok"},
		{"all of one job", jobs.Keep{KeepRule: rule(1, 0, 0), Jobs: map[string]jobs.KeepRule{"b": {}}}, week, "b 5.5 ok, a 1 ok, b 0.5 ok"},
		{"the newest, and the newest that ended well", jobs.Keep{KeepRule: rule(1, 1, 0)},
			[]string{"a 9 ok", "a 8 ok", "a 7 failed", "a 6 failed", "b 5 failed", "b 4 failed"}, "a 8 ok, a 6 failed, b 4 failed"},
		{"what goes on", jobs.Keep{KeepRule: rule(1, 1, 0)}, []string{"a 9 running", "a 8 ok", "a 7 ok"}, "a 9 running, a 7 ok"},
		{"what is exactly so old", jobs.Keep{KeepRule: rule(3, 0, 0)}, []string{"a 3.00001 ok", "a 3 ok", "a 1 ok"}, "a 3 ok, a 1 ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := openTemp(t)
			past(t, s, test.past...)
			would, err := s.WouldPrune(t.Context(), Policy{Keep: test.keep}, noon)
			if err != nil {
				t.Fatal(err)
			}
			if got := left(t, s); got != strings.Join(test.past, ", ") {
				t.Errorf("after looking only: got %s", got)
			}
			done := prune(t, s, test.keep)
			if got := left(t, s); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			if told, gone := done.Runs(), len(test.past)-strings.Count(test.want, ",")-1; told != gone || would.Runs() != gone {
				t.Errorf("told of %d runs and %d before, want %d", told, would.Runs(), gone)
			}
			checkComplete(t, s)
		})
	}
}

// checkComplete holds that no row belongs to a run that is gone, and that none is missing.
func checkComplete(t testing.TB, s *Store) {
	t.Helper()
	for _, query := range []string{
		"SELECT count(*) FROM steps WHERE id >> 32 NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM attempts WHERE id >> 32 NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM exchanges WHERE id >> 32 NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM journal WHERE id >> 32 NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM journal WHERE run NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM called WHERE run NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM queue WHERE run NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM state WHERE run NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM slots WHERE run NOT IN (SELECT id FROM runs) AND run NOT IN (SELECT run FROM dropped)",
		"SELECT count(*) FROM dropped WHERE run IN (SELECT id FROM runs) OR until = 0",
		"SELECT count(*) FROM latest WHERE run NOT IN (SELECT id FROM runs)",
		"SELECT count(*) FROM texts WHERE id NOT IN (SELECT text FROM runs UNION SELECT text FROM called UNION SELECT text FROM latest)",
		"SELECT count(*) FROM runs WHERE text NOT IN (SELECT id FROM texts)",
		"SELECT count(*) FROM called WHERE text NOT IN (SELECT id FROM texts)",
		`SELECT count(*) FROM blobs WHERE digest NOT IN (SELECT digest FROM journal WHERE digest IS NOT NULL UNION SELECT request_digest FROM exchanges
			WHERE request_digest IS NOT NULL UNION SELECT response_digest FROM exchanges WHERE response_digest IS NOT NULL)`,
		"SELECT count(*) FROM exchanges WHERE request_digest NOT IN (SELECT digest FROM blobs) OR response_digest NOT IN (SELECT digest FROM blobs)",
		"SELECT count(*) FROM journal WHERE digest NOT IN (SELECT digest FROM blobs)",
		"SELECT count(*) FROM pragma_foreign_key_check",
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
	} {
		if s.place.shared() && strings.Contains(query, "pragma") {
			continue // a server looks itself
		}
		var n int
		if err := s.read.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v, want none", query, n, err)
		}
	}
}
