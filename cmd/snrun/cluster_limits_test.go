package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"snrun/engine/temporal/temporaltest"
)

// TestClusterLimits holds that what a profile says its system bears is for all workers together.
func TestClusterLimits(t *testing.T) {
	t.Parallel()
	c := newCrew(t, temporaltest.Server(t))
	c.target.latency = func() time.Duration { return 20 * time.Millisecond }
	const items, limit, atOnce = 240, 120, 3
	c.write("profiles.yaml", fmt.Sprintf(`version: 1
profiles:
  quick: {base_url: "${env.TARGET_URL}", rate: {limit: %d, per: 1s}}
  few: {base_url: "${env.TARGET_URL}", max_concurrent: %d}
`, limit, atOnce))
	c.write("limited.yaml", fmt.Sprintf(`version: 1
steps:
  - id: all
    foreach:
      in: ${1..%d}
      key: ${string(item)}
      concurrency: 8
      steps:
        - rest: {profile: quick, path: /quick, query: {item: "${item}"}}
        - rest: {profile: few, path: /few, query: {item: "${item}"}}
output: {all: "${steps.all.succeeded}"}
`, items))
	c.work(2)
	c.endedWell(c.begin("run", "--temporal", "limited")(), fmt.Sprintf(`{"all":%d}`, items))
	quick, few := c.target.all("quick"), c.target.all("few")
	if len(quick) != items || len(few) != items {
		t.Errorf("%d and %d requests came, want %d of each", len(quick), len(few), items)
	}
	if most := underWay(few); most > atOnce {
		t.Errorf("%d requests were under way at once, want %d at most", most, atOnce)
	}
	// A tenth may go at once, and a permit be used a quarter of a second late. Twice as many are what two workers would make on their own.
	if most := densest(quick, time.Second); most > limit+limit/10+limit/4 {
		t.Errorf("%d requests came within a second, want %d", most, limit+limit/10)
	}
}

// all gives the requests of a kind, in their order.
func (g *target) all(what string) (all []*asked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.came {
		if a.what == what {
			all = append(all, a)
		}
	}
	return all
}

// underWay is how many requests were under way at once, at most.
func underWay(all []*asked) (most int) {
	type turn struct {
		at    time.Time
		count int
	}
	var turns []turn
	for _, a := range all {
		turns = append(turns, turn{a.at, 1}, turn{a.answered, -1})
	}
	slices.SortFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	now := 0
	for _, t := range turns {
		now += t.count
		most = max(most, now)
	}
	return most
}

// densest is how many requests came within so long, at most.
func densest(all []*asked, window time.Duration) (most int) {
	from := 0
	for i, a := range all {
		for a.at.Sub(all[from].at) >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
