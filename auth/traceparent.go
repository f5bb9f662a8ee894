package auth

import (
	"context"
	"net/http"
)

type traceparentKey struct{}

// WithTraceparent gives a context whose requests carry the header traceparent (W3C Trace Context) with this value: those to the
// origins of profiles with Trace set.
func WithTraceparent(ctx context.Context, value string) context.Context {
	return context.WithValue(ctx, traceparentKey{}, value)
}

// addTraceparent puts the traceparent of its context on a request, unless it has one of its own.
func addTraceparent(req *http.Request) {
	const name = "Traceparent"
	if value, there := req.Context().Value(traceparentKey{}).(string); there && req.Header[name] == nil {
		req.Header[name] = []string{value}
	}
}
