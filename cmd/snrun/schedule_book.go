package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"snrun/history/review"
	"snrun/history/words"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/jobs"
)

// daemonHangs is how old a daemon's last sign of life may be: it gives one every ten seconds.
const daemonHangs = time.Minute

// lateSlot is how long after its time a slot may still be decided upon before it counts as late.
const lateSlot = time.Minute

// book is what the database knows of a project's jobs. All of it is empty where there is no database.
type book struct {
	project   *project
	next      review.Commands
	daemons   []engine.Daemon // that live, on this database
	pauses    map[string]engine.Pause
	standings map[string]*history.Standing
	plans     map[string][]engine.Plan // by job
	status    *daemon.Status           // of the project's daemon; nil where it does not answer
	wrong     string                   // what is wrong with the project's own files
	lateAfter time.Duration
}

// readBook reads what the database knows of jobs.
func (a *app) readBook(p *project, list []jobRecord) (*book, error) {
	server, err := a.waitingSettings(p.Settings.Server)
	if err != nil {
		return nil, err
	}
	store, next, err := a.readHistory()
	b := &book{project: p, next: next, lateAfter: server.LateAfter, plans: map[string][]engine.Plan{}}
	if errors.Is(err, history.ErrNoRuns) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var names []string
	for _, r := range list {
		names = append(names, r.Job)
	}
	if b.daemons, err = store.Daemons(); err != nil {
		return nil, err
	}
	if b.pauses, err = store.Pauses(); err != nil {
		return nil, err
	}
	if b.standings, err = store.Standings(names); err != nil {
		return nil, err
	}
	plans, err := store.Plans(time.Now())
	for _, plan := range plans {
		b.plans[plan.Job] = append(b.plans[plan.Job], plan)
	}
	b.status = statusOf(b.daemon())
	return b, err
}

// daemon gives the daemon that runs the project's jobs: of several the one that gave a sign of life last, as another may hang. It is nil
// where there is none.
func (b *book) daemon() (own *engine.Daemon) {
	for i := range b.daemons {
		d := &b.daemons[i]
		if sameFolder(d.Project, b.project.Dir) && (own == nil || d.Seen.After(own.Seen)) {
			own = d
		}
	}
	return own
}

// sameFolder says whether two paths name one folder: a daemon may have come by a link.
func sameFolder(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// hangs says whether a daemon that lives gives no sign of it any more.
func hangs(d *engine.Daemon, now time.Time) bool { return now.Sub(d.Seen) > daemonHangs }

// daemonLines say which daemons there are, the project's own first.
func (b *book) daemonLines(p page) string {
	var own, others strings.Builder
	for i := range b.daemons {
		d := &b.daemons[i]
		line := fmt.Sprintf("daemon %s, since %s (%s), last sign of life %s", words.Clean(d.Process), d.Started.Local().Format(time.DateTime), words.Ago(d.Started, p.now), words.Ago(d.Seen, p.now))
		if hangs(d, p.now) {
			line += p.style.red(": it hangs")
		}
		if sameFolder(d.Project, b.project.Dir) {
			own.WriteString(line + "\n")
			continue
		}
		others.WriteString(line + ", for another project: " + words.Clean(shown(d.Project)) + "\n")
	}
	if own.Len() == 0 {
		own.WriteString("no daemon is running for this project: start one with " + b.next.Serve() + "\n")
	}
	return own.String() + others.String() + b.trouble(p)
}

// trouble is what is wrong with the project and with its daemon beside what is wrong with single jobs.
func (b *book) trouble(p page) string {
	text := ""
	if b.wrong != "" {
		text = p.style.red(words.Clean(b.wrong)) + "\n"
	}
	switch s := b.status; {
	case s == nil:
	case s.Database != "":
		text += p.style.red("the daemon cannot use its database: "+words.InLine(s.Database)) + "\n"
	case s.State == "draining":
		text += "the daemon is ending: it starts nothing any more\n"
	}
	return text
}

// fill completes the record of a job with what the database knows, and with when it is due.
func (b *book) fill(r *jobRecord, now time.Time) {
	s := b.standings[r.Job]
	if s == nil {
		s = &history.Standing{}
	}
	r.fillRuns(s)
	if pause, paused := b.pauses[r.Job]; paused {
		r.Paused = &pauseRecord{localMilli(pause.Since), pause.Who, pause.Why}
	}
	if d := b.daemon(); d != nil {
		r.Daemon = &d.Process
	}
	if r.job == nil {
		b.stillGoes(r)
		return
	}
	for i := range r.job.Schedules {
		r.Schedules = append(r.Schedules, scheduleRecordOf(&r.job.Schedules[i], now))
	}
	if next := dueTimes(r.job.Schedules, now, 1); len(next) > 0 && r.Paused == nil {
		r.Next, r.Note = &next[0].At, given(next[0].Note)
	}
	b.judge(r, s, now)
}

// stillGoes adds to the mistakes in a job's file that the daemon goes on with what it was before.
func (b *book) stillGoes(r *jobRecord) {
	if b.status == nil || r.Problem == nil {
		return
	}
	for _, broken := range b.status.Broken {
		if broken.Job != "" && within(b.project.Dir, broken.File) == r.File {
			if r.stillGoes = true; r.Paused == nil {
				r.Next = broken.Next
			}
			r.Problem = given(*r.Problem + "; the daemon goes on with the job as it was before " + broken.Since.Local().Format(time.DateTime))
		}
	}
}

func (r *jobRecord) fillRuns(s *history.Standing) {
	if s.Last != nil {
		r.Last = lastRecordOf(s.Last)
	}
	if s.LastOK != nil {
		r.LastOK = timeOf(s.LastOK.Ended)
	}
	for _, run := range s.Running {
		r.Running = append(r.Running, run.Run)
	}
	for _, run := range s.Queued {
		r.Queued = append(r.Queued, run.Run)
	}
}

func lastRecordOf(run *history.Brief) *lastRecord {
	return &lastRecord{
		Run: run.Run, Status: run.Status, Due: timeOf(run.Due), Started: timeOf(run.Started), Ended: timeOf(run.Ended), Error: given(orWord(run.Error, run.Reason)),
	}
}

func scheduleRecordOf(s *jobs.Schedule, now time.Time) scheduleRecord {
	r := scheduleRecord{Cron: s.Cron.String(), Overlap: s.Overlap, CatchUp: s.CatchUp.Mode, Inputs: s.Inputs}
	if s.Zone != nil {
		r.Timezone = given(s.Zone.String())
	}
	if slot := slotAfter(s, now); !slot.At.IsZero() {
		r.Next = &slot.At
	}
	return r
}

// localMilli is a time by the clock of this machine, as exact as programs want it.
func localMilli(t time.Time) time.Time { return t.Local().Truncate(time.Millisecond) }

// judge says what keeps a job from running as it should, and what to do about it.
func (b *book) judge(r *jobRecord, s *history.Standing, now time.Time) {
	r.Late = b.late(r, s, now)
	d := b.daemon()
	say := func(problem, help string) { r.Problem, r.Help = &problem, &help }
	switch start := "start one: " + b.next.Serve(); {
	case r.Paused != nil:
		say("paused "+pauseText(b.pauses[r.Job]), "go on: "+b.next.Schedule("resume", r.Job))
	case d != nil && hangs(d, now):
		say("the daemon "+d.Process+" hangs: its last sign of life was "+words.Ago(d.Seen, now), "look at its log, and end the process")
	case d != nil && r.Late != nil:
		say("late: it was due at "+dueText(r.Late.Due, true)+": "+r.Late.Why, "see: "+b.next.Schedule("why", r.Job))
	case d == nil && len(b.daemons) > 0:
		say("no daemon runs it: the one on this database is for another project", start)
	case d == nil:
		say("no daemon runs it", start)
	}
}

// late gives the oldest time that has passed without anything having come of it, nil where there is none.
func (b *book) late(r *jobRecord, s *history.Standing, now time.Time) *lateRecord {
	var late *lateRecord
	older := func(due time.Time, why string) {
		if late == nil || due.Before(late.Due) {
			late = &lateRecord{due.Truncate(time.Millisecond), why}
		}
	}
	for i := range s.Queued {
		if run := &s.Queued[i]; now.Sub(laterOf(run.Due, run.Start)) > b.lateAfter {
			older(run.Due.Local(), "run "+run.Run+" waits: "+orWord(words.FirstLine(run.Reason), "for its turn"))
		}
	}
	if r.Paused != nil {
		return late
	}
	why := "nothing was decided about it"
	switch d := b.daemon(); {
	case d == nil:
		why = "no daemon is running"
	case hangs(d, now):
		why = "the daemon " + d.Process + " hangs"
	}
	for i := range r.job.Schedules {
		if due := b.undecided(r.Job, &r.job.Schedules[i]); !due.IsZero() && now.Sub(due) > lateSlot {
			older(due, why)
		}
	}
	return late
}

// undecided gives the first due time of a schedule that is not decided upon; zero where no daemon knows the schedule yet.
func (b *book) undecided(job string, s *jobs.Schedule) time.Time {
	for _, p := range b.plans[job] {
		if p.Line == s.Line() && len(p.Inputs) == len(s.Inputs) && (len(p.Inputs) == 0 || oneLine(p.Inputs) == oneLine(s.Inputs)) {
			return slotAfter(s, p.Decided).At
		}
	}
	return time.Time{}
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func orWord(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
