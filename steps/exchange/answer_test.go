package exchange_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/steptest"
)

// taken sends a request and gives the answer, its body received.
func taken(t *testing.T, in steps.Input, reads steps.Reads, body string) *exchange.Answer {
	t.Helper()
	s := steptest.NewServer(t).On("/x", steptest.Text(500, body))
	env := steptest.NewEnv(t)
	env.Reads = reads
	in = under(s, "x", in)
	r, err := exchange.NewRequest("POST", in)
	if err != nil {
		t.Fatal(err)
	}
	c := exchange.Call{In: in, Env: &env.Env, Manner: exchange.Manner{MaxBody: 8, TooLarge: "ask for less"}}
	a := &exchange.Answer{}
	err = exchange.Send(t.Context(), c, r, func(ctx context.Context, trip *exchange.Trip) error {
		a.Trip = trip
		return a.Receive(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestNamesOfAKind holds that what a kind adds to an answer is in `response`, and in the step's names where it is read.
func TestNamesOfAKind(t *testing.T) {
	t.Parallel()
	a := taken(t, nil, steps.Reads{"status": nil, "fault": nil}, "x")
	a.More = map[string]any{"fault": "f", "warnings": 0}
	if got, want := a.OutputNames(), map[string]any{"status": 500, "fault": "f"}; !reflect.DeepEqual(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
	if got, want := a.Response("fault", "page", "no such"), map[string]any{"fault": "f", "page": nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("response: got %v, want %v", got, want)
	}
	if got := a.Response("*"); got["fault"] != "f" || got["warnings"] != 0 || got["status"] != 500 || len(got) != 9 {
		t.Errorf("the whole response: got %v", got)
	}
}

// TestJudge holds that a kind says which statuses it takes, and that conditions of the step stand in their place.
func TestJudge(t *testing.T) {
	t.Parallel()
	mistake := &steps.Error{Kind: steps.Content, Message: "no envelope"}
	for _, c := range []struct {
		name     string
		in       steps.Input
		accepted bool
		bodyErr  error
		want     string // of the message, "" for none
	}{
		{"taken", nil, true, nil, ""},
		{"not taken", nil, false, nil, "500 Internal Server Error: x"},
		{"not taken, and no body", nil, false, mistake, "500 Internal Server Error: x"},
		{"no body", nil, true, mistake, "no envelope"},
		{"expected", steps.Input{"expect": steptest.Status(500)}, false, nil, ""},
		{"expected, and no body", steps.Input{"expect": steptest.Status(500)}, false, mistake, "no envelope"},
		{"not expected", steps.Input{"expect": steptest.Status(200)}, true, nil, "(expected: response.status in [200])"},
		{"not expected by the profile", steps.Input{"profile_expect": steptest.Status(200)}, true, nil, "(expected: response.status in [200])"},
	} {
		a := taken(t, c.in, nil, "x")
		err := a.Judge(c.accepted, c.bodyErr)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if e := failed(t, err); !strings.HasSuffix(e.Message, c.want) || e.Response["status"] != 500 {
			t.Errorf("%s: got %s with response %v, want … %s", c.name, e.Message, e.Response, c.want)
		}
	}
}

// TestReveal holds that an error shows the whole body, where only what is read of it was decoded.
func TestReveal(t *testing.T) {
	t.Parallel()
	a := taken(t, nil, nil, "x")
	a.Value, a.Reveal = "part", func() { a.Value = "all" }
	if got := a.Response("body")["body"]; got != "part" {
		t.Errorf("got %v", got)
	}
	var e *steps.Error
	if err := a.Complete(&steps.Error{}); !errors.As(err, &e) || e.Response["body"] != "all" {
		t.Errorf("got %v", e.Response)
	}
	if a.Complete(nil) != nil {
		t.Error("no error became one")
	}
}

// TestBodyThatIsTooLarge holds that the hint is the kind's.
func TestBodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/x", steptest.Text(200, "123456789"))
	env := steptest.NewEnv(t)
	in := under(s, "x", nil)
	r, err := exchange.NewRequest("POST", in)
	if err != nil {
		t.Fatal(err)
	}
	c := exchange.Call{In: in, Env: &env.Env, Manner: exchange.Manner{MaxBody: 8, TooLarge: "ask for less"}}
	err = exchange.Send(t.Context(), c, r, func(ctx context.Context, trip *exchange.Trip) error { return trip.Receive(ctx) })
	if e := failed(t, err); e.Kind != steps.Content || e.Hint != "ask for less" || !strings.Contains(e.Message, "larger than max_body (8 bytes)") {
		t.Errorf("got %s: %s (%s)", e.Kind, e.Message, e.Hint)
	}
	if x := env.Exchanges()[0]; string(x.Response.Body) != "12345678" {
		t.Errorf("history has %q", x.Response.Body)
	}
}
