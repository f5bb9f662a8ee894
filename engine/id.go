package engine

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// crockford is Crockford's base 32 in lower case: no i, l, o and u, so that an id can be read out.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// epoch is where the time in an id begins.
const epoch = 1577836800000 // 2020-01-01 in Unix milliseconds

// idSource gives the ids of runs, and remembers the last one. Its zero value is ready for use.
type idSource struct{ last atomic.Int64 }

// next gives the id of a run that starts at t: 11 characters, 8 for the milliseconds and 3 that are random, so the ids of
// several engines differ and sort by time. Each is greater than all before. A time before 2020 counts as 2020; the order
// holds until 2054.
func (s *idSource) next(t time.Time) string {
	id := max(t.UnixMilli()-epoch, 0)<<15 | rand.Int64N(1<<15)
	for {
		last := s.last.Load()
		id = max(id, last+1)
		if s.last.CompareAndSwap(last, id) {
			return base32(id)
		}
	}
}

// LowestID gives an id that is not greater than that of any run which starts at t or later, and greater than those of the runs of the
// time before. For a time before 2020 it is the lowest of all, for one after 2054, when ids begin anew, the greatest.
func LowestID(t time.Time) string {
	ms := max(t.UnixMilli()-epoch, 0)
	if ms >= 1<<40 {
		return base32(1<<55 - 1)
	}
	return base32(ms << 15)
}

// base32 writes the low 55 bits of n as 11 characters.
func base32(n int64) string {
	var text [11]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = crockford[n&31]
		n >>= 5
	}
	return string(text[:])
}

// TimeOf gives when the run of an id came to be; zero for what is no id.
func TimeOf(id string) time.Time {
	if len(id) != 11 {
		return time.Time{}
	}
	var n int64
	for _, c := range []byte(id) {
		digit := strings.IndexByte(crockford, c)
		if digit < 0 {
			return time.Time{}
		}
		n = n<<5 | int64(digit)
	}
	return time.UnixMilli(n>>15 + epoch)
}
