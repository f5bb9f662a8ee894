package steptest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"snrun/steps"
)

// Clients gives every profile one plain client, which signs in nowhere. The zero value cannot be used.
type Clients struct{ client *http.Client }

// NewClients makes clients whose connections are closed when the test ends.
func NewClients(t testing.TB) *Clients {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return ClientsOver(transport)
}

// ClientsOver makes clients over a transport of the test's own.
func ClientsOver(transport http.RoundTripper) *Clients {
	return &Clients{&http.Client{Transport: transport}}
}

// Client gives the client.
func (c *Clients) Client(context.Context, string) (*http.Client, error) { return c.client, nil }

// Env is the surroundings of a call in a test, and collects the exchanges that it makes.
type Env struct {
	steps.Env
	mu        sync.Mutex
	exchanges []steps.Exchange
}

// NewEnv makes surroundings with plain clients and an empty project folder.
func NewEnv(t testing.TB) *Env {
	e := &Env{Env: steps.Env{Clients: NewClients(t), Dir: t.TempDir(), Attempt: 1, Key: "/step", UserAgent: "snrun/test"}}
	e.Observe = func(x steps.Exchange) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.exchanges = append(e.exchanges, x)
	}
	return e
}

// Exchanges gives the exchanges so far.
func (e *Env) Exchanges() []steps.Exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]steps.Exchange(nil), e.exchanges...)
}

// Run runs a kind once in fresh surroundings.
func Run(t testing.TB, kind *steps.Kind, in steps.Input) (steps.Output, error) {
	t.Helper()
	return kind.Run(t.Context(), in, &NewEnv(t).Env)
}

// Walk runs a kind page by page to the end of the walk, or to its first error, and gives the items of all pages that came.
// Between two pages the cursor goes through JSON, as it does in a journal. Where env.Stream is set, the items are read one by
// one.
func Walk(t testing.TB, kind *steps.Kind, in steps.Input, env *Env) (pages [][]any, err error) {
	t.Helper()
	env.Cursor = nil
	for {
		out, err := kind.Run(t.Context(), in, &env.Env)
		if err != nil {
			return pages, err
		}
		pages = append(pages, items(t, out, env.Stream != nil))
		if out.Next == nil {
			return pages, nil
		}
		env.Cursor = throughJSON(t, out.Next)
	}
}

// items gives the items of a page.
func items(t testing.TB, out steps.Output, streamed bool) []any {
	t.Helper()
	if !streamed {
		list, ok := out.Value.([]any)
		if !ok {
			t.Fatalf("steptest: a page gave %T, not a list", out.Value)
		}
		return list
	}
	if out.Items == nil || out.Value != nil {
		t.Fatalf("steptest: a page gave %T and %T, not its items", out.Items, out.Value)
	}
	list := []any{}
	for i := range out.Items.Len() {
		v, err := out.Items.At(i)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := out.Items.Close(); err != nil {
		t.Fatal(err)
	}
	return list
}

func throughJSON(t testing.TB, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("steptest: the cursor is no plain data: %v", err)
	}
	back, err := steps.DecodeJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return back
}
