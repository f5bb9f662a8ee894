package exchange_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/steptest"
)

// plainKind is a kind that does no more than this package does for all: it sends a text, and takes JSON as data, all else as text.
func plainKind() *steps.Kind {
	return &steps.Kind{Name: "plain", Run: func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
		c := exchange.Call{In: in, Env: env, Manner: exchange.Manner{Redirects: 5, MaxBody: 1 << 20, TooLarge: "ask for less", Total: exchange.DefaultTotal}}
		c.Manner.KeepMethod = in.Bool("keep_method")
		return send(ctx, c)
	}}
}

func send(ctx context.Context, c exchange.Call) (steps.Output, error) {
	method := c.In.Text("method")
	if method == "" {
		method = http.MethodGet
	}
	r, err := exchange.NewRequest(method, c.In)
	if err != nil {
		return steps.Output{}, err
	}
	if err := r.SetHeaders(c.In, "headers"); err != nil {
		return steps.Output{}, err
	}
	if c.In.Has("body") {
		r.Body = exchange.InMemory("text/plain", []byte(c.In.Text("body")))
	}
	a := &exchange.Answer{}
	err = exchange.Send(ctx, c, r, func(ctx context.Context, t *exchange.Trip) error {
		a.Trip = t
		return a.Judge(a.Accepted(), take(ctx, a))
	})
	if err != nil {
		return steps.Output{}, err
	}
	return steps.Output{Value: a.Value, Names: a.OutputNames(), Total: -1}, nil
}

func take(ctx context.Context, a *exchange.Answer) error {
	err := a.Receive(ctx)
	a.Took = a.Elapsed()
	if err != nil {
		return err
	}
	a.Value = string(a.Received)
	if exchange.FormatOf(exchange.MediaType(a.Resp.Header.Get("Content-Type")), a.Received) != "json" || len(a.Received) == 0 {
		return nil
	}
	if a.Value, err = steps.DecodeJSON(a.Received); err != nil {
		return a.ContentError("the body is not JSON: "+err.Error(), "mend it")
	}
	return nil
}

// under makes an input for a path of the server, with further fields.
func under(s *steptest.Server, path string, fields steps.Input) steps.Input {
	in := steps.Input{"profile": "test", "base_url": s.URL, "path": path}
	maps.Copy(in, fields)
	return in
}

// failed gives the *steps.Error that err must be.
func failed(t *testing.T, err error) *steps.Error {
	t.Helper()
	var e *steps.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *steps.Error", err)
	}
	return e
}
