package main

import (
	"math"
	"runtime"
	"testing"
)

func TestAfterCollectionGoesOnUntilItIsEnough(t *testing.T) {
	t.Parallel()
	called, times := make(chan int, 9), 0
	afterCollection(func() bool {
		times++
		called <- times
		return times < 3
	})
	for want := 1; want <= 3; want++ {
		for got := 0; got == 0; {
			runtime.GC()
			select {
			case got = <-called:
			default:
			}
			if got != 0 && got != want {
				t.Fatalf("got call %d, want %d", got, want)
			}
		}
	}
	for range 3 {
		runtime.GC()
		select {
		case <-called:
			t.Fatal("it was called again, though it was enough")
		default:
		}
	}
}

// TestMemoryFollowsWhatLives holds when the heap is kept small, and that it is not where garbage would be collected all the time.
func TestMemoryFollowsWhatLives(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	type collection struct{ room, lives uint64 }
	tests := []struct {
		name  string
		first collection
		then  collection
		times int
		limit int64
		done  bool
	}{
		{"little lives", collection{12 * mb, 4 * mb}, collection{5 * mb, 5 * mb}, 100, smallHeap, false},
		{"much lives", collection{12 * mb, 11 * mb}, collection{20 * mb, 11 * mb}, 1, math.MaxInt64, true},
		{"less lives later", collection{12 * mb, 11 * mb}, collection{20 * mb, 5 * mb}, 1, smallHeap, false},
		{"no room", collection{12 * mb, 4 * mb}, collection{2 * mb, 10 * mb}, inARow, math.MaxInt64, true},
		{"no room for a while", collection{12 * mb, 4 * mb}, collection{2 * mb, 10 * mb}, inARow - 1, smallHeap, false},
		{"no room, though little lives", collection{12 * mb, 4 * mb}, collection{1 * mb, 6 * mb}, inARow, smallHeap + more, false},
		{"no room again and again", collection{12 * mb, 4 * mb}, collection{1 * mb, 6 * mb}, 3 * inARow, smallHeap + 7*more, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tune := newTuner()
			asked := test.first.room
			tune.follow(asked, test.first.lives)
			for range test.times {
				asked += test.then.room
				tune.follow(asked, test.then.lives)
			}
			if tune.limit != test.limit || tune.done != test.done {
				t.Errorf("got the limit %d, done %t, want %d, %t", tune.limit, tune.done, test.limit, test.done)
			}
		})
	}
}

func TestHeapTellsWhatIsAllocated(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	before, _ := heap()
	held := make([]byte, size)
	runtime.GC()
	after, lives := heap()
	if after-before < size || lives < size {
		t.Errorf("got %d more bytes and %d in use, want %d of both at least", after-before, lives, size)
	}
	runtime.KeepAlive(held)
}
