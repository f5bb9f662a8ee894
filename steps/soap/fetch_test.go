package soap_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// fetching gives the input of a step whose WSDL is fetched from a server.
func fetching(base string, fields steps.Input) steps.Input {
	in := steps.Input{"profile": "test", "base_url": base, "path": "/soap", "wsdl": "/orders?wsdl", "operation": "PlaceOrder", "params": order()}
	for name, value := range fields {
		in[name] = value
	}
	return in
}

func ordersWSDL(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "orders.wsdl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestWSDLThatCannotBeHad holds what a step says then, and whether it is worth another try.
func TestWSDLThatCannotBeHad(t *testing.T) {
	t.Parallel()
	answer := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = io.WriteString(w, text) }
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		kind    string
		status  int
		repeat  steps.Repeat
	}{
		"not there":      {answer(404, ""), steps.Status, 404, steps.Never},
		"down":           {answer(503, ""), steps.Status, 503, steps.Always},
		"a bad gateway":  {answer(502, ""), steps.Status, 502, steps.Always},
		"broken off":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, steps.Network, 0, steps.Always},
		"no WSDL":        {answer(200, "<a/>"), steps.Content, 0, steps.Never},
		"not redirected": {http.RedirectHandler("http://example.com/w", http.StatusFound).ServeHTTP, steps.Content, 0, steps.Never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tt.handler)
			defer s.Close()
			_, err := steptest.Run(t, soap.Kind(), fetching(s.URL, nil))
			e := failed(t, err)
			if e.Kind != tt.kind || e.Status != tt.status || e.Repeat != tt.repeat || !e.NoEffect || !strings.Contains(e.Message, "/orders cannot be ") {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestWSDLOfAServerThatIsDown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = steptest.Run(t, soap.Kind(), fetching("http://"+l.Addr().String(), nil))
	if e := failed(t, err); e.Kind != steps.Network || e.Repeat != steps.Always || !e.NoEffect || e.Hint == "" {
		t.Errorf("got %+v", e)
	}
}

// TestWSDLIsNotWaitedForInTurn holds that steps which want a WSDL at once wait for one answer, and that each keeps its own time.
func TestWSDLIsNotWaitedForInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		env := steptest.NewEnv(t)
		env.Clients = steptest.Pipe(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			<-r.Context().Done() // it hangs
		}))
		kind, started := soap.Kind(), time.Now()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := kind.Run(t.Context(), fetching("http://example.com", nil), &env.Env)
				if e := failed(t, err); e.Kind != steps.Timeout || e.Repeat != steps.Always {
					t.Errorf("got %+v", e)
				}
			})
		}
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := kind.Run(short, fetching("http://example.com", nil), &env.Env); err == nil || time.Since(started) != time.Second {
			t.Errorf("a step with a second went on after %s with %v", time.Since(started), err)
		}
		all.Wait()
		if took := time.Since(started); took != time.Minute || asked.Load() != 1 {
			t.Errorf("it took %s, and the server was asked %d times, want once and a minute", took, asked.Load())
		}
	})
}

// TestGivenUpWSDL holds that a step which waits for the WSDL of another asks itself when that one is given up.
func TestGivenUpWSDL(t *testing.T) {
	t.Parallel()
	text := ordersWSDL(t)
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		env := steptest.NewEnv(t)
		env.Clients = steptest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost:
				w.Header().Set("Content-Type", "text/xml")
				_, _ = io.WriteString(w, answering(200, placed).Body)
			case asked.Add(1) == 1:
				<-r.Context().Done()
			default:
				_, _ = io.WriteString(w, text)
			}
		}))
		kind := soap.Kind()
		ctx, giveUp := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			_, err := kind.Run(ctx, fetching("http://example.com", nil), &env.Env)
			if e := failed(t, err); e.Kind != steps.Cancelled {
				t.Errorf("got %+v", e)
			}
		})
		synctest.Wait()
		both.Go(func() {
			if _, err := kind.Run(t.Context(), fetching("http://example.com", nil), &env.Env); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		giveUp()
		both.Wait()
		if asked.Load() != 2 {
			t.Errorf("the WSDL was asked for %d times, want 2", asked.Load())
		}
	})
}

// TestWSDLInTheTimeOfTheStep holds that the step's timeout is that of its WSDL too.
func TestWSDLInTheTimeOfTheStep(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]any{"short": 2 * time.Second, "long": steps.Input{"total": 2 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				env := steptest.NewEnv(t)
				env.Clients = steptest.Pipe(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
				started := time.Now()
				_, err := soap.Kind().Run(t.Context(), fetching("http://example.com", steps.Input{"timeout": timeout}), &env.Env)
				if e := failed(t, err); e.Kind != steps.Timeout || !strings.Contains(e.Message, "not done within 2s") || time.Since(started) != 2*time.Second {
					t.Errorf("got %v after %s", err, time.Since(started))
				}
			})
		})
	}
}

// TestOneWSDLForMany calls an operation many times at once: the WSDL is asked for once, and used by all.
func TestOneWSDLForMany(t *testing.T) {
	t.Parallel()
	for _, wsdl := range []string{"/orders?wsdl", "orders.wsdl"} {
		t.Run(wsdl, func(t *testing.T) {
			t.Parallel()
			text := steptest.Answer{Body: ordersWSDL(t)}
			s := steptest.NewServer(t).On("POST /soap", slices.Repeat([]steptest.Answer{answering(200, placed)}, 16)...).On("GET /orders", text)
			env, kind := withWSDL(t), soap.Kind()
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					out, err := kind.Run(t.Context(), fetching(s.URL, steps.Input{"wsdl": wsdl}), &env.Env)
					if value, _ := out.Value.(map[string]any); err != nil || value["number"] != 9007199254740993 {
						t.Errorf("got %v, %v", out.Value, err)
					}
				})
			}
			all.Wait()
			asked := 0
			for _, r := range s.Requests() {
				if r.Method == http.MethodGet {
					asked++
				}
			}
			if want := map[string]int{"/orders?wsdl": 1, "orders.wsdl": 0}[wsdl]; asked != want {
				t.Errorf("the WSDL was asked for %d times, want %d", asked, want)
			}
		})
	}
}
