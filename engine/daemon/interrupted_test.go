package daemon

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"snrun/engine"
)

// TestDoubtIsToldOnce holds that a run in doubt which a daemon finds is told in one line, and that who counts ends of runs does not hear of it
// again.
func TestDoubtIsToldOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var told []engine.Event
	ends := 0
	d := New(Config{
		Log: slog.New(slog.NewTextHandler(&log, nil)), GoOn: func(string) []string { return []string{"go on"} },
		Watch: func(engine.Event) { ends++ }, Doubted: func(e engine.Event) { told = append(told, e) },
	})
	d.tellDoubt(&engine.Run{ID: "r", Job: "j", Status: engine.Interrupted}, []string{"/a"})
	if ends != 0 || len(told) != 1 || told[0].InDoubt == nil || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("its end is told %d times, want none; people are told %+v, want once; the log has\n%s", ends, told, &log)
	}
}
