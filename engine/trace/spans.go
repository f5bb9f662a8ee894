package trace

import (
	"context"
	"sync"
	"time"

	otel "go.opentelemetry.io/otel/trace"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps"
)

// most is how many times of each step of a run have spans that are delivered, and how many more that failed; of a step as many tries.
const most = engine.Sampled

// run is the spans of a run.
type run struct {
	mu    sync.Mutex
	span  otel.Span
	ctx   context.Context
	steps map[string]*step  // that go on, by their keys
	seen  map[string]*tally // of each step, by its line
}

// step is the span of a step that goes on. Which spans of loops are delivered is known at their ends only: those of a step that
// is not one of the first wait for its end with theirs, and are forgotten then, unless it failed.
type step struct {
	around *step // nil for one of the run's own
	span   otel.Span
	ctx    context.Context
	seen   *tally // of the steps of this line
	early  bool   // it is one of the first, and so are those around it: it is delivered in any case
	wanted bool   // something in it is delivered, and so it is too
	tries  tally
	held   []func() // the ends of its tries
}

// tally counts what there was of something.
type tally struct{ all, failed int }

// begins says whether one more is among the first.
func (t *tally) begins() bool {
	t.all++
	return t.all <= most
}

// fails says whether one more that failed is among the first of those.
func (t *tally) fails() bool {
	t.failed++
	return t.failed <= most
}

// Event begins and ends the spans of runs and steps.
func (t *Tracer) Event(e engine.Event) {
	if t == nil {
		return
	}
	if e.Type == engine.RunStarted {
		t.begin(e)
		return
	}
	r := t.run(e.Run, e.Type == engine.RunEnded)
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Type {
	case engine.StepStarted:
		r.stepBegins(t.tracer, e)
	case engine.StepEnded:
		r.stepEnds(e)
	case engine.RunEnded:
		r.ends(e)
	}
}

// begin begins the span of a run.
func (t *Tracer) begin(e engine.Event) {
	ctx, span := t.tracer.Start(context.Background(), e.Job, otel.WithTimestamp(e.Time), otel.WithAttributes(ofRun(e)...))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs[e.Run] = &run{span: span, ctx: ctx, steps: map[string]*step{}, seen: map[string]*tally{}}
}

// run gives the spans of a run, which is forgotten where it is over; nil where it is not known.
func (t *Tracer) run(id string, over bool) *run {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.runs[id]
	if over {
		delete(t.runs, id)
	}
	return r
}

// abandon ends the spans of all runs that go on.
func (t *Tracer) abandon(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.runs {
		r.mu.Lock()
		r.ends(engine.Event{Time: now, Status: engine.Running})
		r.mu.Unlock()
	}
	clear(t.runs)
}

// ends ends the spans of a run, and of steps that never heard of their own ends.
func (r *run) ends(e engine.Event) {
	for _, s := range r.steps {
		if s.early {
			s.span.End(otel.WithTimestamp(e.Time))
		}
	}
	clear(r.steps)
	finish(r.span, e)
}

// holder gives the step that goes on at a key or around it; nil for none.
func (r *run) holder(key string) *step {
	for ; key != ""; key = around(key) {
		if s := r.steps[key]; s != nil {
			return s
		}
	}
	return nil
}

func (r *run) stepBegins(tracer otel.Tracer, e engine.Event) {
	s := &step{around: r.holder(around(e.Key)), seen: r.tally(e.Key)}
	s.early = s.seen.begins() && (s.around == nil || s.around.early)
	ctx := r.ctx
	if s.around != nil {
		ctx = s.around.ctx
	}
	s.ctx, s.span = tracer.Start(ctx, nameOf(e), otel.WithTimestamp(e.Time), otel.WithAttributes(ofStep(e)...))
	r.steps[e.Key] = s
}

func (r *run) tally(key string) *tally {
	line := line(key)
	if r.seen[line] == nil {
		r.seen[line] = &tally{}
	}
	return r.seen[line]
}

// stepEnds ends the span of a step, if it is one that is delivered. A step that was done before the run was gone on with is in
// the trace of that time.
func (r *run) stepEnds(e engine.Event) {
	s := r.steps[e.Key]
	if s == nil {
		return // it was skipped
	}
	delete(r.steps, e.Key)
	if e.Before {
		return
	}
	if failed := e.Error != nil && s.seen.fails(); !s.early && !failed && !s.wanted {
		return
	}
	for _, end := range s.held {
		end()
	}
	if s.around != nil {
		s.around.wanted = true
	}
	finish(s.span, e)
}

// Call begins the span of a try, and has the requests of the try carry it.
func (t *Tracer) Call(ctx context.Context, c engine.Traced) (context.Context, func([]engine.Sent, *steps.Error)) {
	r := t.run(c.Run, false)
	if r == nil {
		return ctx, func([]engine.Sent, *steps.Error) {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.holder(c.StepKey)
	if s == nil {
		return ctx, func([]engine.Sent, *steps.Error) {}
	}
	first := s.tries.begins()
	_, span := t.tracer.Start(s.ctx, "request", otel.WithSpanKind(otel.SpanKindClient), otel.WithAttributes(ofTry(c)...))
	ctx = auth.WithTraceparent(ctx, parent(span.SpanContext(), s.early && first))
	return ctx, func(sent []engine.Sent, failure *steps.Error) {
		now := time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		if failed := failure != nil && s.tries.fails(); !first && !failed {
			return
		}
		describeTry(span, sent, failure)
		end := func() { span.End(otel.WithTimestamp(now)) }
		if s.early {
			end()
			return
		}
		s.held = append(s.held, end)
	}
}

// parent writes a span as the header traceparent does (W3C Trace Context). Recorded says that the span is delivered for sure: a
// server need not record what belongs to one of thousands of items.
func parent(span otel.SpanContext, recorded bool) string {
	flags := span.TraceFlags().WithSampled(span.IsSampled() && recorded)
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + flags.String()
}
