package web

import (
	"context"
	"net/http"
	"time"
)

const (
	manySearches = 2 // at once: they take long, and each takes a connection of those that read the history
	manyExports  = 2 // as many; one lasts as long as who it is for takes to fetch it
	searchWait   = time.Second
	searchAgain  = 10 * time.Second
)

// turns let in a few at once. They are made by newTurns.
type turns chan struct{}

// newTurns gives turns for so many at once.
func newTurns(many int) turns { return make(turns, many) }

// take waits a moment for a turn. It says whether there was one: then it is given back.
func (t turns) take(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	default:
	}
	late := time.NewTimer(searchWait)
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// release gives a turn back.
func (t turns) release() { <-t }

// takeSearch waits for the turn of a search. The error is a Problem where there are too many: so nobody has all connections to the history.
func (s *Site) takeSearch(ctx context.Context) error {
	if s.searches.take(ctx) {
		return nil
	}
	return &Problem{
		Status: http.StatusServiceUnavailable, RetryAfter: searchAgain, Message: "others search too, and only a few searches are done at once",
		Hint: "ask again in a while; a job and a shorter time make a search quick",
	}
}

// takeExport is takeSearch for an export.
func (s *Site) takeExport(ctx context.Context) error {
	if s.exports.take(ctx) {
		return nil
	}
	return &Problem{
		Status: http.StatusServiceUnavailable, RetryAfter: searchAgain, Message: "others export too, and only a few exports are written at once",
		Hint: "ask again in a while",
	}
}
