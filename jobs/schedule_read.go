package jobs

import (
	"errors"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// schedules reads one schedule or a list of them.
func (d *decoder) schedules(n *source.Node, inputs *Inputs) []Schedule {
	if n == nil {
		return nil
	}
	items := []*source.Node{n}
	if n.Form() == source.List {
		items = n.Items()
	}
	var list []Schedule
	for _, item := range items {
		if s := d.schedule(item, inputs); s != nil {
			list = append(list, *s)
		}
	}
	return list
}

func (d *decoder) schedule(n *source.Node, inputs *Inputs) *Schedule {
	in, ok := d.static(n, scheduleFields(), "a schedule", nil)
	if !ok {
		return nil
	}
	s := &Schedule{Pos: n.Pos(), Overlap: in.Text("overlap"), Jitter: in.Duration("jitter"), CatchUp: CatchUp{Mode: "none"}}
	if in.Has("catch_up") {
		s.CatchUp = CatchUp{in.Object("catch_up").Text("mode"), in.Object("catch_up").Duration("window")}
	}
	s.Dst = Dst{in.Object("dst").Text("gap"), in.Object("dst").Text("fold")}
	if in.Has("cron") {
		s.Cron = d.cron(child(n, "cron"))
	}
	if in.Has("timezone") {
		s.Zone = d.zone(child(n, "timezone"))
	}
	s.Starts, s.Ends = d.moment(n, in, "starts"), d.moment(n, in, "ends")
	if !s.Starts.IsZero() && !s.Ends.IsZero() && !s.Ends.After(s.Starts) {
		d.r.Errorf(child(n, "ends"), "ends must be later than starts").Hint = "the schedule would never be due"
	}
	d.idle(n, s)
	s.Inputs = d.scheduleInputs(n, in, inputs)
	return s
}

// idle reports keys that ask for what the others leave no place for.
func (d *decoder) idle(n *source.Node, s *Schedule) {
	asks := s.Dst.Gap == "skip" || s.Dst.Fold == "twice"
	if asks && s.Cron != nil && !s.Cron.NamesHours() {
		d.r.Errorf(child(n, "dst"), "dst does nothing here: this schedule follows real time through changes of the clock").
			Hint = "it is for cron lines whose hour field names hours, such as 30 2 * * *"
	}
	if window := d.at(n, "catch_up.window"); s.CatchUp.Mode == "none" && s.CatchUp.Window > 0 {
		d.r.Errorf(window, "window does nothing with mode none").Hint = "write mode: latest or mode: all beside it"
	}
}

func (d *decoder) cron(n *source.Node) *Cron {
	c, err := ParseCron(n.Text())
	var bad *CronError
	switch {
	case errors.As(err, &bad):
		d.r.ErrorAt(n, bad.Offset, bad.Width, "%s", bad.Message).Hint = bad.Hint
		return nil
	case err != nil:
		d.r.Errorf(n, "%s", err)
		return nil
	}
	return c
}

func (d *decoder) zone(n *source.Node) *time.Location {
	zone, hint, err := d.known.zone(n.Text())
	if err != nil {
		d.r.Errorf(n, "%s", err).Hint = hint
		return nil
	}
	return zone
}

// moment reads an RFC 3339 time; the zero time when the key is absent.
func (d *decoder) moment(schedule *source.Node, in steps.Input, key string) time.Time {
	if !in.Has(key) {
		return time.Time{}
	}
	n := child(schedule, key)
	at, err := time.Parse(time.RFC3339, n.Text())
	if err != nil {
		d.r.Errorf(n, "%s must be a time with its offset, not %s", key, n.What()).Hint = "write it as in 2026-01-01T00:00:00Z or 2026-01-01T00:00:00+01:00"
	}
	return at
}

// scheduleInputs checks the inputs that a schedule gives its runs.
func (d *decoder) scheduleInputs(n *source.Node, in steps.Input, inputs *Inputs) map[string]any {
	written := child(n, "inputs")
	given, isMap := in["inputs"].(map[string]any)
	switch {
	case written == nil || written.IsNull():
		written = n
	case written.Form() != source.Mapping:
		d.r.Errorf(written, "inputs must be a mapping of names to values, not %s", written.What())
		return nil
	case !isMap:
		return nil // an expression in it, which is reported
	}
	_, problems := inputs.Check(given)
	for _, p := range problems {
		at := mapping{node: written, entries: d.entries(written)}.entry(p.Name)
		place := at.Value
		switch {
		case at.Name == nil || written == n:
			place = written
		case inputs.Find(p.Name) == nil:
			place = at.Name
		}
		hint := p.Hint
		if hint == "" && at.Name == nil {
			hint = "give it under inputs: of the schedule, or give the input a default"
		}
		d.r.Errorf(place, "%s", p.Message).Hint = hint
	}
	return given
}
