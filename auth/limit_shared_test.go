package auth

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// gauge is a system that takes down when requests come, and how many are under way.
type gauge struct {
	*recorder
	mu        sync.Mutex
	came      []time.Time
	now, most int
	takes     time.Duration
}

func newGauge(t testing.TB, takes time.Duration) *gauge {
	g := &gauge{takes: takes}
	g.recorder = newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.came = append(g.came, time.Now())
		g.now++
		g.most = max(g.most, g.now)
		g.mu.Unlock()
		select {
		case <-time.After(takes):
		case <-r.Context().Done():
		}
		g.mu.Lock()
		g.now--
		g.mu.Unlock()
		_, _ = io.WriteString(w, "{}")
	})
	return g
}

// peak is how many requests were under way at once, at most.
func (g *gauge) peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

// densest is how many requests came within any window of so long, at most.
func (g *gauge) densest(window time.Duration) (most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortFunc(g.came, time.Time.Compare)
	from := 0
	for i, at := range g.came {
		for at.Sub(g.came[from]) >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// machine gives the client of a profile as another machine has it: with Limits and a connection of its own.
func machine(t testing.TB, database string, p Profile) (*http.Client, *Limits) {
	t.Helper()
	address, err := postgres.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	place, limits := &store.Place{Server: address}, &Limits{}
	t.Cleanup(limits.Close)
	return clientOf(t, keyringOf(t, Options{Limits: limits, Store: place}, p), p.Name), limits
}

// machines gives the clients of a profile as so many machines have them.
func machines(t testing.TB, n int, database string, p Profile) (clients []*http.Client) {
	t.Helper()
	for range n {
		client, _ := machine(t, database, p)
		clients = append(clients, client)
	}
	return clients
}

// rush has clients make so many requests each, with so many at once.
func rush(t testing.TB, clients []*http.Client, address string, each, atOnce int) {
	t.Helper()
	var all sync.WaitGroup
	for _, client := range clients {
		work := make(chan struct{}, each)
		for range each {
			work <- struct{}{}
		}
		close(work)
		for range atOnce {
			all.Go(func() {
				for range work {
					get(t, client, address)
				}
			})
		}
	}
	all.Wait()
}

// TestPlacesHoldForAllMachines has no more requests under way than max_concurrent, whoever makes them, and nearly that many.
func TestPlacesHoldForAllMachines(t *testing.T) {
	t.Parallel()
	database, g := postgrestest.Server(t).URL, newGauge(t, 10*time.Millisecond)
	p := Profile{Name: "p", BaseURL: mustURL(t, g.URL), MaxConcurrent: 5}
	clients := machines(t, 3, database, p)
	began := time.Now()
	rush(t, clients, g.URL, 100, 8)
	took := time.Since(began)
	if most := g.peak(); most != 5 || g.count() != 300 {
		t.Errorf("%d of %d requests were under way at once, want 5 of 300", most, g.count())
	}
	t.Logf("took %s, at best %s", took, 300/5*g.takes)
}

// TestRateHoldsForAllMachines has no more requests made than the rate and a tenth of it allow, whoever makes them, and nearly that many.
func TestRateHoldsForAllMachines(t *testing.T) {
	t.Parallel()
	database, g := postgrestest.Server(t).URL, newGauge(t, time.Millisecond)
	p := Profile{Name: "p", BaseURL: mustURL(t, g.URL), Rate: Rate{200, time.Second}}
	clients := machines(t, 3, database, p)
	began := time.Now()
	rush(t, clients, g.URL, 100, 8)
	took := time.Since(began)
	t.Logf("took %s, %d within a second", took, g.densest(time.Second))
	if least := 280 * 5 * time.Millisecond; took < least-10*time.Millisecond || took > least+10*time.Second {
		t.Errorf("took %s, want a little more than %s", took, least)
	}
	if most := g.densest(time.Second); most > 220+50 { // a permit may be used a quarter of a second late
		t.Errorf("%d requests came within a second, want 220", most)
	}
}

// TestNobodyStarves has a machine with few requests get its turn beside one that always has more.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	database, g := postgrestest.Server(t).URL, newGauge(t, 5*time.Millisecond)
	p := Profile{Name: "p", BaseURL: mustURL(t, g.URL), MaxConcurrent: 1}
	greedy, _ := machine(t, database, p)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				req, _ := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/greedy", nil)
				if resp, err := greedy.Do(req); err == nil {
					resp.Body.Close()
				}
			}
		})
	}
	for g.count() == 0 {
		time.Sleep(time.Millisecond) // a real server is polled
	}
	client, _ := machine(t, database, p)
	modest := *client
	modest.Timeout = 30 * time.Second
	var longest time.Duration
	for range 3 {
		began := time.Now()
		get(t, &modest, g.URL+"/modest")
		longest = max(longest, time.Since(began))
		time.Sleep(2 * pulse) // it comes anew each time
	}
	t.Logf("waited %s", longest)
	if longest > 5*time.Second {
		t.Errorf("it waited %s for its turn", longest)
	}
	if most := g.peak(); most != 1 {
		t.Errorf("%d requests were under way at once", most)
	}
}

// TestPausesAreShared has a machine hear what a server asked of another one.
func TestPausesAreShared(t *testing.T) {
	t.Parallel()
	database := postgrestest.Server(t).URL
	for _, test := range []struct {
		name string
		p    Profile
	}{{"rate", Profile{Rate: Rate{1000, time.Second}}}, {"places", Profile{MaxConcurrent: 3}}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/busy" {
					w.Header().Set("Retry-After", "600")
					w.WriteHeader(http.StatusTooManyRequests)
				}
			})
			p := test.p
			p.Name, p.BaseURL = "p", mustURL(t, server.URL)
			one, limits := machine(t, database, p)
			other, _ := machine(t, database, p)
			get(t, one, server.URL+"/busy")
			limits.Close() // when it has said what it knows
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			_, err := other.Do(req)
			held, ok := errors.AsType[*HeldError](err)
			if !ok || held.Wait.Reason != "the server asked to wait (429, Retry-After)" || held.For < 9*time.Minute {
				t.Errorf("got %v, want that it is held back", err)
			}
		})
	}
}

// TestNoPermitIsWasted has requests that cannot wait for their permit, or no longer want to, not keep it from others.
func TestNoPermitIsWasted(t *testing.T) {
	t.Parallel()
	database, g := postgrestest.Server(t).URL, newGauge(t, 0)
	p := Profile{Name: "p", BaseURL: mustURL(t, g.URL), Rate: Rate{1, time.Hour}}
	one, _ := machine(t, database, p)
	other, _ := machine(t, database, p)
	get(t, one, g.URL)
	for range 3 {
		hurried := *other
		hurried.Timeout = 20 * time.Second
		began := time.Now()
		_, err := hurried.Get(g.URL)
		held, ok := errors.AsType[*HeldError](err)
		if !ok || held.Wait.Reason != "rate 1 per 1h" || held.For < 59*time.Minute || time.Since(began) > 15*time.Second {
			t.Errorf("got %v after %s, want that it is held back, at once", err, time.Since(began))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(WithWaits(ctx, func(w Wait) {
		if w.Until.IsZero() || w.Until.After(time.Now().Add(59*time.Minute)) {
			cancel()
		}
	}), http.MethodGet, g.URL, nil)
	if _, err := one.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	at := other.Transport.(*signer).gate.shared
	answer, err := at.at.Ask(t.Context(), at.name, store.Ask{Step: time.Hour})
	if err != nil || answer.Due > time.Hour {
		t.Errorf("the next request may be made in %s, %v, want in less than an hour", answer.Due, err)
	}
}

// TestLimitName says whose limits are shared.
func TestLimitName(t *testing.T) {
	t.Parallel()
	p := Profile{Name: "p", BaseURL: mustURL(t, "https://api.example.com")}
	for _, test := range []struct {
		name  string
		other Profile
		same  bool
	}{
		{"other limits and credentials", Profile{Name: "p", BaseURL: p.BaseURL, Auth: "basic", MaxConcurrent: 7}, true},
		{"another name", Profile{Name: "q", BaseURL: p.BaseURL}, false},
		{"another system", Profile{Name: "p", BaseURL: mustURL(t, "https://test.example.com")}, false},
		{"no system", Profile{Name: "p"}, false},
	} {
		if got := limitName(p) == limitName(test.other); got != test.same {
			t.Errorf("%s: the same limits: %t, want %t", test.name, got, test.same)
		}
	}
}

// asks makes a request that tells when it waits, and how it ends.
func asks(t *testing.T, client *http.Client, address string) (told <-chan Wait, ended <-chan error) {
	t.Helper()
	waits, end := make(chan Wait, 100), make(chan error, 1)
	req, err := http.NewRequestWithContext(WithWaits(t.Context(), func(w Wait) { waits <- w }), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		end <- err
	}()
	return waits, end
}

// awaitTrouble waits until a request is told that nobody knows whether it may be sent.
func awaitTrouble(t *testing.T, told <-chan Wait, limit string) {
	t.Helper()
	for {
		select {
		case w := <-told:
			if strings.HasPrefix(w.Reason, limit) && strings.HasSuffix(w.Reason, " keeps and cannot be asked") {
				return
			}
		case <-time.After(time.Minute):
			t.Fatal("nobody is told that the server is away")
		}
	}
}

// TestServerOfLimitsIsAway has requests wait for a server that is started again, and be told so; none is sent meanwhile.
func TestServerOfLimitsIsAway(t *testing.T) {
	t.Parallel()
	server, g := postgrestest.Own(t), newGauge(t, time.Millisecond)
	p := Profile{Name: "p", BaseURL: mustURL(t, g.URL), Rate: Rate{100, time.Second}}
	quick, _ := machine(t, server.URL, p)
	p.MaxConcurrent, p.Rate = 2, Rate{}
	few, _ := machine(t, server.URL, p)
	held, err := few.Get(g.URL) // whose answer is not done with
	if err != nil {
		t.Fatal(err)
	}
	defer held.Body.Close()
	server.Kill(t)
	gate := few.Transport.(*signer).gate
	gate.mu.Lock()
	if gate.shared.places != 2 {
		t.Errorf("it has %d places, want both", gate.shared.places)
	}
	gate.shared.lease = time.Now() // what it has is good for a second
	gate.mu.Unlock()
	toldQuick, quickEnded := asks(t, quick, g.URL)
	toldFew, fewEnded := asks(t, few, g.URL)
	awaitTrouble(t, toldQuick, "rate 100 per 1s, which 127.0.0.1:")
	awaitTrouble(t, toldFew, "max_concurrent 2, which 127.0.0.1:")
	if g.count() > 1 {
		t.Error("a request was sent of which nobody knows whether it may be")
	}
	server.Start(t)
	if err := errors.Join(<-quickEnded, <-fewEnded); err != nil {
		t.Error(err)
	}
}

// TestServerOfLimitsStaysAway has a request fail when a server has been away for long, at once where waiting is of no use.
func TestServerOfLimitsStaysAway(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	gone := "postgres://snrun@" + free.Addr().String() + "/snrun"
	for _, test := range []struct{ name, database, says, help string }{
		{"away", gone, "the server cannot be reached", "see whether the network is there"},
		{"no database", strings.Replace(server.URL, "/snrun?", "/nowhere?", 1), "the server has no such database", "createdb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newGauge(t, 0)
			client, _ := machine(t, test.database, Profile{Name: "p", BaseURL: mustURL(t, g.URL), MaxConcurrent: 1})
			told, ended := asks(t, client, g.URL)
			if test.database == gone {
				awaitTrouble(t, told, "max_concurrent 1")
				gate := client.Transport.(*signer).gate
				gate.mu.Lock()
				gate.shared.since = gate.shared.since.Add(-enough)
				gate.waiting.Front().Value.(*waiter).since = gate.shared.since
				gate.mu.Unlock()
			}
			err := <-ended
			unknown, ok := errors.AsType[*UnknownLimitError](err)
			if !ok || !strings.Contains(err.Error(), test.says) || !strings.Contains(unknown.Help(), test.help) {
				t.Fatalf("got %v, want %s", err, test.says)
			}
			if want := "not sent: the limits of profile p hold for all machines, and could not be asked for: ask the store 127.0.0.1:"; !strings.HasPrefix(unknown.Error(), want) {
				t.Errorf("got %s, want %s…", unknown, want)
			}
			if g.count() > 0 {
				t.Error("the request was sent")
			}
		})
	}
}
