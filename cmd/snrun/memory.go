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
	// Where no more than little lives, all that Go uses stays below smallHeap from then on, so that a run over any number of
	// pages has the same memory as one over a few.
	little    = 7 << 20
	smallHeap = 18 << 20
	// Where that left less room for garbage than half of what lives, so many times in a row, garbage would be collected all the
	// time: then no more is said.
	inARow = 10
)

// tuneMemory sets how far the heap may grow: with what lives in it, and hardly while that is little.
func tuneMemory() {
	debug.SetGCPercent(gcPercent)
	limited, last, crowded := false, uint64(0), 0
	afterCollection(func() (again bool) {
		used, lives := heap()
		if crowded++; !limited || used-last >= lives/2 {
			crowded = 0
		}
		last = used
		switch {
		case !limited && lives <= little:
			debug.SetMemoryLimit(smallHeap)
			limited = true
		case crowded == inARow:
			debug.SetMemoryLimit(math.MaxInt64)
		}
		return crowded < inARow
	})
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
