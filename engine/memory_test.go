package engine_test

import (
	"testing"

	"snrun/engine"
	"snrun/engine/enginetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, func(*testing.T) engine.Journal { return engine.NewMemory() })
}
