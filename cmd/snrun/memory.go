package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How memory is used. docs/performance.md has the figures that led to it.
const (
	// Garbage may be three times what lives before it is collected: most runs are over by then.
	gcPercent = 300
	// In a daemon no more than as much: it lives long, and mostly idly. Less would save nothing but at the start.
	daemonPercent = 100
	// Where no more than little lives, all that Go uses stays below smallHeap from then on, so that a run over any number of
	// pages has the same memory as one over a few.
	little    = 9 << 20
	smallHeap = 41 << 19
	atFirst   = 26 << 20 // until that is known: two collections tell that more lives
	// Where that left less room for garbage than a third of what lives, so many times in a row, garbage would be collected all the
	// time: while not much lives some more is given, else as much as it wants. What is asked for meanwhile counts as living.
	inARow = 10
	more   = 1 << 20
	much   = 17 << 19
)

// tuneMemory sets how far the heap may grow: with what lives in it, and hardly while that is little.
func tuneMemory() {
	debug.SetGCPercent(gcPercent)
	t := newTuner()
	debug.SetMemoryLimit(t.limit)
	afterCollection(func() (again bool) {
		before := t.limit
		if t.follow(heap()); t.limit != before {
			debug.SetMemoryLimit(t.limit)
		}
		return !t.done
	})
}

// tuneDaemon sets how far the heap of a process may grow that is there for months, and keeps what it knows of ten thousand jobs: not so
// far.
func tuneDaemon() { debug.SetGCPercent(daemonPercent) }

// tuner limits what Go uses while little lives.
type tuner struct {
	limit   int64
	done    bool   // nothing will change any more
	more    int64  // what the limit grows by the next time
	asked   uint64 // bytes, until the last collection
	crowded int    // collections in a row that left little room
	least   uint64 // of what lived at them
}

func newTuner() *tuner { return &tuner{limit: atFirst, more: more} }

// follow follows a collection, until which so many bytes were asked for, and which found so many to be in use.
func (t *tuner) follow(asked, lives uint64) {
	room := asked - t.asked
	t.asked = asked
	switch {
	case t.limit == atFirst && lives <= little:
		t.limit, t.crowded = smallHeap, 0
	case t.limit == atFirst:
		if t.crowded++; t.crowded == 2 {
			t.limit, t.done = math.MaxInt64, true
		}
	case !t.isCrowded(room, lives):
	case t.least <= much:
		t.limit, t.crowded, t.more = t.limit+t.more, 0, 2*t.more
	default:
		t.limit, t.done = math.MaxInt64, true
	}
}

// isCrowded says whether there was little room for garbage too many times.
func (t *tuner) isCrowded(room, lives uint64) bool {
	if room >= lives/3 {
		t.crowded = 0
		return false
	}
	if t.crowded++; t.crowded == 1 {
		t.least = lives
	}
	t.least = min(t.least, lives)
	return t.crowded == inARow
}

// afterCollection calls f after each collection of garbage, until it gives false.
func afterCollection(f func() (again bool)) {
	type passing struct{ _ *int } // with a pointer: others share their memory, and live as long as the longest of them
	runtime.AddCleanup(&passing{}, func(f func() bool) {
		if f() {
			afterCollection(f)
		}
	}, f)
}

// heap is how many bytes were asked for so far, and how many of them were in use at the last collection.
func heap() (asked, lives uint64) {
	bytes := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(bytes)
	return bytes[0].Value.Uint64(), bytes[1].Value.Uint64()
}
