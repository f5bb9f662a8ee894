package daemon

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"snrun/engine/schedule"
	"snrun/history"
)

// TestNewFolder puts a job into a new folder after the files were read and before the folder is watched.
func TestNewFolder(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(map[string]string{"jobs/a.yaml": says("1")})
	book, err := history.Open(filepath.Join(t.TempDir(), "history.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	folder, found := filepath.Join(f.dir, "jobs", "sub"), make(chan struct{})
	d := New(Config{Open: f.open, Log: slog.New(slog.DiscardHandler), Loaded: func(_ *Project, names []string) {
		file := filepath.Join(folder, "b.yaml")
		if slices.Contains(names, "b") {
			close(found)
		} else if err := os.WriteFile(file, []byte("version: 1\n"+says("2")), 0o600); err != nil {
			t.Error(err)
		}
	}})
	d.scheduler = schedule.New(schedule.Config{Book: book})
	if _, err := d.library.Load(time.Now()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.watch(ctx) }()
	<-d.reloads // by now it watches
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	select {
	case <-found:
	case <-time.After(time.Minute):
		t.Error("nobody saw the job in the new folder")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
