package engine

import (
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

var day = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func TestIDsSortByTime(t *testing.T) {
	t.Parallel()
	times := []time.Time{
		day, day.Add(time.Millisecond), day.Add(time.Second), day.AddDate(0, 1, 0), day.AddDate(10, 0, 0), day.AddDate(28, 0, 0),
	}
	ids := make([]string, len(times))
	for i, at := range times {
		ids[i] = new(idSource).next(at) // as in another process
	}
	if !slices.IsSorted(ids) {
		t.Errorf("ids %v, want them in the order of their times", ids)
	}
}

func TestLowestIDStandsBetweenThoseOfTwoTimes(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{day, day.AddDate(10, 0, 0), day.AddDate(28, 0, 0)} {
		lowest := LowestID(at)
		if id := new(idSource).next(at.Add(-time.Millisecond)); id >= lowest {
			t.Errorf("the id %s of a millisecond before %v is not below %s", id, at, lowest)
		}
		if id := new(idSource).next(at); id < lowest {
			t.Errorf("the id %s of %v is below %s", id, at, lowest)
		}
	}
	if got := LowestID(day.AddDate(-100, 0, 0)); got != "00000000000" {
		t.Errorf("before all ids: %s", got)
	}
	for _, years := range []int{29, 100, 8000} {
		if got := LowestID(day.AddDate(years, 0, 0)); got != "zzzzzzzzzzz" {
			t.Errorf("after all ids: %s, in %d years", got, years)
		}
	}
}

func TestIDForm(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{11}$`)
	for _, at := range []time.Time{{}, time.Unix(0, 0), day, day.AddDate(30, 0, 0)} {
		if id := new(idSource).next(at); !form.MatchString(id) {
			t.Errorf("the id of %v is %q, want 11 characters of Crockford's base 32", at, id)
		}
	}
	if got, want := base32(1<<55-1), "zzzzzzzzzzz"; got != want {
		t.Errorf("the greatest id = %s, want %s", got, want)
	}
	if got, want := base32(33), "00000000011"; got != want {
		t.Errorf("base32(33) = %s, want %s", got, want)
	}
}

func TestIDsIncrease(t *testing.T) {
	t.Parallel()
	var source idSource
	last := ""
	for i := range 100_000 {
		at := day.Add(-time.Duration(i%3) * time.Hour) // the clock jumps
		id := source.next(at)
		if id <= last {
			t.Fatalf("%s came after %s", id, last)
		}
		last = id
	}
}

func TestIDsOfManyGoroutinesDiffer(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 5000
	var source idSource
	lists := make([][]string, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for range each {
				lists[w] = append(lists[w], source.next(day))
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, list := range lists {
		if !slices.IsSorted(list) {
			t.Error("the ids of one goroutine do not increase")
		}
		for _, id := range list {
			seen[id] = true
		}
	}
	if len(seen) != workers*each {
		t.Errorf("%d different ids, want %d", len(seen), workers*each)
	}
}

// TestTimeOf holds that an id tells when its run came to be, and that nothing else does.
func TestTimeOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 2, 30, 0, 123e6, time.UTC)
	if got := TimeOf(New(Config{}).NewID(at)); !got.Equal(at) {
		t.Errorf("got %s, want %s", got, at)
	}
	for _, id := range []string{"", "06c3k", "06c3k9q2f5aa", "06c3k9q2f5u", "06C3K9Q2F5A"} {
		if got := TimeOf(id); !got.IsZero() {
			t.Errorf("%q: %s, want no time", id, got)
		}
	}
}
