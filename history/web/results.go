package web

import (
	"crypto/rand"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	resultsLive = 10 * time.Minute
	maxResults  = 100 // are kept; the oldest go
)

// results are what came of deeds that have more to tell than a word. They are kept in memory for a while, each for who wanted it.
type results struct {
	mu   sync.Mutex
	kept map[string]result
}

// result is what came of something.
type result struct {
	Title string
	Back  string // where a visitor goes on
	Notes []string
	Lines []string // as a terminal would show them
	Error *Problem // nil where it was done
	Runs  []runResult

	of string
	at time.Time
}

// runResult is what came of one of several runs.
type runResult struct {
	Run   string   `json:"run"`
	Done  string   `json:"done,omitempty"`
	Text  string   `json:"-"`
	Note  string   `json:"note,omitempty"`
	Error *Problem `json:"error,omitempty"`
}

// keep gives the key of a result.
func (k *results) keep(r result) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]result{}
	}
	maps.DeleteFunc(k.kept, func(_ string, old result) bool { return time.Since(old.at) > resultsLive })
	for len(k.kept) >= maxResults {
		oldest := ""
		for key, old := range k.kept {
			if oldest == "" || old.at.Before(k.kept[oldest].at) {
				oldest = key
			}
		}
		delete(k.kept, oldest)
	}
	key := rand.Text()
	k.kept[key] = r
	return key
}

// showResult leads a visitor to a page with what came of something.
func (s *Site) showResult(w http.ResponseWriter, r *http.Request, res result) error {
	res.of, res.at = visitorOf(r).Name, time.Now()
	http.Redirect(w, r, path("results", s.results.keep(res)), http.StatusSeeOther)
	return nil
}

// result shows what came of something.
func (s *Site) result(w http.ResponseWriter, r *http.Request) error {
	s.results.mu.Lock()
	res, there := s.results.kept[r.PathValue("result")]
	s.results.mu.Unlock()
	if !there || res.of != visitorOf(r).Name || time.Since(res.at) > resultsLive {
		return &Problem{Status: http.StatusNotFound, Message: "what came of it is not kept any more", Hint: "look at the runs, and at: " + s.Commands.Audit()}
	}
	return s.show(w, r, "result", page{Title: res.Title, Here: res.Back, Body: res})
}
