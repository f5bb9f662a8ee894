package main

import (
	"io"
	"sync"
	"time"

	"snrun/engine"
	"snrun/history/review"
)

// jsonView writes one event a line, for programs. The first line is {"type":"version","progress":1}; durations are
// milliseconds.
type jsonView struct {
	mu sync.Mutex
	w  io.Writer
}

func newJSONView(w io.Writer) *jsonView {
	io.WriteString(w, `{"type":"version","progress":1}`+"\n")
	return &jsonView{w: w}
}

// eventLine is an Event with its durations as milliseconds.
type eventLine struct {
	engine.Event
	Wait    *int64 `json:"wait_ms,omitempty"`
	Elapsed *int64 `json:"elapsed_ms,omitempty"`
	Left    *int64 `json:"left_ms,omitempty"`
}

func (v *jsonView) event(e engine.Event) {
	line := eventLine{Event: e}
	if e.Type == engine.RetryWaits || e.Wait > 0 {
		line.Wait = milliseconds(e.Wait)
	}
	if e.Type == engine.RunEnded || e.Type == engine.StepEnded {
		line.Elapsed = milliseconds(e.Elapsed)
	}
	if e.Left > 0 {
		line.Left = milliseconds(e.Left)
	}
	text, err := compactJSON(line)
	if err != nil {
		return // an event holds nothing that JSON cannot say
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.w.Write(text)
}

func (v *jsonView) close() {}

// compactJSON is a value on one line, with the line's end.
func compactJSON(v any) ([]byte, error) { return review.JSON(v) }

func milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}
