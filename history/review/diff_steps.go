package review

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/history"
)

// StepDiff is a step in both runs. What it did in the items of loops is taken together.
type StepDiff struct {
	Key      string         `json:"key"` // without the items of loops: /alerts/alert
	ID       string         `json:"id"`
	Kind     string         `json:"kind"`
	Differs  bool           `json:"differs"` // in more than how long it took
	Run      Tally          `json:"run"`
	Base     Tally          `json:"base"`
	Statuses []StatusChange `json:"statuses"` // of its answers, all of them, sorted
	Shapes   []ShapeChange  `json:"shapes"`
	Hosts    []HostChange   `json:"hosts"` // where its requests went, where that is different
}

// Tally is what a step did in one run, as far as that is on record.
type Tally struct {
	Times       int   `json:"times"` // how often it was carried out
	OK          int   `json:"ok"`
	Failed      int   `json:"failed"`
	Skipped     int   `json:"skipped"`
	Items       int   `json:"items"` // of a walk or a loop; -1 where that is not known
	ItemsFailed int   `json:"items_failed"`
	Pages       int   `json:"pages"`
	Retries     int   `json:"retries"`
	Waits       int   `json:"waits"`             // how many requests a limit of their profile held back
	Time        int64 `json:"time"`              // milliseconds, all times together
	Sampled     bool  `json:"sampled,omitempty"` // more of it went well, in items of loops, than is on record
}

// StatusChange is how often a step was answered with a status of HTTP.
type StatusChange struct {
	Status int `json:"status"` // 0: there was no answer
	Run    int `json:"run"`
	Base   int `json:"base"`
}

// HostChange is an origin that a step's requests went to in one of the runs only.
type HostChange struct {
	Change string `json:"change"` // new or gone
	Origin string `json:"origin"` // scheme, host and port
}

// mostRequests is how many exchanges of a run are looked at.
const mostRequests = 100_000

// side is a run with what its steps did.
type side struct {
	run    *engine.Run
	first  *FirstError // nil where nothing failed
	order  []string    // the places of its steps
	places map[string]*placed
	notes  []string
}

// placed is what a step did at a place in the flow.
type placed struct {
	id, kind string
	tally    Tally
	statuses map[int]int
	origins  map[string]bool
	answers  shape // of those that were no errors
	requests shape
	sent     []history.Request // whose bodies are looked at
}

// readSide reads a run, its exchanges and the shapes of their bodies.
func readSide(store *history.Store, id string) (*side, error) {
	run, err := store.Run(id)
	if err != nil {
		return nil, err
	}
	s := &side{run: run, places: map[string]*placed{}}
	for i := range run.Steps {
		s.count(&run.Steps[i])
	}
	requests, err := store.Requests(id, history.RequestFilter{Limit: mostRequests})
	if err != nil {
		return nil, err
	}
	if len(requests) == mostRequests {
		s.notes = append(s.notes, "only the first requests of run "+id+" were looked at: there are very many")
	}
	for _, r := range requests {
		s.exchanged(r)
	}
	if s.first, err = ReadFirstError(store, run); err != nil {
		return nil, err
	}
	return s, s.readShapes(store)
}

// at gives what the step at a place did.
func (s *side) at(place string) *placed {
	p := s.places[place]
	if p == nil {
		p = &placed{statuses: map[int]int{}, origins: map[string]bool{}}
		s.places[place] = p
		s.order = append(s.order, place)
	}
	return p
}

// count takes a step in.
func (s *side) count(step *engine.StepRun) {
	p := s.at(place(step.Key))
	p.id, p.kind = step.ID, step.Kind
	t := &p.tally
	t.Times++
	switch step.Status {
	case engine.OK:
		t.OK++
	case engine.Failed, engine.InDoubt:
		t.Failed++
	case engine.Skipped:
		t.Skipped++
	}
	t.Sampled = t.OK >= engine.Sampled && strings.Contains(step.Key, "[")
	if !step.Ended.IsZero() {
		t.Time += step.Ended.Sub(step.Started).Milliseconds()
	}
	c := step.Counts
	if c == nil {
		t.Retries += max(step.Attempts-1, 0)
		return
	}
	t.Pages, t.ItemsFailed = t.Pages+c.Pages, t.ItemsFailed+c.Failed
	t.Items += max(c.Total, c.Succeeded+c.Failed)
	t.Retries, t.Waits = t.Retries+max(c.Retries, step.Attempts-1), t.Waits+c.LimitWaits
}

// exchanged takes an exchange in.
func (s *side) exchanged(r history.Request) {
	p := s.at(place(r.StepKey))
	p.statuses[r.Status]++
	if u, err := url.Parse(r.URL); err == nil && u.Host != "" {
		p.origins[u.Scheme+"://"+u.Host] = true
	}
	p.sent = append(p.sent, r)
}

// failedAt gives the place of the step that failed first; "" where none did.
func (s *side) failedAt() string {
	if s.first == nil || s.first.Step == nil {
		return ""
	}
	return place(s.first.Step.Key)
}

// place is a key without the items of loops, the pages and the tries that stand in it.
func place(key string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case depth > 0:
		case c == '#' || strings.HasPrefix(key[i:], "/page:"):
			for i++; i < len(key) && !strings.ContainsRune("/[#", rune(key[i])); i++ {
			}
			i--
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// stepDiffs sets the steps of both runs side by side.
func stepDiffs(base, run *side) []StepDiff {
	var diffs []StepDiff
	for _, place := range joined(base.order, run.order) {
		a, b := base.places[place], run.places[place]
		known := cmp.Or(b, a)
		d := StepDiff{Key: place, ID: known.id, Kind: known.kind, Base: tallyOf(a), Run: tallyOf(b)}
		if a == nil || b == nil {
			a, b = cmp.Or(a, &placed{}), cmp.Or(b, &placed{})
		} else {
			d.Hosts = hostChanges(a.origins, b.origins)
			d.Shapes = append(shapeChanges("answer", &a.answers, &b.answers), shapeChanges("request", &a.requests, &b.requests)...)
		}
		d.Statuses = statusChanges(a.statuses, b.statuses)
		d.Differs = d.differs()
		diffs = append(diffs, d)
	}
	return diffs
}

func tallyOf(p *placed) Tally {
	if p == nil {
		return Tally{}
	}
	return p.tally
}

// differs says whether anything but the time that it took is other than it was.
func (d *StepDiff) differs() bool {
	a, b := d.Base, d.Run
	a.Time, b.Time = 0, 0
	moved := slices.ContainsFunc(d.Statuses, func(s StatusChange) bool { return s.Run != s.Base })
	return a != b || moved || len(d.Shapes) > 0 || !onlyPorts(d.Hosts)
}

// joined gives the places of both runs in the order of the flow: those of the base alone stand behind what stands before them there.
func joined(base, run []string) []string {
	all := slices.Clone(run)
	known := map[string]bool{}
	for _, place := range run {
		known[place] = true
	}
	behind := map[string][]string{} // what of the base alone stands behind a place; "" for the beginning
	last := ""
	for _, place := range base {
		if known[place] {
			last = place
		} else {
			behind[last] = append(behind[last], place)
		}
	}
	all = all[:0]
	all = append(all, behind[""]...)
	for _, place := range run {
		all = append(append(all, place), behind[place]...)
	}
	return all
}

func statusChanges(base, run map[int]int) []StatusChange {
	codes := maps.Clone(run)
	if codes == nil {
		codes = map[int]int{}
	}
	maps.Copy(codes, base)
	var list []StatusChange
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		list = append(list, StatusChange{Status: code, Run: run[code], Base: base[code]})
	}
	return list
}

func hostChanges(base, run map[string]bool) []HostChange {
	if len(base) == 0 || len(run) == 0 {
		return nil
	}
	var list []HostChange
	for _, origin := range slices.Sorted(maps.Keys(run)) {
		if !base[origin] {
			list = append(list, HostChange{"new", origin})
		}
	}
	for _, origin := range slices.Sorted(maps.Keys(base)) {
		if !run[origin] {
			list = append(list, HostChange{"gone", origin})
		}
	}
	return list[:min(len(list), most)]
}

// notes says what of the runs was not looked at, or not whole.
func notes(base, run *side) []string {
	all := append(slices.Clone(base.notes), run.notes...)
	var sampled []string
	for _, place := range joined(base.order, run.order) {
		if tallyOf(base.places[place]).Sampled || tallyOf(run.places[place]).Sampled {
			sampled = append(sampled, strings.TrimPrefix(place, "/"))
		}
	}
	if len(sampled) > 0 {
		all = append(all, fmt.Sprintf("of the items that went well, the first %d are on record, of each of: %s", engine.Sampled, strings.Join(sampled, ", ")))
	}
	return all
}
