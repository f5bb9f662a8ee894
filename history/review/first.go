package review

import (
	"snrun/engine"
	"snrun/history"
	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

// FirstError is what went wrong in a run before anything else that went wrong because of it.
type FirstError struct {
	Error    *steps.Error    `json:"error"`
	Step     *engine.StepRun `json:"step,omitempty"`     // where it happened; nil where it was in no step
	Exchange *Exchange       `json:"exchange,omitempty"` // the last request of that step; nil where it made none
	File     string          `json:"file,omitempty"`     // of the job that the step stands in
	Line     int             `json:"line,omitempty"`     // in that file, as the last attempt had it; 0 where it is not known
	// Tolerated says that the run went well all the same.
	Tolerated bool `json:"tolerated,omitempty"`
}

// ReadFirstError finds the first error of a run: of the steps that the run's error names the one that failed first and inmost,
// else of all. It is nil where nothing failed.
func ReadFirstError(store *history.Store, run *engine.Run) (*FirstError, error) {
	label := ""
	if run.Error != nil {
		label = run.Error.Step
	}
	step, err := store.FirstFailed(run.ID, label)
	if err == nil && step == nil && label != "" && run.Error.Step != "" {
		step, err = store.FirstFailed(run.ID, "")
	}
	switch {
	case err != nil:
		return nil, err
	case run.Error != nil && (step == nil || label == "" || step.Error == nil):
		return &FirstError{Error: run.Error}, nil
	case step == nil || step.Error == nil:
		return nil, nil
	}
	first := &FirstError{Error: step.Error, Step: step, Tolerated: run.Status == engine.OK}
	if pos, known := PlaceOf(run, step.Key); known {
		first.File, first.Line = pos.File, pos.Line
	}
	last, err := store.LastExchange(run.ID, step.Key)
	first.Exchange = exchangeIn(last)
	return first, err
}

// Profile gives the profile that the step signs in as, "" where it does not, or that cannot be told.
func (f *FirstError) Profile(run *engine.Run) string {
	if f.Step == nil {
		return ""
	}
	return jobs.StepProfile(textsOf(run), f.Step.Key)
}

// PlaceOf finds where the step with a key stands in the texts of a run, as it was read with them. It is false where they cannot tell.
func PlaceOf(run *engine.Run, key string) (source.Pos, bool) {
	return jobs.StepPlace(textsOf(run), key)
}

// textsOf gives the texts of a run's jobs as its last attempt had them, none where it was read without.
func textsOf(run *engine.Run) []jobs.Text {
	var texts []jobs.Text
	for _, t := range run.Texts() {
		texts = append(texts, jobs.Text{File: t.File, Data: t.Text})
	}
	return texts
}
