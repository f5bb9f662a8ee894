package temporal

import (
	"encoding/json"
	"fmt"
	"time"

	"snrun/engine"
	"snrun/engine/flow"
)

// The names of the activities. They are the same for good: workflows under way know them.
const (
	beginActivity  = "snrun.begin"
	unitActivity   = "snrun.unit"
	saveActivity   = "snrun.save"
	foldActivity   = "snrun.fold"
	keptActivity   = "snrun.kept"
	wakesActivity  = "snrun.wakes"
	noteActivity   = "snrun.note"
	finishActivity = "snrun.finish"
	recallActivity = "snrun.recall"
)

// task is what every activity is given: which run it is for, what people are to be told first, and what it is about, as the flow's
// wire format has it.
type task struct {
	Run string `json:"run"`
	// Attempt is the run's that it is of; 0 in one that an older snrun has given out.
	Attempt int             `json:"attempt,omitempty"`
	Key     string          `json:"key,omitempty"`  // names the task among those of the run
	Loop    string          `json:"loop,omitempty"` // of what is asked where a loop was; the key to recall from
	Assume  engine.Assume   `json:"assume,omitempty"`
	Redo    bool            `json:"redo,omitempty"`
	Space   string          `json:"space,omitempty"`
	Ends    time.Time       `json:"ends,omitzero"`
	Rows    []row           `json:"rows,omitempty"`
	What    json.RawMessage `json:"what,omitempty"`
}

// address says which task of which run an answer is to. Who can write to the server's database cannot open what lies there, but may put the
// one in the place of the other.
type address struct {
	Run  string `json:"run"`
	Key  string `json:"key,omitempty"`
	Loop string `json:"loop,omitempty"`
}

func (t task) address() address { return address{t.Run, t.Key, t.Loop} }

// misplaced has the workflow wait, as one does that cannot be walked, where an answer is none to what was asked: it ends no run.
func misplaced(got, want address) {
	if got != want {
		panic(fmt.Sprintf("what lies on the Temporal server as the answer to %s%s of run %s is one to %s%s of run %s: %s",
			want.Key, want.Loop, want.Run, got.Key, got.Loop, got.Run, changedThere))
	}
}

// row is a row of history as it travels.
type row struct {
	engine.StepRun
	Before bool         `json:"before,omitempty"`
	Told   int          `json:"told,omitempty"`
	Asides []flow.Aside `json:"asides,omitempty"`
}

// rowOf gives a row as it travels.
func rowOf(s engine.StepRun) row { return row{s, s.Before, s.Asides.Told, s.Asides.List} }

func (r row) run() engine.StepRun {
	r.StepRun.Before, r.StepRun.Asides = r.Before, engine.Asides{Told: r.Told, List: r.Asides}
	return r.StepRun
}

// answer is what an activity gives. A failure of a step is an answer too: the server repeats only what was lost.
type answer struct {
	To   address         `json:"to"`
	What json.RawMessage `json:"what,omitempty"`
	Halt *engine.Halt    `json:"halt,omitempty"` // why the run ends here
	At   time.Time       `json:"at,omitzero"`
}

// opening is what the activity begin gives: what the flow starts with.
type opening struct {
	Run     string                     `json:"run"`
	Started time.Time                  `json:"started"`
	Given   json.RawMessage            `json:"given"`
	File    string                     `json:"file"`
	Texts   []engine.Text              `json:"texts"`
	Recall  map[string]json.RawMessage `json:"recall,omitempty"` // what finished units gave, by their keys
	More    string                     `json:"more,omitempty"`   // the key from which there is more
	Over    engine.Status              `json:"over,omitempty"`   // how the run has ended already, or before it could begin
}

// start is what the activity begin is asked for.
type start struct {
	Order    Order     `json:"order"`
	Run      string    `json:"run"`
	Workflow string    `json:"workflow"`
	Due      time.Time `json:"due,omitzero"`
}

// ending is what the activity finish is given.
type ending struct {
	Outcome   json.RawMessage `json:"outcome"`
	Halt      *engine.Halt    `json:"halt,omitempty"`
	Doubts    []string        `json:"doubts,omitempty"`
	Tolerated []string        `json:"tolerated,omitempty"`
	Started   time.Time       `json:"started"`
	Ended     time.Time       `json:"ended"`
}
