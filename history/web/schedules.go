package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

const (
	lanesOnPage = 100            // how many jobs have their lanes on a page
	missedSince = 24 * time.Hour // how far back what was not run is listed
	missedShown = 100            // how much of it at most
	queuedShown = 100            // how many runs that wait
)

// schedulesPage is when jobs run, and did not.
type schedulesPage struct {
	Daemons     []standingDaemon
	Scheduled   int // how many jobs have a schedule
	Text        string
	Late        []review.Job
	NotRun      []history.NotRun
	Paused      []engine.Pause
	Queued      []history.Brief
	InQueue     int // how many wait
	Lanes       *lanes
	First, Next string
}

// standingDaemon is a daemon, and how it stands.
type standingDaemon struct {
	engine.Daemon
	Own, Hangs bool
}

// schedules shows when jobs run, and did not.
func (s *Site) schedules(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	body := schedulesPage{Text: atMost(strings.TrimSpace(q.Get("text")), listText)}
	if err := s.schedulesPage(&body, q.Get("after"), time.Now()); err != nil {
		return err
	}
	return s.show(w, r, "schedules", page{Title: "Schedules", Here: "/schedules", Body: body, Command: s.Commands.Schedules("list")})
}

// schedulesPage gathers what the page shows, with the lanes of the jobs that come after one by name.
func (s *Site) schedulesPage(body *schedulesPage, after string, now time.Time) error {
	all := slices.DeleteFunc(s.projectJobs(), func(j review.Job) bool { return !j.Broken && len(j.Times) == 0 })
	body.Scheduled = len(all)
	out, err := s.lookOut(all, now)
	if err != nil {
		return err
	}
	body.Late = out.late
	body.daemons(out.book, now)
	for _, p := range out.book.Pauses {
		body.Paused = append(body.Paused, p)
	}
	slices.SortFunc(body.Paused, func(a, b engine.Pause) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Job, b.Job)) })
	if body.Queued, body.InQueue, err = s.Store.Unfinished(nil, engine.Queued, queuedShown); err != nil {
		return err
	}
	if body.NotRun, err = s.Store.NotRun(nil, now.Add(-missedSince), missedShown); err != nil {
		return err
	}
	return s.drawLanes(body, all, after, now)
}

// daemons fills in which daemons there are.
func (p *schedulesPage) daemons(b *review.Book, now time.Time) {
	for i := range b.Daemons {
		d := &b.Daemons[i]
		p.Daemons = append(p.Daemons, standingDaemon{*d, b.Owns(d), review.Hangs(d, now)})
	}
}

// drawLanes fills in the picture.
func (s *Site) drawLanes(body *schedulesPage, all []review.Job, after string, now time.Time) error {
	list := slices.DeleteFunc(all, func(j review.Job) bool {
		return j.Job <= after || !strings.Contains(strings.ToLower(j.Job), strings.ToLower(body.Text))
	})
	if after != "" {
		body.First = addressOf("/schedules", "text", body.Text)
	}
	if len(list) > lanesOnPage {
		list = list[:lanesOnPage]
		body.Next = addressOf("/schedules", "text", body.Text, "after", list[lanesOnPage-1].Job)
	}
	if _, err := s.filled(list, now); err != nil {
		return err
	}
	var err error
	body.Lanes, err = s.lanesOf(list, now)
	return err
}
