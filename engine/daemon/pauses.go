package daemon

import (
	"slices"
	"time"

	"snrun/engine"
	"snrun/history/review"
	"snrun/history/words"
)

// Pause has a job not be run by its schedules, for somebody. The error is a *review.Refusal where there is no such job, or where it is paused
// already and there is no other reason.
func (d *Daemon) Pause(job, who, why string) error {
	pauses, err := d.Store.Pauses()
	if err != nil {
		return err
	}
	before, already := pauses[job]
	switch {
	case already && (why == "" || why == before.Why):
		return &review.Refusal{Reason: review.Taken, Message: words.Clean(job) + " is paused already, " + review.PauseText(before)}
	case !already && !d.knows(job):
		return d.noJob(job)
	}
	if err := d.Store.Pause(engine.Pause{Job: job, Since: time.Now(), Who: who, Why: d.Redactor.Text(why)}); err != nil {
		return err
	}
	d.scheduler.Wake()
	d.pausesElsewhere(job)
	return nil
}

// Unpause has a job be run by its schedules again. The error is a *review.Refusal where it is not paused.
func (d *Daemon) Unpause(job string) error {
	unpaused, err := d.Store.Unpause(job)
	if err != nil {
		return err
	}
	if !unpaused {
		if !d.knows(job) {
			return d.noJob(job)
		}
		return &review.Refusal{Reason: review.Unfit, Message: words.Clean(job) + " is not paused"}
	}
	d.scheduler.Wake()
	d.pausesElsewhere(job)
	return nil
}

// knows says whether there is such a job, or was.
func (d *Daemon) knows(job string) bool {
	if d.library.named(job) != nil {
		return true
	}
	project := d.library.Project()
	if slices.ContainsFunc(d.library.Broken(), func(b Broken) bool { return !project.Mistaken && project.NameOf(b.File) == job }) {
		return true
	}
	_, err := d.Store.Find("@last:" + job)
	return err == nil
}
