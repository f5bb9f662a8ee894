package main

import (
	"context"
	"fmt"
	"time"

	"snrun/engine"
	"snrun/engine/trace"
)

// flushTime is how long the end of a command waits for traces to be delivered.
const flushTime = 5 * time.Second

// tracing makes traces of what a command does, where the environment asks for them; else it gives nil. Tell hears, from any
// goroutine, that they cannot be delivered. The error says why there are none: whatever was to be traced goes on without.
func (a *app) tracing(tell func(message string)) (*trace.Tracer, error) {
	t, err := trace.New(trace.Config{Getenv: a.getenv, Version: version, Redactor: a.redactor, Tell: tell})
	if err != nil {
		err = fmt.Errorf("there are no traces: %w", err)
	}
	return t, err
}

// flush delivers the traces that are left.
func flush(t *trace.Tracer) {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	t.Close(ctx)
}

// traced has an engine's runs traced; a nil Tracer traces nothing.
func traced(c engine.Config, t *trace.Tracer) engine.Config {
	if t == nil {
		return c
	}
	watch := c.Watch
	c.Watch = func(e engine.Event) {
		t.Event(e)
		watch(e)
	}
	c.Tracer = t
	return c
}
