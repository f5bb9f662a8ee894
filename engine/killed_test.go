package engine_test

import (
	"sync"
	"testing"

	"snrun/engine"
	"snrun/engine/enginetest"
)

// surviving is a Memory that outlives its process: closed, it marks the runs that were going on as interrupted.
type surviving struct {
	*engine.Memory
	mu   sync.Mutex
	runs []string
}

func (s *surviving) Begin(run *engine.Run, entries ...engine.Entry) error {
	s.mu.Lock()
	s.runs = append(s.runs, run.ID)
	s.mu.Unlock()
	return s.Memory.Begin(run, entries...)
}

func (s *surviving) Close() error {
	for _, id := range s.runs {
		if run := s.Run(id); run.Status == engine.Running && run.Workflow == "" {
			run.Status = engine.Interrupted
			if err := s.Finish(run); err != nil {
				return err
			}
		}
	}
	return nil
}

// memories gives a Memory for each folder.
func memories() func(t *testing.T, dir string) enginetest.Closer {
	var folders sync.Map
	return func(_ *testing.T, dir string) enginetest.Closer {
		j, _ := folders.LoadOrStore(dir, &surviving{Memory: engine.NewMemory()})
		return j.(*surviving)
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	enginetest.Killed(t, 1, memories())
}

func TestKilledApart(t *testing.T) {
	t.Parallel()
	enginetest.KilledApart(t, 1, memories())
}
