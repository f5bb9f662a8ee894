package review_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"snrun/history/review"
)

var now = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

func TestQuery(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		query review.Query
		want  string // of the filter: statuses, since, until, before, after
	}{
		{"nothing", review.Query{}, "[] - - "},
		{"a status", review.Query{Status: "ok"}, "[ok] - - "},
		{"several, one twice", review.Query{Status: "failed, interrupted,failed"}, "[failed interrupted] - - "},
		{"how long ago", review.Query{Since: "6h", Until: "1h30m"}, "[] 2026-03-29T06:00:00Z 2026-03-29T10:30:00Z "},
		{"days", review.Query{Since: "2d"}, "[] 2026-03-27T12:00:00Z - "},
		{"a day", review.Query{Since: "2026-03-29"}, "[] 2026-03-29T00:00:00+01:00 - "},
		{"a time, after the clock was changed", review.Query{Until: "2026-03-29 03:30"}, "[] - 2026-03-29T03:30:00+02:00 "},
		{"with an offset", review.Query{Since: "2026-03-28T02:30:00-07:00"}, "[] 2026-03-28T02:30:00-07:00 - "},
		{"ids in capitals", review.Query{Before: "06C3K", After: "06C3"}, "[] - - 06c3k06c3"},
	}
	for _, test := range tests {
		f, err := test.query.Filter(now, berlin)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		at := func(moment time.Time) string {
			if moment.IsZero() {
				return "-"
			}
			return moment.Format(time.RFC3339)
		}
		if got := fmt.Sprint(f.Statuses, " ", at(f.Since), " ", at(f.Until), " ", f.Before, f.After); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestMistakesInAQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query review.Query
		want  string // each with its hint
	}{
		{review.Query{Status: "fail"}, `status fail: a run has no status "fail" (did you mean "failed"?)`},
		{review.Query{Trigger: "cron"}, `trigger cron: no run is started by "cron" (it is one of manual, schedule, catch_up)`},
		{review.Query{Trigger: "scedule"}, `trigger scedule: no run is started by "scedule" (did you mean "schedule"?)`},
		{review.Query{Status: "ok,,failed"}, `status ok,,failed: a run has no status "" (it is one of queued, running, ok, failed, cancelled, interrupted, skipped)`},
		{review.Query{Status: "running\x1b[31m"}, "status running�[31m: a run has no status \"running�[31m\" (it is one of"},
		{review.Query{Since: "yesterday"}, "since yesterday: this is not a time (write how long ago"},
		{review.Query{Since: "-6h"}, "since -6h: this is not a time"},
		{review.Query{Until: "2026-02-30"}, "until 2026-02-30: this is not a time"},
		{review.Query{Since: "1h", Until: "6h"}, "until 6h: this is not later than since (write the earlier"},
		{review.Query{Since: "1h", Until: "1h"}, "until 1h: this is not later than since"},
		{review.Query{Before: "@last"}, "before @last: this is not the id of a run (write the id"},
		{review.Query{After: "a b"}, "after a b: this is not the id of a run"},
		{review.Query{Status: "x", Since: "y"}, "status x: a run has no status \"x\" (it is one of queued, running, ok, failed, cancelled, interrupted, skipped)\nsince y: this"},
	}
	for _, test := range tests {
		_, err := test.query.Filter(now, time.UTC)
		var lines []string
		for _, m := range mistakes(err) {
			lines = append(lines, m.Error()+" ("+m.Hint+")")
		}
		if got := strings.Join(lines, "\n"); !strings.HasPrefix(got, test.want) {
			t.Errorf("%+v:\n%s\nwant\n%s", test.query, got, test.want)
		}
	}
}

// mistakes are those that an error joins.
func mistakes(err error) (list []*review.Mistake) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, err := range joined.Unwrap() {
		if m, ok := errors.AsType[*review.Mistake](err); ok {
			list = append(list, m)
		}
	}
	return list
}

func TestListCommand(t *testing.T) {
	t.Parallel()
	c := review.Commands{Program: "./snrun", History: " --db runs.db"}
	q := review.Query{Job: "it's", Status: "failed,interrupted", Trigger: "manual", Since: "2026-03-28 02:30", Until: "1h", Before: "06c3k", Limit: 7}
	want := `./snrun history list --db runs.db --job 'it'\''s' --status failed,interrupted --trigger manual --since '2026-03-28 02:30' --until 1h --before 06c3k -n 7`
	if got := c.List(q); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
