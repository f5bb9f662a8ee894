package history

import (
	"testing"

	"snrun/auth/store/postgres/postgrestest"
)

// TestAllOnPostgreSQL carries out all tests of the package once more, with histories on a server in place of those in files.
func TestAllOnPostgreSQL(t *testing.T) {
	t.Parallel()
	postgrestest.Again(t, "TestKilled", "TestJournal") // which have twins that stand on a server
}

// somewhere gives a place for a history that nobody else has: a file in a folder of its own, or a schema of a server.
func somewhere(t testing.TB) string { return postgrestest.Somewhere(t) }

// onlyInFile leaves a test out that is about files, or about what is SQLite's alone.
func onlyInFile(t testing.TB) {
	t.Helper()
	if postgrestest.IsAgain() {
		t.Skip("this is about files")
	}
}
