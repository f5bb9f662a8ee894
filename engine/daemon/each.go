package daemon

import (
	"runtime"
	"sync"
	"sync/atomic"

	"snrun/jobs"
)

// LoadEach loads the jobs of several files of a project, as many at once as there are processors, and gives each to take with the place
// of its file in the list: one after the other, in any order.
func LoadEach(p *jobs.Project, files []string, take func(i int, j *jobs.Job, err error)) {
	var workers sync.WaitGroup
	var taking sync.Mutex
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				j, err := p.Load(files[i])
				taking.Lock()
				take(i, j, err)
				taking.Unlock()
			}
		})
	}
	workers.Wait()
}
