package review

import (
	"fmt"
	"os"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
)

const (
	// daemonHangs is how old a daemon's last sign of life may be: it gives one every ten seconds.
	daemonHangs = time.Minute
	// lateSlot is how long after its time a slot may still be decided upon before it counts as late.
	lateSlot = time.Minute
)

// Book is what is known of the jobs of a project beside their files. All that its database says is empty where there is none.
type Book struct {
	Commands  Commands
	Folder    string        // of the project
	LateAfter time.Duration // how long after its time a run that has not started is late

	Daemons   []engine.Daemon // that live, on this database
	Pauses    map[string]engine.Pause
	Standings map[string]*history.Standing
	Plans     map[string][]engine.Plan // by job
	Elsewhere string                   // the Temporal server that runs jobs by their schedules in place of a daemon; "" for none
	Kept      map[string]Kept          // by the whole path of a file with mistakes: what the daemon goes on with
}

// Kept is a job that a daemon goes on with as it was before its file had mistakes.
type Kept struct {
	Since time.Time
	Next  *time.Time // when it is due next
}

// Read fills in what a history knows of the jobs named.
func (b *Book) Read(store *history.Store, names []string, now time.Time) (err error) {
	if b.Daemons, err = store.Daemons(); err != nil {
		return err
	}
	if b.Pauses, err = store.Pauses(); err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	if b.Standings, err = store.Standings(names); err != nil {
		return err
	}
	plans, err := store.Plans(now, names...)
	b.Plans = make(map[string][]engine.Plan, len(plans))
	for _, plan := range plans {
		b.Plans[plan.Job] = append(b.Plans[plan.Job], plan)
	}
	return err
}

// Daemon gives the daemon that runs the project's jobs: of several the one that gave a sign of life last, as another may hang. It is nil
// where there is none.
func (b *Book) Daemon() (own *engine.Daemon) {
	for i := range b.Daemons {
		d := &b.Daemons[i]
		if b.Owns(d) && (own == nil || d.Seen.After(own.Seen)) {
			own = d
		}
	}
	return own
}

// Owns says whether a daemon runs the jobs of this project: it may have come to the folder by a link.
func (b *Book) Owns(d *engine.Daemon) bool {
	if d.Project == b.Folder {
		return true
	}
	first, err := os.Stat(d.Project)
	if err != nil {
		return false
	}
	second, err := os.Stat(b.Folder)
	return err == nil && os.SameFile(first, second)
}

// Hangs says whether a daemon that lives gives no sign of it any more.
func Hangs(d *engine.Daemon, now time.Time) bool { return now.Sub(d.Seen) > daemonHangs }

// Fill completes a job with what the book knows, and with when it is due.
func (b *Book) Fill(j *Job, now time.Time) {
	s := b.Standings[j.Job]
	if s == nil {
		s = &history.Standing{}
	}
	j.runs(s)
	if pause, paused := b.Pauses[j.Job]; paused {
		j.Paused = &Pause{localMilli(pause.Since), pause.Who, pause.Why}
	}
	if d := b.Daemon(); d != nil {
		j.Daemon = &d.Process
	}
	if j.Broken {
		b.stillGoes(j)
		return
	}
	j.times(now)
	b.judge(j, s, now)
}

// stillGoes adds to the mistakes in a job's file that the daemon goes on with what it was before.
func (b *Book) stillGoes(j *Job) {
	kept, goes := b.Kept[j.File]
	if !goes || j.Problem == nil {
		return
	}
	if j.StillGoes = true; j.Paused == nil {
		j.Next = kept.Next
	}
	j.Problem = given(*j.Problem + "; the daemon goes on with the job as it was before " + kept.Since.Local().Format(time.DateTime))
}

// judge says what keeps a job from running as it should, and what to do about it.
func (b *Book) judge(j *Job, s *history.Standing, now time.Time) {
	j.Late = b.late(j, s, now)
	d := b.Daemon()
	say := func(problem, help string) { j.Problem, j.Help = &problem, &help }
	switch start := "start one: " + b.Commands.Serve(); {
	case j.Paused != nil:
		say("paused "+PauseText(b.Pauses[j.Job]), "go on: "+b.Commands.Schedule("resume", j.Job))
	case d != nil && Hangs(d, now):
		say("the daemon "+d.Process+" hangs: its last sign of life was "+words.Ago(d.Seen, now), "look at its log, and end the process")
	case d != nil && j.Late != nil:
		say("late: it was due at "+DueText(j.Late.Due, true)+": "+j.Late.Why, "see: "+b.Commands.Schedule("why", j.Job))
	case b.Elsewhere != "":
	case d == nil && len(b.Daemons) > 0:
		say("no daemon runs it: the one on this database is for another project", start)
	case d == nil:
		say("no daemon runs it", start)
	}
}

// late gives the oldest time that has passed without anything having come of it, nil where there is none.
func (b *Book) late(j *Job, s *history.Standing, now time.Time) *Late {
	var late *Late
	older := func(due time.Time, why string) {
		if late == nil || due.Before(late.Due) {
			late = &Late{due.Truncate(time.Millisecond), why}
		}
	}
	for i := range s.Queued {
		if run := &s.Queued[i]; now.Sub(later(run.Due, run.Start)) > b.LateAfter {
			older(run.Due.Local(), "run "+run.Run+" waits: "+orWord(words.FirstLine(run.Reason), "for its turn"))
		}
	}
	if j.Paused != nil || b.Elsewhere != "" { // whose slots are on record once a worker has them
		return late
	}
	why := "nothing was decided about it"
	switch d := b.Daemon(); {
	case d == nil:
		why = "no daemon is running"
	case Hangs(d, now):
		why = "the daemon " + d.Process + " hangs"
	}
	for i := range j.Times {
		if due := b.undecided(j.Job, &j.Times[i]); !due.IsZero() && now.Sub(due) > lateSlot {
			older(due, why)
		}
	}
	return late
}

// undecided gives the first due time of a schedule that is not decided upon; zero where no daemon knows the schedule yet.
func (b *Book) undecided(job string, s *jobs.Schedule) time.Time {
	for _, p := range b.Plans[job] {
		if p.Line == s.Line() && sameInputs(p.Inputs, s.Inputs) {
			return SlotAfter(s, p.Decided).At
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// PauseText says since when, by whom and why a job is paused.
func PauseText(p engine.Pause) string {
	text := fmt.Sprintf("since %s by %s", p.Since.Local().Format(time.DateTime), words.Clean(p.Who))
	if p.Why != "" {
		text += ": " + words.InLine(p.Why)
	}
	return text
}
