package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/history"
)

// TestCommandsAskTheDaemon has this process on record as the daemon of a project: commands that change something wake it, and the list says
// what only it knows.
func TestCommandsAskTheDaemon(t *testing.T) {
	t.Parallel()
	dir, _ := slowProject(t)
	if err := os.WriteFile(filepath.Join(dir, "broken.yaml"), []byte("version: 1\nsteps: 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := history.Open(filepath.Join(dir, "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	woken := make(chan struct{}, 16)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /wake", func(http.ResponseWriter, *http.Request) { woken <- struct{}{} })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"state":"draining","broken":[{"file":%q,"job":"broken","since":"2026-03-01T09:00:00Z"}]}`, filepath.Join(dir, "broken.yaml"))
	})
	socket := filepath.Join(shortDir(t), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	now := time.Now()
	enlist := func(seen time.Time) {
		t.Helper()
		if err := store.Enlist(engine.Daemon{Process: "1@box", Project: dir, Socket: socket, Started: now.Add(-time.Hour), Seen: seen}); err != nil {
			t.Fatal(err)
		}
	}
	enlist(now)

	for _, args := range [][]string{{"schedule", "pause", "slow"}, {"schedule", "resume", "slow"}, {"schedule", "trigger", "slow"}, {"cancel", "@last"}} {
		_, stderr := finished(t, exitOK, snrun(dir, args...))
		if strings.Contains(stderr, "no daemon") {
			t.Errorf("%v says %q", args, stderr)
		}
		if len(woken) != 1 {
			t.Fatalf("%v wakes the daemon %d times, want once", args, len(woken))
		}
		<-woken
	}

	page, notes := finished(t, exitOK, snrun(dir, "schedule", "list"))
	for _, want := range []string{"daemon 1@box, since ", "the daemon is ending: it starts nothing any more\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list has\n%s\nwithout %q", page, want)
		}
	}
	if want := "; the daemon goes on with the job as it was before 2026-03-01 09:00:00\n"; !strings.Contains(notes, want) {
		t.Errorf("the notes are\n%s\nwithout %q", notes, want)
	}
	enlist(now.Add(-time.Hour))
	if page, _ := finished(t, exitOK, snrun(dir, "schedule", "list")); !strings.Contains(page, ": it hangs\n") {
		t.Errorf("the list has\n%s\nwant that the daemon hangs", page)
	}
	_ = server.Close() // a daemon that does not answer keeps no command from its work
	finished(t, exitOK, snrun(dir, "schedule", "pause", "slow"))
}

// shortDir is a folder whose path leaves place for the name of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "snrun")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
