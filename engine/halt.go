package engine

import (
	"errors"

	"snrun/engine/flow"
	"snrun/steps"
)

// Halt says why a piece of a run has no end, in a form that travels as JSON. Its texts have their secrets masked.
type Halt struct {
	Kind   string       `json:"kind"` // one of the Halted…
	Why    string       `json:"why"`
	Reason *steps.Error `json:"reason,omitempty"` // of HaltedStopped
	Step   string       `json:"step,omitempty"`   // of HaltedInDoubt: the step that made the call
	Doubts []string     `json:"doubts,omitempty"` // calls of which it is not known whether they were carried out
}

// Why a piece of a run has no end.
const (
	HaltedInDoubt   = "in_doubt"  // it cannot go on without a person's word on a call
	HaltedStopped   = "stopped"   // the run was cancelled, or is out of time
	HaltedSuspended = "suspended" // the process was stopped: another one carries the piece out
	HaltedBroken    = "broken"    // the journal cannot be used: later perhaps
)

// Halted is an error of a Part with what is known of it where it happened.
type Halted struct {
	Halt
	cause error
}

// Error says why.
func (h *Halted) Error() string { return h.Why }

// Unwrap gives the error as the flow knows it.
func (h *Halted) Unwrap() error { return h.cause }

// HaltOf gives an error of a Part in a form that travels. Nil for nil.
func HaltOf(err error) *Halt {
	if err == nil {
		return nil
	}
	var halted *Halted
	if errors.As(err, &halted) {
		return &halted.Halt
	}
	h := &Halt{Kind: HaltedBroken, Why: err.Error()}
	var doubt *inDoubt
	var stopped *flow.Stopped
	var later *Suspend
	switch {
	case errors.As(err, &doubt):
		h.Kind, h.Step = HaltedInDoubt, doubt.step
	case errors.As(err, &stopped):
		h.Kind, h.Reason = HaltedStopped, stopped.Reason
	case errors.As(err, &later):
		h.Kind = HaltedSuspended
	}
	return h
}

// Err gives the error that ends a flow as the one did that HaltOf was given.
func (h *Halt) Err() error {
	cause := error(&brokenError{errors.New(h.Why)})
	switch h.Kind {
	case HaltedInDoubt:
		cause = &inDoubt{why: h.Why, step: h.Step}
	case HaltedSuspended:
		cause = &Suspend{Why: h.Why}
	case HaltedStopped:
		reason := h.Reason
		if reason == nil {
			reason = &steps.Error{Kind: steps.Cancelled, Message: h.Why}
		}
		cause = &flow.Stopped{Reason: reason}
	}
	return &Halted{*h, cause}
}

// halting is why a unit has no end, with the calls that this left in doubt.
func (x *execution) halting(err error) error {
	if failure, isStep := err.(*steps.Error); isStep { // of the journal, not of a step
		err = &brokenError{failure}
	}
	h := HaltOf(err)
	h.Why, h.Reason, h.Doubts = Brief(x.Redactor.Text(h.Why)), x.masked(h.Reason), x.doubts.keys()
	if h.Step == "" {
		h.Step = x.doubts.first
	}
	return &Halted{*h, err}
}
