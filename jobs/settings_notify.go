package jobs

import (
	"snrun/jobs/source"
	"snrun/steps"
)

// Notify is one whom the daemon tells what is wrong.
type Notify struct{ Name string }

// notifyType is what `notify` takes.
func notifyType() steps.Type { return steps.Of(steps.Any) }

// notify reads `notify`.
func (d *decoder) notify(*source.Node, steps.Input) []Notify { return nil }
