package engine

import (
	"sync"

	"snrun/jobs"
)

// Sampled is how many times of each step inside loops are kept for people when they go well, and of how many calls the
// requests. Those that failed are all kept. So the history of a run does not grow with the records that it works on.
const Sampled = 100

// samples count what is kept of the calls and the steps that go well.
type samples struct {
	most  int // of each step
	mu    sync.Mutex
	calls map[*jobs.Step]int
	steps map[*jobs.Step]int
}

func newSamples(most int) *samples { return &samples{most: most} }

// call says whether the requests of one more call of a step are kept.
func (s *samples) call(step *jobs.Step) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return take(&s.calls, step, s.most)
}

// step says whether one more time that a step runs is kept.
func (s *samples) step(step *jobs.Step) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return take(&s.steps, step, s.most)
}

func take(taken *map[*jobs.Step]int, step *jobs.Step, most int) bool {
	if *taken == nil {
		*taken = map[*jobs.Step]int{}
	}
	if (*taken)[step] >= most {
		return false
	}
	(*taken)[step]++
	return true
}
