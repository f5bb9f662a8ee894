package engine_test

import (
	"testing"

	"snrun/engine"
	"snrun/engine/enginetest"
)

func TestHostsLocally(t *testing.T) {
	t.Parallel()
	enginetest.Hosts(t, func(*testing.T) engine.Journal { return engine.NewMemory() }, enginetest.Locally)
}

func TestHostsAgain(t *testing.T) {
	t.Parallel()
	enginetest.HostsAgain(t, func(*testing.T) engine.Journal { return engine.NewMemory() }, enginetest.Locally, enginetest.LocallyAgain)
}

// TestHostsAgainApart holds the same where all is asked for twice, and travels.
func TestHostsAgainApart(t *testing.T) {
	t.Parallel()
	apart := func(e *engine.Engine) enginetest.Apart {
		return enginetest.Apart{Engines: []*engine.Engine{e, e}, Small: 30, Again: true}
	}
	enginetest.HostsAgain(t, func(*testing.T) engine.Journal { return engine.NewMemory() }, func(t *testing.T, e *engine.Engine, req engine.Request) *engine.Run {
		run, err := apart(e).Run(t.Context(), t, req)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}, func(t *testing.T, e *engine.Engine, r engine.Resumption) *engine.Run {
		run, err := apart(e).Resume(t.Context(), t, r)
		if err != nil {
			t.Fatal(err)
		}
		return run
	})
}
