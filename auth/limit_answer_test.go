package auth

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// An answer that asks to wait holds the whole profile back; one of another origin does not, nor one that asks for too long.
func TestAnswersHoldTheProfileBack(t *testing.T) {
	t.Parallel()
	answer := func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.URL.Query() {
			w.Header()[name] = values
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}
	ours, theirs := newRecorder(t, answer), newRecorder(t, answer)
	for _, test := range []struct {
		name, address string
		want          time.Duration
	}{
		{"Retry-After", ours.URL + "/?Retry-After=30", 30 * time.Second},
		{"a used-up quota", ours.URL + "/?X-Ratelimit-Remaining=0&X-Ratelimit-Reset=40", 40 * time.Second},
		{"nothing asked", ours.URL, 0},
		{"another origin", theirs.URL + "/?Retry-After=30", 0},
		{"as long as may be", ours.URL + "/?Retry-After=600", 10 * time.Minute},
		{"too long", ours.URL + "/?Retry-After=601", 0},
	} {
		k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, ours.URL)})
		client := clientOf(t, k, "p")
		get(t, client, test.address)
		left := time.Until(client.Transport.(*signer).gate.paused)
		if left > test.want || left < test.want-10*time.Second && test.want > 0 {
			t.Errorf("%s: held back for %s, want %s", test.name, left, test.want)
		}
	}
}

// A request that is held back in vain says so through http.Client, and its body is closed.
func TestHeldRequest(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL)})
	client := clientOf(t, k, "p")
	client.Transport.(*signer).gate.pause(time.Now().Add(time.Hour), "because")
	closed := false
	req, err := http.NewRequest(http.MethodPost, server.URL, closing{strings.NewReader("body"), &closed})
	if err != nil {
		t.Fatal(err)
	}
	limited := *client
	limited.Timeout = time.Minute
	if _, err := limited.Do(req); err == nil || !closed || server.count() > 0 {
		t.Errorf("got %v, body closed: %t, %d requests, want an error, a closed body and none", err, closed, server.count())
	}
}

// A loop opens hardly more connections than it has requests under way at once.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{32, 200} {
		var opened, arrived atomic.Int64
		all := make(chan struct{}) // closed when so many requests are under way
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if arrived.Add(1) == int64(atOnce) {
				close(all)
			}
			<-all
			_, _ = io.WriteString(w, `{"ok":true}`)
		}))
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		}
		server.Start()
		k := keyringOf(t, Options{}, Profile{Name: "p", BaseURL: mustURL(t, server.URL)})
		client := clientOf(t, k, "p")
		for range 1000/atOnce + 1 {
			var page sync.WaitGroup
			for range atOnce {
				page.Go(func() { get(t, client, server.URL) })
			}
			page.Wait() // all connections are idle
		}
		k.Close()
		server.Close()
		// A connection is idle a moment after its answer was read: a few requests may come before that.
		if got := int(opened.Load()); got < atOnce || got > atOnce+atOnce/4 {
			t.Errorf("%d requests, %d at once, opened %d connections", arrived.Load(), atOnce, got)
		}
	}
}
