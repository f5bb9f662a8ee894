package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"snrun/steps"
)

// Memory is a Journal that forgets everything with the process: for embedding and for dry runs.
type Memory struct {
	mu    sync.Mutex
	runs  map[string]*Run
	calls map[string]map[string]kept   // run, key
	state map[string]map[string][]byte // job, name; as JSON, so that nobody shares a value
	steps map[string]map[string]int    // run, key: where the step stands in the run
	order int                          // how many calls were recorded
}

type kept struct {
	entry Entry
	mark  Mark
	order int
}

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{runs: map[string]*Run{}, calls: map[string]map[string]kept{}, state: map[string]map[string][]byte{}, steps: map[string]map[string]int{}}
}

// Begin records a new run.
func (m *Memory) Begin(run *Run, entries ...Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	copied := *run
	if before := m.runs[run.ID]; run.Workflow != "" && before != nil {
		return before.begunAgain(run)
	}
	if run.Workflow == "" || run.Status != Queued {
		copied.Status = Running
	}
	m.runs[run.ID] = &copied
	m.calls[run.ID] = map[string]kept{}
	m.steps[run.ID] = map[string]int{}
	for _, e := range entries {
		m.put(run.ID, kept{entry: e, mark: Done})
	}
	return nil
}

// begunAgain records that a run which somebody else carries out is on record already, and goes on perhaps.
func (r *Run) begunAgain(run *Run) error {
	switch {
	case r.Workflow != run.Workflow, r.Status != Queued && r.Status != Running:
		return fmt.Errorf("%w: it is %s", ErrNotQueued, r.Status)
	case r.Status == Queued && run.Status == Running:
		r.Status, r.Started, r.Process = Running, run.Started, run.Process
	case r.Process == "":
		r.Process = run.Process
	}
	return nil
}

// Continue sets a run that has ended going again.
func (m *Memory) Continue(run *Run, forget, doubt []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.runs[run.ID]
	if before == nil {
		return fmt.Errorf("go on with run %s: there is none", run.ID)
	}
	if run.Workflow != "" && before.Workflow == run.Workflow && before.Status == Running && before.Attempt == run.Attempt {
		return nil
	}
	if before.Status == Running || run.Attempt > 1 && before.Attempt >= run.Attempt {
		return ErrRunning
	}
	if m.calls[run.ID] == nil {
		m.calls[run.ID] = map[string]kept{}
	}
	copied := *run
	copied.Steps = before.Steps
	m.runs[run.ID] = &copied
	m.forget(run.ID, forget...)
	for _, key := range doubt {
		m.put(run.ID, kept{entry: Entry{Key: key}, mark: Intended})
	}
	return nil
}

// Fold puts entries in place of those below a key.
func (m *Memory) Fold(run, below string, drop []string, entries ...Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if below != "" {
		m.forget(run, below)
	}
	for _, key := range drop {
		delete(m.calls[run], key)
	}
	for _, e := range entries {
		m.put(run, kept{entry: e, mark: Done})
	}
	return nil
}

// forget forgets the calls at and below keys.
func (m *Memory) forget(run string, roots ...string) {
	maps.DeleteFunc(m.calls[run], func(key string, _ kept) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return Below(key, root) })
	})
}

// put keeps what is known of a call, with the place in the order that it had.
func (m *Memory) put(run string, k kept) {
	k.order = m.calls[run][k.entry.Key].order
	if k.order == 0 {
		m.order++
		k.order = m.order
	}
	m.calls[run][k.entry.Key] = k
}

// Kept gives the outcomes under keys with a prefix.
func (m *Memory) Kept(run, prefix string) ([]Entry, error) {
	var entries []Entry
	for _, k := range m.inOrder(run, Done) {
		if strings.HasPrefix(k.entry.Key, prefix) {
			entries = append(entries, k.entry)
		}
	}
	return entries, nil
}

// InDoubt gives the calls that were about to be made.
func (m *Memory) InDoubt(run string) ([]string, error) {
	var keys []string
	for _, k := range m.inOrder(run, Intended) {
		keys = append(keys, k.entry.Key)
	}
	return keys, nil
}

// inOrder gives the calls that got so far, in the order in which they were recorded.
func (m *Memory) inOrder(run string, mark Mark) []kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []kept
	for _, k := range m.calls[run] {
		if k.mark == mark {
			found = append(found, k)
		}
	}
	slices.SortFunc(found, func(a, b kept) int { return a.order - b.order })
	return found
}

// Intend marks a call as about to be made.
func (m *Memory) Intend(run, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls[run][key].mark != Done {
		m.put(run, kept{entry: Entry{Key: key}, mark: Intended})
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
	if entry.Passing {
		return nil
	}
	m.put(run, kept{entry: entry, mark: Done})
	return nil
}

// Note keeps a step, in place of what was known of it.
func (m *Memory) Note(run string, step StepRun) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, at := m.runs[run], m.steps[run]
	if i, known := at[step.Key]; known {
		if s := &r.Steps[i]; !step.Before || s.Status != OK && s.Status != Skipped {
			*s = step
		}
		return nil
	}
	at[step.Key] = len(r.Steps)
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
	before := m.runs[run.ID]
	if before.Attempt > max(run.Attempt, 1) {
		return ErrOvertaken
	}
	ended := *run
	ended.Steps = before.Steps
	m.runs[run.ID] = &ended
	if (run.Status == OK || run.Status == Skipped) && !run.Open {
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
