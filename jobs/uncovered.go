package jobs

import "slices"

// Uncovered gives the steps of a job for which what an earlier text of it kept may not do: calls of whose results more is
// read now, loops that name their items otherwise or over a source of whose items or output more is, steps that were of another kind. Steps are the same that
// have the same place: the same ids, or positions, from the top of the job.
func (j *Job) Uncovered(original *Job) map[*Step]bool {
	before := map[string]*Step{}
	eachStep("", original.branches(), func(place string, s *Step) { before[place] = s })
	uncovered := map[*Step]bool{}
	eachStep("", j.branches(), func(place string, s *Step) {
		if old := before[place]; old != nil && !old.covers(s) {
			uncovered[s] = true
		}
	})
	return uncovered
}

// Before gives the steps of a job that stand before one at its top, with all that is in them; all where there is no such step.
func (j *Job) Before(segment string) map[*Step]bool {
	end := slices.IndexFunc(j.Steps, func(s *Step) bool { return s.Segment == segment })
	if end < 0 {
		end = len(j.Steps)
	}
	steps := map[*Step]bool{}
	eachStep("", []branch{{steps: j.Steps[:end]}}, func(_ string, s *Step) { steps[s] = true })
	return steps
}

// covers says whether what is kept of s does for another in its place.
func (s *Step) covers(now *Step) bool {
	if s.Kind.Name != now.Kind.Name {
		return false
	}
	switch body := now.Body.(type) {
	case *Set, *Save, *Log, *Fail, *Block, *Switch, *Try, *Parallel, *Repeat, *RunJob, *Wait: // they are gone through again, and keep nothing themselves
		return true
	case *Foreach:
		return s.Body.(*Foreach).covers(body) && (body.Source == nil || s.Reads.Covers(now.Reads))
	}
	return s.Reads.Covers(now.Reads)
}

// covers says whether what is kept of the items of a loop, and of its pages, does for another.
func (b *Foreach) covers(now *Foreach) bool {
	if b.Source == nil || now.Source == nil {
		return b.Source == now.Source && (b.names(now) || !b.Acts && !now.Acts)
	}
	return b.names(now) && b.Source.Kind.Name == now.Source.Kind.Name && b.Item.Covers(now.Item)
}

// names says whether a loop names its items as another does. By their names those that were done are known.
func (b *Foreach) names(now *Foreach) bool {
	return keyText(b) == keyText(now) && b.Batch == now.Batch && b.ByPage == now.ByPage
}

// keyText is the key of a loop's items as it was written, "" for none.
func keyText(b *Foreach) string {
	if b.Key == nil {
		return ""
	}
	return b.Key.Node().Text()
}
