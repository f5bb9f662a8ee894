package main

import (
	"io"

	"snrun/engine"
	"snrun/history/review"
)

// quietView says nothing of a run that goes well.
type quietView struct {
	w     io.Writer
	style style
	next  review.Commands
}

func (v *quietView) event(e engine.Event) {
	if e.Type == engine.RunEnded && e.Status != engine.OK && e.Status != engine.Skipped {
		io.WriteString(v.w, summary(v.style, v.next, e, 0))
	}
}

func (v *quietView) close() {}
