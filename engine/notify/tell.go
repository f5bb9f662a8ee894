package notify

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/jobs"
	"snrun/steps"
)

const (
	jobSubject     = "job:"
	profileSubject = "profile:"
)

func profileOf(a engine.Alert) string { return strings.TrimPrefix(a.Subject, profileSubject) }

// RunStarted is told of each run that starts, by an event of engine.RunStarted: on the way of the run itself, so that no ping of its end
// comes before that of its start.
func (n *Notifier) RunStarted(e engine.Event) {
	if !slices.ContainsFunc(n.Targets, func(t *Target) bool { return t.pinged(e.Job) }) {
		return // and nothing is looked up
	}
	run := &engine.Run{ID: e.Run, Job: e.Job, Status: engine.Running}
	n.complain(n.Store.Times(run))
	n.pings("start", n.ofRun("start", run))
}

// RunEnded is told of each run that has ended, once that is in the history, by an event of engine.RunEnded. A run that was interrupted is
// a failure only with calls in doubt: else it goes on later. One that a person cancelled is none.
func (n *Notifier) RunEnded(e engine.Event) {
	run := &engine.Run{ID: e.Run, Job: e.Job, Status: e.Status, Error: e.Error}
	inDoubt := len(e.InDoubt) > 0
	if run.Status != engine.OK && run.Status != engine.Failed && !inDoubt {
		return
	}
	n.complain(n.Store.Times(run))
	switch {
	case run.Status == engine.OK:
		n.pings("success", n.ofRun("success", run))
		n.well(run)
	case run.Status == engine.Failed, run.Status == engine.Interrupted && inDoubt:
		n.pings("failure", n.failure(run))
		n.failed(run)
	}
}

// failed records that a job fails, and which profile needs a person where that is why.
func (n *Notifier) failed(run *engine.Run) {
	since := run.Ended
	if since.IsZero() {
		since = n.Now()
	}
	n.raise(engine.Alert{Subject: jobSubject + run.Job, Kind: jobs.NoticeFailure, Since: since, Run: run.ID}, func() Notice { return n.failure(run) })
	if e := run.Error; needsPerson(e) {
		n.raise(engine.Alert{Subject: profileSubject + e.Profile, Kind: jobs.NoticeSignIn, Since: since, Run: run.ID}, func() Notice { return n.signIn(run, e) })
	}
}

// needsPerson says whether an error is one of a sign-in that does not mend itself.
func needsPerson(e *steps.Error) bool {
	return e != nil && e.Profile != "" && (e.Kind == steps.Auth && e.Repeat == steps.Never || e.Kind == steps.Status && e.Status == http.StatusUnauthorized)
}

// well records that a job runs well, and with it the profiles that needed a person since a run of it.
func (n *Notifier) well(run *engine.Run) {
	n.over(jobSubject+run.Job, jobs.NoticeFailure, func(a engine.Alert) Notice {
		failed, err := n.Store.FailedSince(run.Job, a.Run)
		n.complain(err)
		return n.recovered(run, a, max(failed, 1))
	})
	signIns, err := n.Store.SignInAlerts(run.Job)
	n.complain(err)
	for _, a := range signIns {
		n.clear(a, n.signedIn)
	}
}

// SignedIn is told of each token that a profile got.
func (n *Notifier) SignedIn(profile string) {
	n.over(profileSubject+profile, jobs.NoticeSignIn, n.signedIn)
}

// Scheduled is told of what the scheduler does.
func (n *Notifier) Scheduled(e schedule.Event) {
	late := func() {
		since := n.Now()
		n.raise(engine.Alert{Subject: jobSubject + e.Job, Kind: jobs.NoticeLate, Since: since, Run: e.Run}, func() Notice {
			return n.late(e.Job, e.Run, e.Message, e.Due)
		})
	}
	switch e.Type {
	case schedule.RunLate:
		late()
	case schedule.SlotSkipped:
		if e.Reason == engine.ReasonMissed || e.Reason == engine.ReasonQueueFull {
			late()
		}
	case schedule.RunStarted:
		if e.Late <= n.LateAfter {
			n.over(jobSubject+e.Job, jobs.NoticeLate, func(a engine.Alert) Notice { return n.onTime(e.Job, e.Run, e.Due, a) })
		}
	}
}

// raise records that something is wrong, and has it told, unless it is known.
func (n *Notifier) raise(a engine.Alert, notice func() Notice) {
	_, known, err := n.Store.Alert(a.Subject, a.Kind)
	if n.complain(err) || known {
		return
	}
	posts := n.posts(notice())
	if !n.complain(n.Store.Raise(a, posts)) {
		n.stir(posts)
	}
}

// over records that something is right again, and has it told, where it was wrong.
func (n *Notifier) over(subject, kind string, notice func(engine.Alert) Notice) {
	a, known, err := n.Store.Alert(subject, kind)
	if !n.complain(err) && known {
		n.clear(a, notice)
	}
}

func (n *Notifier) clear(a engine.Alert, notice func(engine.Alert) Notice) {
	posts := n.posts(notice(a))
	if !n.complain(n.Store.Clear(a, posts)) {
		n.stir(posts)
	}
}

// posts addresses a notice to the targets that want it.
func (n *Notifier) posts(notice Notice) []engine.Post {
	return n.address(notice, func(t *Target) bool { return t.Type != "ping" && t.Wants(notice.Kind, notice.Job) })
}

// pings sends a sign of life of a run.
func (n *Notifier) pings(kind string, notice Notice) {
	notice.Kind = kind
	posts := n.address(notice, func(t *Target) bool { return t.pinged(notice.Job) })
	if len(posts) > 0 && !n.complain(n.Store.Post(posts)) {
		n.stir(posts)
	}
}

// pinged says whether a target gets a sign of life of a job's runs.
func (t *Target) pinged(job string) bool { return t.Type == "ping" && t.WantsJob(job) }

func (n *Notifier) address(notice Notice, wants func(*Target) bool) []engine.Post {
	var posts []engine.Post
	for _, t := range n.Targets {
		if !wants(t) {
			continue
		}
		text, err := json.Marshal(notice)
		if n.complain(err) {
			return nil
		}
		posts = append(posts, engine.Post{Target: n.key(t), Notice: text, Posted: n.Now()})
	}
	return posts
}

// stir has the targets of posts looked after at once.
func (n *Notifier) stir(posts []engine.Post) {
	for _, p := range posts {
		select {
		case n.wake[p.Target] <- struct{}{}:
		default: // it is told already
		}
	}
}

// complain tells of an error of the history, and whether there is one.
func (n *Notifier) complain(err error) bool {
	if err != nil {
		n.Log.Error("a notice may be missing: " + n.masked(err.Error()))
	}
	return err != nil
}
