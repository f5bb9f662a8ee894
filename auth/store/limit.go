package store

import (
	"cmp"
	"slices"
	"time"
)

// Ask is what a process asks for of a limit that all processes keep together: permits to make requests at a rate, and places for
// requests that are under way.
type Ask struct {
	Step     time.Duration // between two requests at the rate; 0 where there is none
	Burst    time.Duration // how far requests may run ahead of it
	Permits  int           // how many requests wait for a permit
	Patience time.Duration // a permit is of no use that is further away

	Most  int // how many requests may be under way, of all processes; 0 where any number may
	Held  int // the places that the process has, and keeps
	Busy  int // how many of them have a request under way
	Wants int // how many it could use

	Pause time.Duration // a server has asked that no request be made for so long; 0 where none has
	Why   string        // in which words
}

// Answer is what a process may do. Times are from when it came.
type Answer struct {
	Permits int           // one each Ask.Step
	First   time.Duration // until the first of them; in the past where requests run ahead of the rate
	Due     time.Duration // until the first one of the next Ask, and Ask.Burst

	Places int // how many requests it may have under way, as long as Lease after it asked
	Share  int // to how many it should come down as requests end: others wait

	Pause time.Duration // until when no requests may be made; 0 or less where they may
	Why   string
}

const (
	// Lease is for how long an Answer gives its places. Those of a process that is gone are free after it.
	Lease = time.Second
	// span is how far ahead permits are given, beyond the first: enough for a process to ask some times a second only.
	span = 100 * time.Millisecond
	// turn is how long a process may keep a place that others want just as much.
	turn = 200 * time.Millisecond
)

// limitRow is what all processes know of a limit.
type limitRow struct {
	due, paused time.Time
	why         string
}

// pause has nobody make a request for a while.
func (r *limitRow) pause(a Ask, now time.Time) {
	if until := now.Add(a.Pause); a.Pause > 0 && until.After(r.paused) {
		r.paused, r.why = until, a.Why
	}
}

// reserve gives permits, as many as there are within the next span, or else the next one. After a pause none runs ahead.
func (r *limitRow) reserve(a Ask, now time.Time) (first time.Time, n int) {
	base := later(r.due, now)
	if r.paused.After(now) {
		base = later(base, r.paused.Add(a.Burst))
	}
	first = base.Add(-a.Burst)
	if a.Step <= 0 || a.Permits <= 0 || first.Sub(now) > a.Patience {
		return first, 0
	}
	n = min(a.Permits, 1+int(max(0, now.Add(span).Sub(first)/a.Step)))
	r.due = base.Add(time.Duration(n) * a.Step)
	return first, n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// placeRow is what a process has of the places of a limit.
type placeRow struct {
	holder            int64
	held, wants, most int
	turn, last        time.Time
}

// settle gives a process the places that it may have, and says how many it should have. All are the rows as they were.
func settle(all []placeRow, mine *placeRow, a Ask, now time.Time) (share int) {
	if a.Wants == 0 {
		return 0
	}
	most, others := a.Most, 0
	for _, r := range all {
		most = min(most, r.most)
		if r.holder != mine.holder {
			others += r.held
		}
	}
	all = append(slices.DeleteFunc(slices.Clone(all), func(r placeRow) bool { return r.holder == mine.holder }), *mine)
	share, level := shareOf(all, mine.holder, most, now)
	if free := most - others - mine.held; share > mine.held && free > 0 {
		mine.held += min(share-mine.held, free)
	}
	switch {
	case mine.held <= level:
		mine.turn = time.Time{}
	case mine.turn.IsZero():
		mine.turn = now
	}
	if mine.held > level {
		mine.last = now
	}
	return share
}

// shareOf says how many of the places a process should have: all that it wants where there are enough, else as many as each other, the level,
// and those that are left over then in turns. Who is alone has all.
func shareOf(all []placeRow, holder int64, most int, now time.Time) (share, level int) {
	all = slices.DeleteFunc(all, func(r placeRow) bool { return r.wants == 0 && r.holder != holder })
	if len(all) == 1 {
		return most, most
	}
	slices.SortFunc(all, func(a, b placeRow) int { return cmp.Compare(a.wants, b.wants) })
	left, satisfied := most, 0
	for level = left / len(all); satisfied < len(all) && all[satisfied].wants <= level; {
		if all[satisfied].holder == holder {
			return all[satisfied].wants, level
		}
		left -= all[satisfied].wants
		if satisfied++; satisfied < len(all) {
			level = left / (len(all) - satisfied)
		}
	}
	rest := all[satisfied:]
	left -= level * len(rest)
	keeps := func(r placeRow) bool { return r.held > level && r.turn.After(now.Add(-turn)) }
	slices.SortFunc(rest, func(a, b placeRow) int {
		if keeps(a) != keeps(b) {
			if keeps(a) {
				return -1
			}
			return 1
		}
		return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.holder, b.holder))
	})
	if at := slices.IndexFunc(rest, func(r placeRow) bool { return r.holder == holder }); at < left {
		return level + 1, level
	}
	return level, level
}
