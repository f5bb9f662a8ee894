package flow

import (
	"snrun/jobs"
	"snrun/steps"
)

// Remote is a Host that makes no calls itself and holds small values only: what needs a network, or a value that is not here, is
// carried out elsewhere, by the same interpreter over a Host that has both.
type Remote interface {
	Host
	// Elsewhere has a unit carried out and gives what it gave: once per key, as Do makes a call. An error ends the run, unless it is a
	// *steps.Error; how the unit itself failed is in Handed.
	Elsewhere(Unit) (Handed, error)
}

// Ref stands for a value that is not here, because it is large or a secret. Expressions that would read it are evaluated elsewhere.
type Ref struct {
	Key    string   // of the journal's entry that has the value, or secret:NAME
	Path   []string // the fields that lead to it there
	Size   int64    // bytes of JSON, 0 where that is not known
	Digest string   // SHA-256 of the JSON, in hexadecimal; "" where that is not known
	// Parts are lists, or Refs that stand for lists, of which the value is made, one after the other; it has no key then.
	Parts []any
}

// Unit is a piece of a run that is carried out elsewhere: a step with all that is in it, some items of a loop, or one expression.
type Unit struct {
	Key   string // names it in the run: that of the step, with what of it after an @
	Place string // of the step, as jobs.Job.Places has it; "" for the job itself
	// Slot is WholeStep, ItemCount or Items, or names an expression of the step: see slots.go.
	Slot string
	// Loop is the key that those of the items begin with. Of ItemCount and Items.
	Loop     string
	From, To int // the items [From,To) are to be worked on, counted from 0
	Limit    int // how many of them at once
	Failed   int // how many items of the loop had failed before
	// Quiet says that what goes well in it need not be kept for people: enough of its like is.
	Quiet bool
	Scope Scope
}

// The slots of a step that are no expressions.
const (
	WholeStep = ""
	ItemCount = "items"     // Handed.Count and Handed.Limit of a loop
	Items     = "items:run" // the steps of a loop for some of its items
)

// Scope is what a unit sees of the run around it: no more than its expressions read. Names and results hold plain data and Refs.
type Scope struct {
	Path     string
	Depth    int
	Item     bool
	Cleanup  bool
	Redo     bool
	Deadline Deadline
	Job      string // whose steps they are
	Names    map[string]any
	Results  map[string]any // of steps, by id
	States   map[string]map[string]any
}

// Handed is what a unit gave: plain data and Refs, small enough to travel.
type Handed struct {
	Value any            // the step's output, the expression's value, the list of what the items gave
	Names map[string]any // of a step with an id: what `steps.ID` is
	Error *steps.Error   // how it failed; of items: the first that failed, in their order
	First string         // the key of that item
	Saved map[string]map[string]any
	Open  []string // the calls in it whose failure was tolerated

	Count, Limit      int // see ItemCount
	Succeeded, Failed int // items

	Doubts    []string // the calls of which it is not known whether they were carried out
	Tolerated []string // the calls whose failure was tolerated

	// For people, of what is in loops: the flow goes by none of it.
	Retries, LimitWaits int     // how often something was tried again, and how many requests a limit held back
	Asides              []Aside // some of what they would have been told meanwhile, and is on record nowhere
}

// large is how many items a loop has at least whose items are worked on elsewhere, in chunks.
const large = 51

// touches says whether expressions read something that is not here.
func (f *frame) touches(list ...*jobs.Uses) bool {
	for _, uses := range list {
		for _, name := range uses.Names() {
			if absent(f.names[name], uses.Reads(name)) {
				return true
			}
		}
	}
	return false
}

// absent says whether something of a value that is read is not here.
func absent(v any, reads steps.Reads) bool {
	if reads.None() {
		return false
	}
	switch v := v.(type) {
	case *Ref:
		return true
	case []any:
		for _, item := range v {
			if absent(item, nil) {
				return true
			}
		}
	case map[string]any:
		for field, value := range v {
			if below, read := reads.Of(field); read && absent(value, below) {
				return true
			}
		}
	}
	return false
}

// remote gives the Host as a Remote; nil where it is none.
func (f *frame) remote() Remote {
	r, _ := f.h.(Remote)
	return r
}

// hands says whether a step as a whole is carried out elsewhere: what makes calls or keeps something, what reads what is not here, and a
// loop in an item of another, of which there may be very many.
func (f *frame) hands(s *jobs.Step) bool {
	switch b := s.Body.(type) {
	case *jobs.Call, *jobs.Save:
		return true
	case *jobs.Foreach:
		return b.Source != nil || f.turns
	case *jobs.Set, *jobs.Log, *jobs.Fail:
		return f.touches(s.Uses)
	}
	return false
}

// elsewhere has a step carried out where all values are.
func (f *frame) elsewhere(r Remote, s *jobs.Step) (any, error) {
	got, err := r.Elsewhere(Unit{Key: f.path + "/" + s.Segment, Place: f.place(s), Scope: f.scope(s.Uses)})
	if err != nil {
		return nil, err
	}
	f.take(got)
	if got.Error != nil {
		_, err := failedStep(s, got.Error, Note{})
		return nil, err
	}
	f.see(s, got.Names)
	return got.Value, nil
}

// take makes visible what a unit saved, and which of its calls can be tried again.
func (f *frame) take(got Handed) {
	f.remember(got.Saved)
	f.open.add(got.Open...)
}

// place is where a step stands in the job.
func (f *frame) place(s *jobs.Step) string { return f.places.of[s] }

// places are the steps of the job that a run is of.
type places struct {
	at map[string]*jobs.Step
	of map[*jobs.Step]string
}

// placesOf gives the places of a job, which only those ask for whose steps are carried out elsewhere.
func placesOf(h Host, job *jobs.Job) *places {
	if _, isRemote := h.(Remote); !isRemote {
		return nil
	}
	return newPlaces(job)
}

func newPlaces(job *jobs.Job) *places {
	p := &places{at: job.Places(), of: map[*jobs.Step]string{}}
	for place, s := range p.at {
		if known, twice := p.of[s]; !twice || place < known { // of a job that is called twice
			p.of[s] = place
		}
	}
	return p
}

// scope is what expressions see of a frame.
func (f *frame) scope(uses *jobs.Uses) Scope {
	c := Scope{
		Path: f.path, Depth: f.depth, Item: f.item, Cleanup: f.cleanup, Redo: f.redo, Deadline: f.deadline, Job: f.job,
		Names: map[string]any{}, Results: map[string]any{}, States: f.states,
	}
	for _, name := range append(uses.Names(), "run") {
		v, there := f.names[name]
		switch reads := uses.Reads(name); {
		case name == "env", name == "secret", name == "state", !there: // each worker has its own, and states travel as such
		case name == "run":
			c.Names[name] = v
		case name == "steps":
			c.Results, _ = steps.Project(v, reads).(map[string]any)
		default:
			c.Names[name] = steps.Project(v, reads)
		}
	}
	return c
}
