package main

import (
	"errors"
	"slices"

	"snrun/auth/store/postgres"
	"snrun/engine"
)

// awayFor are the errors of a database that may be back soon.
var awayFor = [...]error{postgres.ErrGone, postgres.ErrBusy, engine.ErrLocked}

// patient takes an error that passes for none: workers go on with a run whether somebody looks or not. He is told once that nothing can be
// seen, and once that it can again.
func (f *follower) patient(err error) error {
	away := slices.ContainsFunc(awayFor[:], func(e error) bool { return errors.Is(err, e) })
	switch {
	case err != nil && !away:
		return err
	case away && !f.away:
		f.say("the workers go on with the run; what it does is seen here when the database is back: " + err.Error())
	case f.away && !away:
		f.say("the database is back")
	}
	if f.away = away; away {
		f.mark = "" // of what was looked at not all was seen
	}
	return nil
}
