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
