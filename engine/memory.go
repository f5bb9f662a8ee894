package engine

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"snrun/steps"
)

// Memory is a Journal that forgets everything with the process: for embedding and for dry runs.
type Memory struct {
	mu    sync.Mutex
	runs  map[string]*Run
	calls map[string]map[string]kept   // run, key
	state map[string]map[string][]byte // job, name; as JSON, so that nobody shares a value
}

type kept struct {
	entry Entry
	mark  Mark
}

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{runs: map[string]*Run{}, calls: map[string]map[string]kept{}, state: map[string]map[string][]byte{}}
}

// Begin records a new run.
func (m *Memory) Begin(run *Run) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	copied := *run
	m.runs[run.ID] = &copied
	m.calls[run.ID] = map[string]kept{}
	return nil
}

// Intend marks a call as about to be made.
func (m *Memory) Intend(run, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls[run][key].mark != Done {
		m.calls[run][key] = kept{Entry{Key: key}, Intended}
	}
	return nil
}

// Commit keeps the outcome of a call.
func (m *Memory) Commit(run string, entry Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(entry.State)) {
		text, err := steps.EncodeJSON(entry.State[name])
		if err != nil {
			return fmt.Errorf("state.%s: %w", name, err)
		}
		state[name] = text
	}
	if m.state[entry.Job] == nil {
		m.state[entry.Job] = map[string][]byte{}
	}
	maps.Copy(m.state[entry.Job], state)
	m.calls[run][entry.Key] = kept{entry, Done}
	return nil
}

// Note keeps a step.
func (m *Memory) Note(run string, step StepRun) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[run]
	for i := len(r.Steps) - 1; i >= 0; i-- { // what goes on stands near the end
		if s := &r.Steps[i]; s.Key == step.Key && s.Status == Running {
			*s = step
			return nil
		}
	}
	r.Steps = append(r.Steps, step)
	return nil
}

// Lookup gives what is known of a call.
func (m *Memory) Lookup(run, key string) (Entry, Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.calls[run][key]
	return k.entry, k.mark, nil
}

// Finish keeps how the run ended, and forgets its calls when it ended well.
func (m *Memory) Finish(run *Run) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	ended := *run
	ended.Steps = m.runs[run.ID].Steps
	m.runs[run.ID] = &ended
	if run.Status == OK || run.Status == Skipped {
		delete(m.calls, run.ID)
	}
	return nil
}

// State gives what a job has saved.
func (m *Memory) State(job string) (map[string]any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := map[string]any{}
	for name, text := range m.state[job] {
		v, err := steps.DecodeJSON(text)
		if err != nil {
			return nil, fmt.Errorf("state.%s: %w", name, err)
		}
		state[name] = v
	}
	return state, nil
}

// Run gives the record of a run as it is now, nil when there is none.
func (m *Memory) Run(id string) *Run {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runs[id] == nil {
		return nil
	}
	run := *m.runs[id]
	run.Steps = slices.Clone(run.Steps)
	return &run
}
