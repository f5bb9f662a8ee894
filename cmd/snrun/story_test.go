package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"snrun/jobs"
)

// story is what a database has on record of jobs that run by themselves, read past the program's own commands.
type story struct {
	runs  map[string]*storyRun // by id
	slots []storySlot          // in the order of their times
	since map[string]time.Time // when a schedule was known first, by job and inputs
}

// storyRun is a run.
type storyRun struct {
	id, job, status   string
	trigger           string
	errorText, reason string
	due               time.Time
	attempt           int
}

// String tells of a run in one line.
func (r *storyRun) String() string {
	return fmt.Sprintf("run %s of %s due %s (%s, attempt %d, %s%s)", r.id, r.job, r.due.UTC().Format(time.TimeOnly), r.status, r.attempt, r.errorText, r.reason)
}

// storySlot is a decision upon a due time, or upon several in a row.
type storySlot struct {
	job, inputs, reason string
	run                 string // "" where it has none
	due, until          time.Time
	count               int
}

// String tells of a decision in one line.
func (s storySlot) String() string {
	return fmt.Sprintf("%s %s: %s to %s, %d (%s)", s.job, s.inputs, s.due.UTC().Format(time.TimeOnly), s.until.UTC().Format(time.TimeOnly), s.count, s.reason)
}

// story reads it as it is now.
func (u *user) story() *story {
	u.t.Helper()
	s := &story{runs: map[string]*storyRun{}, since: map[string]time.Time{}}
	u.look(func(tx *sql.Tx) { s.read(u.t, tx) })
	return s
}

// daemons gives the addresses of the daemons on record, by their processes.
func (u *user) daemons() map[string]string {
	u.t.Helper()
	daemons := map[string]string{}
	u.look(func(tx *sql.Tx) {
		each(u.t, tx, "SELECT process, address FROM daemons", func(rows *sql.Rows) error {
			var process, address string
			err := rows.Scan(&process, &address)
			daemons[process] = address
			return err
		})
	})
	return daemons
}

// look shows the database as it is at one moment, where there is one with all of its tables.
func (u *user) look(at func(*sql.Tx)) {
	u.t.Helper()
	file := filepath.Join(u.dir, "runs.db")
	if !isFound(file) {
		return
	}
	db, err := sql.Open("sqlite3", "file:"+file+"?_busy_timeout=10000")
	if err != nil {
		u.t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		u.t.Fatal(err)
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		u.t.Fatal(err)
	}
	if version >= 3 {
		at(tx)
	}
}

func (s *story) read(t testing.TB, tx *sql.Tx) {
	t.Helper()
	each(t, tx, `SELECT run, job, status, "trigger", coalesce(due, 0), coalesce(error, ''), reason, attempt FROM runs`, func(rows *sql.Rows) error {
		var r storyRun
		var due int64
		err := rows.Scan(&r.id, &r.job, &r.status, &r.trigger, &due, &r.errorText, &r.reason, &r.attempt)
		r.due = time.UnixMicro(due)
		s.runs[r.id] = &r
		return err
	})
	each(t, tx, "SELECT s.job, s.inputs, s.due, s.until, s.count, s.reason, coalesce(r.run, '') FROM slots s LEFT JOIN runs r ON r.id = s.run ORDER BY s.due", func(rows *sql.Rows) error {
		var d storySlot
		var due, until int64
		err := rows.Scan(&d.job, &d.inputs, &due, &until, &d.count, &d.reason, &d.run)
		d.due, d.until = time.UnixMicro(due), time.UnixMicro(until)
		s.slots = append(s.slots, d)
		return err
	})
	each(t, tx, "SELECT job, inputs, since FROM schedules", func(rows *sql.Rows) error {
		var job, inputs string
		var since int64
		err := rows.Scan(&job, &inputs, &since)
		s.since[job+" "+inputs] = time.UnixMicro(since)
		return err
	})
}

// each walks through an answer of the database, whose times are microseconds.
func each(t testing.TB, tx *sql.Tx, statement string, scan func(*sql.Rows) error) {
	t.Helper()
	rows, err := tx.Query(statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// of gives the decisions upon the times of a job with inputs.
func (s *story) of(job, inputs string) (list []storySlot) {
	for _, d := range s.slots {
		if d.job == job && d.inputs == inputs {
			list = append(list, d)
		}
	}
	return list
}

// checkTimes walks through the due times of a schedule, from when it was known until the end: each is in one decision, in their order, and
// each decision has its run, which gives a reason where it was skipped: one that was to run may be, later.
func (s *story) checkTimes(t testing.TB, job, inputs string, plan *jobs.Schedule, end time.Time) {
	t.Helper()
	at, known := s.since[job+" "+inputs]
	if !known {
		t.Errorf("the schedule of %s with the inputs %s is not known", job, inputs)
		return
	}
	for _, d := range s.of(job, inputs) {
		for n := range d.count {
			slot, _ := plan.Next(at)
			if at = slot.At; n == 0 && !at.Equal(d.due) || n == d.count-1 && !at.Equal(d.until) {
				t.Errorf("%s was due at %v, which is time %d of the decision %v", job, at.UTC(), n+1, d)
				return
			}
		}
		run := s.runs[d.run]
		if run == nil || run.job != job || !run.due.Equal(d.due) || d.reason != "" && run.status != "skipped" || run.status == "skipped" && run.reason == "" {
			t.Errorf("the decision %v has %v", d, run)
		}
	}
	if slot, ok := plan.Next(at); ok && slot.At.Before(end) {
		t.Errorf("%s was due at %v, upon which nobody has decided", job, slot.At.UTC())
	}
}

// decidedUpTo gives the last time of a job with inputs upon which somebody has decided.
func (s *story) decidedUpTo(job, inputs string) time.Time {
	at := s.since[job+" "+inputs]
	if list := s.of(job, inputs); len(list) > 0 {
		at = list[len(list)-1].until
	}
	return at
}

// plans reads the schedules of a job of the project.
func (u *user) plans(job string) []jobs.Schedule {
	u.t.Helper()
	settings, err := jobs.ReadSettings(u.dir)
	if err != nil {
		u.t.Fatal(err)
	}
	p, err := jobs.Open(u.dir, settings, jobs.Options{Kinds: kinds()})
	if err != nil {
		u.t.Fatal(err)
	}
	j, err := p.Load(job)
	if err != nil {
		u.t.Fatal(err)
	}
	return j.Schedules
}

// checkListed holds that `history list` tells of the same runs as the database has, and gives how many there are by job and status.
func (s *story) checkListed(u *user) map[string]int {
	u.t.Helper()
	var listed []record
	u.decode(&listed, "history", "list", "--json", "-n", strconv.Itoa(len(s.runs)+1))
	counts := map[string]int{}
	for _, r := range listed {
		if of := s.runs[r.ID]; of == nil || of.status != r.Status {
			u.t.Errorf("history list has %+v, the database %v", r, of)
		}
		counts[r.Job+" "+r.Status]++
	}
	if len(listed) != len(s.runs) {
		u.t.Errorf("history list has %d runs, the database %d", len(listed), len(s.runs))
	}
	return counts
}
