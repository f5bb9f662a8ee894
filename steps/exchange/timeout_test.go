package exchange_test

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps"
	"snrun/steps/steptest"
)

// hangs waits until the client has given up.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drips sends the body in pieces, the time between.
func drips(pieces int, every time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for range pieces {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(every):
			case <-r.Context().Done():
				return
			}
		}
	}
}

// lateBody waits before the header, and once more before the body.
func lateBody(wait time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(wait)
		w.Header().Set("Content-Type", "text/plain")
		_ = http.NewResponseController(w).Flush()
		<-time.After(wait)
		_, _ = io.WriteString(w, "x")
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		in      steps.Input
		want    string // "" when it is in time
		after   time.Duration
	}{
		{"no answer", hangs, nil, "not a byte from the server for 1m", time.Minute},
		{"no answer, own limit", hangs, steps.Input{"timeout": steps.Input{"idle": 7 * time.Second}}, "not a byte from the server for 7s", 7 * time.Second},
		{"total before idle", hangs, steps.Input{"timeout": 20 * time.Second}, "not done within 20s", 20 * time.Second},
		{"body that stops", drips(1, time.Hour), nil, "not a byte from the server for 1m", time.Minute},
		{"body that drips on", drips(100, 30*time.Second), nil, "not done within 5m", 5 * time.Minute},
		{"body that drips in time", drips(9, 30*time.Second), nil, "", 270 * time.Second},
		{"answer that comes in time, its body too", lateBody(50 * time.Second), nil, "", 100 * time.Second},
		{"no limits", drips(3, time.Hour), steps.Input{"timeout": steps.Input{"idle": time.Duration(0), "total": time.Duration(0), "connect": time.Duration(0)}}, "", 3 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				env := steptest.NewEnv(t)
				env.Clients = steptest.Pipe(t, c.handler)
				in := steps.Input{"method": "POST", "url": "http://a.example/x"}
				maps.Copy(in, c.in)
				started := time.Now()
				_, err := plainKind().Run(t.Context(), in, &env.Env)
				if got := time.Since(started); got != c.after {
					t.Errorf("took %v, want %v", got, c.after)
				}
				if c.want == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := failed(t, err)
				if e.Kind != steps.Timeout || e.Repeat != steps.IfSafe || !strings.HasSuffix(e.Message, ": "+c.want) {
					t.Errorf("got %s: %s, repeat %d; want %s, if safe", e.Kind, e.Message, e.Repeat, c.want)
				}
			})
		})
	}
}

func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := steptest.NewEnv(t)
		// net/http goes on dialling for the next request when this one has given up, so the test ends the dialling.
		over := make(chan struct{})
		defer close(over)
		dial := func(context.Context, string, string) (net.Conn, error) { <-over; return nil, net.ErrClosed }
		env.Clients = steptest.ClientsOver(&http.Transport{DialContext: dial})
		started := time.Now()
		_, err := plainKind().Run(t.Context(), steps.Input{"method": "POST", "url": "http://a.example/x"}, &env.Env)
		e := failed(t, err)
		if e.Kind != steps.Timeout || e.Repeat != steps.Always || !strings.HasSuffix(e.Message, ": no connection within 10s") {
			t.Errorf("got %s: %s, repeat %d", e.Kind, e.Message, e.Repeat)
		}
		if got := time.Since(started); got != 10*time.Second {
			t.Errorf("took %v, want 10s", got)
		}
	})
}

func TestTimeOfTheStepIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := steptest.NewEnv(t)
		env.Clients = steptest.Pipe(t, http.HandlerFunc(hangs))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := plainKind().Run(ctx, steps.Input{"url": "http://a.example/x"}, &env.Env)
		if e := failed(t, err); e.Kind != steps.Timeout || e.Repeat != steps.Never || !strings.Contains(e.Message, "the time of the step or of the run was up") {
			t.Errorf("got %s: %s, repeat %d", e.Kind, e.Message, e.Repeat)
		}
	})
}

// holdingBack is a transport that holds each request back for a while, as a profile's limits do.
type holdingBack struct {
	http.RoundTripper
	wait time.Duration
}

func (h holdingBack) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-time.After(h.wait):
		return h.RoundTripper.RoundTrip(req)
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// What a profile holds a request back for is no time that its server takes.
func TestTimeHeldBackDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := steptest.NewEnv(t)
		client, err := steptest.Pipe(t, drips(2, 5*time.Second)).Client(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		env.Clients = steptest.ClientsOver(holdingBack{client.Transport, time.Hour})
		in := steps.Input{"url": "http://a.example/x", "timeout": 10*time.Second + 1}
		if _, err := plainKind().Run(t.Context(), in, &env.Env); err != nil {
			t.Error(err)
		}
		if x := env.Exchanges()[0]; x.Duration != 10*time.Second {
			t.Errorf("on record it took %v, want 10s", x.Duration)
		}
		in["timeout"] = 10*time.Second - 1
		_, err = plainKind().Run(t.Context(), in, &env.Env)
		if e := failed(t, err); e.Kind != steps.Timeout || !strings.HasSuffix(e.Message, ": not done within 9.999999999s") {
			t.Errorf("got %s: %s, want a timeout", e.Kind, e.Message)
		}
	})
}

// A request that its profile would hold back for too long is no failure of the network, and not tried again.
func TestHeldBackInVain(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	env.Clients = steptest.ClientsOver(refusingTransport{heldError{}})
	_, err := plainKind().Run(t.Context(), steps.Input{"url": "http://a.example/x"}, &env.Env)
	e := failed(t, err)
	if e.Kind != steps.Timeout || e.Repeat != steps.Never || e.Message != "GET http://a.example/x: not sent: too long" || e.Hint != "wait" {
		t.Errorf("got %s: %s (%s), repeat %d", e.Kind, e.Message, e.Hint, e.Repeat)
	}
}

type heldError struct{}

func (heldError) Error() string       { return "not sent: too long" }
func (heldError) Held() time.Duration { return time.Minute }
func (heldError) Help() string        { return "wait" }

func TestTimingsInHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := steptest.NewEnv(t)
		env.Clients = steptest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-time.After(2 * time.Second)
			drips(2, time.Second)(w, r)
		}))
		if _, err := plainKind().Run(t.Context(), steps.Input{"url": "http://a.example/x"}, &env.Env); err != nil {
			t.Fatal(err)
		}
		if x := env.Exchanges()[0]; x.FirstByte != 2*time.Second || x.Duration != 4*time.Second {
			t.Errorf("got first byte after %v, the end after %v; want 2s and 4s", x.FirstByte, x.Duration)
		}
	})
}
