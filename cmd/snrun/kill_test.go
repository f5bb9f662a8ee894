package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snrun/examples/sandbox"
)

// A moment is what has become of the request at which a process is killed.
type moment string

const (
	unheard    moment = "unheard"    // it was not carried out
	unanswered moment = "unanswered" // it was, but nobody got to know
	answered   moment = "answered"   // the answer is on its way, or arrived, or taken down
)

var moments = [...]moment{unheard, unanswered, answered}

// blow kills a process at its nth request, counted from 1; never when n is 0.
type blow struct {
	n     int
	at    moment
	after time.Duration // the answer
}

// killer stands before a sandbox, and kills the process that asks.
type killer struct {
	*httptest.Server
	next http.Handler

	mu      sync.Mutex
	seen    int
	blow    blow
	process chan *os.Process
	gone    chan struct{} // closed when the process has ended
	came    []string      // the requests, in order: method, path, key
}

func newKiller(t *testing.T, next http.Handler) *killer {
	k := &killer{next: next}
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k
}

// aim makes the killer ready for the next process.
func (k *killer) aim(b blow) (process chan *os.Process, gone chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen, k.blow, k.process, k.gone = 0, b, make(chan *os.Process, 1), make(chan struct{})
	return k.process, k.gone
}

func (k *killer) count(r *http.Request) (b blow, process chan *os.Process, gone chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen++
	k.came = append(k.came, strings.Join([]string{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key")}, " "))
	if k.seen != k.blow.n {
		return blow{}, nil, nil
	}
	return k.blow, k.process, k.gone
}

// ServeHTTP passes requests on, but for the one.
func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, process, gone := k.count(r)
	if b.n == 0 || b.at == answered {
		k.next.ServeHTTP(w, r)
		if b.at == answered {
			_ = http.NewResponseController(w).Flush()
			p := <-process
			time.AfterFunc(b.after, func() { _ = p.Kill() }) // it may have ended by itself
		}
		return
	}
	if b.at == unanswered {
		k.next.ServeHTTP(httptest.NewRecorder(), r)
	}
	_ = (<-process).Kill()
	<-gone // a connection that is closed sooner would be an answer
	panic(http.ErrAbortHandler)
}

// mix is a job, what its server must have seen in the end, and how to tell whether a call in doubt was carried out.
type mix struct {
	name     string
	files    map[string]string
	output   string
	requests int // of a run that nobody kills
	// check looks at what came.
	check func(*testing.T, *sandbox.Server, *killer)
	// carried says whether the call with a key was carried out. Nil where no call may be in doubt: all are safe or keyed.
	carried func(s *sandbox.Server, key string) bool
}

// TestKilledRunsGoOn kills runs at each of their requests in turn, and at random, until they have ended well: no finished call
// may be made twice, none may be lost, and no unsafe call be made again unless a person says so.
func TestKilledRunsGoOn(t *testing.T) {
	t.Parallel()
	const rounds = 21 // of each mix
	var kills atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, m := range mixes() {
			t.Run(m.name, func(t *testing.T) {
				m.undisturbed(t)
				for i := range rounds {
					b := blow{n: 1 + i/len(moments)%m.requests, at: moments[i%len(moments)]}
					t.Run(fmt.Sprintf("%d %s", b.n, b.at), func(t *testing.T) {
						t.Parallel()
						kills.Add(int64(m.round(t, b, rand.New(rand.NewPCG(uint64(i), uint64(m.requests))))))
					})
				}
			})
		}
	})
	t.Logf("%d processes were killed", kills.Load())
	if n := kills.Load(); n < 200 && !t.Failed() {
		t.Errorf("%d processes were killed, want at least 200", n)
	}
}

// TestKilledMirrorGoesOn kills the example of a large mirror again and again, and goes on with it.
func TestKilledMirrorGoesOn(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	k := newKiller(t, u.server)
	u.environ[0] = sandboxVariable + "=" + k.URL
	u.copyExample("mirror.yaml")
	random := rand.New(rand.NewPCG(10, 1000))
	args := []string{"run", "mirror"}
	for i := range 8 {
		b := blow{}
		if i < 7 {
			b = blow{2 + random.IntN(6), moments[random.IntN(len(moments))], time.Duration(random.IntN(20)) * time.Millisecond}
		}
		got := u.struck(k, b, args)
		if args = []string{"resume", "@last"}; got.code == exitOK {
			if got.stdout != exampleJobs["mirror.yaml"].output+"\n" {
				t.Errorf("got %s", got.stdout)
			}
			break
		}
		if got.code != -1 && !strings.Contains(got.stderr, "ended well") {
			t.Fatalf("exit code %d\n%s", got.code, got.stderr)
		}
	}
	if got := u.server.sandbox.Stored()["cmdb_ci"]; got.Rows != 10000 || got.Again != 0 || got.Batches != 10 {
		t.Errorf("the warehouse has %+v, want each record once", got)
	}
	if runs := u.history(); len(runs) != 1 || runs[0].Status != "ok" {
		t.Errorf("history has %+v, want one run that is ok", runs)
	}
}

// project makes a project with the jobs of the mix.
func (m mix) project(t *testing.T) (*user, *killer) {
	t.Helper()
	u := newUser(t, sandbox.Options{Incidents: 8, Records: 50, Limits: []sandbox.Limit{{Path: "/sms/", Requests: 1e6, Per: time.Hour}}})
	k := newKiller(t, u.server)
	u.environ[0] = sandboxVariable + "=" + k.URL
	for name, text := range m.files {
		u.write(name, text)
	}
	return u, k
}

// undisturbed holds what a run is like that nobody kills.
func (m mix) undisturbed(t *testing.T) {
	u, k := m.project(t)
	got := u.struck(k, blow{}, []string{"run", "job"})
	if got.code != exitOK || k.seen != m.requests {
		t.Fatalf("exit code %d after %d requests, want 0 after %d\n%s", got.code, k.seen, m.requests, got.stderr)
	}
	m.atTheEnd(t, u, k)
}

// round kills a run at one of its requests, and some of the processes that go on with it at random ones.
func (m mix) round(t *testing.T, b blow, random *rand.Rand) (kills int) {
	u, k := m.project(t)
	args := []string{"run", "--progress", "none", "job"}
	for range 30 {
		got := u.struck(k, b, args)
		switch {
		case got.code == exitOK, strings.Contains(got.stderr, "ended well: there is nothing to go on with"):
			m.atTheEnd(t, u, k) // the second was killed behind its end
			return kills
		case got.code == -1:
			kills++
			args = []string{"resume", "--progress", "none", "@last"}
		default:
			args = []string{"resume", "--progress", "none", "@last", "--assume", m.assume(t, u, got)}
		}
		b = blow{}
		if kills < 4 && random.IntN(3) > 0 {
			b = blow{1 + random.IntN(m.requests), moments[random.IntN(len(moments))], time.Duration(random.IntN(3000)) * time.Microsecond}
		}
	}
	t.Fatal("the run has not ended well after 30 processes")
	return kills
}

// struck runs the program, and kills it as the blow says.
func (u *user) struck(k *killer, b blow, args []string) outcome {
	process, gone := k.aim(b)
	p, wait := u.start(args...)
	process <- p
	got := wait()
	close(gone)
	return got
}

// atTheEnd looks at what came, and at what is on record.
func (m mix) atTheEnd(t *testing.T, u *user, k *killer) {
	t.Helper()
	m.check(t, u.server.sandbox, k)
	u.checkIntact()
	runs := u.history()
	if len(runs) != 1 || runs[0].Status != "ok" {
		t.Fatalf("history has %+v, want one run that is ok", runs)
	}
	if got, _ := json.Marshal(runs[0].Output); string(got) != m.output {
		t.Errorf("the run gave %s, want %s", got, m.output)
	}
}

var doubtful = regexp.MustCompile(`in doubt: (\S+)\. `)

// assume looks in the other system, as a person would.
func (m mix) assume(t *testing.T, u *user, got outcome) string {
	t.Helper()
	found := doubtful.FindStringSubmatch(got.stderr)
	if m.carried == nil || found == nil || !strings.Contains(got.stderr, "--assume") {
		t.Fatalf("exit code %d, want the run to go on or to name the call in doubt:\n%s", got.code, got.stderr)
	}
	if m.carried(u.server.sandbox, found[1]) {
		return "done"
	}
	return "redo"
}

// textsOnce holds that each of the messages was sent once, and no other.
func textsOnce(want ...string) func(*testing.T, *sandbox.Server, *killer) {
	return func(t *testing.T, s *sandbox.Server, _ *killer) {
		t.Helper()
		var got []string
		for _, text := range s.Texts() {
			got = append(got, text.Text)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("the messages %q were sent, want %q", got, want)
		}
	}
}

// textSent says whether the message was sent that a call in doubt is about: the last part of its step's key in brackets, or its step.
func textSent(s *sandbox.Server, key string) bool {
	about := key[strings.LastIndexAny(key, "/")+1:]
	if at := strings.LastIndex(key, "["); at >= 0 {
		about = key[at+1 : strings.LastIndex(key, "]")]
	}
	about, _, _ = strings.Cut(about, "#")
	return slices.ContainsFunc(s.Texts(), func(t sandbox.Text) bool { return t.Text == about })
}

// neverBack holds that of requests that are made one after the other none comes again once the next one has come.
func neverBack(t *testing.T, k *killer, method string) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	var came []string
	for _, request := range k.came {
		if !strings.HasPrefix(request, method) || len(came) > 0 && request == came[len(came)-1] {
			continue
		}
		if slices.Contains(came, request) {
			t.Errorf("%s came again after the next one had come: %q", request, came)
		}
		came = append(came, request)
	}
}
