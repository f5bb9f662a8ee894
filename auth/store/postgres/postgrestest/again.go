package postgrestest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// onServer is the variable by which tests know that their databases are to stand on a server.
const onServer = "SNRUN_TEST_ON_SERVER"

// Again carries the tests of a package out once more, in a process in which Somewhere gives schemas of a server in place of files. Those
// whose names end in Server or PostgreSQL, and a test that calls Again, are not among them: they stand on a server anyway. Nor are
// those that but names.
func Again(t *testing.T, but ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes as long as all other tests")
	}
	Server(t) // skips where there is none
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	skip := "Server$|PostgreSQL$"
	for _, name := range but {
		skip += "|^" + name + "$"
	}
	tests := exec.CommandContext(t.Context(), program, "-test.run=^Test", "-test.skip="+skip, "-test.timeout=10m")
	tests.Env = append(os.Environ(), onServer+"=yes")
	if said, err := tests.CombinedOutput(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatal(err)
		}
		t.Errorf("on PostgreSQL: %v\n%s", err, said)
	}
}

// Somewhere gives a place for a database that nobody else has: a file in a folder of its own, or in the process of Again a schema.
func Somewhere(t testing.TB) string {
	t.Helper()
	if IsAgain() {
		return Server(t).URL
	}
	return filepath.Join(t.TempDir(), "history.db")
}

// IsAgain says that this is the process of Again.
func IsAgain() bool { return os.Getenv(onServer) != "" }
