package jobs

import (
	"fmt"

	"snrun/steps"
)

// branch is a list of steps inside a step: its name, as the flow has it in keys, and what is read of its last output.
type branch struct {
	name  string
	steps []*Step
	last  steps.Reads
}

// nest is a Body with steps inside.
type nest interface {
	// branches gives the steps inside, where out is read of the body's own output.
	branches(out steps.Reads) []branch
}

func (b *Block) branches(out steps.Reads) []branch { return []branch{{"", b.Steps, out}} }

func (b *Foreach) branches(out steps.Reads) []branch {
	if b.Collect != nil || out.None() {
		return []branch{{"", b.Steps, steps.Nothing()}}
	}
	return []branch{{"", b.Steps, nil}} // the output is the list of them
}

func (b *Switch) branches(out steps.Reads) []branch { return caseBranches("case", b.Cases, out) }

func (b *Try) branches(out steps.Reads) []branch {
	all := append([]branch{{"try", b.Steps, out}}, caseBranches("catch", b.Catch, out)...)
	return append(all, branch{"finally", b.Finally, steps.Nothing()})
}

func (b *Parallel) branches(out steps.Reads) []branch {
	list := make([]branch, len(b.Branches))
	for i, one := range b.Branches {
		list[i] = branch{"branch:" + one.Name, one.Steps, steps.Nothing()}
		if of, read := out.Of(one.Name); read {
			list[i].last = of
		}
	}
	return list
}

// Rounds that end without their condition say what the last one gave.
func (b *Repeat) branches(steps.Reads) []branch { return []branch{{"", b.Steps, nil}} }

func caseBranches(name string, cases []Case, out steps.Reads) []branch {
	list := make([]branch, len(cases))
	for i, c := range cases {
		list[i] = branch{fmt.Sprintf("%s:%d", name, i+1), c.Steps, out}
	}
	return list
}

// branches are the lists of steps of a job, under names that no step has. Nobody reads their last outputs.
func (j *Job) branches() []branch {
	return []branch{
		{"", j.Steps, steps.Nothing()}, {"on_failure:job", j.OnFailure, steps.Nothing()},
		{"on_success:job", j.OnSuccess, steps.Nothing()}, {"finally:job", j.Finally, steps.Nothing()},
	}
}

// eachStep visits the steps at all depths, with their places: the segments on the way from the top of the job.
func eachStep(place string, list []branch, visit func(place string, s *Step)) {
	for _, b := range list {
		below := place
		if b.name != "" {
			below += "/" + b.name
		}
		for _, s := range b.steps {
			at := below + "/" + s.Segment
			visit(at, s)
			switch body := s.Body.(type) {
			case nest:
				eachStep(at, body.branches(nil), visit)
			case *RunJob: // what is read in it was found when it was loaded
				eachStep(at, body.Job.branches(), visit)
			}
		}
	}
}

// Places gives the steps of a job at all depths, also of the jobs that it calls, by the places at which they stand: the same text has
// the same steps at the same places, whichever process reads it.
func (j *Job) Places() map[string]*Step {
	places := map[string]*Step{}
	eachStep("", j.branches(), func(place string, s *Step) { places[place] = s })
	return places
}
