package history

import (
	"fmt"
	"testing"
	"time"

	"snrun/jobs"
)

// TestAudits holds that what people did is listed the newest first, by what and by whom, page by page, and that another process finds it.
func TestAudits(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	s := openAt(t, path, Options{})
	for i := range 10 {
		a := Audit{At: at(i), Who: []string{"ann", "bob"}[i%2], Role: "operator", Origin: "127.0.0.1", Action: "resume", Subject: fmt.Sprint("run:", i%5), Outcome: AuditDone, Detail: "d"}
		if err := s.Audit(a); err != nil {
			t.Fatal(err)
		}
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, test := range []struct {
		filter AuditFilter
		before int64
		want   string
	}{
		{AuditFilter{}, 0, "10 9 8 7 6 5 4 3 2 1 "},
		{AuditFilter{Limit: 3}, 0, "10 9 8 "},
		{AuditFilter{Limit: 3}, 8, "7 6 5 "},
		{AuditFilter{Who: "bob", Limit: 2}, 0, "10 8 "},
		{AuditFilter{Subject: "run:1"}, 0, "7 2 "},
		{AuditFilter{Action: "pause"}, 0, ""},
		{AuditFilter{Who: "' OR 1=1 --"}, 0, ""},
	} {
		list, err := r.Audits(test.filter, test.before)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, a := range list {
			got += fmt.Sprint(a.ID, " ")
		}
		if got != test.want {
			t.Errorf("%+v before %d gives %s, want %s", test.filter, test.before, got, test.want)
		}
	}
	list, err := r.Audits(AuditFilter{Limit: 1}, 0)
	if want := (Audit{10, at(9).UTC(), "bob", "operator", "127.0.0.1", "resume", "run:4", AuditDone, "d"}); err != nil || list[0] != want {
		t.Errorf("got %+v, %v; want %+v", list, err, want)
	}
	if err := r.Audit(Audit{}); err == nil {
		t.Error("what is opened for reading can be written")
	}
}

// TestAuditsArePruned holds that rows go once they are older than a year, and than any run is kept.
func TestAuditsArePruned(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := at(0).Add(10_000 * day)
	for _, test := range []struct {
		keep jobs.Keep
		left int
	}{
		{jobs.Keep{KeepRule: jobs.KeepRule{Age: day}}, 365},
		{jobs.Keep{KeepRule: jobs.KeepRule{Age: day, Failed: 500 * day}}, 500},
		{jobs.Keep{KeepRule: jobs.KeepRule{Age: day}, Jobs: map[string]jobs.KeepRule{"a": {Age: 600 * day}}}, 600},
	} {
		s := openAt(t, somewhere(t), Options{})
		const all = 700
		for i := range all {
			if err := s.Audit(Audit{At: now.Add(-time.Duration(all-i)*day + time.Hour), Who: "ann", Action: "run", Outcome: AuditDone}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Prune(t.Context(), Policy{Keep: test.keep}, now); err != nil {
			t.Fatal(err)
		}
		list, err := s.Audits(AuditFilter{Limit: all}, 0)
		if err != nil || len(list) != test.left {
			t.Errorf("%+v leaves %d rows, %v; want %d", test.keep, len(list), err, test.left)
		}
	}
}
