package main

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/schedule"
)

// newLogHandler writes lines of text or JSON, from a level on.
func newLogHandler(w io.Writer, format, level string) slog.Handler {
	o := &slog.HandlerOptions{Level: slogLevel(level)}
	if format == "json" {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

func slogLevel(name string) (l slog.Level) {
	_ = l.UnmarshalText([]byte(name)) // its name was checked
	return l
}

// plugIn has those hear of what happens who want to.
func (s *serving) plugIn(c *daemon.Config) {
	c.Watch = s.logEvent
	c.Scheduled = s.logScheduled
}

// logEvent tells what happens in runs.
func (s *serving) logEvent(e engine.Event) {
	switch e.Type {
	case engine.RunStarted:
		s.log.Info("run started", "run", e.Run, "job", e.Job, "attempt", e.Attempt)
	case engine.RunEnded:
		level := slog.LevelInfo
		if e.Status != engine.OK && e.Status != engine.Skipped {
			level = slog.LevelError
		}
		attrs := []any{"run", e.Run, "job", e.Job, "status", string(e.Status), "took", e.Elapsed}
		if e.Error != nil {
			attrs = append(attrs, "error", e.Error.Message, "step", e.Error.Step, "show", s.next.show(e.Run))
		}
		if len(e.InDoubt) > 0 {
			attrs = append(attrs, "in_doubt", strings.Join(e.InDoubt, ", "))
		}
		s.log.Log(context.Background(), level, "run ended", attrs...)
	case engine.Logged:
		s.log.Info(e.Message, "run", e.Run, "step", e.Key)
	}
}

// logScheduled tells what the scheduler does.
func (s *serving) logScheduled(e schedule.Event) {
	attrs := []any{"job", e.Job, "due", e.Due}
	switch e.Type {
	case schedule.SlotQueued, schedule.RunStarted:
		s.log.Debug(string(e.Type), append(attrs, "run", e.Run, "late", e.Late)...)
	case schedule.SlotSkipped:
		s.log.Warn("not run: "+e.Message, append(attrs, "reason", e.Reason, "count", e.Count)...)
	case schedule.RunLate:
		s.log.Warn("a run waits: "+e.Message, append(attrs, "run", e.Run, "late", e.Late)...)
	case schedule.ClockMoved:
		s.log.Warn(e.Message)
	default:
		s.log.Error(e.Message, "event", string(e.Type))
	}
}
