package temporal

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
)

// heard is a log that says when a text stands in it.
type heard struct {
	mu   sync.Mutex
	all  bytes.Buffer
	text string
	once sync.Once
	came chan struct{}
}

func (h *heard) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all.Write(line)
	if strings.Contains(h.all.String(), h.text) {
		h.once.Do(func() { close(h.came) })
	}
	return len(line), nil
}

// TestAnotherKeyEndsNoRun holds that a run waits for a worker with its key when one without takes it up, which says so.
func TestAnotherKeyEndsNoRun(t *testing.T) {
	t.Parallel()
	c := on(t, temporaltest.Server(t))
	c.lostAfter = time.Second // the first worker takes one along when it ends
	var probes counter
	e := engine.New(engine.Config{Journal: engine.NewMemory(), Redactor: auth.NewRedactor(), Dir: t.TempDir()})
	req := engine.Request{Job: probes.load(t, "steps: [{probe: {value: 1}}]"), Inputs: map[string]any{}}
	began := c.start(t, e, req)

	log := &heard{text: "a payload was encrypted with another key", came: make(chan struct{})}
	wrong := *c
	wrong.connection.Keys = [][]byte{bytes.Repeat([]byte{8}, KeySize)}
	wrong.connection.Log = slog.New(slog.NewTextHandler(log, nil))
	stop := wrong.work(t, e, req)
	select {
	case <-log.came:
	case <-time.After(patience):
		t.Fatal("nobody says that the key is another one")
	}
	stop()
	c.work(t, e, req)
	if run := ended(t, e, began); run.Status != engine.OK || len(probes.calls) != 1 {
		t.Errorf("the run is %s after %q", run.Status, probes.calls)
	}
}
