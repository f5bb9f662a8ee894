package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// target is a server that takes down what it is asked, and by when it had answered.
type target struct {
	*httptest.Server

	mu      sync.Mutex
	came    []*asked
	strikes []time.Time
	left    int           // requests until reached is closed
	reached chan struct{} // nil: nobody waits
	latency func() time.Duration
	held    map[string]chan struct{} // by what a request is: it is answered when this is closed
}

// asked is a request.
type asked struct {
	what, item, key string
	of              string // what its body names: the answer that it was made from
	id              string // what it was answered
	at, answered    time.Time
	gone            bool // nobody waited for the answer
}

func newTarget(t testing.TB) *target {
	g := &target{held: map[string]chan struct{}{}}
	g.latency = func() time.Duration { return time.Duration(2+rand.IntN(10)) * time.Millisecond }
	g.Server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.CloseClientConnections()
		g.Close()
	})
	return g
}

// ServeHTTP answers with an id that no other answer has.
func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n, err := strconv.Atoi(r.URL.Query().Get("n")); err == nil {
		g.list(w, n)
		return
	}
	if size, err := strconv.Atoi(r.URL.Query().Get("mb")); err == nil {
		g.large(w, size)
		return
	}
	var body struct{ Of any }
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	a, pause, held := g.note(r, fmt.Sprint(body.Of))
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
	}
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := fmt.Fprintf(w, `{"id": %q}`, a.id)
	g.mu.Lock()
	defer g.mu.Unlock()
	a.answered, a.gone = time.Now(), err != nil || r.Context().Err() != nil
}

func (g *target) list(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Type", "application/json")
	items := make([]map[string]string, n)
	for i := range items {
		items[i] = map[string]string{"id": fmt.Sprintf("item-%05d", i)}
	}
	_ = json.NewEncoder(w).Encode(items)
}

// marker stands in every row of a large answer.
const marker = "a-text-that-must-not-leave-the-database"

// large writes a list of so many megabytes.
func (g *target) large(w http.ResponseWriter, megabytes int) {
	w.Header().Set("Content-Type", "application/json")
	row := `{"text": "` + marker + strings.Repeat("x", 1<<10) + `"}`
	_, _ = w.Write([]byte("[" + row))
	for range megabytes << 20 / (len(row) + 1) {
		if _, err := w.Write([]byte("," + row)); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte("]"))
}

func (g *target) note(r *http.Request, of string) (a *asked, pause time.Duration, held chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a = &asked{
		what: strings.TrimPrefix(r.URL.Path, "/"), item: r.URL.Query().Get("item"), key: r.Header.Get("Idempotency-Key"),
		of: of, id: fmt.Sprintf("answer-%06d", len(g.came)), at: time.Now(),
	}
	g.came = append(g.came, a)
	if g.left--; g.left == 0 && g.reached != nil {
		close(g.reached)
		g.reached = nil
	}
	return a, g.latency(), g.held[a.what+" "+a.item]
}

// after gives a channel that closes when n more requests have come.
func (g *target) after(n int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.reached = n, make(chan struct{})
	return g.reached
}

// hold has a request wait for its answer until the function is called.
func (g *target) hold(what, item string) (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.held[what+" "+item] = held
	return sync.OnceFunc(func() {
		close(held)
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.held, what+" "+item)
	})
}

// struck takes down that something was killed now.
func (g *target) struck() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikes = append(g.strikes, time.Now())
}

// of gives the requests of a kind for an item, in their order.
func (g *target) of(what, item string) (all []*asked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.came {
		if a.what == what && a.item == item {
			all = append(all, a)
		}
	}
	return all
}

// check holds that what came is what n orders are: each call was made, none after the one behind it, and none again but those that were
// in flight when a worker was killed, under the same key; these are not more than may be in flight.
func (g *target) check(t *testing.T, n, concurrency int) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	by := map[string][]*asked{}
	last := map[string]string{} // what came last for an item
	rank := map[string]int{"look": 1, "order": 2, "pay": 3}
	for _, a := range g.came {
		by[a.what+" "+a.item] = append(by[a.what+" "+a.item], a)
		if before := last[a.item]; rank[a.what] < rank[before] {
			t.Errorf("%s %s came after %s, which shows that it was finished", a.what, a.item, before)
		}
		last[a.item] = a.what
	}
	if len(by) != 3*n+1 {
		t.Errorf("%d different calls came, want %d", len(by), 3*n+1)
	}
	again := 0
	for name, all := range by {
		again += len(all) - 1
		for i, a := range all {
			if a.key != all[0].key || (a.key == "") != (a.what == "look") {
				t.Errorf("%s came under the key %q, before under %q", name, a.key, all[0].key)
			}
			if i > 0 && !g.inFlight(all[i-1]) {
				t.Errorf("%s came again %v after it had been answered, and nothing was killed at that moment", name, a.at.Sub(all[i-1].answered))
			}
		}
	}
	if again > concurrency*len(g.strikes) {
		t.Errorf("%d requests came again after %d kills, with %d at once", again, len(g.strikes), concurrency)
	}
	g.checkMadeOf(t, by)
	t.Logf("%d requests, %d of them again; %d strikes", len(g.came), again, len(g.strikes))
}

// checkMadeOf holds that each call was made from the answer that counted.
func (g *target) checkMadeOf(t *testing.T, by map[string][]*asked) {
	t.Helper()
	for name, all := range by {
		what, item, _ := strings.Cut(name, " ")
		before := map[string]string{"order": "look", "pay": "order"}[what]
		if before == "" {
			continue
		}
		known := by[before+" "+item]
		if len(known) == 0 || all[len(all)-1].of != known[len(known)-1].id {
			t.Errorf("%s was made of %q, which is not what %s was answered last", name, all[len(all)-1].of, before)
		}
	}
}

// inFlight says whether something was killed between the moment a request came and the one its answer was on record.
func (g *target) inFlight(a *asked) bool {
	const recording = 30 * time.Second // at most, of a machine that does much else
	for _, strike := range g.strikes {
		if strike.After(a.at) && (a.answered.IsZero() || a.gone || strike.Before(a.answered.Add(recording))) {
			return true
		}
	}
	return false
}
