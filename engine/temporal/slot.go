package temporal

import (
	"fmt"
	"time"

	"snrun/jobs"
)

// Slot is the schedule that starts a run, as it travels: whoever looks at a slot later than it was due judges it by that.
type Slot struct {
	Cron     string        `json:"cron"`
	Zone     string        `json:"zone"`
	Gap      string        `json:"gap,omitempty"`
	Fold     string        `json:"fold,omitempty"`
	Starts   time.Time     `json:"starts,omitzero"`
	Ends     time.Time     `json:"ends,omitzero"`
	Overlap  string        `json:"overlap"`
	CatchUp  string        `json:"catch_up"`
	Window   time.Duration `json:"window,omitempty"`
	Jitter   time.Duration `json:"jitter,omitempty"`
	MaxQueue int           `json:"max_queue"` // as in server.max_queue
}

// SlotOf gives a schedule as it travels. It must have a zone.
func SlotOf(s *jobs.Schedule, maxQueue int) *Slot {
	return &Slot{
		Cron: s.Cron.String(), Zone: s.Zone.String(), Gap: s.Dst.Gap, Fold: s.Dst.Fold, Starts: s.Starts, Ends: s.Ends, Overlap: s.Overlap,
		CatchUp: s.CatchUp.Mode, Window: s.CatchUp.Window, Jitter: s.Jitter, MaxQueue: maxQueue,
	}
}

// Schedule gives the schedule back.
func (s *Slot) Schedule() (jobs.Schedule, error) {
	cron, err := jobs.ParseCron(s.Cron)
	if err != nil {
		return jobs.Schedule{}, fmt.Errorf("the schedule %q: %w", s.Cron, err)
	}
	zone, _, err := jobs.LoadZone(s.Zone)
	if err != nil {
		return jobs.Schedule{}, fmt.Errorf("the schedule %q: %w", s.Cron, err)
	}
	return jobs.Schedule{
		Cron: cron, Zone: zone, Dst: jobs.Dst{Gap: s.Gap, Fold: s.Fold}, Starts: s.Starts, Ends: s.Ends, Overlap: s.Overlap,
		CatchUp: jobs.CatchUp{Mode: s.CatchUp, Window: s.Window}, Jitter: s.Jitter,
	}, nil
}
