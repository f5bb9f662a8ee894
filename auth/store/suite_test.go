package store_test

import (
	"path/filepath"
	"testing"

	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
	"snrun/auth/store/storetest"
)

// with gives a place its key.
func with(p *store.Place, key string, ring store.Keyring) *store.Place {
	p.Keyring = ring
	p.Getenv = func(name string) string {
		if name == store.KeyVariable {
			return key
		}
		return ""
	}
	return p
}

func TestSuiteInAFile(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		file := filepath.Join(t.TempDir(), "state", "snrun-auth.db")
		return func(key string, ring store.Keyring) *store.Place { return with(&store.Place{File: file}, key, ring) }
	})
}

func TestSuiteOnAServer(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		address, err := postgres.Parse(postgrestest.Server(t).URL)
		if err != nil {
			t.Fatal(err)
		}
		return func(key string, ring store.Keyring) *store.Place {
			return with(&store.Place{Server: address}, key, ring)
		}
	})
}
