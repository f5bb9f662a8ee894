package main

import (
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
