package history

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"testing"

	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine/enginetest"
)

// openOnServer opens the history of a folder in a schema of a server. The suites close it.
func openOnServer(t *testing.T, dir string) enginetest.Closer {
	t.Helper()
	s, err := Open(schemaOf(t, dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// schemaOf gives the address of a schema that stands for a folder.
func schemaOf(t *testing.T, dir string) string {
	t.Helper()
	u, err := url.Parse(postgrestest.Server(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(dir))
	query := u.Query()
	query.Set("schema", "d_"+hex.EncodeToString(digest[:12]))
	u.RawQuery = query.Encode()
	return u.String()
}

func TestJournalOnServer(t *testing.T) {
	t.Parallel()
	enginetest.Journal(t, openOnServer)
}

func TestKilledOnServer(t *testing.T) {
	t.Parallel()
	enginetest.Killed(t, 10, openOnServer)
}
