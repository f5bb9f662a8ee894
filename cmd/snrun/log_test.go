package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/schedule"
	"snrun/history/review"
	"snrun/steps"
)

// logged writes events as a log of a format and a level. As in a real run each but those of tokens has the run's id.
func logged(format, level string, events []engine.Event) string {
	var out bytes.Buffer
	v := newLogView(newLogger(&out, format, level, auth.NewRedactor()), review.Commands{Program: "snrun"})
	for _, e := range events {
		if e.Type != engine.TokenFetched {
			e.Run = "06c3k9q2f4x"
		}
		v.event(e)
	}
	v.close()
	return out.String()
}

// limitEvents are the waits of a run for limits: long ones, short ones, in items and outside.
func limitEvents() []engine.Event {
	wait := func(ms int, key string, d time.Duration) engine.Event {
		return at(ms, engine.Event{Type: engine.LimitWaits, Key: key, Status: engine.Waiting, Profile: "crm", Message: "rate 10 per 1m", Wait: d})
	}
	return []engine.Event{
		at(0, engine.Event{Type: engine.RunStarted, Job: "many", Trigger: "schedule", Attempt: 2}),
		wait(10, "/list", 999*time.Millisecond),
		wait(20, "/list", 5*time.Second),
		wait(30, "/list", 5*time.Second),
		wait(40, "/loop[a]/post", 5*time.Second),
		wait(50, "/loop[b]/post", 5*time.Second),
		wait(60_020, "/list", 5*time.Second),
		at(60_030, engine.Event{Type: engine.LimitWaits, Key: "/list", Status: engine.Running, Profile: "crm"}),
		at(60_040, engine.Event{Type: engine.RetryWaits, Key: "/loop[a]/post", Attempt: 1, Error: &steps.Error{Kind: steps.Network, Message: "gone"}}),
		at(60_050, engine.Event{
			Type: engine.RunEnded, Job: "many", Status: engine.Interrupted, Elapsed: time.Minute, InDoubt: []string{"/loop[a]/post"},
			Error: &steps.Error{Kind: steps.Cancelled, Message: "the daemon ended", Hint: "look first"},
		}),
	}
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, c := range []struct{ format, level string }{{"text", "info"}, {"text", "debug"}, {"json", "info"}, {"text", "warn"}} {
		for _, events := range [][]engine.Event{syncEvents(), troubleEvents(), limitEvents()} {
			out.WriteString(logged(c.format, c.level, events) + "\n")
		}
	}
	golden(t, out.String(), "testdata/log.txt")
}

// TestLogOfSchedules holds the lines of what the scheduler does, and of tokens. Their time is that of writing.
func TestLogOfSchedules(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	v := newLogView(newLogger(&out, "text", "debug", auth.NewRedactor()), review.Commands{})
	due := time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600))
	for _, e := range []schedule.Event{
		{Type: schedule.SlotQueued, Job: "sync", Run: "06c3k", Due: due},
		{Type: schedule.RunStarted, Job: "sync", Run: "06c3k", Due: due, Late: 1500 * time.Microsecond},
		{Type: schedule.SlotSkipped, Job: "sync", Due: due, Count: 3, Reason: engine.ReasonMissed, Message: "no daemon was running"},
		{Type: schedule.SlotSkipped, Job: "sync", Due: due, Count: 1, Reason: engine.ReasonOverlap},
		{Type: schedule.RunLate, Job: "sync", Run: "06c3k", Due: due, Late: 5 * time.Minute},
		{Type: schedule.ClockMoved, Message: "ahead by 1h0m0s"},
		{Type: schedule.BookFailed, Message: "the disk is full"},
		{Type: schedule.StartFailed, Job: "sync", Run: "06c3k", Message: "it panicked\ngoroutine 1"},
	} {
		v.scheduled(e)
	}
	for _, what := range []string{auth.TokenKept, auth.TokenFetched, auth.TokenRefreshed, auth.TokenRejected} {
		v.token(auth.TokenEvent{Profile: "crm", Grant: "password", What: what, Expires: due})
	}
	var lines []string
	for _, line := range strings.Split(out.String(), "\n") {
		_, rest, _ := strings.Cut(line, " ")
		lines = append(lines, rest)
	}
	golden(t, strings.Join(lines, "\n"), "testdata/log_schedules.txt")
}

// described writes itself, with a secret in it.
type described struct{ Secret string }

func (d described) String() string { return "described " + d.Secret }

type valued struct{ secret string }

func (v valued) LogValue() slog.Value {
	return slog.GroupValue(slog.String("a", v.secret), slog.Any("b", fmt.Errorf("%s!", v.secret)))
}

type panicking struct{ text *string }

func (p panicking) Error() string { return *p.text }

type closed struct {
	Shown  string
	hidden string
	Inner  *closed `json:"inner,omitempty"`
}

// TestLogHidesSecrets logs a secret in all the ways that slog knows, in both formats. The writer masks nothing here.
func TestLogHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = `pa"ss<wörd>-7`
	redactor := auth.NewRedactor()
	redactor.Add(secret)
	redactor.Add("48151623")
	cause := fmt.Errorf("joined: %w", errors.Join(errors.New(secret), &url.Error{Op: "Get", URL: "http://127.0.0.1/" + secret, Err: errors.New("x")}))
	hidden := closed{Shown: secret, hidden: secret, Inner: &closed{Shown: secret}}
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := newLogger(&out, format, "debug", redactor)
		log.Info("message "+secret, secret, "key")
		log.Info("values", "text", secret, "number", 48151623, "int64", int64(48151623), "uint", uint64(48151623), "float", 48151623.0)
		log.Info("errors", "error", cause, "step", &steps.Error{Message: secret, Hint: secret}, "panics", panicking{})
		log.Info("structs", "struct", hidden, "pointer", &hidden, "described", described{secret}, "list", []string{secret}, "map", map[string]any{secret: secret},
			"bytes", []byte(secret), "raw", json.RawMessage(`{"a": "pa\"ss<w\u00f6rd>-7"}`), "channel", make(chan int), "func", func() {})
		log.Info("groups", slog.Group(secret, "a", secret, slog.Group("c", "d", hidden)), "valued", valued{secret})
		log.With("early", secret).WithGroup("g").WithGroup(secret).With("inner", valued{secret}).Info("later", "x", secret)
		log.Log(context.Background(), slog.LevelError, "escaped", "url", url.QueryEscape(secret), "base64", base64.StdEncoding.EncodeToString([]byte("u:"+secret)))
		text := out.String()
		if lines := strings.Count(text, "\n"); lines != 7 || !strings.Contains(text, auth.Mask) {
			t.Errorf("%s: got %d lines\n%s", format, lines, text)
		}
		for _, part := range []string{"wörd", "w\\u00f6rd", `pa"ss`, `pa\"ss`, "48151623", "4.8151623e", "hidden", base64.StdEncoding.EncodeToString([]byte(secret))[:8], url.QueryEscape(secret)} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %s shows in\n%s", format, part, text)
			}
		}
	}
}

// TestLogOffset holds that times have their offset, also as attributes.
func TestLogOffset(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newLogger(&out, "json", "info", auth.NewRedactor())
	at := time.Date(2026, 3, 1, 9, 0, 0, 5e6, time.FixedZone("", -5400))
	l := newLogLine(at, slog.LevelInfo, "x")
	l.add(slog.Time("since", at))
	l.add(slog.Duration("grace", 30*time.Second))
	l.write(log)
	if got, want := out.String(), `{"time":"2026-03-01T09:00:00.005-01:30","level":"INFO","msg":"x","since":"2026-03-01T09:00:00.005-01:30","grace":"30s"}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
