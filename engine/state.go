package engine

import (
	"fmt"

	"snrun/jobs"
)

// readStates reads the state of the job, and of the jobs that it calls.
func (x *execution) readStates() (map[string]map[string]any, error) {
	states := map[string]map[string]any{}
	for _, job := range append([]*jobs.Job{x.job}, x.job.Called()...) {
		saved, err := x.Journal.State(x.stateOf(job.Name))
		if err != nil {
			return nil, fmt.Errorf("reading the state of %s: %w", job.Name, err)
		}
		values := map[string]any{}
		for _, s := range job.State {
			values[s.Name] = s.Initial
			if v, ok := saved[s.Name]; ok {
				values[s.Name] = v
			}
		}
		states[job.Name] = values
	}
	return states, nil
}

// stateOf is the name that a job's state is kept under.
func (x *execution) stateOf(job string) string {
	if x.space == "" {
		return job
	}
	return job + "@" + x.space
}
