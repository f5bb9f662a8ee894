package history

import (
	"encoding/json"
	"strings"

	"snrun/engine"
	"snrun/engine/flow"
)

// progress is what the column counts of a step holds: how far it came, and what was told of it meanwhile.
type progress struct {
	*engine.Counts
	Told   int          `json:"told,omitempty"`
	Asides []flow.Aside `json:"asides,omitempty"`
}

// encodeCounts gives the column counts of a step, nil where there is nothing to say.
func encodeCounts(step engine.StepRun) (any, error) {
	if step.Asides.Told == 0 {
		return orNull(step.Counts)
	}
	return encode(progress{step.Counts, step.Asides.Told, step.Asides.List})
}

// decodeCounts reads what encodeCounts gave.
func decodeCounts(text string, step *engine.StepRun) error {
	var p progress
	err := json.Unmarshal([]byte(text), &p)
	step.Counts, step.Asides = p.Counts, engine.Asides{Told: p.Told, List: p.Asides}
	return err
}

// countsIn gives what of the column counts says how far a step came.
func countsIn(column string) string {
	var step engine.StepRun
	if !strings.Contains(column, `"told":`) || decodeCounts(column, &step) != nil {
		return column
	}
	return countsOf(&step)
}
