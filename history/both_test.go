package history

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"snrun/auth/store/postgres/postgrestest"
)

// onServer is the variable by which the tests know that their histories are to stand on a server.
const onServer = "SNRUN_TEST_HISTORY_ON_SERVER"

// TestAllOnPostgreSQL carries out all tests of the package once more, with histories on a server in place of those in files.
func TestAllOnPostgreSQL(t *testing.T) {
	t.Parallel()
	if os.Getenv(onServer) != "" {
		t.Skip("this is that")
	}
	if testing.Short() {
		t.Skip("it takes as long as all other tests")
	}
	postgrestest.Server(t) // skips where there is none
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), program, "-test.run=^Test", "-test.skip=OnServer$|^TestKilled$|^TestJournal$", "-test.skip=Server$|PostgreSQL$", "-test.timeout=10m")
	tests.Env = append(os.Environ(), onServer+"=yes")
	if said, err := tests.CombinedOutput(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		t.Errorf("on PostgreSQL: %v\n%s", err, said)
	}
}

// somewhere gives a place for a history that nobody else has: a file in a folder of its own, or a schema of a server.
func somewhere(t testing.TB) string {
	t.Helper()
	if os.Getenv(onServer) != "" {
		return postgrestest.Server(t).URL
	}
	return filepath.Join(t.TempDir(), "history.db")
}

// onlyInFile leaves a test out that is about files, or about what is SQLite's alone.
func onlyInFile(t testing.TB) {
	t.Helper()
	if os.Getenv(onServer) != "" {
		t.Skip("this is about files")
	}
}
