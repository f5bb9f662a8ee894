package schedule

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"snrun/engine"
)

// queue is the runs that wait for their start. Among jobs it is fair: each has its turn, with one run. Of a job the one that
// was due first goes first.
type queue struct {
	runs  map[string]*waiting // by their ids
	later notYet              // those that are not to start yet
	lanes map[string]*lane    // the others, by their jobs
	turns []*lane             // those lanes that may have one to start, in whose turn it is
}

// waiting is a run that waits.
type waiting struct {
	engine.QueuedRun
	late bool                  // that was told
	at   int                   // where it stands in notYet; -1: it stands in a lane
	do   func(context.Context) // carries out what is no queued run on record; nil: Start does
}

// lane is the runs of one job that could start, the one that was due first at the front.
type lane struct {
	runs []*waiting
	held bool // it is not among the turns: each of its runs waits for others of the job
}

func newQueue() queue { return queue{runs: map[string]*waiting{}, lanes: map[string]*lane{}} }

// add has a run wait that does not yet.
func (q *queue) add(r engine.QueuedRun, now time.Time) *waiting {
	w := &waiting{QueuedRun: r, at: -1}
	q.runs[r.Run] = w
	if r.Start.After(now) {
		heap.Push(&q.later, w)
		return w
	}
	q.ready(w)
	return w
}

// ready puts a run into the lane of its job.
func (q *queue) ready(w *waiting) {
	l := q.lanes[w.Job]
	if l == nil {
		l = &lane{held: true}
		q.lanes[w.Job] = l
	}
	i, _ := slices.BinarySearchFunc(l.runs, w, func(a, b *waiting) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Run, b.Run))
	})
	l.runs = slices.Insert(l.runs, i, w)
	q.release(l)
}

// release gives a lane its turns again.
func (q *queue) release(l *lane) {
	if l.held {
		l.held = false
		q.turns = append(q.turns, l)
	}
}

// releaseJob has the runs of a job be looked at again: another one of it has ended.
func (q *queue) releaseJob(job string) {
	if l := q.lanes[job]; l != nil {
		q.release(l)
	}
}

// releaseAll has all that wait for others be looked at again.
func (q *queue) releaseAll() {
	var held []string
	for job, l := range q.lanes {
		if l.held {
			held = append(held, job)
		}
	}
	slices.Sort(held)
	for _, job := range held {
		q.release(q.lanes[job])
	}
}

// arrive moves the runs whose start has come to their lanes.
func (q *queue) arrive(now time.Time) {
	for len(q.later) > 0 && !q.later[0].Start.After(now) {
		q.ready(heap.Pop(&q.later).(*waiting))
	}
}

// next gives the run whose turn it is, of those that may start. It stays in the queue. It is nil where there is none.
func (q *queue) next(may func(*waiting) bool) *waiting {
	for len(q.turns) > 0 {
		l := q.turns[0]
		for _, w := range l.runs {
			if may(w) {
				return w
			}
		}
		q.turns, l.held = q.turns[1:], true
	}
	return nil
}

// begin takes out the run that next gave. The next turn of its job comes after those of all others.
func (q *queue) begin(run string) *waiting {
	l := q.turns[0]
	w := q.remove(run)
	q.turns = append(q.turns[1:], l)
	return w
}

// remove takes a run out, nil where it does not wait.
func (q *queue) remove(run string) *waiting {
	w := q.runs[run]
	if w == nil {
		return nil
	}
	delete(q.runs, run)
	if w.at >= 0 {
		heap.Remove(&q.later, w.at)
		return w
	}
	l := q.lanes[w.Job]
	l.runs = slices.DeleteFunc(l.runs, func(other *waiting) bool { return other == w })
	if len(l.runs) == 0 {
		delete(q.lanes, w.Job) // if it has a turn, that passes it over
	}
	return w
}

// hurry puts off no start any more: the clock that it went by is not to be trusted.
func (q *queue) hurry() {
	for len(q.later) > 0 {
		q.ready(heap.Pop(&q.later).(*waiting))
	}
}

// nextStart gives when the next run may start that is not to start yet; zero: there is none.
func (q *queue) nextStart() time.Time {
	if len(q.later) == 0 {
		return time.Time{}
	}
	return q.later[0].Start
}

// late gives the runs that should have started before a time, each once.
func (q *queue) late(before time.Time) []*waiting {
	var list []*waiting
	for _, w := range q.runs {
		if !w.late && w.do == nil && w.starts().Before(before) {
			w.late = true
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b *waiting) int { return cmp.Compare(a.Run, b.Run) })
	return list
}

// starts is when it should start.
func (w *waiting) starts() time.Time { return later(w.Due, w.Start) }

// inOrder gives the runs in the order in which they will start, as far as that can be foreseen: round by round, and then
// those whose time has not come.
func (q *queue) inOrder() []*waiting {
	lanes := slices.Clone(q.turns)
	for _, job := range sortedKeys(q.lanes) {
		if l := q.lanes[job]; l.held {
			lanes = append(lanes, l)
		}
	}
	var list []*waiting
	for round := 0; len(lanes) > 0; round++ {
		lanes = slices.DeleteFunc(lanes, func(l *lane) bool { return len(l.runs) <= round })
		for _, l := range lanes {
			list = append(list, l.runs[round])
		}
	}
	notYet := slices.Clone(q.later)
	slices.SortFunc(notYet, func(a, b *waiting) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Run, b.Run)) })
	return append(list, notYet...)
}

// notYet is a heap of runs by their starts.
type notYet []*waiting

func (h notYet) Len() int           { return len(h) }
func (h notYet) Less(i, j int) bool { return h[i].Start.Before(h[j].Start) }
func (h notYet) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }

// Push is for container/heap.
func (h *notYet) Push(x any) {
	w := x.(*waiting)
	w.at = len(*h)
	*h = append(*h, w)
}

// Pop is for container/heap.
func (h *notYet) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.at = -1
	return w
}
