// Package trace makes OpenTelemetry traces of runs: a span for each run, in it one for each step, in that one for each try.
//
// A Tracer hears of runs and steps as events, like anybody who watches them, and of tries as an engine.Tracer: there it puts
// the span of the try on the requests, for servers whose profile allows it. No bodies, no headers and no secrets are in a
// span. Loops have spans of a bounded number of items: of each step the first 100 times, and the first 100 that failed.
//
// The spans are batched, and sampled, by the SDK of OpenTelemetry. The client that delivers them is our own: the one of the SDK brings
// gRPC along, to speak HTTP, and follows redirects with the key that signs in.
//
// The files:
//
//	trace        a Tracer: its beginning and its end
//	settings     the variables OTEL_…
//	client       delivering spans
//	spans        the spans of the runs that go on
//	keys         what stands around a step
//	attributes   what is said of a run, a step and a try
package trace

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"

	"snrun/auth"
)

// Config is what a Tracer works with.
type Config struct {
	Getenv   func(string) string
	Version  string
	Redactor *auth.Redactor // is told of what signs in to the collector, and masks what is told
	// Tell hears that spans cannot be delivered: once, until they can again. It is called from any goroutine.
	Tell func(message string)
}

// Tracer makes spans of what it hears. The nil Tracer hears nothing. All methods may be called from many goroutines.
type Tracer struct {
	provider *sdk.TracerProvider
	client   *client
	tracer   otel.Tracer

	mu   sync.Mutex
	runs map[string]*run // that go on
}

// New makes a Tracer where the environment names a collector, in OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
// else it gives nil. The error says which variable has a mistake: nothing is traced then.
func New(c Config) (*Tracer, error) {
	s, err := readSettings(c.Getenv)
	if err != nil || s == nil {
		return nil, err
	}
	for _, secret := range s.secrets() {
		c.Redactor.Add(secret)
	}
	client := newClient(s, c.Version)
	exporter, err := otlptrace.New(context.Background(), client)
	if err != nil {
		return nil, err
	}
	about, err := describe(c.Version)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	limits := sdk.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = longestValue
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithRawSpanLimits(limits),
		sdk.WithBatcher(&careful{SpanExporter: exporter, place: s.place(), tell: masked(c)}))
	return &Tracer{provider: provider, client: client, tracer: provider.Tracer("snrun", otel.WithInstrumentationVersion(c.Version)), runs: map[string]*run{}}, nil
}

// longestValue is how many characters the value of an attribute has at most, unless the environment says otherwise.
const longestValue = 4096

// masked gives what tells a message without its secrets.
func masked(c Config) func(string) {
	return func(message string) { c.Tell(c.Redactor.Text(message)) }
}

// describe says whose spans these are: snrun's, unless the environment has another name. The command line is not among that,
// because there may be secrets in it.
func describe(version string) (*resource.Resource, error) {
	return resource.New(context.Background(),
		resource.WithAttributes(attribute.String("service.name", "snrun"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
}

// Close ends the spans of runs that go on, and delivers what is not delivered yet, until the context ends.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	t.client.hurry()
	t.abandon(time.Now())
	_ = t.provider.Shutdown(ctx) // what went wrong was told
}

// careful delivers spans, and tells when that cannot be done. Nobody else hears of it: the SDK would write each time to
// standard error.
type careful struct {
	sdk.SpanExporter
	place   string
	tell    func(string)
	failing atomic.Bool
}

// ExportSpans delivers spans. What cannot be delivered is lost.
func (c *careful) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		c.failing.Store(false)
		return nil
	}
	if !c.failing.Swap(true) {
		c.tell("traces cannot be delivered to " + c.place + ": " + cause(err).Error())
	}
	return nil
}

// cause is an error without the address, which may have a secret in its query, and without what the SDK says before it.
func cause(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
