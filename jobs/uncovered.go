package jobs

// Uncovered gives the steps of a job for which what an earlier text of it kept may not do: calls of whose results more is
// read now, loops over a source of whose items or output more is, steps that were of another kind. Steps are the same that
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

// covers says whether what is kept of the pages of a loop does for another.
func (b *Foreach) covers(now *Foreach) bool {
	if b.Source == nil || now.Source == nil {
		return b.Source == now.Source
	}
	return b.Source.Kind.Name == now.Source.Kind.Name && b.Item.Covers(now.Item)
}
