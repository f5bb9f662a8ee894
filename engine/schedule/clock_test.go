package schedule

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"snrun/engine"
)

// TestClockMoves sets the clock on the wall while the daemon lives. Times are those of that clock.
func TestClockMoves(t *testing.T) {
	const hour, year = time.Hour, 365 * 24 * time.Hour
	type move struct {
		after time.Duration
		by    time.Duration
	}
	const m = time.Minute
	tests := map[string]struct {
		moves []move // each so long after the one before
		live  time.Duration
		mode  string
		want  string
		told  int
	}{
		"an hour forward": {[]move{{15*m + m/2, hour}}, 10 * m, "none", "10:00 ok, 20:00-70:00(6) missed, 80:00 ok", 1},
		"an hour forward, latest": {
			[]move{{15*m + m/2, hour}}, 10 * m, "latest", "10:00 ok, 20:00-60:00(5) missed, 70:00 ok/late, 80:00 ok", 1,
		},
		"an hour forward, to just after a slot":   {[]move{{10*m + m/2, hour}}, 10 * m, "none", "10:00 ok, 20:00-60:00(5) missed, 70:00 ok, 80:00 ok", 1},
		"an hour back":                            {[]move{{75*m + m/2, -hour}}, 70 * m, "none", "10:00 ok, 20:00 ok, 30:00 ok, 40:00 ok, 50:00 ok, 60:00 ok, 70:00 ok, 80:00 ok", 1},
		"an hour forward and back":                {[]move{{15*m + m/2, hour}, {m, -hour}}, 20 * m, "none", "10:00 ok, 20:00 ok, 30:00 ok", 2},
		"a year forward and back":                 {[]move{{15*m + m/2, year}, {m, -year}}, 20 * m, "none", "10:00 ok, 20:00 ok, 30:00 ok", 2},
		"a year forward and back, latest":         {[]move{{15*m + m/2, year}, {m, -year}}, 20 * m, "latest", "10:00 ok, 20:00 ok, 30:00 ok, 525610:00 ok/late", 2},
		"a year back and forward":                 {[]move{{15*m + m/2, -year}, {m, year}}, 20 * m, "none", "10:00 ok, 20:00 ok, 30:00 ok", 2},
		"some seconds forward, over a slot":       {[]move{{9*m + 55*time.Second, 20 * time.Second}}, 10 * m, "none", "10:00 ok, 20:00 ok", 0},
		"a second back, just after a slot":        {[]move{{10*m + time.Second/2, -time.Second}}, 11 * m, "none", "10:00 ok, 20:00 ok", 0},
		"back and back, each time by little":      {[]move{{10*m + time.Second/2, -1900 * time.Millisecond}, {time.Second, -1900 * time.Millisecond}}, 11 * m, "none", "10:00 ok, 20:00 ok", 0},
		"some seconds back, just after a slot":    {[]move{{10*m + time.Second, -30 * time.Second}}, 11 * m, "none", "10:00 ok, 20:00 ok", 1},
		"back by exactly to before the beginning": {[]move{{10*m + time.Second, -11 * m}}, 22 * m, "none", "0:00 ok, 10:00 ok, 20:00 ok", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				file := newFile(t)
				list := []Job{job(t, "sync", "*/10 * * * *", catchUp(test.mode, 0))}
				d := newDaemon(t, file, options{}, list...)
				for _, move := range test.moves {
					after(move.after)
					d.shift.Add(int64(move.by))
				}
				after(test.live)
				d.wantStory("sync", strings.ReplaceAll(test.want, "missed", "skipped:missed"))
				if told := d.told(ClockMoved); len(told) != test.told {
					t.Errorf("got %+v, want %d", told, test.told)
				}
				d.end()
				once(t, d.started())
				// The next daemon goes on from there.
				next := newDaemon(t, file, options{shift: time.Duration(d.shift.Load())}, list...)
				defer next.end()
				after(10 * time.Minute)
				if got := len(next.started()); got != 1 {
					t.Errorf("the next daemon ran %d slots in ten minutes, want 1: %s", got, next.story("sync"))
				}
			})
		})
	}
}

// once holds that no slot ran twice.
func once(t *testing.T, runs []started) {
	t.Helper()
	type slot struct {
		job string
		due int64
	}
	seen := map[slot]bool{}
	for _, r := range runs {
		s := slot{r.Job, r.Due.Unix()}
		if seen[s] {
			t.Errorf("%s ran twice for %s", r.Job, clockOf(r.Due))
		}
		seen[s] = true
	}
}

func TestClockThatMovedIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{}, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		after(15*time.Minute + time.Second/2)
		d.shift.Add(int64(time.Hour))
		after(10 * time.Second)
		told := d.told(SlotSkipped)
		const want = "the clock was set forward, or the machine slept, from 2000-01-01 00:15:01 +00:00 to 2000-01-01 01:15:01 +00:00; catch_up is none"
		if len(told) != 1 || told[0].Message != want || told[0].Count != 6 {
			t.Errorf("got %+v, want %s", told, want)
		}
		d.shift.Add(int64(-time.Hour))
		after(time.Second)
		moved := d.told(ClockMoved)
		if got, want := moved[1].Message, "the clock was set back by 1h0m0s: it is 2000-01-01 00:15:11 +00:00; what was run is not run again"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// TestEachGapHasItsOwnCause has the clock be set forward, and later the daemon not look for a while.
func TestEachGapHasItsOwnCause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{idle: true}, job(t, "sync", "30 * * * *"))
		defer d.end()
		d.look()
		d.shift.Add(int64(time.Hour))
		d.look()
		time.Sleep(time.Hour)
		d.look()
		told := d.told(SlotSkipped)
		if len(told) != 2 || !strings.HasPrefix(told[0].Message, "the clock was set forward") || !strings.HasPrefix(told[1].Message, "the daemon could not look") {
			t.Errorf("got %+v, want a cause for each", told)
		}
	})
}

// TestClockSetBackWhileNobodyWasThere has a daemon live in the wrong year, and the next one in the right one.
func TestClockSetBackWhileNobodyWasThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file, put := newFile(t), job(t, "sync", "*/10 * * * *")
		newDaemon(t, file, options{}, put).end()
		ahead := newDaemon(t, file, options{shift: 365 * 24 * time.Hour}, put)
		after(15 * time.Minute)
		ahead.end()
		d := newDaemon(t, file, options{}, put)
		defer d.end()
		after(10 * time.Minute)
		d.wantStory("sync", "10:00 skipped:missed, 20:00 ok, 525610:00 ok")
	})
}

func TestJitterDoesNotHoldARunWhenTheClockGoesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := job(t, "sync", "*/10 * * * *")
		s.Schedules[0].Jitter = 9 * time.Minute
		d := newDaemon(t, newFile(t), options{}, s)
		defer d.end()
		after(10*time.Minute + time.Second/2)
		if n := len(d.Standing().Queued); n != 1 {
			t.Fatalf("%d wait, want one", n)
		}
		d.shift.Add(int64(-1000 * time.Hour))
		after(2 * time.Second)
		d.wantStory("sync", "10:00 ok")
		d.turn.Lock()
		defer d.turn.Unlock()
		if n := len(d.calendar.soon); n != 1 {
			t.Errorf("the job is looked out for %d times", n)
		}
	})
}

// unsteady is a book that cannot be written now and then, as on a full disk.
type unsteady struct {
	Book
	fails atomic.Bool
	after atomic.Bool // what is claimed is kept, and the error comes all the same
}

func (u *unsteady) Claim(now time.Time, most int, claims []engine.Claim) ([]engine.Verdict, error) {
	if u.fails.Load() {
		return nil, errors.New("the disk is full")
	}
	verdicts, err := u.Book.Claim(now, most, claims)
	if u.after.Swap(false) {
		return nil, errors.New("the answer was lost")
	}
	return verdicts, err
}

func TestBookThatFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var book *unsteady
		o := options{book: func(b Book) Book { book = &unsteady{Book: b}; return book }}
		d := newDaemon(t, newFile(t), o, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		after(9 * time.Minute)
		book.fails.Store(true)
		after(time.Minute + 30*time.Second)
		if told := d.told(BookFailed); len(told) != 1 || told[0].Message != "the disk is full" {
			t.Errorf("got %+v, want it once", told)
		}
		book.fails.Store(false)
		after(20 * time.Second)
		d.wantStory("sync", "10:00 ok")
		after(8 * time.Minute)
		book.fails.Store(true)
		after(15 * time.Minute)
		book.fails.Store(false)
		after(longRest + time.Second)
		d.wantStory("sync", "10:00 ok, 20:00-30:00(2) skipped:missed")
		after(7 * time.Minute)
		d.wantStory("sync", "10:00 ok, 20:00-30:00(2) skipped:missed, 40:00 ok")
		if n := len(d.told(BookFailed)); n != 2 {
			t.Errorf("it was told %d times, want once each time", n)
		}
		const want = "the history could not be written from 2000-01-01 00:20:00 +00:00; catch_up is none"
		if told := d.told(SlotSkipped); len(told) != 1 || told[0].Message != want {
			t.Errorf("got %+v, want %s", told, want)
		}
	})
}

// TestClaimWhoseAnswerIsLost holds that a slot that was decided upon is run, though nobody heard of it.
func TestClaimWhoseAnswerIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var book *unsteady
		o := options{book: func(b Book) Book { book = &unsteady{Book: b}; return book }}
		d := newDaemon(t, newFile(t), o, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		after(5 * time.Minute)
		book.after.Store(true)
		after(6 * time.Minute)
		d.wantStory("sync", "10:00 ok")
	})
}
