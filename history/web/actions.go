package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history/words"
	"snrun/jobs"
)

// maxBulk is how many runs may be dealt with at once.
const maxBulk = 200

// back leads a visitor to a page that says what was done.
func back(w http.ResponseWriter, r *http.Request, done deedDone, to ...string) error {
	http.Redirect(w, r, path(to...)+"?"+url.Values{"done": {done.Word}}.Encode(), http.StatusSeeOther)
	return nil
}

// ofRun does to the run of a path what make says, and leads to the run that is about.
func (s *Site) ofRun(w http.ResponseWriter, r *http.Request, make func(run string) (deed, error)) error {
	id, unfound := s.Store.Find(r.PathValue("run"))
	d, err := make(cmp.Or(id, r.PathValue("run")))
	if err = cmp.Or(unfound, err); err != nil {
		s.audit(r, d, deedDone{}, err)
		return err
	}
	done, err := s.carryOut(r, d)
	if err != nil {
		return err
	}
	return back(w, r, done, "runs", done.Run)
}

// postResume has a run go on.
func (s *Site) postResume(w http.ResponseWriter, r *http.Request) error {
	return s.ofRun(w, r, func(run string) (deed, error) {
		how, err := goingOn(r, r.FormValue("assume"), r.FormValue("job"))
		return s.resume(run, how), err
	})
}

// postRetry has the failed items of a run be tried again.
func (s *Site) postRetry(w http.ResponseWriter, r *http.Request) error {
	return s.ofRun(w, r, func(run string) (deed, error) {
		how, err := goingOn(r, r.FormValue("assume"), "")
		how.FailedItems = true
		return s.resume(run, how), err
	})
}

// goingOn reads how a run is to go on: assume is done, redo or nothing, job original, current or nothing.
func goingOn(r *http.Request, assume, job string) (daemon.GoingOn, error) {
	how := daemon.GoingOn{Who: visitorOf(r).Name, Current: job == "current", Original: job == "original"}
	switch assume {
	case "":
	case "done":
		how.Assume = engine.AssumeDone
	case "redo":
		how.Assume = engine.AssumeRedo
	default:
		return how, wrong("there is no assume "+words.Argument(assume), "write done or redo, or nothing")
	}
	if job != "" && job != "original" && job != "current" {
		return how, wrong("there is no job "+words.Argument(job)+" to go on with", "write original or current, or nothing")
	}
	return how, nil
}

// wrong is the Problem of a request that no form of the pages makes.
func wrong(message, hint string) error {
	return &Problem{Status: http.StatusBadRequest, Message: message, Hint: hint}
}

// postCancel ends a run.
func (s *Site) postCancel(w http.ResponseWriter, r *http.Request) error {
	return s.ofRun(w, r, func(run string) (deed, error) { return s.cancel(run, visitorOf(r).Name), nil })
}

// postRerun has the job of a run be run again.
func (s *Site) postRerun(w http.ResponseWriter, r *http.Request) error {
	return s.ofRun(w, r, func(run string) (deed, error) { return s.rerun(run), nil })
}

// postRun has a job be run, with the inputs that the form has as input.NAME. What is left empty is as the job says.
func (s *Site) postRun(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("job")
	job, err := s.Daemon.Job(name)
	if err != nil {
		_, err = s.carryOut(r, s.runJob(name, nil)) // which says the same, and is on record
		return err
	}
	inputs, err := inputsOf(r, job)
	if err != nil {
		s.audit(r, s.runJob(name, nil), deedDone{}, err)
		return err
	}
	done, err := s.carryOut(r, s.runJob(name, inputs))
	if err != nil {
		return err
	}
	return back(w, r, done, "runs", done.Run)
}

// inputsOf reads the inputs of a form.
func inputsOf(r *http.Request, job *jobs.Job) (map[string]any, error) {
	if err := r.ParseForm(); err != nil {
		return nil, wrong("the form cannot be read: "+err.Error(), "")
	}
	inputs := map[string]any{}
	var mistakes []string
	for _, field := range slices.Sorted(maps.Keys(r.PostForm)) {
		name, is := strings.CutPrefix(field, "input.")
		text := r.PostForm.Get(field)
		if !is || text == "" {
			continue
		}
		value, err := job.Inputs.FromText(name, text)
		if err != nil {
			mistakes = append(mistakes, err.Error())
		}
		inputs[name] = value
	}
	if len(mistakes) > 0 {
		return nil, &Problem{
			Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("the inputs do not fit the job %s: %s", job.Name, strings.Join(mistakes, "; ")),
			Hint: "go back, and write others",
		}
	}
	return inputs, nil
}

// postPause has a job not be run by its schedules.
func (s *Site) postPause(w http.ResponseWriter, r *http.Request) error {
	why := cut(words.InLine(r.FormValue("why")))
	return s.ofJob(w, r, s.pause(r.PathValue("job"), visitorOf(r).Name, why))
}

// postUnpause has a job be run by its schedules again.
func (s *Site) postUnpause(w http.ResponseWriter, r *http.Request) error {
	return s.ofJob(w, r, s.unpause(r.PathValue("job")))
}

// ofJob does something to the job of a path, and leads to it.
func (s *Site) ofJob(w http.ResponseWriter, r *http.Request, d deed) error {
	done, err := s.carryOut(r, d)
	if err != nil {
		return err
	}
	return back(w, r, done, "jobs", r.PathValue("job"))
}

// postTest tests a profile, and shows what was told step by step.
func (s *Site) postTest(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("profile")
	return s.ofProfile(w, r, "Test of the profile "+name, s.testProfile(name))
}

// postReset forgets the tokens of a profile.
func (s *Site) postReset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("profile")
	return s.ofProfile(w, r, "Reset of the profile "+name, s.resetProfile(name))
}

// ofProfile does something to the profile of a path, and shows what came of it.
func (s *Site) ofProfile(w http.ResponseWriter, r *http.Request, title string, d deed) error {
	if err := s.knownProfile(r.PathValue("profile")); err != nil {
		s.audit(r, d, deedDone{}, err)
		return err
	}
	done, err := s.carryOut(r, d)
	res := result{Title: title, Back: "/profiles", Lines: done.Details}
	if err != nil {
		res.Error = problemOf(err)
	}
	return s.showResult(w, r, res)
}

// knownProfile says that there is no profile of a name, nil where there is.
func (s *Site) knownProfile(name string) error {
	if _, there := s.Daemon.Project().Profiles[name]; !there {
		return &Problem{Status: http.StatusNotFound, Message: "the project has no profile " + words.Argument(name)}
	}
	return nil
}

// postBulk deals with several runs in one way, and shows what came of each.
func (s *Site) postBulk(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return wrong("the form cannot be read: "+err.Error(), "")
	}
	runs := slices.Compact(slices.Sorted(slices.Values(r.PostForm["run"])))
	list, err := s.bulk(r, r.PostForm.Get("action"), runs)
	if err != nil {
		return err
	}
	failed := 0
	for _, one := range list {
		if one.Error != nil {
			failed++
		}
	}
	notes := []string{fmt.Sprintf("%s: %d done, %d not.", words.Plural(len(list), "run"), len(list)-failed, failed)}
	return s.showResult(w, r, result{Title: "Several runs: " + strings.ReplaceAll(r.PostForm.Get("action"), "_current", " with the job of now"), Back: "/runs", Notes: notes, Runs: list})
}

// bulk deals with several runs: all are begun before any is waited for. The action is resume, resume_current (with
// the job as it is now), retry or cancel.
func (s *Site) bulk(r *http.Request, action string, runs []string) ([]runResult, error) {
	switch {
	case action != "resume" && action != "resume_current" && action != "retry" && action != "cancel":
		return nil, wrong("there is no action "+words.Argument(action), "write resume, resume_current, retry or cancel")
	case len(runs) == 0:
		return nil, wrong("no run is chosen", "go back, and choose some")
	case len(runs) > maxBulk:
		return nil, wrong(fmt.Sprintf("%d runs are chosen: no more than %d are dealt with at once", len(runs), maxBulk), "choose fewer")
	}
	deeds, started := make([]deed, len(runs)), make([]begun, len(runs))
	for i, run := range runs {
		deeds[i] = s.bulkDeed(r, action, run)
		started[i] = s.begin(r, deeds[i])
	}
	ctx, cancel := context.WithTimeout(r.Context(), beginsWithin)
	defer cancel()
	list := make([]runResult, len(runs))
	for i := range runs {
		done, err := s.finish(ctx, r, deeds[i], started[i])
		list[i] = runResult{Run: runs[i], Done: done.Word, Text: outcomes()[done.Word], Note: done.Note}
		if err != nil {
			list[i].Error = problemOf(err)
		}
	}
	return list, nil
}

// bulkDeed is what is done to one of several runs.
func (s *Site) bulkDeed(r *http.Request, action, run string) deed {
	who := visitorOf(r).Name
	if action == "cancel" {
		return s.cancel(run, who)
	}
	return s.resume(run, daemon.GoingOn{Who: who, FailedItems: action == "retry", Current: action == "resume_current"})
}
