package store

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const ms = time.Millisecond
	for _, test := range []struct {
		name    string
		due     time.Duration // from now
		paused  time.Duration
		ask     Ask
		first   time.Duration
		permits int
		next    time.Duration // when the next one is due
	}{
		{name: "the first", due: -time.Hour, ask: Ask{Step: time.Second, Permits: 1}, permits: 1, next: time.Second},
		{name: "one each second", ask: Ask{Step: time.Second, Permits: 9}, permits: 1, next: time.Second},
		{name: "a tenth of a second's", ask: Ask{Step: 30 * ms, Permits: 9}, permits: 4, next: 120 * ms},
		{name: "no more than wait", ask: Ask{Step: 30 * ms, Permits: 2}, permits: 2, next: 60 * ms},
		{name: "a burst", ask: Ask{Step: time.Second, Burst: 3 * time.Second, Permits: 9}, first: -3 * time.Second, permits: 4, next: 4 * time.Second},
		{name: "what is left of a burst", due: 2 * time.Second, ask: Ask{Step: time.Second, Burst: 3 * time.Second, Permits: 9}, first: -time.Second, permits: 2, next: 4 * time.Second},
		{name: "in its turn", due: 5 * time.Second, ask: Ask{Step: time.Second, Permits: 9, Patience: time.Minute}, first: 5 * time.Second, permits: 1, next: 6 * time.Second},
		{name: "too far", due: 61 * time.Second, ask: Ask{Step: time.Second, Permits: 9, Patience: time.Minute}, first: 61 * time.Second, next: 61 * time.Second},
		{name: "after a pause, no burst", paused: 7 * time.Second, ask: Ask{Step: time.Second, Burst: 3 * time.Second, Permits: 9, Patience: time.Minute}, first: 7 * time.Second, permits: 1, next: 11 * time.Second},
		{name: "nobody waits", ask: Ask{Step: time.Second}, next: 0},
		{name: "no rate", ask: Ask{Permits: 3}, next: 0},
	} {
		row := limitRow{due: now.Add(test.due), paused: now.Add(test.paused)}
		first, n := row.reserve(test.ask, now)
		if first.Sub(now) != test.first || n != test.permits || row.due.Sub(now) != test.next {
			t.Errorf("%s: %d from %s, the next %s, want %d from %s, the next %s", test.name, n, first.Sub(now), row.due.Sub(now), test.permits, test.first, test.next)
		}
	}
}

func TestShareOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	wants := func(list ...int) (rows []placeRow) {
		for i, n := range list {
			rows = append(rows, placeRow{holder: int64(i), wants: n})
		}
		return rows
	}
	had := func(rows []placeRow, who int, ago time.Duration) []placeRow {
		rows[who].last = now.Add(-ago)
		return rows
	}
	has := func(rows []placeRow, who, n int, since time.Duration) []placeRow {
		rows[who].held, rows[who].turn, rows[who].last = n, now.Add(-since), now
		return rows
	}
	for _, test := range []struct {
		name string
		rows []placeRow
		most int
		want string
	}{
		{"alone", wants(2), 8, "[8]"},
		{"alone beside one that wants nothing", wants(2, 0), 8, "[8 0]"},
		{"enough for all", wants(2, 3), 8, "[2 3]"},
		{"as many each", wants(9, 9), 8, "[4 4]"},
		{"as many as one wants, the rest for the others", wants(9, 1, 9), 9, "[4 1 4]"},
		{"one left", wants(9, 9), 3, "[2 1]"},
		{"one left, for who had one longest ago", had(had(wants(9, 9), 0, time.Second), 1, time.Minute), 3, "[1 2]"},
		{"one left, which its holder keeps for a turn", has(wants(9, 9), 1, 2, turn/2), 3, "[1 2]"},
		{"but no longer", has(wants(9, 9), 1, 2, turn), 3, "[2 1]"},
		{"fewer than there are machines", had(wants(9, 9, 9), 0, time.Second), 2, "[0 1 1]"},
		{"two left over, with one that wants little", wants(0, 1, 9, 9, 9), 9, "[0 1 3 3 2]"},
	} {
		var got []int
		for _, r := range test.rows {
			share := 0
			if r.wants > 0 {
				share, _ = shareOf(slices.Clone(test.rows), r.holder, test.most, now)
			}
			got = append(got, share)
		}
		if text := fmt.Sprint(got); text != test.want {
			t.Errorf("%s: got %s, want %s", test.name, text, test.want)
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name        string
		others      []placeRow
		mine        placeRow
		ask         Ask
		held, share int
	}{
		{"all to who is alone", nil, placeRow{wants: 1}, Ask{Most: 5, Wants: 1}, 5, 5},
		{"what others have left", []placeRow{{holder: 1, held: 4, wants: 9, most: 5}}, placeRow{wants: 9}, Ask{Most: 5, Wants: 9}, 1, 3},
		{"nothing is left", []placeRow{{holder: 1, held: 5, wants: 9, most: 5}}, placeRow{wants: 9}, Ask{Most: 5, Wants: 9}, 0, 3},
		{"the strictest counts", []placeRow{{holder: 1, held: 1, wants: 9, most: 2}}, placeRow{wants: 9}, Ask{Most: 9, Wants: 9}, 1, 1},
		{"more than there are stay", []placeRow{{holder: 1, held: 3, wants: 9, most: 3}}, placeRow{held: 2, wants: 9}, Ask{Most: 3, Wants: 9}, 2, 2},
		{"who wants nothing gets nothing", nil, placeRow{}, Ask{Most: 5}, 0, 0},
		{"nor is held up by one that only has", []placeRow{{holder: 1, held: 2, most: 5}}, placeRow{wants: 9}, Ask{Most: 5, Wants: 9}, 3, 5},
	} {
		mine := test.mine
		if share := settle(test.others, &mine, test.ask, now); mine.held != test.held || share != test.share {
			t.Errorf("%s: got %d of a share of %d, want %d of %d", test.name, mine.held, share, test.held, test.share)
		}
	}
}
