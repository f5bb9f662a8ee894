package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOSKeyring works on the keyring in memory that its library brings along.
func TestOSKeyring(t *testing.T) {
	t.Parallel()
	r := OSKeyring{}
	if _, err := r.Get("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if err := r.Delete("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if err := r.Set("name", "text"); err != nil {
		t.Error(err)
	}
	if got, err := r.Get("name"); err != nil || got != "text" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := r.Delete("name"); err != nil {
		t.Error(err)
	}
	if _, err := r.Get("name"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(d time.Duration) func() (string, error) {
			return func() (string, error) { time.Sleep(d); return "text", nil }
		}
		if got, err := within(patience, slow(patience-1)); err != nil || got != "text" {
			t.Errorf("in time: %q, %v", got, err)
		}
		start := time.Now()
		got, err := within(patience, slow(time.Hour))
		if err == nil || got != "" || time.Since(start) != patience {
			t.Errorf("too late: %q, %v after %v", got, err, time.Since(start))
		}
		time.Sleep(time.Hour) // until the call has ended
	})
}

// askKeyring asks the keyring of the system.
func askKeyring(string) error {
	_, err := OSKeyring{}.Get("store-key-of-a-test")
	fmt.Println(err)
	return nil
}

// TestHungKeyring has the bus that leads to the keyring take what it is told, and never answer.
func TestHungKeyring(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the keyring is reached over D-Bus on Linux only")
	}
	socket := filepath.Join(t.TempDir(), "bus")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, conn)
		}
	}()
	out, err := command("keyring", "", "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "it gave no answer in 3s") {
		t.Errorf("got %v, %s, want that it gave no answer", err, out)
	}
}
