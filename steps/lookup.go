package steps

import "context"

type lookupKey struct{}

// WithLookup gives a context for GET requests that only fetch what a call is described by, such as a WSDL. A dry run makes them too:
// without it nobody could tell what would be sent.
func WithLookup(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookupKey{}, true)
}

// IsLookup says whether a context comes from WithLookup.
func IsLookup(ctx context.Context) bool { return ctx.Value(lookupKey{}) != nil }
