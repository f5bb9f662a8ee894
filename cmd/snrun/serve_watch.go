package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/metrics"
	"snrun/engine/schedule"
	"snrun/history"
)

// pruneEach is how often runs are deleted that are not kept any more.
const pruneEach = time.Hour

// plugIn has those hear of what happens who want to: the log, the metrics, the traces, people. What is to be done beside the runs comes with it.
// Done delivers the traces that are left.
func (s *serving) plugIn(c *daemon.Config) (done func()) {
	view := newLogView(s.log, s.next)
	s.metrics = metrics.New(metrics.Config{Version: version, State: s.state})
	c.Metrics = s.metrics.Handler()
	tracer, err := s.tracing(func(message string) { s.log.Warn(message) })
	if err != nil {
		s.log.Warn(err.Error())
	}
	if tracer != nil {
		c.Tracer = tracer
	}
	c.Requested = s.metrics.Request
	c.Watch = func(e engine.Event) {
		tracer.Event(e)
		s.metrics.Event(e) // before the log: who reads of a run there finds it counted
		view.event(e)
	}
	c.Scheduled = func(e schedule.Event) {
		view.scheduled(e)
		s.metrics.Scheduled(e)
	}
	c.Token = func(e auth.TokenEvent) {
		view.token(e)
		s.metrics.Token(e)
	}
	c.Loaded = s.loaded
	c.Tasks = append(c.Tasks, daemon.Task{Name: "index", Run: s.index})
	if !s.idle {
		c.Tasks = append(c.Tasks, daemon.Task{Name: "retention", Run: s.prune})
		s.tellPeople(c)
	}
	return func() { flush(tracer) }
}

// loaded has the metrics know which jobs and profiles there are, and when each job went well last.
func (s *serving) loaded(p *daemon.Project, names []string) {
	succeeded := map[string]time.Time{}
	standings, err := s.store.Standings(names)
	if err != nil {
		s.log.Warn("the metrics do not know which runs went well before", "error", err)
	}
	for name, standing := range standings {
		if standing.LastOK != nil {
			succeeded[name] = standing.LastOK.Ended
		}
	}
	s.metrics.SetJobs(names, succeeded)
	s.metrics.SetProfiles(slices.Collect(maps.Keys(p.Profiles)))
}

// state tells the metrics how it stands.
func (s *serving) state() metrics.State {
	standing := s.daemon.Standing()
	state := metrics.State{Running: len(standing.Running), Queued: len(standing.Queued), Broken: len(s.daemon.Broken())}
	state.Notices, _ = s.store.WaitingPosts()
	if pauses, err := s.store.Pauses(); err == nil { // else the next time: what is wrong with the database is told already
		state.Paused = slices.Sorted(maps.Keys(pauses))
	}
	return state
}

// indexEach is how often runs come into the index for searches that ended meanwhile. A search reads what is not there yet.
const indexEach = 15 * time.Second

// index keeps the index for searches up to date.
func (s *serving) index(ctx context.Context) error {
	well := true
	s.store.KeepIndexed(ctx, indexEach, func(err error) {
		if err != nil && well {
			s.log.Warn("the index for searches is not up to date: searches read what it does not have, which takes longer; it is tried again", "error", err)
		}
		well = err == nil
	})
	return nil
}

// prune deletes runs that the settings do not keep any more, at once and then each hour.
func (s *serving) prune(ctx context.Context) error {
	every := time.NewTicker(pruneEach)
	defer every.Stop()
	for {
		if p := s.daemon.Project(); !p.Settings.Keep.KeepsAll() {
			done, err := s.store.Prune(ctx, history.Policy{Keep: p.Settings.Keep, Owns: p.Owner()}, time.Now())
			switch {
			case err != nil && !errors.Is(err, context.Canceled):
				s.log.Error("deleting old runs: it is tried again in an hour", "error", err)
			case done.Runs() > 0:
				s.log.Info("old runs are deleted", "runs", done.Runs(), "size_before", done.Before, "size_after", done.After)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}
