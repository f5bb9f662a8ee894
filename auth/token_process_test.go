package auth

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"snrun/auth/store"
	"snrun/auth/store/postgres"
)

// childVariable makes the test program a process that uses a profile: a visit as JSON.
const childVariable = "SNRUN_AUTH_TEST"

// visit is what such a process does: each of its goroutines asks the API again and again, until that says 410.
type visit struct {
	Folder, URL, RefreshToken string
	Database                  string // the address of a server that has the store, in place of the folder
	Goroutines                int
	Pause                     time.Duration // between two requests of a goroutine; 0 for a few milliseconds
	Record                    bool          // keep how long each request took, in a file
	Late                      bool          // renew no token while it is good
	ToTheEnd                  bool          // use each token as long as it lives
}

func TestMain(m *testing.M) {
	text := os.Getenv(childVariable)
	if text == "" {
		os.Unsetenv("HTTP_PROXY") // of a developer; Go would ask it for LocalHost too
		os.Unsetenv("http_proxy")
		os.Exit(m.Run())
	}
	var v visit
	err := json.Unmarshal([]byte(text), &v)
	if err == nil {
		err = v.pay()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (v visit) pay() error {
	base, err := url.Parse(v.URL)
	if err != nil {
		return err
	}
	place := &store.Place{File: v.Folder + "/snrun-auth.db", Getenv: keyOfTests}
	if v.Database != "" {
		if place.Server, err = postgres.Parse(v.Database); err != nil {
			return err
		}
	}
	defer place.Close()
	settings := Settings{
		"grant": "refresh_token", "refresh_token": v.RefreshToken, "token_url": "/token", "client_id": "client", "client_secret": "s3cret",
	}
	if v.ToTheEnd {
		settings["skew"] = time.Duration(0)
	}
	o := Options{Store: place}
	var k *Keyring
	if v.Late {
		o.Notify = func(TokenEvent) { k.sources["p"].postpone() }
	}
	if k, err = NewKeyring([]Profile{{Name: "p", BaseURL: base, Auth: "oauth2", Settings: settings}}, o); err != nil {
		return err
	}
	defer k.Close()
	failed, took := make(chan error, v.Goroutines), make([][]sample, v.Goroutines)
	for i := range v.Goroutines {
		go func() { failed <- v.ask(k.clients["p"], &took[i]) }()
	}
	for range v.Goroutines {
		if e := <-failed; e != nil {
			err = e
		}
	}
	if err == nil && v.Record {
		err = writeSamples(v.Folder, slices.Concat(took...))
	}
	return err
}

// ask asks until the API has enough.
func (v visit) ask(client *http.Client, took *[]sample) error {
	for {
		start := time.Now()
		resp, err := client.Get(v.URL + "/api")
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusGone:
			return nil
		case http.StatusOK:
			*took = append(*took, sample{start, time.Since(start)})
			time.Sleep(cmp.Or(v.Pause, 5*time.Millisecond)) // the processes share the machine
		default:
			return fmt.Errorf("a job got status %d", resp.StatusCode)
		}
	}
}

// start starts a process, which is killed at the end of the test when it is still there.
func (v visit) start(t testing.TB) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	return c
}

// fleet is a server for many processes: tokens live for a second, refresh tokens are good once, and the API takes only the tokens
// that are alive. It has enough when so many tokens have come to their end.
type fleet struct {
	*httptest.Server
	enough int
	slow   time.Duration // how long a token request takes
	during func(n int)   // called within the nth token request, from 0; nil for nothing

	mu       sync.Mutex
	given    []time.Time // when each token was given
	asked    time.Time   // when the last one was asked for
	early    int         // tokens that were asked for while the one before had most of its life before it
	refusals int         // of refresh tokens that were used before
	rejected int         // requests to the API
	served   int
	samples  []sample // of all processes, when they have ended
}

const fleetLife = time.Second

func newFleet(t testing.TB, enough int) *fleet {
	t.Helper()
	f := &fleet{enough: enough}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	came := time.Now()
	if r.URL.Path == "/token" {
		f.mu.Lock()
		n := len(f.given)
		f.mu.Unlock()
		if f.during != nil {
			f.during(n)
		}
		time.Sleep(f.slow)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.given)
	if r.URL.Path == "/token" {
		if r.PostFormValue("refresh_token") != fmt.Sprintf("R%d-of-fleet", n) {
			f.refusals++
			refuse(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		if came.Sub(f.asked) < fleetLife/4 {
			f.early++
		}
		f.given, f.asked = append(f.given, time.Now()), came
		grant(w, fmt.Sprintf("T%d-of-fleet", n+1), fleetLife.Seconds(), "refresh_token", fmt.Sprintf("R%d-of-fleet", n+1))
		return
	}
	f.served++
	switch {
	case n > f.enough:
		w.WriteHeader(http.StatusGone)
	case !f.alive(r.Header.Get("Authorization")):
		f.rejected++
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (f *fleet) alive(header string) bool {
	for i, at := range f.given {
		if header == fmt.Sprintf("Bearer T%d-of-fleet", i+1) {
			return time.Since(at) < fleetLife
		}
	}
	return false
}

// sail has processes use the server until it has enough, and says what went wrong.
func (f *fleet) sail(t testing.TB, processes int, v visit) {
	t.Helper()
	v.Folder, v.URL, v.RefreshToken = t.TempDir(), f.URL, "R0-of-fleet"
	var running []*exec.Cmd
	for range processes {
		running = append(running, v.start(t))
	}
	for _, c := range running {
		if err := c.Wait(); err != nil {
			t.Errorf("a process failed: %v", err)
		}
	}
	if v.Record {
		f.samples = readSamples(t, v.Folder)
	}
	f.check(t)
}

// sailHere does so with keyrings of this process, each with a store of its own as on another machine.
func (f *fleet) sailHere(t *testing.T, machines int, v visit) {
	t.Helper()
	v.URL, v.RefreshToken = f.URL, "R0-of-fleet"
	var all sync.WaitGroup
	for range machines {
		all.Go(func() {
			if err := v.pay(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f.check(t)
}

func (f *fleet) check(t testing.TB) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	// Who was held up until the last token had come to its end gets one more before it hears that there is enough.
	if f.refusals > 0 || f.early > 0 || len(f.given) <= f.enough {
		t.Errorf("%d tokens were given, %d of them early, and %d refresh tokens used twice; want %d, and none", len(f.given), f.early, f.refusals, f.enough+1)
	}
}

func TestSixProcessesAtExpiry(t *testing.T) {
	t.Parallel()
	newFleet(t, 3).sail(t, 6, visit{Goroutines: 8})
}

// halt is a token endpoint that has a process killed in the midst of a request.
type halt struct {
	*httptest.Server
	arrived chan struct{} // closed when a request has come
	answer  func(w http.ResponseWriter)
}

func newHalt(t *testing.T, answer func(w http.ResponseWriter)) *halt {
	t.Helper()
	h := &halt{arrived: make(chan struct{}), answer: answer}
	var once sync.Once
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
		h.answer(w)
		once.Do(func() { close(h.arrived) })
		<-r.Context().Done()
	}))
	t.Cleanup(h.Close)
	return h
}

// reopened is the source of the killed process's profile in another one, at a server that goes on where that one stopped.
func reopened(t *testing.T, v visit, server *system) *tokenSource {
	t.Helper()
	p := oauthProfile(t, v.URL, Settings{"grant": "refresh_token", "refresh_token": v.RefreshToken, "client_secret": "s3cret"})
	k := keyringOf(t, Options{Store: placeIn(t, v.Folder)}, p)
	k.sources["p"].endpoint.wire = direct{server}
	return k.sources["p"]
}

// TestKilledBetweenIntentAndRequest ends the process while it connects: without an answer to its hello no request leaves it.
func TestKilledBetweenIntentAndRequest(t *testing.T) {
	t.Parallel()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	v := visit{Folder: t.TempDir(), URL: "https://" + deaf.Addr().String(), RefreshToken: "R0-pasted", Goroutines: 1}
	c := v.start(t)
	connection, err := deaf.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	connection.Close()
	server := &system{give: (&rotating{good: "R0-pasted"}).give}
	source := reopened(t, v, server)
	if st := status(t, source); st.State != StateRefresh {
		t.Errorf("got %+v, want what the killed process intended", st)
	}
	mustToken(t, source, "T1-token")
	if st := status(t, source); st.State != StateOK || server.asked() != 1 {
		t.Errorf("got %+v after %d requests", st, server.asked())
	}
}

func TestKilledBetweenIntentAndAnswer(t *testing.T) {
	t.Parallel()
	h := newHalt(t, func(http.ResponseWriter) {})
	v := visit{Folder: t.TempDir(), URL: h.URL, RefreshToken: "R0-pasted", Goroutines: 1}
	c := v.start(t)
	<-h.arrived
	_ = c.Process.Kill()
	_ = c.Wait()
	server := &rotating{good: "R0-pasted"} // it has not done what it was asked for
	source := reopened(t, v, &system{give: server.give})
	if st := status(t, source); st.State != StateRefresh {
		t.Errorf("got %+v, want what the killed process intended", st)
	}
	mustToken(t, source, "T1-token")
}

// TestKilledBetweenAnswerAndCommit keeps the process from writing what it got: the store is locked as soon as the request is there.
func TestKilledBetweenAnswerAndCommit(t *testing.T) {
	t.Parallel()
	v := visit{Folder: t.TempDir(), RefreshToken: "R0-pasted", Goroutines: 1}
	var lock *sqlite3.SQLiteConn
	h := newHalt(t, func(w http.ResponseWriter) {
		conn, err := new(sqlite3.SQLiteDriver).Open("file:" + v.Folder + "/snrun-auth.db")
		if err != nil {
			t.Error(err)
			return
		}
		lock = conn.(*sqlite3.SQLiteConn)
		if _, err := lock.Exec("BEGIN EXCLUSIVE", nil); err != nil {
			t.Error(err)
		}
		grant(w, "T1-token", 600, "refresh_token", "R1-that-is-lost")
		_ = http.NewResponseController(w).Flush()
	})
	v.URL = h.URL
	c := v.start(t)
	<-h.arrived
	_ = c.Process.Kill()
	_ = c.Wait()
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	server := &rotating{good: "R1-that-is-lost"}
	source := reopened(t, v, &system{give: server.give})
	failed := mustFail(t, source)
	if !strings.Contains(failed.Error(), " was lost") || failed.Help() != pastedHelp || failed.Temporary() {
		t.Errorf("got %v: %s", failed, failed.Help())
	}
	if st := status(t, source); st.State != StateReauth {
		t.Errorf("got %+v", st)
	}
}
