package engine

import (
	"sync"

	"snrun/jobs"
)

// Sampled is how many calls that went well keep their requests for people, of each step inside loops. Those that failed all
// do. So the history of a run does not grow with the records that it works on.
const Sampled = 100

// samples count the calls whose requests are kept.
type samples struct {
	mu   sync.Mutex
	kept map[*jobs.Step]int
}

// take says whether one more call of a step is kept.
func (s *samples) take(step *jobs.Step) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[*jobs.Step]int{}
	}
	if s.kept[step] >= Sampled {
		return false
	}
	s.kept[step]++
	return true
}
