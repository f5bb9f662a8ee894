package review

import (
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
)

// fewNotRun is how many due times are told of that were not run.
const fewNotRun = 50

// NotRun is a due time that was not run, or several in a row for one reason.
type NotRun struct {
	Job    string    `json:"job"`
	Run    string    `json:"run"` // that stands for them
	Due    time.Time `json:"due"`
	Until  time.Time `json:"until"` // the last of several
	Count  int       `json:"count"`
	Reason string    `json:"reason"` // missed, queue_full or gone
	Detail string    `json:"detail"` // the same for people
}

// BrokenFile is a file with mistakes.
type BrokenFile struct {
	File     string        `json:"file"`
	Job      string        `json:"job"`      // that goes on as it was before; "" for none
	Mistakes []FileMistake `json:"mistakes"` // at least one
}

// FileMistake is a mistake in a file.
type FileMistake struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // 0 where the file as a whole is meant
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// Hour counts the runs that came to be in one hour, or in the part of it that belongs to the last day.
type Hour struct {
	At     time.Time `json:"at"` // its beginning
	Counts Counts    `json:"counts"`
}

// Says says the counts in words, what is bad first; "" where there is nothing.
func (c Counts) Says() string {
	var said []string
	for _, n := range []struct {
		count int
		what  string
	}{
		{c.Failed, "failed"}, {c.Interrupted, "interrupted"}, {c.Running, "running"}, {c.Queued, "queued"}, {c.Cancelled, "cancelled"},
		{c.Skipped, "skipped"}, {c.OK, "ok"},
	} {
		if n.count > 0 {
			said = append(said, words.Thousands(n.count)+" "+n.what)
		}
	}
	return strings.Join(said, ", ")
}

// readDay fills in what happened in the last day.
func (o *Overview) readDay(store *history.Store, jobs []string, now time.Time) error {
	moments := []time.Time{now.Add(-overviewFor)}
	for at := hourOf(moments[0]).Add(time.Hour); at.Before(now); at = at.Add(time.Hour) {
		moments = append(moments, at)
	}
	counts, err := store.CountsBetween(jobs, append(moments, time.Time{})...)
	if err != nil {
		return err
	}
	all := map[engine.Status]int{}
	for i, n := range counts {
		o.Hours = append(o.Hours, Hour{localMilli(moments[i]), CountsOf(n)})
		for status, count := range n {
			all[status] += count
		}
	}
	o.LastDay = CountsOf(all)
	missed, err := store.NotRun(jobs, moments[0], fewNotRun, engine.ReasonMissed, engine.ReasonQueueFull, engine.ReasonGone)
	for _, n := range missed {
		o.NotRun = append(o.NotRun, NotRun{n.Job, n.Run, localMilli(n.Due), localMilli(n.Until), n.Count, n.Reason, n.Detail})
	}
	return err
}

// hourOf gives when the hour of a time began by its clock, which need not be a whole number of hours from that of UTC.
func hourOf(t time.Time) time.Time {
	_, offset := t.Zone()
	shift := time.Duration(offset) * time.Second
	return t.Add(shift).Truncate(time.Hour).Add(-shift)
}

// AddDaemon adds which daemon runs the jobs, and what is wrong with that; unwell says why it cannot use its database, "" where it can.
func (o *Overview) AddDaemon(b *Book, unwell string) {
	d := b.Daemon()
	switch {
	case d == nil && b.Elsewhere != "":
	case d == nil && len(b.Daemons) > 0:
		o.Trouble = given("no daemon runs the jobs: the one on this database is for another project; start one: " + b.Commands.Serve())
	case d == nil:
		o.Trouble = given("no daemon runs the jobs: nothing runs by itself; start one: " + b.Commands.Serve())
	case Hangs(d, o.Now):
		o.Daemon = &d.Process
		o.Trouble = given("the daemon " + d.Process + " hangs: its last sign of life was " + words.Ago(d.Seen, o.Now) + "; look at its log, and end the process")
	default:
		o.Daemon = &d.Process
	}
	if unwell != "" {
		o.Trouble = given("the daemon cannot use its database: " + words.InLine(unwell))
	}
}
