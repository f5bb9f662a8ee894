package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"snrun/engine"
)

const (
	heartbeat = 15 * time.Second // between signs of life to a page where nothing changes
	writeTime = 10 * time.Second // for one event
)

// markOf makes a short name of a text of any length.
func markOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// liveOf gives where the changes are told of a run that a page shows, or of all of them, since the mark of what it shows.
func liveOf(run, mark string) string {
	if run == "" {
		return "/live?seen=" + mark
	}
	return path("runs", run, "live") + "?seen=" + mark
}

// liveRun tells of changes of a run for as long as it goes on.
func (s *Site) liveRun(w http.ResponseWriter, r *http.Request) error {
	id, err := s.Store.Find(r.PathValue("run"))
	if err != nil {
		return err
	}
	return s.tellChanges(w, r, id)
}

// live tells when a run has come, has begun or has ended.
func (s *Site) live(w http.ResponseWriter, r *http.Request) error { return s.tellChanges(w, r, "") }

// tellChanges tells of changes as server-sent events: "change", and "end" where there are none any more. The id of an event is the mark of
// what is to be seen then.
func (s *Site) tellChanges(w http.ResponseWriter, r *http.Request, run string) error {
	seen := r.URL.Query().Get("seen")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		seen = last
	}
	ctx, done, err := s.stream(w, r)
	if err != nil {
		w.Header().Set("Retry-After", "10")
		return err
	}
	defer done()
	v := s.watchers.join(run)
	defer s.watchers.leave(v)
	now, err := beatOf(s.Store, run) // what has changed since the page was written
	if err != nil {
		return err
	}
	v.hand(now)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx holds back what it does not know to be a stream
	out := &events{w: w, control: http.NewResponseController(w)}
	out.send("retry: 2000\n\n")
	still := time.NewTicker(heartbeat)
	defer still.Stop()
	for status := now.status; out.err == nil; {
		select {
		case <-ctx.Done():
			return nil
		case <-still.C:
			out.send(": still here\n\n")
		case b := <-v.beats:
			if b.mark != seen {
				out.send(fmt.Sprintf("event: change\nid: %s\ndata: %s\n\n", b.mark, b.data))
				seen = b.mark
			}
			status = b.status
		}
		if run != "" && !s.goesOn(run, status) {
			out.send("event: end\ndata: {}\n\n")
			return nil
		}
	}
	return nil // the viewer is gone
}

// goesOn says whether there is something to be seen of a run: it has not ended, or somebody had it go on and it waits for its turn.
func (s *Site) goesOn(run string, status engine.Status) bool {
	_, waits := s.Daemon.Wished(run)
	return !hasEnded(status) || waits != ""
}

// events are written one by one.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error // of the first one that did not get through
}

// send writes one event and sees that it goes out. A stream may live longer than any other answer, for as long as its viewer takes what
// is sent; a deadline that has passed cannot be moved any more, so it is later than the next heartbeat.
func (e *events) send(text string) {
	if e.err != nil {
		return
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(heartbeat + writeTime)) // a recorder in a test has none
	if _, e.err = e.w.Write([]byte(text)); e.err == nil {
		e.err = e.control.Flush()
	}
}
