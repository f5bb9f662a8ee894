package history

import (
	"sync"
	"sync/atomic"
)

const (
	reserveSQL = `UPDATE runs SET rows = rows + ?2 WHERE id = ?1 RETURNING rows`
	reachSQL   = `UPDATE runs SET rows = greatest(rows, ?2) WHERE id = ?1`
	lastOfSQL  = `SELECT (id << 32) + rows FROM runs WHERE id = ?`
)

// A process gets so many numbers for rows of a run at first, and then twice as many each time, up to most.
const (
	firstBlock = 32
	mostBlock  = 1024
)

// numbers gives the ids of a run's rows, in their order. Where other processes write rows of the run, too, it gets them in blocks.
type numbers struct {
	last    atomic.Int64
	reserve func(count int64) (last int64, err error) // gives the last id of a block; nil where the run is this process's alone

	mu    sync.Mutex
	until int64 // the last id of the block
	block int64
}

// take gives the id of the run's next row.
func (n *numbers) take() (int64, error) {
	if n.reserve == nil {
		return n.last.Add(1), nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last.Load() >= n.until {
		n.block = min(max(2*n.block, firstBlock), mostBlock)
		until, err := n.reserve(n.block)
		if err != nil {
			return 0, err
		}
		n.until = until
		n.last.Store(until - n.block)
	}
	return n.last.Add(1), nil
}

// reserveRows gives ids of rows of a run to this process alone.
func (s *Store) reserveRows(number, count int64) (last int64, err error) {
	if s.writer == nil {
		return 0, s.onlyReading("write rows of a run")
	}
	found := false
	err = s.writer.commit(false, row{looks: true, do: func(c *conn) (err error) {
		found, err = c.ints(rowOf(reserveSQL, number, count), &last)
		return err
	}})
	if err == nil && !found {
		err = ErrUnknownRun // it was pruned
	}
	return number<<runShift + last, err
}
