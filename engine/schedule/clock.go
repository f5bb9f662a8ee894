package schedule

import "time"

// clock tells the time on the wall, and how far somebody moved its hands since it was looked at last.
type clock struct {
	now    func() time.Time
	wall   time.Time // what it showed last; zero: it was not looked at
	steady time.Time // when that was, with the reading that nobody can set
}

// look gives the time, and by how much that is not what has passed since the last look. A machine that slept looks like a
// clock that was set forward.
func (c *clock) look() (now time.Time, moved time.Duration) {
	now = c.now().Round(0)
	if !c.wall.IsZero() {
		moved = now.Sub(c.wall) - time.Since(c.steady)
	}
	c.wall, c.steady = now, time.Now()
	return now, moved
}

// written is how moments are written for people.
const written = "2006-01-02 15:04:05 -07:00"
