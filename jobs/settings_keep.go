package jobs

import (
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Keep says which runs are kept.
type Keep struct {
	Age  time.Duration // how long; 0 is for ever
	Runs int           // how many of a job; 0 is all
}

// keepFields are the keys of `history`.
func keepFields() []steps.Field {
	return []steps.Field{
		{Name: "keep", Static: true, Doc: "Which runs are kept.", Type: steps.ObjectOf(
			steps.Field{Name: "age", Static: true, Type: steps.Of(steps.Duration), Example: "90d", Doc: "Runs younger than this."},
			steps.Field{Name: "runs", Static: true, Type: steps.Of(steps.Int), Example: "1000", Doc: "So many runs of each job."},
		)},
	}
}

// keep reads `history.keep`.
func (d *decoder) keep(root *source.Node, in steps.Input) Keep {
	if in.Int("runs") < 0 {
		d.r.Errorf(d.at(root, "history.keep.runs"), "runs must be at least 0").Hint = "0 keeps all"
	}
	return Keep{Age: in.Duration("age"), Runs: in.Int("runs")}
}
