package web

import (
	"testing"

	"snrun/auth/store/postgres/postgrestest"
)

// TestAllOnPostgreSQL carries out all tests of the package once more, with a history on a server.
func TestAllOnPostgreSQL(t *testing.T) {
	t.Parallel()
	postgrestest.Again(t)
}
