package flow

import (
	"time"

	"snrun/steps"
)

// Aside is something that people are told while a step goes on: it is tried again, a limit holds it back, somebody was signed in. It says
// so where it is on record, and not where it happened. Its texts have their secrets masked.
type Aside struct {
	Type    string        `json:"type"` // as in engine.Event
	At      time.Time     `json:"at"`
	Key     string        `json:"key,omitempty"`     // of what it is about, where that is in the step: a page, an item
	Try     int           `json:"try,omitempty"`     // the one that failed
	Wait    time.Duration `json:"wait,omitempty"`    // until the next one, or as long as the limit holds it back; in nanoseconds
	Status  string        `json:"status,omitempty"`  // of a limit: it waits, or goes on
	Profile string        `json:"profile,omitempty"` // whose limit or sign-in it is
	Message string        `json:"message,omitempty"`
	Until   time.Time     `json:"until,omitzero"` // of a sign-in: when its token expires
	Error   *steps.Error  `json:"error,omitempty"`
}

// plainAsides gives asides as they travel.
func plainAsides(list []Aside) []any {
	all := make([]any, len(list))
	for i, a := range list {
		m := map[string]any{
			"type": a.Type, "at": timeText(a.At), "key": a.Key, "try": a.Try, "wait": int(a.Wait), "status": a.Status, "profile": a.Profile,
			"message": a.Message, "until": timeText(a.Until),
		}
		if a.Error != nil {
			m["error"] = plainError(a.Error)
		}
		all[i] = m
	}
	return all
}

// asides reads what plainAsides wrote.
func (b *box) asides(name string) []Aside {
	var all []Aside
	for _, item := range field[[]any](b, name) {
		in := boxOf(item, "an aside")
		all = append(all, Aside{
			Type: in.text("type"), At: in.time("at"), Key: in.text("key"), Try: in.count("try"), Wait: time.Duration(in.count("wait")),
			Status: in.text("status"), Profile: in.text("profile"), Message: in.text("message"), Until: in.time("until"), Error: in.failure("error"),
		})
		b.also(in)
	}
	return all
}
