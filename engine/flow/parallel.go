package flow

import (
	"fmt"

	"snrun/jobs"
	"snrun/steps"
)

// parallel runs branches at once. All go on to their end, also beside one that fails: so it does not depend on time how far
// each of them came.
func (f *frame) parallel(s *jobs.Step, b *jobs.Parallel, note Note) (result, error) {
	n := len(b.Branches)
	outputs, failures, saved := make([]any, n), make([]*steps.Error, n), make([]saves, n)
	err := f.h.Fork(n, n, f.cleanup, func(i int, h Host) error {
		c := f.child(h, note.Key[len(f.path):]+"/branch:"+b.Branches[i].Name)
		c.saved = saves{}
		out, err := c.block(b.Branches[i].Steps)
		outputs[i], saved[i] = out, c.saved
		failure, isStep := err.(*steps.Error)
		if err != nil && !isStep {
			return err
		}
		failures[i] = failure
		return nil
	})
	if saveErr := f.join(s, note.Key, "", saved); err == nil {
		err = saveErr
	}
	if err != nil {
		return result{}, err
	}
	if failure := branchFailure(b, failures); failure != nil {
		return result{}, failure
	}
	all := make(map[string]any, n)
	for i, branch := range b.Branches {
		all[branch.Name] = outputs[i]
	}
	return result{output: all}, nil
}

// branchFailure is the failure of branches: the first in the order written, nil where none failed.
func branchFailure(b *jobs.Parallel, failures []*steps.Error) *steps.Error {
	var first *steps.Error
	failed, name := 0, ""
	var calls []string
	for i, failure := range failures {
		if failure == nil {
			continue
		}
		failed++
		calls = append(calls, failure.Calls...)
		if first == nil {
			copied := *failure
			first, name = &copied, b.Branches[i].Name
		}
	}
	if first != nil {
		first.Message = fmt.Sprintf("%d of %d branches failed; %s: %s", failed, len(failures), name, first.Message)
		first.Calls = calls
	}
	return first
}
