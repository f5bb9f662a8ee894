package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"snrun/auth/store"
	"snrun/examples/sandbox"
)

// Who needs no token pays for no store: it is not opened, and the keyring of the system, which may ask a person or hang, is not asked.
func TestStoreIsOpenedOnlyWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	var asked atomic.Int32
	socket := filepath.Join(t.TempDir(), "bus")
	bus, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	go func() {
		for {
			conn, err := bus.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			conn.Close()
		}
	}()
	u.environ = append(u.environ, keyringVariable+"=on", "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket)
	const noStore = "this is no store, and longer than SQLite's smallest database would have to be to be taken for one"
	file := filepath.Join(u.dir, "runs-auth.db")
	if err := os.WriteFile(file, []byte(noStore), 0o600); err != nil {
		t.Fatal(err)
	}
	u.write("idle.yaml", "version: 1\nsteps:\n  - log: idle\n")
	u.write("key.yaml", "version: 1\nsteps:\n  - rest: {profile: oncall, method: POST, path: /v1/alerts, json: {title: disk full, dedup: d-1}}\n")
	u.write("token.yaml", "version: 1\nsteps:\n  - rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_limit: 1}}\n")
	u.must(exitOK, "version")
	u.must(exitOK, "validate")
	u.must(exitOK, "run", "idle")
	u.must(exitOK, "run", "key")
	if n := asked.Load(); n != 0 {
		t.Errorf("the keyring of the system was asked %d times", n)
	}
	u.must(exitSignIn, "run", "token") // it does need the store: one that is none is not passed over
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	u.must(exitOK, "run", "token")
	if n := asked.Load(); n != 0 {
		t.Errorf("the keyring of the system was asked %d times for a store that is not there", n)
	}
	without := u.environ
	u.environ = append(slices.Clip(without), store.KeyVariable+"="+strings.Repeat("0123456789abcdef", 4))
	u.must(exitOK, "run", "token") // makes a store
	u.environ = without
	u.must(exitOK, "run", "token")
	if asked.Load() == 0 {
		t.Error("nobody asked the keyring for the key of a store, so this test would not notice")
	}
}
