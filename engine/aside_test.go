package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"snrun/engine"
	"snrun/engine/enginetest"
	"snrun/engine/flow"
)

// TestAsidesAreFew holds that of very many tries a row tells the latest, and how many there were, and that what went well from the first tells
// nothing.
func TestAsidesAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		yaml := `steps:
  - id: a
    probe: {fails: 999, repeat: always}
    retry: {attempts: 1000, backoff: {initial: 10ms, multiplier: 1, jitter: none}}
  - id: well
    probe: {}
  - id: each
    foreach: {in: "${1..60}", concurrency: 2, steps: [{id: i, probe: {fails: 1, repeat: always}, retry: {attempts: 2, backoff: {initial: 1ms}}}]}
`
		run, err := enginetest.Apart{Engines: []*engine.Engine{w.engine()}}.Run(t.Context(), t, engine.Request{Job: loadJob(t, w.probe.kind(), yaml)})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range w.journal.Run(run.ID).Steps {
			switch {
			case s.Key == "/a":
				found = true
				tries := s.Asides.List
				if s.Asides.Told != 999 || len(tries) != engine.ShownAsides || tries[len(tries)-1].Try != 999 || tries[0].Try != 1000-engine.ShownAsides {
					t.Errorf("of %s is told %+v", s.Key, s.Asides)
				}
			case strings.HasPrefix(s.Key, "/each["), s.Key == "/well":
				if s.Asides.Told != 0 {
					t.Errorf("of %s is told %+v", s.Key, s.Asides)
				}
			}
		}
		if !found {
			t.Error("the step is not on record")
		}
	})
}

// TestUnitsSayHowOften holds that a chunk of a loop gives how often something was tried again in it, and some of that.
func TestUnitsSayHowOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _ := w.part("steps:\n  - id: l\n    foreach: {in: \"${1..20}\", steps: [{id: i, probe: {fails: 1, repeat: always}, retry: {attempts: 2, backoff: {initial: 1ms}}}]}", nil)
	got, err := p.Carry(t.Context(), flow.Unit{
		Key: "/l@items:0-20", Place: "/l", Slot: flow.Items, Loop: "/l", To: 20, Limit: 1, Scope: flow.Scope{Job: "job", States: map[string]map[string]any{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if last := got.Asides[len(got.Asides)-1]; got.Retries != 20 || len(got.Asides) != 5 || last.Key != "/l[19]/i" || last.Type != engine.RetryWaits {
		t.Errorf("got %d: %+v", got.Retries, got.Asides)
	}
}
