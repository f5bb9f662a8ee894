package web

import (
	"net/netip"
	"sync"
	"time"
)

const (
	triesOfOne   = 10 // wrong passwords from one address, and then
	restOfOne    = 10 * time.Second
	triesOfAll   = 100 // from all addresses, and then
	restOfAll    = time.Second
	rowsOfAll    = 20 // in the audit of wrong passwords, and then
	restOfRows   = time.Minute
	refusedOfOne = 20 // rows in the audit of what one person was not let do, and then one each restOfRows
	maxRefused   = 1024
	maxAddresses = 4096 // that are remembered
)

// throttle bounds how often passwords can be guessed. Each wrong one takes from what an address has, and from what all have together; both fill
// up again with time. An address that brought a right one last is not held back by the others. The zero value is full. It is safe for concurrent use.
type throttle struct {
	mu        sync.Mutex
	all, rows tries
	addresses map[string]*tries
}

// tries are wrong passwords that were not so long ago.
type tries struct {
	spent   float64
	counted time.Time // when spent was as it says
	trusted bool      // the last password was right
}

// wait says how long an address has to wait until its next password is looked at, 0 for not at all.
func (t *throttle) wait(address string) time.Duration {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.addresses[block(address)]
	if own != nil {
		if wait := own.wait(now, triesOfOne, restOfOne); wait > 0 {
			return wait
		}
		if own.trusted {
			return 0
		}
	}
	return t.all.wait(now, triesOfAll, restOfAll)
}

// wrong counts a wrong password. It says whether that is to be put on record: who guesses must not fill the database.
func (t *throttle) wrong(address string) (record bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all.spend(now, restOfAll)
	own := t.of(address, now)
	own.trusted = false
	own.spend(now, restOfOne)
	if t.rows.wait(now, rowsOfAll, restOfRows) > 0 {
		return false
	}
	t.rows.spend(now, restOfRows)
	return true
}

// right notes that an address brought a right password.
func (t *throttle) right(address string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of(address, now)
	own.spent, own.counted, own.trusted = own.left(now, restOfOne), now, true
}

// of gives what is remembered of an address. Where there is no room, the one that was heard of longest ago is forgotten.
func (t *throttle) of(address string, now time.Time) *tries {
	if t.addresses == nil {
		t.addresses = map[string]*tries{}
	}
	address = block(address)
	if own := t.addresses[address]; own != nil {
		return own
	}
	if len(t.addresses) >= maxAddresses {
		oldest := ""
		for a, other := range t.addresses {
			if oldest == "" || other.counted.Before(t.addresses[oldest].counted) {
				oldest = a
			}
		}
		delete(t.addresses, oldest)
	}
	own := &tries{counted: now}
	t.addresses[address] = own
	return own
}

// spend counts one more. Each rest gives one back.
func (t *tries) spend(now time.Time, rest time.Duration) {
	t.spent, t.counted = t.left(now, rest)+1, now
}

// left is what of spent counts still.
func (t *tries) left(now time.Time, rest time.Duration) float64 {
	return max(0, t.spent-float64(now.Sub(t.counted))/float64(rest))
}

// wait is how long it takes until fewer than these count.
func (t *tries) wait(now time.Time, many int, rest time.Duration) time.Duration {
	return max(0, time.Duration((t.left(now, rest)-float64(many-1))*float64(rest)))
}

// block is what an address counts as: whoever has one of IPv6 has all of its /64.
func block(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() {
		return address
	}
	p, _ := ip.Prefix(64)
	return p.String()
}

// refusals bound how much is put on record of what people are not let do, each for himself: nobody hides what another one tries by trying much.
// The zero value is full. It is safe for concurrent use.
type refusals struct {
	mu     sync.Mutex
	people map[string]*tries
}

// count counts that somebody was not let do something. It says whether that is to be put on record.
func (f *refusals) count(who string) (record bool) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	own := f.people[who]
	if own == nil {
		if f.people == nil || len(f.people) >= maxRefused { // names of links are given by who may do all on this machine
			f.people = map[string]*tries{}
		}
		own = &tries{counted: now}
		f.people[who] = own
	}
	if own.wait(now, refusedOfOne, restOfRows) > 0 {
		return false
	}
	own.spend(now, restOfRows)
	return true
}
