package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/history/review"
	"snrun/steps"
)

// logView writes what happens in runs, and to their schedules, as lines of a log: what a person wants to know afterwards as info, what
// went wrong as warn and error, each step and what happens in the items of loops as debug.
type logView struct {
	log  *slog.Logger
	next review.Commands

	mu   sync.Mutex
	runs map[string]*loggedRun // that go on
}

// loggedRun is what the lines of a run need to know of it.
type loggedRun struct {
	job     string
	limited map[string]time.Time // until when a step's waits for limits need no further line
}

func newLogView(log *slog.Logger, next review.Commands) *logView {
	return &logView{log: log, next: next, runs: map[string]*loggedRun{}}
}

func (v *logView) close() {}

// event writes the line of an event, if there is one at this level.
func (v *logView) event(e engine.Event) {
	job := v.follow(e)
	level, message := v.about(e)
	if !v.log.Enabled(context.Background(), level) {
		return
	}
	l := newLogLine(e.Time, level, message)
	l.text("job", job)
	l.text("run", e.Run)
	l.text("trigger", e.Trigger)
	l.text("step", e.Key)
	l.text("profile", e.Profile)
	l.text("status", string(e.Status))
	l.number("attempt", e.Attempt)
	l.number("page", e.Page)
	l.outcome(e)
	l.failure(e.Error)
	if e.Type == engine.RunEnded {
		l.commands(e, v.next)
	}
	l.write(v.log)
}

// follow remembers the runs that go on, and gives the job that an event is about, "" where that is not known.
func (v *logView) follow(e engine.Event) (job string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if run := v.runs[e.Run]; e.Job == "" && run != nil {
		e.Job = run.job
	}
	switch e.Type {
	case engine.RunStarted:
		v.runs[e.Run] = &loggedRun{job: e.Job, limited: map[string]time.Time{}}
	case engine.RunEnded:
		delete(v.runs, e.Run)
	}
	return e.Job
}

// about says how important an event is, and what to call it.
func (v *logView) about(e engine.Event) (slog.Level, string) {
	switch e.Type {
	case engine.RunStarted:
		return slog.LevelInfo, "run started"
	case engine.RunEnded:
		return runLevel(e.Status), "run ended"
	case engine.StepStarted:
		return slog.LevelDebug, "step started"
	case engine.StepEnded:
		if !isItem(e) && isOrigin(e) {
			return slog.LevelWarn, "step failed"
		}
		return slog.LevelDebug, "step ended"
	case engine.RetryWaits:
		return itemLevel(e, slog.LevelWarn), "step is tried again"
	case engine.LimitWaits:
		return v.limitLevel(e), "step waits for a limit"
	case engine.Logged:
		return slog.LevelInfo, e.Message
	case engine.TokenFetched:
		return slog.LevelInfo, "signed in"
	case engine.PageRead:
		return slog.LevelDebug, "page read"
	}
	return slog.LevelDebug, "item ended"
}

func runLevel(status engine.Status) slog.Level {
	switch status {
	case engine.Failed:
		return slog.LevelError
	case engine.Cancelled, engine.Interrupted:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// itemLevel is the level of an event that matters outside of loops.
func itemLevel(e engine.Event, outside slog.Level) slog.Level {
	if isItem(e) {
		return slog.LevelDebug
	}
	return outside
}

// isOrigin says whether a step is the one that failed, and not one around it.
func isOrigin(e engine.Event) bool {
	return e.Error != nil && (e.Status == engine.Failed || e.Status == engine.InDoubt) && strings.HasSuffix(review.FirstTry(e.Key), "/"+e.Error.Step)
}

// limitLevel has a step tell that it waits once a minute, and of long waits only: there may be very many.
func (v *logView) limitLevel(e engine.Event) slog.Level {
	v.mu.Lock()
	defer v.mu.Unlock()
	run, key := v.runs[e.Run], review.LineKey(e.Key)
	if run == nil || e.Status != engine.Waiting || e.Wait < time.Second || e.Time.Before(run.limited[key]) {
		return slog.LevelDebug
	}
	run.limited[key] = e.Time.Add(max(e.Wait, time.Minute))
	return slog.LevelInfo
}

// scheduled writes the line of something that the scheduler did.
func (v *logView) scheduled(e schedule.Event) {
	level, message := scheduleLevel(e)
	l := newLogLine(time.Now(), level, message)
	l.text("job", e.Job)
	l.text("run", e.Run)
	if !e.Due.IsZero() {
		l.text("due", e.Due.Format(time.RFC3339))
	}
	if e.Count > 1 {
		l.number("slots", e.Count)
	}
	if e.Type == schedule.RunStarted || e.Type == schedule.RunLate {
		l.add(slog.Int64("late_ms", e.Late.Milliseconds()))
	}
	l.text("reason", e.Reason)
	l.text("detail", e.Message)
	l.write(v.log)
}

func scheduleLevel(e schedule.Event) (slog.Level, string) {
	switch e.Type {
	case schedule.SlotSkipped:
		if e.Reason == engine.ReasonMissed || e.Reason == engine.ReasonQueueFull {
			return slog.LevelWarn, "due and not run"
		}
		return slog.LevelInfo, "due and not run"
	case schedule.RunLate:
		return slog.LevelWarn, "run is late"
	case schedule.ClockMoved:
		return slog.LevelWarn, "the clock was set"
	case schedule.BookFailed:
		return slog.LevelError, "the schedules cannot be kept"
	case schedule.StartFailed:
		return slog.LevelError, "snrun broke down while it started a run"
	case schedule.RunStarted:
		return slog.LevelDebug, "run leaves the queue"
	}
	return slog.LevelDebug, "due"
}

// token writes the line of what happened to a profile's token.
func (v *logView) token(e auth.TokenEvent) {
	level, message := slog.LevelInfo, "signed in"
	switch e.What {
	case auth.TokenRefreshed:
		message = "token refreshed"
	case auth.TokenKept:
		message = "token kept from before"
	case auth.TokenRejected:
		level, message = slog.LevelWarn, "the server rejected the token"
	}
	l := newLogLine(time.Now(), level, message)
	l.text("profile", e.Profile)
	l.text("grant", e.Grant)
	if !e.Expires.IsZero() {
		l.text("expires", e.Expires.Format(time.RFC3339))
	}
	l.write(v.log)
}

// logLine is a line of the log. Attributes that say nothing are left out.
type logLine struct{ slog.Record }

func newLogLine(at time.Time, level slog.Level, message string) *logLine {
	return &logLine{slog.NewRecord(at, level, message, 0)}
}

// write writes the line, where its level is one that is written.
func (l *logLine) write(log *slog.Logger) {
	if log.Enabled(context.Background(), l.Level) {
		_ = log.Handler().Handle(context.Background(), l.Record)
	}
}

func (l *logLine) add(a slog.Attr) { l.AddAttrs(a) }

func (l *logLine) text(key, value string) {
	if value != "" {
		l.add(slog.String(key, value))
	}
}

func (l *logLine) number(key string, n int) {
	if n != 0 {
		l.add(slog.Int(key, n))
	}
}

// outcome adds how something went.
func (l *logLine) outcome(e engine.Event) {
	if e.Type == engine.RunEnded || e.Type == engine.StepEnded {
		l.add(slog.Int64("took_ms", e.Elapsed.Milliseconds()))
	}
	if e.Type == engine.RetryWaits || e.Wait > 0 {
		l.add(slog.Int64("wait_ms", e.Wait.Milliseconds()))
	}
	if e.Type == engine.LimitWaits {
		l.text("reason", e.Message)
	}
	if e.Type == engine.TokenFetched {
		l.text("grant", e.Message)
	}
	if c := e.Counts; c != nil {
		l.add(slog.Int("succeeded", c.Succeeded))
		l.number("failed", c.Failed)
		if c.Total >= 0 {
			l.add(slog.Int("total", c.Total))
		}
	}
}

// failure adds what went wrong.
func (l *logLine) failure(e *steps.Error) {
	if e == nil {
		return
	}
	l.text("error", e.Message)
	l.text("error_kind", e.Kind)
	l.number("http_status", e.Status)
	l.text("hint", e.Hint)
}

// commands adds the commands for a run that did not end well.
func (l *logLine) commands(e engine.Event, next review.Commands) {
	if e.Status == engine.OK || e.Status == engine.Skipped {
		return
	}
	inDoubt, show := len(e.InDoubt) > 0, next.Show(e.Run)
	if e.Error != nil {
		l.text("failed_step", e.Error.Step)
		show += stepFlags(e.Error, inDoubt)
	}
	l.text("in_doubt", strings.Join(e.InDoubt, ", "))
	l.text("look_at", show)
	l.text("go_on", strings.ReplaceAll(strings.Join(next.GoOn(e.Run, e.Error, inDoubt), "; "), "not:         ", "not: "))
}
