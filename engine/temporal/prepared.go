package temporal

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"snrun/engine"
	"snrun/jobs"
)

// Prepared is what runs of a job are carried out with on this machine.
type Prepared struct {
	Job     *jobs.Job
	Engine  *engine.Engine
	Env     map[string]any // what env.NAME gives, where the run began with no other
	Secrets map[string]any // what secret.NAME gives
	Close   func()         // nil for nothing; called when no run needs it any more
}

// preparedMost is how many are kept.
const preparedMost = 256

// preparedRuns keeps what the pieces of a run are carried out with. Another run has its own, also one of the same job: profiles, settings and
// secrets may be other ones by then.
type preparedRuns struct {
	prepare func(context.Context, *engine.Run) (*Prepared, error)

	mu    sync.Mutex
	known map[[sha256.Size]byte]*preparing
	order [][sha256.Size]byte // the one that was wanted longest ago first
}

// preparing is one that is being prepared, or is prepared.
type preparing struct {
	done chan struct{}
	got  *Prepared
	err  error
	used int // by activities under way
	gone bool
}

// of gives what a run is carried out with. Whoever has done with it gives it back.
func (p *preparedRuns) of(ctx context.Context, run *engine.Run) (got *Prepared, back func(), err error) {
	entry, mine := p.enter(digestOf(run))
	if mine {
		entry.got, entry.err = p.prepareNow(ctx, run)
		if entry.err != nil {
			p.forget(digestOf(run), entry)
		}
		close(entry.done)
	}
	select {
	case <-entry.done:
	case <-ctx.Done():
		p.leave(entry)
		return nil, nil, context.Cause(ctx)
	}
	if entry.err != nil {
		p.leave(entry)
		return nil, nil, entry.err
	}
	return entry.got, func() { p.leave(entry) }, nil
}

func (p *preparedRuns) prepareNow(ctx context.Context, run *engine.Run) (got *Prepared, err error) {
	if p.prepare == nil {
		return nil, errNoPrepare
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a defect in snrun while a run was prepared: %v", r)
		}
	}()
	return p.prepare(ctx, run)
}

func (p *preparedRuns) enter(key [sha256.Size]byte) (entry *preparing, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[[sha256.Size]byte]*preparing{}
	}
	entry, there := p.known[key]
	if !there {
		entry = &preparing{done: make(chan struct{})}
		p.known[key] = entry
		p.order = append(p.order, key)
		p.makeRoom()
	}
	entry.used++
	if there {
		p.order = append(p.without(key), key)
	}
	return entry, !there
}

// makeRoom lets go of those that nobody wanted for the longest time, beyond the most.
func (p *preparedRuns) makeRoom() {
	for len(p.order) > preparedMost {
		entry := p.known[p.order[0]]
		delete(p.known, p.order[0])
		p.order = p.order[1:]
		entry.gone = true
		entry.closeUnused()
	}
}

func (p *preparedRuns) forget(key [sha256.Size]byte, entry *preparing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[key] != entry {
		return
	}
	delete(p.known, key)
	p.order = p.without(key)
}

// without gives the order without one.
func (p *preparedRuns) without(key [sha256.Size]byte) [][sha256.Size]byte {
	return slices.DeleteFunc(p.order, func(k [sha256.Size]byte) bool { return k == key })
}

// over lets go of what a run was carried out with that has ended.
func (p *preparedRuns) over(run *engine.Run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := digestOf(run)
	if entry, there := p.known[key]; there {
		delete(p.known, key)
		p.order = p.without(key)
		entry.gone = true
		entry.closeUnused()
	}
}

func (p *preparedRuns) leave(entry *preparing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry.used--
	if entry.gone {
		entry.closeUnused()
	}
}

// closeUnused closes what nobody will ask for any more.
func (e *preparing) closeUnused() {
	if e.used == 0 && e.got != nil && e.got.Close != nil {
		e.got.Close()
		e.got = nil
	}
}

// close closes all.
func (p *preparedRuns) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range p.order {
		entry := p.known[key]
		entry.gone = true
		entry.closeUnused()
	}
	p.known, p.order = nil, nil
}

// digestOf tells runs apart, and one that goes on with other texts.
func digestOf(run *engine.Run) [sha256.Size]byte {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n", run.ID)
	for _, text := range run.Texts() {
		fmt.Fprintf(hash, "%d %s\n%d %s\n", len(text.File), text.File, len(text.Text), text.Text)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
