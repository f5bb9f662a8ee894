package web

import (
	"snrun/engine"
	"snrun/history/review"
	"snrun/steps"
)

// inputsTab is what a run was given and what it gave, as JSON.
type inputsTab struct {
	Inputs, Output string
	HasOutput      bool
	Cut            bool
}

// shownValue is how many bytes of a value are shown.
const shownValue = 100 << 10

// valuesOf writes what a run was given and what it gave.
func valuesOf(run *engine.Run) (*inputsTab, error) {
	t := &inputsTab{HasOutput: run.Output != nil}
	var err error
	if len(run.Inputs) > 0 {
		if t.Inputs, err = t.written(run.Inputs); err != nil {
			return nil, err
		}
	}
	if t.HasOutput {
		t.Output, err = t.written(run.Output)
	}
	return t, err
}

// written gives a value as JSON that is set in, cut where it is long.
func (t *inputsTab) written(v any) (string, error) {
	data, err := steps.EncodeJSON(v)
	if err != nil {
		return "", err
	}
	text, _ := review.Body(steps.Message{Body: data, Size: -1})
	if len(text) > shownValue {
		text, t.Cut = cutText(text, shownValue)+"\n…", true
	}
	return text, nil
}
