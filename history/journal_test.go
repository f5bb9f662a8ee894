package history

import (
	"path/filepath"
	"testing"

	"snrun/engine/enginetest"
)

// openIn opens the history in a folder. The suites close it.
func openIn(t *testing.T, dir string) enginetest.Closer {
	t.Helper()
	s, err := Open(filepath.Join(dir, "history.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJournal(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, openIn)
}

func TestKilled(t *testing.T) {
	t.Parallel()
	enginetest.Killed(t, 10, openIn)
}
