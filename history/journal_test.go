package history

import (
	"testing"

	"snrun/engine"
	"snrun/engine/enginetest"
)

func TestJournal(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, func(t *testing.T) engine.Journal { return openTemp(t) })
}
