package history

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"snrun/jobs"
)

// Policy says which runs are to go. Of those that it says to delete, some are kept all the same: what waits or goes on, the newest
// run of each job and the newest that ended well, the newest slot of a schedule, a run whose state its job still has, one that an
// alert names, and for a week one that was interrupted and that a daemon goes on with.
type Policy struct {
	Keep jobs.Keep
	// Owns says for which jobs it holds, by their names and the file of their newest run; nil: for all.
	Owns func(job, file string) bool
}

// Pruned tells what was deleted, or would be.
type Pruned struct {
	Jobs   []PrunedJob // by name
	Before int64       // how large the database was, bytes
	After  int64       // and is
	Over   int64       // by how much the database is still larger than Keep.Size: nothing more of it may go
	Values int         // large values that nothing referred to any more: they are deleted whatever the policy says
	// ValueBytes is how large these were.
	ValueBytes int64
	Fixed      bool // the file does not shrink, though there is room in it: another program made it
}

// PrunedJob tells which runs of a job were deleted.
type PrunedJob struct {
	Job    string
	Runs   int
	Oldest time.Time // when they ended; zero where that is not known
	Newest time.Time
	Bytes  int64 // about how large they are; 0 where they are deleted
}

// Runs gives how many runs were deleted.
func (p Pruned) Runs() int {
	n := 0
	for _, job := range p.Jobs {
		n += job.Runs
	}
	return n
}

// add counts a run.
func (p *Pruned) add(d doomed) *PrunedJob {
	i, found := slices.BinarySearchFunc(p.Jobs, d.job, func(j PrunedJob, name string) int { return strings.Compare(j.Job, name) })
	if !found {
		p.Jobs = slices.Insert(p.Jobs, i, PrunedJob{Job: d.job})
	}
	j := &p.Jobs[i]
	j.Runs++
	at := moment(d.moment)
	if j.Oldest.IsZero() || at.Before(j.Oldest) {
		j.Oldest = at
	}
	if at.After(j.Newest) {
		j.Newest = at
	}
	return j
}

// Pruner deletes runs that are not kept any more, bit by bit. It is for one goroutine, and must be closed. Others may write to the
// database meanwhile, in this process and in others: also other Pruners.
type Pruner struct {
	planner
	conn   *conn
	phases []func() (more bool, err error)
	plan   []doomed
	done   Pruned
	behind bool // rows of a run that is gone are still there
	left   leftValues
	box    time.Duration // how long a step may take until it has to end; what it is about then still comes
	held   time.Duration // how long the last step kept others from writing
	pages  int64         // how many are given back at once

	counted bool  // on a server: what its rows hold was counted
	rows    int64 // how many bytes these are by now

	unfolded int // how many steps were written since the log was folded into the file
}

// Pruner begins to delete what a policy says, as of now.
func (s *Store) Pruner(policy Policy, now time.Time) (*Pruner, error) {
	if err := s.settle(); err != nil { // a run whose process is gone would count as running
		return nil, err
	}
	if s.writer != nil {
		if err := s.flush("delete old runs"); err != nil {
			return nil, err
		}
	}
	c, err := s.place.writer()
	if err != nil {
		return nil, s.place.fault("delete old runs", err)
	}
	before, err := s.fileSize()
	if err == nil {
		err = c.run(noFoldSQL)
	}
	if err != nil {
		return nil, errors.Join(s.place.fault("delete old runs", err), c.close())
	}
	p := &Pruner{planner: planner{store: s, policy: policy, now: now}, conn: c, pages: firstPages, box: longest}
	p.done.Before, p.done.After = before, before
	p.phases = []func() (bool, error){p.makeRoom, p.leftovers, p.byRule, p.values, p.bySize, p.texts, p.audits, p.shrink, p.truncate}
	return p, nil
}

// Step does a little, and keeps others from writing for a few milliseconds at most. It says whether there is more to do.
func (p *Pruner) Step() (more bool, err error) {
	p.held = 0
	if len(p.phases) == 0 {
		return false, nil
	}
	if p.unfolded == foldAfter {
		_, _ = p.makeRoom()
		return true, nil
	}
	again, err := p.phases[0]()
	if p.held > 0 {
		p.unfolded++
	}
	if err != nil {
		return false, p.store.place.fault("delete old runs", err)
	}
	if !again {
		p.phases = p.phases[1:]
	}
	return len(p.phases) > 0, nil
}

// Pause is how long to wait before the next step, so that others can write: longer while runs go on.
func (p *Pruner) Pause() time.Duration {
	if p.held == 0 {
		return 0
	}
	going, err := p.conn.holds(row{sql: activeSQL})
	if err != nil || going {
		return max(2*p.held, 2*time.Millisecond)
	}
	return max(p.held/4, time.Millisecond)
}

// Pruned tells what was deleted up to now.
func (p *Pruner) Pruned() Pruned {
	done := p.done
	done.Jobs = slices.Clone(done.Jobs)
	if size, err := p.store.fileSize(); err == nil {
		done.After = size
	}
	return done
}

// Close ends it. What was deleted stays deleted.
func (p *Pruner) Close() error {
	return p.store.place.fault("delete old runs", p.conn.close())
}

// Prune deletes what a policy says, as of now, in small steps with pauses between them: others can write meanwhile. It tells what was
// deleted also when it gives an error, as when the context ends.
func (s *Store) Prune(ctx context.Context, policy Policy, now time.Time) (_ Pruned, err error) {
	p, err := s.Pruner(policy, now)
	if err != nil {
		return Pruned{}, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	for more := true; more && err == nil; {
		if more, err = p.Step(); more && err == nil {
			err = wait(ctx, p.Pause())
		}
	}
	return p.Pruned(), err
}

// wait waits, and gives the cause of the context's end when that comes first.
func wait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// fileSize is how large the database is, with what is in its log.
func (s *Store) fileSize() (size int64, err error) {
	err = s.read.QueryRow(fileSizeSQL).Scan(&size)
	return size, err
}
