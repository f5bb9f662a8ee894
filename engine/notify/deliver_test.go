package notify_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
	"snrun/engine/notify"
	"snrun/steps/steptest"
)

// receiver takes notices over connections in memory, and remembers when each request came, since the first one.
type receiver struct {
	answer func(n int, w http.ResponseWriter, r *http.Request) // the n-th request, from 1

	mu    sync.Mutex
	first time.Time
	times []string
	keys  []string
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	rc.mu.Lock()
	if rc.first.IsZero() {
		rc.first = time.Now()
	}
	rc.times = append(rc.times, time.Since(rc.first).Round(time.Second).String())
	rc.keys = append(rc.keys, r.Header.Get("Idempotency-Key"))
	n, answer := len(rc.times), rc.answer
	rc.mu.Unlock()
	answer(n, w, r)
}

func (rc *receiver) came() string {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return strings.Join(rc.times, " ")
}

// failUntil answers with a status, and 200 from a request on; 0 for never.
func failUntil(good, status int, header ...string) func(int, http.ResponseWriter, *http.Request) {
	return func(n int, w http.ResponseWriter, _ *http.Request) {
		if good > 0 && n >= good {
			return
		}
		for name, values := range steptest.Header(header...) {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
	}
}

// TestRetries holds when a notice is tried again, for how long, and when not.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name, target string
		answer       func(int, http.ResponseWriter, *http.Request)
		want         string // when the requests came
		left         string // of the notices: kind and error
	}{
		{"taken", "webhook", failUntil(1, 0), "0s", ""},
		{"down for a while", "webhook", failUntil(5, 500), "0s 10s 30s 1m10s 2m30s", ""},
		{"asks for time", "slack", failUntil(2, 429, "Retry-After", "90"), "0s 1m30s", ""},
		{"asks for a year", "slack", failUntil(2, 503, "Retry-After", "31536000"), "0s 1h0m0s", ""},
		{"rejects the notice", "webhook", failUntil(0, 400), "0s", "given up: answer 400 Bad Request"},
		{"wrong address", "webhook", failUntil(3, 404), "0s 10s 30s", ""},
		{"points elsewhere", "webhook", failUntil(0, 302, "Location", "https://elsewhere.example.com/"), "0s 10s 30s 1m10s", "answer 302 Found"},
		{"never comes back", "ping", failUntil(0, 503), "0s 10s 30s 1m10s 2m30s 5m10s 10m30s 21m10s 42m30s", "given up: answer 503 Service Unavailable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openHistory(t, t.TempDir())
				rc := &receiver{answer: test.answer}
				c := configOf(t, s, targetsOf(t, "  {type: "+test.target+", url: http://hooks.example.com/x}\n", "", nil))
				over(c.Targets, steptest.Pipe(t, rc))
				n := notify.New(c)
				stop := running(t, n)
				end(n, ran(t, s, "r1", "sync", engine.Failed), false)
				span := 2 * time.Hour
				if test.name == "points elsewhere" {
					span = 2 * time.Minute
				}
				time.Sleep(span)
				synctest.Wait()
				if got := rc.came(); got != test.want {
					t.Errorf("requests came at %s, want %s", got, test.want)
				}
				for _, key := range rc.keys {
					if key != rc.keys[0] || key == "" && test.target != "ping" {
						t.Errorf("got the keys %v, want one", rc.keys)
					}
				}
				if got := left(t, s); !strings.HasPrefix(got, test.left) || got != "" && test.left == "" {
					t.Errorf("left is %q, want %q", got, test.left)
				}
				stop()
			})
		})
	}
}

// left tells what is not delivered, by its errors.
func left(t *testing.T, s interface{ Posts() ([]engine.Post, error) }) string {
	t.Helper()
	posts, err := s.Posts()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, p := range posts {
		word := p.Error
		if p.Next.IsZero() {
			word = "given up: " + p.Error
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// TestOneDayAtMost holds that a notice is tried for a day, and then those behind it are sent.
func TestOneDayAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openHistory(t, t.TempDir())
		rc := &receiver{answer: failUntil(0, 500)}
		c := configOf(t, s, targetsOf(t, allKinds, "", nil))
		over(c.Targets, steptest.Pipe(t, rc))
		n := notify.New(c)
		stop := running(t, n)
		end(n, ran(t, s, "r1", "sync", engine.Failed), false)
		time.Sleep(12 * time.Hour)
		end(n, ran(t, s, "r2", "sync", engine.OK), false)
		time.Sleep(13 * time.Hour)
		rc.mu.Lock()
		rc.answer = failUntil(1, 0)
		rc.mu.Unlock()
		time.Sleep(2 * time.Hour)
		if got, want := left(t, s), "given up: answer 500 Internal Server Error"; got != want {
			t.Errorf("left is %q, want %q", got, want)
		}
		stop()
	})
}

// TestHostileTargets holds that a target which is slow, drips or pours holds up neither the run nor the other targets.
func TestHostileTargets(t *testing.T) {
	for name, answer := range map[string]func(int, http.ResponseWriter, *http.Request){
		"never answers": func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"drips": func(_ int, w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, ".")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		},
		"pours": func(_ int, w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("<b>", 10_000)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openHistory(t, t.TempDir())
				rc := &receiver{answer: func(n int, w http.ResponseWriter, r *http.Request) {
					if r.Host == "hostile.example.com" {
						answer(n, w, r)
					}
				}}
				c := configOf(t, s, targetsOf(t, "  - {type: webhook, name: hostile, url: http://hostile.example.com}\n  - {type: webhook, url: http://good.example.com}\n", "", nil))
				over(c.Targets, steptest.Pipe(t, rc))
				n := notify.New(c)
				stop := running(t, n)
				begun := time.Now()
				end(n, ran(t, s, "r1", "sync", engine.Failed), false)
				if took := time.Since(begun); took > 0 {
					t.Errorf("telling took %v", took)
				}
				synctest.Wait()
				if posts, err := s.Posts(); err != nil || len(posts) != 1 || !strings.HasPrefix(posts[0].Target, "hostile") {
					t.Errorf("got %v, %v, want the hostile target's notice alone", posts, err)
				}
				time.Sleep(11 * time.Second)
				synctest.Wait()
				got := left(t, s)
				if got == "" || len(got) > 300 {
					t.Errorf("left is %q, want an error of a few words", got)
				}
				if name == "never answers" && got != "no answer within 10 seconds" {
					t.Errorf("got the error %q", got)
				}
				stop()
			})
		})
	}
}

// TestTheNextOneSends holds that what one daemon was about to send when it ended is sent by the next one, or by another that lives.
func TestTheNextOneSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, second := openHistory(t, dir), openHistory(t, dir)
		hangs := &receiver{answer: func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		takes := &receiver{answer: failUntil(1, 0)}
		targets := targetsOf(t, allKinds, "", nil)
		c := configOf(t, first, targets)
		over(c.Targets, steptest.Pipe(t, hangs))
		n := notify.New(c)
		stop := running(t, n)
		end(n, ran(t, first, "r1", "sync", engine.Failed), false)
		synctest.Wait()

		c.Store, c.Targets = second, targetsOf(t, allKinds, "", nil)
		over(c.Targets, steptest.Pipe(t, takes))
		stopSecond := running(t, notify.New(c))
		time.Sleep(5 * time.Second)
		if got := takes.came(); got != "" || hangs.came() != "0s" {
			t.Errorf("the second one sent at %q what the first one was sending", got)
		}
		stop()
		if got, want := left(t, second), "broken off: this snrun ended, or has other settings now"; got != want {
			t.Errorf("left is %q, want %q", got, want)
		}
		time.Sleep(time.Minute)
		if got := takes.came(); got != "0s" || left(t, second) != "" {
			t.Errorf("the second one sent at %q, and %q is left", got, left(t, second))
		}
		if hangs.keys[0] != takes.keys[0] {
			t.Errorf("got the keys %s and %s, want the same", hangs.keys[0], takes.keys[0])
		}
		stopSecond()
	})
}

// TestClockSetBack holds that a notice whose time was set by a clock that was ahead goes out at once.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openHistory(t, t.TempDir())
		rc := &receiver{answer: failUntil(1, 0)}
		c := configOf(t, s, targetsOf(t, allKinds, "", nil))
		over(c.Targets, steptest.Pipe(t, rc))
		ahead := c
		ahead.Now = func() time.Time { return time.Now().Add(30 * 24 * time.Hour) }
		end(notify.New(ahead), ran(t, s, "r1", "sync", engine.Failed), false)
		stop := running(t, notify.New(c))
		time.Sleep(time.Second)
		if got := rc.came(); got != "0s" {
			t.Errorf("requests came at %q, want one at once", got)
		}
		stop()
	})
}

// TestManyNotices holds that notices come in their order, and none twice, where two daemons send them.
func TestManyNotices(t *testing.T) {
	t.Parallel()
	const count = 40
	dir := t.TempDir()
	var mu sync.Mutex
	var got []string
	all := make(chan struct{})
	server := steptest.Pipe(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, string(text)); len(got) == count {
			close(all)
		}
	}))
	var want []string
	for i := range 2 {
		s := openHistory(t, dir)
		c := configOf(t, s, targetsOf(t, `  {type: webhook, url: "http://hooks.example.com", json: "${notice.job}"}`, "", nil))
		over(c.Targets, server)
		n := notify.New(c)
		if i == 0 {
			for k := range count {
				job := fmt.Sprintf("job%03d", k)
				want = append(want, `"`+job+`"`)
				end(n, ran(t, s, fmt.Sprintf("r%03d", k), job, engine.Failed), false)
			}
		}
		defer running(t, n)()
	}
	<-all
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
