package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"snrun/history/words"
)

// deedOperations are what programs can have done. Each is what a form of the pages does too.
func deedOperations() []operation {
	return []operation{
		{"POST", "/runs/bulk", Operator, nil, (*Site).apiBulk},
		{"POST", "/runs/{run}/resume", Operator, nil, (*Site).apiResume},
		{"POST", "/runs/{run}/retry", Operator, nil, (*Site).apiRetry},
		{"POST", "/runs/{run}/cancel", Operator, nil, (*Site).apiCancel},
		{"POST", "/runs/{run}/rerun", Operator, nil, (*Site).apiRerun},
		{"POST", "/jobs/{job}/run", Operator, nil, (*Site).apiRunJob},
		{"POST", "/jobs/{job}/pause", Operator, nil, (*Site).apiPause},
		{"POST", "/jobs/{job}/unpause", Operator, nil, (*Site).apiUnpause},
		{"POST", "/profiles/{profile}/test", Operator, nil, (*Site).apiTest},
		{"POST", "/profiles/{profile}/reset", Operator, nil, (*Site).apiReset},
	}
}

// done does what a program wants.
func (s *Site) done(a *ask, d deed) (any, error) {
	done, err := s.carryOut(a.Request, d)
	if err != nil {
		p := *problemOf(err)
		p.Details = done.Details
		return nil, &p
	}
	return done, nil
}

// beginsRun does what begins a new run, and says where that is.
func (s *Site) beginsRun(a *ask, d deed) (any, error) {
	answer, err := s.done(a, d)
	if done, is := answer.(deedDone); is && done.Run != "" {
		a.w.Header().Set("Location", apiPath+path("runs", done.Run))
		a.status = http.StatusCreated
	}
	return answer, err
}

func (s *Site) apiResume(a *ask) (any, error) {
	body, err := a.body("assume", "job")
	if err != nil {
		return nil, err
	}
	return s.goOn(a, body, false)
}

func (s *Site) apiRetry(a *ask) (any, error) {
	body, err := a.body("assume")
	if err != nil {
		return nil, err
	}
	return s.goOn(a, body, true)
}

// goOn has a run go on as a body says.
func (s *Site) goOn(a *ask, body map[string]any, failedItems bool) (any, error) {
	run, err := a.run(s)
	if err != nil {
		return nil, err
	}
	assume, err := wordOf(body, "assume")
	if err != nil {
		return nil, err
	}
	job, err := wordOf(body, "job")
	if err != nil {
		return nil, err
	}
	how, err := goingOn(a.Request, assume, job)
	if err != nil {
		return nil, err
	}
	how.FailedItems = failedItems
	return s.done(a, s.resume(run, how))
}

func (s *Site) apiCancel(a *ask) (any, error) {
	run, err := a.runAlone(s)
	if err != nil {
		return nil, err
	}
	return s.done(a, s.cancel(run, visitorOf(a.Request).Name))
}

func (s *Site) apiRerun(a *ask) (any, error) {
	run, err := a.runAlone(s)
	if err != nil {
		return nil, err
	}
	return s.beginsRun(a, s.rerun(run))
}

// runAlone gives the run of the path, of a request that says nothing else.
func (a *ask) runAlone(s *Site) (string, error) {
	if _, err := a.body(); err != nil {
		return "", err
	}
	return a.run(s)
}

// bulkAnswer is what came of several runs.
type bulkAnswer struct {
	Done   int          `json:"done"`
	Failed int          `json:"failed"`
	Runs   []bulkResult `json:"runs"`
}

// bulkResult is what came of one of them.
type bulkResult struct {
	Run   string   `json:"run"`
	Done  string   `json:"done,omitempty"`
	Note  string   `json:"note,omitempty"`
	Error *Problem `json:"error"`
}

func (s *Site) apiBulk(a *ask) (any, error) {
	body, err := a.body("action", "runs")
	if err != nil {
		return nil, err
	}
	action, err := wordOf(body, "action")
	if err != nil {
		return nil, err
	}
	runs, err := wordsOf(body, "runs")
	if err != nil {
		return nil, err
	}
	list, err := s.bulk(a.Request, action, slices.Compact(slices.Sorted(slices.Values(runs))))
	if err != nil {
		return nil, err
	}
	answer := bulkAnswer{Runs: []bulkResult{}}
	for _, r := range list {
		answer.Runs = append(answer.Runs, bulkResult{r.Run, r.Done, r.Note, r.Error})
		if r.Error != nil {
			answer.Failed++
		} else {
			answer.Done++
		}
	}
	return answer, nil
}

// wordsOf gives a key of a body that is a list of texts.
func wordsOf(body map[string]any, key string) ([]string, error) {
	list, is := body[key].([]any)
	if !is && body[key] != nil {
		return nil, wrong(key+" is no list", "")
	}
	var texts []string
	for i, v := range list {
		text, is := v.(string)
		if !is {
			return nil, wrong(fmt.Sprintf("%s[%d] is no text", key, i), "")
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func (s *Site) apiRunJob(a *ask) (any, error) {
	body, err := a.body("inputs")
	if err != nil {
		return nil, err
	}
	inputs, is := body["inputs"].(map[string]any)
	if !is && body["inputs"] != nil {
		return nil, wrong("inputs is no object", "write the inputs by their names")
	}
	return s.beginsRun(a, s.runJob(a.PathValue("job"), inputs))
}

func (s *Site) apiPause(a *ask) (any, error) {
	body, err := a.body("why")
	if err != nil {
		return nil, err
	}
	why, err := wordOf(body, "why")
	if err != nil {
		return nil, err
	}
	return s.done(a, s.pause(a.PathValue("job"), visitorOf(a.Request).Name, cut(words.InLine(why))))
}

func (s *Site) apiUnpause(a *ask) (any, error) {
	if _, err := a.body(); err != nil {
		return nil, err
	}
	return s.done(a, s.unpause(a.PathValue("job")))
}

func (s *Site) apiTest(a *ask) (any, error) {
	return s.profileDone(a, s.testProfile(a.PathValue("profile")))
}

func (s *Site) apiReset(a *ask) (any, error) {
	return s.profileDone(a, s.resetProfile(a.PathValue("profile")))
}

// profileDone does something to the profile of the path.
func (s *Site) profileDone(a *ask, d deed) (any, error) {
	if _, err := a.body(); err != nil {
		return nil, err
	}
	if err := s.knownProfile(a.PathValue("profile")); err != nil {
		d.do = func(context.Context) (deedDone, error) { return deedDone{}, err }
	}
	return s.done(a, d)
}
