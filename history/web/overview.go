package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// signInsWithin is how long the overview waits to know of the sign-ins: commands that give secrets may take longer.
const signInsWithin = 2 * time.Second

// overviewPage is how it stands.
type overviewPage struct {
	*review.Overview
	Jobs    int    // how many there are
	Unknown string // why it is not known how it stands with the sign-ins; "" where it is
	Bars    *hourBars

	mended map[string]bool // runs whose last attempt had another text of the job than it has now
}

// overview shows how it stands: what fails, what waits for somebody, what is late, what goes on, what comes next.
func (s *Site) overview(w http.ResponseWriter, r *http.Request) error {
	seen, err := beatOf(s.Store, "") // before what is shown, so that no change is missed
	if err != nil {
		return err
	}
	body, err := s.overviewNow(r.Context())
	if err != nil {
		return err
	}
	return s.show(w, r, "overview", page{Title: "Overview", Here: "/", Body: body, Command: s.Commands.Status(), Live: liveOf("", seen.mark)})
}

// overviewNow gives what the overview shows, which is to be changed by nobody: when something happens, all who look at it ask at once.
func (s *Site) overviewNow(ctx context.Context) (*overviewPage, error) {
	return s.overviews.ask(func() (*overviewPage, error) { return s.overviewPage(context.WithoutCancel(ctx), time.Now()) })
}

// overviewPage gathers what the overview shows.
func (s *Site) overviewPage(ctx context.Context, now time.Time) (*overviewPage, error) {
	all := s.projectJobs()
	var names []string // of all on record where nothing of the project can be read
	for i := range all {
		names = append(names, all[i].Job)
	}
	var out *outlook
	var outErr error
	var looked sync.WaitGroup
	looked.Go(func() { out, outErr = s.lookOut(all, now) })
	o, err := review.ReadOverview(s.Store, names, now)
	looked.Wait()
	if err := cmp.Or(err, outErr); err != nil {
		return nil, err
	}
	p := &overviewPage{Overview: o, Jobs: len(all), Bars: newHourBars(o.Hours)}
	o.AddJobs(append(out.late, firstOf(out.next)...))
	o.AddDaemon(out.book, s.Daemon.Unwell())
	for _, broken := range s.Daemon.Broken() {
		f := review.BrokenFile{File: broken.File, Job: broken.Job, Mistakes: []review.FileMistake{}}
		for _, m := range broken.Mistakes {
			f.Mistakes = append(f.Mistakes, review.FileMistake(m))
		}
		o.Broken = append(o.Broken, f)
	}
	ctx, cancel := context.WithTimeout(ctx, signInsWithin)
	defer cancel()
	list, err := s.signIns(ctx)
	if err != nil {
		p.Unknown = s.Redactor.Text(words.FirstLine(err.Error()))
	}
	o.AddSignIns(list)
	return p, s.fillMended(p)
}

// fillMended finds out of which of the last runs that failed the job was changed since.
func (s *Site) fillMended(p *overviewPage) error {
	p.mended = map[string]bool{}
	for _, failing := range p.FewFailing() {
		if failing.Last.Status != engine.Failed { // it was cut off: it goes on with what it had
			continue
		}
		id := failing.Last.Run
		run, err := s.Store.Begun(id)
		if errors.Is(err, history.ErrUnknownRun) { // it was dropped meanwhile
			continue
		}
		if err != nil {
			return err
		}
		p.mended[id], _ = s.changedSince(run)
	}
	return nil
}

// Mended says whether the job of a run has another text now than the run's last attempt had.
func (p *overviewPage) Mended(run string) bool { return p.mended[run] }

// Well says whether there is nothing to do, as far as is known.
func (p *overviewPage) Well() bool { return p.Calm() && p.Unknown == "" }

// RestsOn says what that is taken from.
func (p *overviewPage) RestsOn() string {
	said := []string{"none of " + words.Plural(p.Jobs, "job") + " fails", "nothing is late", "no sign-in is needed"}
	if p.LastDay.OK > 0 {
		said = append(said, words.Plural(p.LastDay.OK, "run")+" went well in the last 24 hours")
	} else {
		said = append(said, "no run ended in the last 24 hours")
	}
	return strings.Join(said, ", ")
}

// fewShown is how many of one sort are shown: whoever looks at an overview reads no more.
const fewShown = 20

// FewLate is the first of what is late.
func (p *overviewPage) FewLate() []review.LateJob { return firstOf(p.Late) }

// FewNotRun is the first of what was missed.
func (p *overviewPage) FewNotRun() []review.NotRun { return firstOf(p.NotRun) }

// FewBroken is the first of the files with mistakes.
func (p *overviewPage) FewBroken() []review.BrokenFile { return firstOf(p.Broken) }

// Few is the first of the runs that have not ended.
func (*overviewPage) Few(g review.Going) []review.Unended { return firstOf(g.Runs) }

// Ailing gives the sign-ins that need a person, those together that are wrong in the same way.
func (p *overviewPage) Ailing() []review.Ailing { return review.AilingOf(p.SignIns, p.Now) }

// FewFailing is the first of the jobs that fail.
func (p *overviewPage) FewFailing() []review.Failing { return firstOf(p.Failing) }

func firstOf[T any](list []T) []T { return list[:min(len(list), fewShown)] }

// Waits says how it stands with a run that can be gone on with.
func (*overviewPage) Waits(i review.Interrupted) engine.Status {
	if i.InDoubt {
		return engine.InDoubt
	}
	return engine.Interrupted
}

// hourBars is the last day as a picture: a bar an hour, what did not end well on top.
type hourBars struct {
	Width, Height int
	Bars          []hourBar
	Texts         []calendarText
}

// hourBar is an hour.
type hourBar struct {
	X, Width    int
	OK, Bad     barPart
	Rest        barPart
	Title, Link string
	SignX       int
	SignY       int
}

// barPart is a part of a bar; its height is 0 where there is none.
type barPart struct{ Y, Height int }

const (
	barWidth  = 10
	barGap    = 2
	barHeight = 72
	barTop    = 16 // for a sign above the highest bar
	barText   = 18 // below
)

// newHourBars draws the hours; nil where nothing happened.
func newHourBars(hours []review.Hour) *hourBars {
	most := 0
	for _, h := range hours {
		most = max(most, h.Counts.All())
	}
	if most == 0 {
		return nil
	}
	b := &hourBars{Width: len(hours) * (barWidth + barGap), Height: barTop + barHeight + barText}
	for i, h := range hours {
		b.Bars = append(b.Bars, hourBarOf(h, i*(barWidth+barGap), most, hours[min(i+1, len(hours)-1)].At))
		if local := h.At.Local(); local.Hour()%6 == 0 && local.Minute() == 0 {
			b.Texts = append(b.Texts, calendarText{i * (barWidth + barGap), b.Height - 4, local.Format("15:04")})
		}
	}
	return b
}

// hourBarOf draws an hour, beside another of which the most happened.
func hourBarOf(h review.Hour, x, most int, next time.Time) hourBar {
	b := hourBar{X: x, Width: barWidth, SignX: x + barWidth/2}
	bad, base := h.Counts.Failed+h.Counts.Interrupted, barTop+barHeight
	y := base
	part := func(n int) barPart {
		if n == 0 {
			return barPart{}
		}
		height := max(3, n*barHeight/most)
		y -= height
		return barPart{max(y, 1), height}
	}
	b.OK = part(h.Counts.OK)
	b.Rest = part(h.Counts.All() - h.Counts.OK - bad)
	b.Bad = part(bad)
	b.SignY = max(y-3, 11)
	if h.Counts.All() == 0 {
		return b
	}
	b.Title = h.At.Local().Format("15:04") + ": " + h.Counts.Says()
	until := ""
	if next.After(h.At) {
		until = next.Format(time.RFC3339)
	}
	b.Link = addressOf("/runs", "since", h.At.Format(time.RFC3339), "until", until)
	return b
}
