package jobs

import "snrun/steps"

// tracer finds out what is read of the result of each step, from what all expressions of a job read below `steps`. That
// can be said of ids as such, as they are unique in a job.
type tracer struct{ read steps.Reads }

func (t tracer) branches(list []branch) {
	for _, b := range list {
		for i, s := range b.steps {
			if i == len(b.steps)-1 {
				t.step(s, b.last)
			} else {
				t.step(s, steps.Nothing())
			}
		}
	}
}

// step fills in what is read of a step; the block around it reads out of its output.
func (t tracer) step(s *Step, out steps.Reads) {
	later := steps.Nothing()
	if s.ID != "" {
		later = t.read.At(s.ID)
	}
	out = out.And(later.At("output"))
	if s.Output != nil { // what is read later is read of its value, and it reads what the kind gave
		response := s.Output.Uses().Reads("response")
		out = response.At("body").And(s.Output.Uses().Reads("steps").At(s.ID).At("output"))
		later = later.And(response)
	}
	if s.walks() && !out.None() {
		out = nil
	}
	s.Reads = resultReads(s.Kind, later, out)
	if inside, nests := s.Body.(nest); nests {
		t.branches(inside.branches(out))
	}
	switch body := s.Body.(type) {
	case *Foreach:
		body.Acts = acts(body.Steps)
	case *Try:
		for i := range body.Catch {
			body.Catch[i].Acts = acts(body.Catch[i].Steps)
		}
	}
}

// resultReads is what is read of what a kind gave. The rest of `steps.ID` the flow knows by itself.
func resultReads(kind *steps.Kind, later, out steps.Reads) steps.Reads {
	if later == nil {
		return nil
	}
	reads := steps.Nothing()
	if kind.Run != nil {
		for field, below := range later {
			switch field {
			case "output", "body", "skipped", "attempts": // its own
			default:
				reads[field] = below
			}
		}
	}
	if !out.None() {
		reads["output"] = out
	}
	return reads
}

// walks says whether the step is a call that reads page after page: its output is a list.
func (s *Step) walks() bool {
	c, calls := s.Body.(*Call)
	return calls && c.walks
}

// acts says whether steps leave something behind.
func acts(list []*Step) bool {
	for _, s := range list {
		switch body := s.Body.(type) {
		case *Set, *Log, *Fail:
			continue
		case *Foreach:
			if body.Source != nil {
				return true
			}
		}
		inside, nests := s.Body.(nest)
		if !nests {
			return true
		}
		for _, b := range inside.branches(nil) {
			if acts(b.steps) {
				return true
			}
		}
	}
	return false
}
