package daemon

import (
	"errors"
	"time"

	"snrun/engine"
	"snrun/engine/schedule"
)

// withdrawOwn cancels what waits here that nobody else is to run.
func (d *Daemon) withdrawOwn(runs ...string) {
	for _, run := range runs {
		_, err := d.Store.Withdraw(time.Now(), run, engine.Cancelled, "snrun ended before it began")
		if err != nil {
			d.Log.Error("cancelling a run that was queued here", "run", run, "error", err)
		}
	}
}

// idleBook is the Book of a daemon that fires nothing: nothing of it is decided, and nothing taken over.
type idleBook struct{ schedule.Book }

// Rewind does nothing.
func (idleBook) Rewind(time.Time) error { return nil }

// Adopt takes nothing over.
func (idleBook) Adopt([]string) ([]engine.QueuedRun, error) { return nil, nil }

// Know knows of no schedule.
func (idleBook) Know(time.Time, []engine.Plan) ([]engine.Plan, error) { return nil, nil }

// errIdle is what a daemon without schedules would be asked for by mistake.
var errIdle = errors.New("this process fires nothing")

// Claim decides upon nothing.
func (idleBook) Claim(time.Time, int, []engine.Claim) ([]engine.Verdict, error) { return nil, errIdle }
