package trace

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otel "go.opentelemetry.io/otel/trace"

	"snrun/engine"
	"snrun/steps"
)

// Names that begin with snrun are ours, the others are those of the semantic conventions for HTTP clients.

// ofRun is what is known of a run when it begins.
func ofRun(e engine.Event) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("snrun.job", e.Job), attribute.String("snrun.run.id", e.Run), attribute.String("snrun.run.trigger", e.Trigger),
		attribute.Int("snrun.run.attempt", max(e.Attempt, 1)),
	}
}

// ofStep is what is known of a step when it begins.
func ofStep(e engine.Event) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("snrun.step.key", e.Key), attribute.String("snrun.step.kind", e.Kind)}
}

// nameOf is the name of a step's span: the same for all items of a loop.
func nameOf(e engine.Event) string {
	if e.ID != "" {
		return e.ID
	}
	step := line(e.Key)
	return step[strings.LastIndexByte(step, '/')+1:]
}

// finish says how a run or a step ended, and ends its span.
func finish(span otel.Span, e engine.Event) {
	kind := "snrun.step."
	if e.Key == "" {
		kind = "snrun.run."
	}
	span.SetAttributes(attribute.String(kind+"status", string(e.Status)))
	if e.Key != "" && e.Attempt > 1 {
		span.SetAttributes(attribute.Int("snrun.step.attempts", e.Attempt))
	}
	if c := e.Counts; c != nil {
		span.SetAttributes(attribute.Int("snrun.items.succeeded", c.Succeeded), attribute.Int("snrun.items.failed", c.Failed))
	}
	if n := len(e.InDoubt); n > 0 {
		span.SetAttributes(attribute.Int("snrun.run.in_doubt", n))
	}
	failed(span, e.Error)
	span.End(otel.WithTimestamp(e.Time))
}

// failed says what went wrong.
func failed(span otel.Span, e *steps.Error) {
	if e == nil {
		return
	}
	span.SetStatus(codes.Error, e.Message)
	span.SetAttributes(attribute.String("error.type", e.Kind))
}

// ofTry is what is known of a try when it begins.
func ofTry(c engine.Traced) []attribute.KeyValue {
	list := []attribute.KeyValue{attribute.String("snrun.call.key", c.Key)}
	if c.Profile != "" {
		list = append(list, attribute.String("snrun.profile", c.Profile))
	}
	if c.Attempt > 1 {
		list = append(list, attribute.Int("http.request.resend_count", c.Attempt-1))
	}
	return list
}

// describeTry says what was sent, the last of several requests, and how it went.
func describeTry(span otel.Span, sent []engine.Sent, e *steps.Error) {
	failed(span, e)
	if len(sent) == 0 {
		return
	}
	last := sent[len(sent)-1]
	span.SetName(last.Method)
	span.SetAttributes(attribute.String("http.request.method", last.Method))
	if len(sent) > 1 {
		span.SetAttributes(attribute.Int("snrun.call.requests", len(sent)))
	}
	if last.Status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", last.Status))
	}
	if last.Status >= 400 {
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(last.Status)))
	}
	span.SetAttributes(ofURL(last.URL)...)
}

// ofURL is what is said of an address.
func ofURL(text string) []attribute.KeyValue {
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	u.User, u.RawQuery = nil, withoutSignatures(u.RawQuery)
	list := []attribute.KeyValue{attribute.String("url.full", u.String()), attribute.String("server.address", u.Hostname())}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = map[string]int{"http": 80, "https": 443}[u.Scheme]
	}
	return append(list, attribute.Int("server.port", port))
}

// signatures are names in queries whose values sign, as the semantic conventions have them.
var signatures = [...]string{"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature", "X-Amz-Signature", "X-Amz-Security-Token"}

// withoutSignatures masks what signs an address that a server gave.
func withoutSignatures(query string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, _, _ := strings.Cut(pair, "="); slices.Contains(signatures[:], name) {
			pairs[i] = name + "=REDACTED"
		}
	}
	return strings.Join(pairs, "&")
}
