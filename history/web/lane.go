package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// A lane is what a job did in the last hours, and is to do in the next ones, as a picture: the time in parts of one width, and what
// stands side by side in one way as one mark.
const (
	lanePast   = 12 * time.Hour
	laneParts  = 80 // of the past and of what is to come together
	lanePart   = 2 * lanePast / laneParts
	laneMarks  = 24  // of a lane with more, parts are put together
	laneLeft   = 210 // where the lanes begin, beside the names
	laneWidth  = 12  // of a part
	laneRow    = 26
	laneHead   = 30
	laneName   = 28 // how many characters of a name there is room for
	laneEvery  = 3  // hours between the lines
	laneNow    = 44 // beside the word now there is no room for an hour
	laneBarTop = 5
	laneStep   = 15 * time.Minute // all clocks are some of these from that of UTC
)

// lanes is the picture of several jobs.
type lanes struct {
	Width, Height int
	Now           int // where now is
	Hours         []laneHour
	Rows          []laneOf
	Zone          string // by whose clock the hours are
}

// laneHour is a line in the picture.
type laneHour struct {
	X    int
	Text string // "" beside the word now
}

// laneOf is the lane of one job.
type laneOf struct {
	Job, Short  string
	Y, Text, To int // its top, the line of its text, and its end
	Marks       []laneMark
	Past        string // what it did, in words
	Next        *time.Time
}

// laneMark is what happened, or will, in some parts of the time.
type laneMark struct {
	X, Y, Width, Height int
	SignX, SignY        int
	Kind, Sign, Title   string
	Link                string
}

// laneKinds are how marks look, the more important one first: a part in which several things happened shows that.
func laneKinds() []string {
	return []string{"failed", "interrupted", "late", "running", "queued", "cancelled", "skipped", "ok", "paused", "broken", "next"}
}

// signOf is the sign of a kind of mark.
func signOf(kind string) string {
	switch kind {
	case "late":
		return "!"
	case "paused":
		return "‖"
	case "broken":
		return "✗"
	case "next":
		return "○"
	}
	return mark(engine.Status(kind))
}

// lanePlan is what one job does, part by part.
type lanePlan struct {
	kinds  [laneParts]map[string]int // how often
	runs   [laneParts]string         // the last run there
	past   map[string]int
	reason string // why it was not run
}

func newLanePlan() *lanePlan { return &lanePlan{past: map[string]int{}} }

// add notes that something happens so often in a part.
func (p *lanePlan) add(part int, kind string, count int, run string) {
	if part < 0 || part >= laneParts {
		return
	}
	if p.kinds[part] == nil {
		p.kinds[part] = map[string]int{}
	}
	p.kinds[part][kind] += count
	p.runs[part] = cmp.Or(run, p.runs[part])
}

// lanesOf draws the lanes of jobs that are filled in.
func (s *Site) lanesOf(list []review.Job, now time.Time) (*lanes, error) {
	since := now.Add(-lanePast)
	plans := make(map[string]*lanePlan, len(list))
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Job
		plans[names[i]] = newLanePlan()
	}
	did, err := s.Store.Lanes(names, since, lanePart)
	if err != nil {
		return nil, err
	}
	for _, l := range did {
		plans[l.Job].add(l.Part, string(l.Status), l.Count, l.Run)
		plans[l.Job].past[string(l.Status)] += l.Count
	}
	idle, err := s.Store.Idle(names, since, now)
	if err != nil {
		return nil, err
	}
	for _, n := range idle {
		plans[n.Job].rest(n, since)
	}
	p := newLanes(len(list), now)
	for i := range list {
		s.plan(plans[list[i].Job], &list[i], now)
		p.Rows = append(p.Rows, laneRowOf(&list[i], plans[list[i].Job], i))
	}
	return p, nil
}

// rest notes due times that were not run for one reason.
func (p *lanePlan) rest(n history.NotRun, since time.Time) {
	first := max(0, int(n.Due.Sub(since)/lanePart))
	for part := first; part <= int(n.Until.Sub(since)/lanePart); part++ {
		if part >= laneParts || p.kinds[part]["skipped"] == 0 {
			p.add(part, "skipped", 1, n.Run)
		}
	}
	p.reason = n.Detail
}

// plan notes what is to come, and what is late.
func (s *Site) plan(p *lanePlan, j *review.Job, now time.Time) {
	since := now.Add(-lanePast)
	if j.Late != nil {
		p.add(max(0, int(j.Late.Due.Sub(since)/lanePart)), "late", 1, "")
	}
	if j.Paused != nil {
		p.add(laneParts/2, "paused", 1, "")
		return
	}
	if j.Broken && !j.StillGoes {
		p.add(laneParts/2, "broken", 1, "")
	}
	times := j.Times
	if j.StillGoes {
		times = s.Daemon.Schedules(j.Job)
	}
	for i := range times {
		for at := now; ; { // a part has a mark by its first time: those after it need not be looked for
			at = review.SlotAfter(&times[i], at).At
			part := int(at.Sub(since) / lanePart)
			if at.IsZero() || part >= laneParts {
				break
			}
			p.add(part, "next", 1, "")
			at = since.Add(time.Duration(part+1) * lanePart).Add(-1)
		}
	}
}

// newLanes gives a picture with room for so many jobs.
func newLanes(rows int, now time.Time) *lanes {
	zone, _ := now.Zone()
	p := &lanes{Width: laneLeft + laneParts*laneWidth + 10, Height: laneHead + rows*laneRow + 6, Zone: zone}
	since := now.Add(-lanePast)
	p.Now = xOf(now, since)
	for at := since.Truncate(laneStep); at.Before(now.Add(lanePast)); at = at.Add(laneStep) {
		if x := xOf(at, since); at.Hour()%laneEvery == 0 && x >= laneLeft && at.Minute() == 0 {
			hour := laneHour{x, at.Format("15:04")}
			if max(x-p.Now, p.Now-x) < laneNow {
				hour.Text = ""
			}
			p.Hours = append(p.Hours, hour)
		}
	}
	return p
}

// xOf is where a time stands.
func xOf(at, since time.Time) int {
	return laneLeft + int(at.Sub(since)*laneWidth/lanePart)
}

// laneRowOf draws the lane of a job.
func laneRowOf(j *review.Job, p *lanePlan, row int) laneOf {
	y := laneHead + row*laneRow
	l := laneOf{Job: j.Job, Short: shortName(words.Clean(j.Job)), Y: y, Text: y + laneRow - 9, To: y + laneRow, Past: p.inWords(), Next: j.Next}
	l.Marks = p.marks(j.Job, y, 1)
	if len(l.Marks) > laneMarks {
		l.Marks = p.marks(j.Job, y, 4)
	}
	return l
}

// shortName is a name for which there is room.
func shortName(name string) string {
	if r := []rune(name); len(r) > laneName {
		return string(r[:laneName-1]) + "…"
	}
	return name
}

// marks puts parts together, so many at least, and more as long as they look the same.
func (p *lanePlan) marks(job string, y, least int) []laneMark {
	var list []laneMark
	count := 0
	for part := 0; part < laneParts; part += least {
		kind, n, run := p.most(part, part+least)
		if kind == "" {
			count = 0
			continue
		}
		if last := len(list) - 1; count > 0 && list[last].Kind == kind {
			list[last].Width += least * laneWidth
			count += n
		} else {
			list = append(list, laneMark{X: laneLeft + part*laneWidth, Width: least * laneWidth, Y: y + laneBarTop, Height: laneRow - 2*laneBarTop, Kind: kind, Sign: signOf(kind)})
			count = n
		}
		m := &list[len(list)-1]
		m.SignX, m.SignY = m.X+m.Width/2, y+laneRow-9
		m.Title = titleOf(job, kind, count)
		switch {
		case slices.Contains([]string{"late", "paused", "broken", "next"}, kind): // which are no runs
		case count == 1 && run != "":
			m.Link = path("runs", run)
		default:
			m.Link = addressOf("/runs", "job", job, "status", kind)
		}
	}
	return list
}

// most gives the most important thing that happens in some parts, how often, and its last run.
func (p *lanePlan) most(from, to int) (kind string, count int, run string) {
	for _, k := range laneKinds() {
		for part := from; part < min(to, laneParts); part++ {
			if n := p.kinds[part][k]; n > 0 {
				kind, count, run = k, count+n, cmp.Or(p.runs[part], run)
			}
		}
		if kind != "" {
			return kind, count, run
		}
	}
	return "", 0, ""
}

// titleOf says what a mark is about.
func titleOf(job, kind string, count int) string {
	switch kind {
	case "next":
		return words.Clean(job) + " is due"
	case "late":
		return words.Clean(job) + " is late"
	case "paused":
		return words.Clean(job) + " is paused"
	case "broken":
		return "the file of " + words.Clean(job) + " has mistakes: it is not run"
	}
	return fmt.Sprintf("%s: %s %s", words.Clean(job), words.Thousands(count), statusWord(engine.Status(kind)))
}

// inWords says what the job did.
func (p *lanePlan) inWords() string {
	var said []string
	for _, kind := range laneKinds() {
		if n := p.past[kind]; n > 0 {
			said = append(said, words.Thousands(n)+" "+statusWord(engine.Status(kind)))
		}
	}
	if p.reason != "" {
		said = append(said, p.reason)
	}
	return strings.Join(slices.Compact(said), ", ")
}
