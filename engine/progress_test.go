package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/steps/steptest"
)

// watching is a journal that remembers how the rows of steps stood, one after the other.
type watching struct {
	*engine.Memory
	mu   sync.Mutex
	rows map[string][]string
}

func (w *watching) Note(run string, step engine.StepRun) error {
	w.mu.Lock()
	w.rows[step.Key] = append(w.rows[step.Key], string(step.Status))
	w.mu.Unlock()
	return w.Memory.Note(run, step)
}

func newWatching() *watching {
	return &watching{Memory: engine.NewMemory(), rows: map[string][]string{}}
}

// runOver runs a job over a journal, and gives its events of some types.
func (w *world) runOver(j engine.Journal, yaml string, types ...string) (*engine.Run, []engine.Event) {
	w.t.Helper()
	var told []engine.Event
	e := engine.New(engine.Config{Journal: j, Redactor: w.redactor, Clients: w.clients, Dir: w.t.TempDir(), Watch: func(e engine.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if strings.Contains(" "+strings.Join(types, " ")+" ", " "+e.Type+" ") {
			told = append(told, e)
		}
	}})
	w.request.Job = loadJob(w.t, w.probe.kind(), yaml)
	run, err := e.Run(w.ctx, w.request)
	if err != nil {
		w.t.Fatal(err)
	}
	return run, told
}

// A step that waits for its next try says so in the history; a moment is not worth a row, and an item of a loop has none.
func TestRowsOfStepsThatWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, step, key, want string }{
		{"a second", "{id: p, probe: {fails: 1, repeat: if_safe, retry_after: 1s}}", "/p", "running waiting running ok"},
		{"a moment", "{id: p, probe: {fails: 1, repeat: if_safe, retry_after: 999ms}}", "/p", "running ok"},
		{"a block", "{id: p, retry: {attempts: 2, backoff: {initial: 1m, jitter: none}}, steps: [{probe: {fails: 1, repeat: if_safe}, retry: none}]}", "/p", "running waiting running ok"},
		{"an item", "{foreach: {in: [1], steps: [{id: p, probe: {fails: 1, repeat: if_safe, retry_after: 1s}}]}}", "/foreach:1[0]/p", "running ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := newWatching()
				newWorld(t).runOver(j, "steps:\n  - "+test.step)
				check(t, "rows", strings.Join(j.rows[test.key], " "), test.want)
			})
		})
	}
}

// signedIn gives every request the client of one profile.
type signedIn struct {
	keys    *auth.Keyring
	profile string
}

func (s signedIn) Client(ctx context.Context, _ string) (*http.Client, error) {
	return s.keys.Client(ctx, s.profile)
}

// A request that is held back is told of with its reason, counted, and on record as waiting; and so is its end.
func TestLimitsAreTold(t *testing.T) {
	t.Parallel()
	server := steptest.NewServer(t)
	server.On("/x", steptest.Answer{Times: -1})
	w, j := newWorld(t), newWatching()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.NewKeyring([]auth.Profile{{Name: "slow", BaseURL: base, Rate: auth.Rate{Limit: 1, Per: 1300 * time.Millisecond}}}, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	w.clients = signedIn{keys, "slow"}
	w.redactor.Add("slow")
	w.request.Env = map[string]any{"URL": server.URL}
	step := "rest: {url: '${env.URL}/x'}"
	_, told := w.runOver(j, "steps:\n  - {id: a, "+step+"}\n  - {id: b, "+step+"}\n  - {id: each, foreach: {in: [1], steps: [{"+step+"}]}}", engine.LimitWaits, engine.ItemEnded)
	var got []string
	for _, e := range told {
		text := fmt.Sprint(e.Type, " ", e.Key, " ", e.Status, " ", e.Profile, " ", e.Message)
		if e.Status == engine.Waiting && (e.Wait <= 0 || e.Wait > 1300*time.Millisecond) {
			t.Errorf("%s waits %s", e.Key, e.Wait)
		}
		if e.Counts != nil {
			text += fmt.Sprint(" ", e.Counts.LimitWaits)
		}
		got = append(got, strings.TrimSpace(text))
	}
	check(t, "told", strings.Join(got, "\n"), strings.Join([]string{
		"limit /b waiting *** rate 1 per 1.3s", "limit /b running *** rate 1 per 1.3s",
		"limit /each[0]/rest:1 waiting *** rate 1 per 1.3s", "item /each    1",
	}, "\n"))
	check(t, "rows", strings.Join(j.rows["/b"], " "), "running waiting running ok")
}

// Of very many items few are told: the first, the last, ten a second, and those that fail.
func TestProgressIsThinnedOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, probe string
		want        int
	}{
		{"all at once", "{}", 2},
		{"a hundred a second", "{takes: 10ms}", 101}, // the first, and one every 100 ms for 10 s
		{"some fail", "{fails: '${item == 500 ? 1 : 0}'}", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				run, told := newWorld(t).runOver(engine.NewMemory(), "steps:\n  - {id: each, foreach: {in: '${1..1000}', tolerate: all, steps: [{probe: "+test.probe+"}]}}", engine.ItemEnded)
				last := told[len(told)-1]
				if len(told) != test.want || run.Status != engine.OK || last.Counts.Succeeded+last.Counts.Failed != 1000 {
					t.Errorf("%d were told, the last %+v; want %d", len(told), last.Counts, test.want)
				}
			})
		})
	}
}

// A loop tells how many items it does in a second, lately, and how long it has to go; its retries are counted also for the history.
func TestSpeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		j := engine.NewMemory()
		run, told := w.runOver(j, "steps:\n  - {id: each, foreach: {in: '${1..100}', steps: [{probe: {takes: '${item > 50 ? \"1s\" : \"250ms\"}', fails: '${item == 90 ? 1 : 0}', repeat: if_safe, retry_after: 1s}}]}}", engine.ItemEnded)
		at := func(i int) string {
			e := told[i-1]
			return fmt.Sprintf("%d: %.1f/s, %s, %d", e.Counts.Succeeded, e.PerSecond, e.Left, e.Counts.Retries)
		}
		check(t, "first", at(1), "1: 0.0/s, 0s, 0")
		check(t, "at first", at(41), "41: 4.0/s, 14.75s, 0")
		check(t, "later", at(85), "85: 1.0/s, 15s, 0")
		check(t, "at last", at(100), "100: 0.9/s, 0s, 1")
		check(t, "history", fmt.Sprint(*j.Run(run.ID).Steps[0].Counts), "{0 100 100 0 1 0}")
	})
}
