package main

import (
	"errors"

	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

// commandsFor gives the commands for the history in a file: as short as they can be from here.
func (a *app) commandsFor(file string) review.Commands {
	c := review.Commands{Program: a.name, History: " --db " + typedDatabase(file), Project: a.projectFlags()}
	plain := *a // without the flags of this command line
	plain.project, plain.database = a.getenv(projectVariable), a.getenv(databaseVariable)
	if _, settings, err := plain.settings("."); err == nil {
		if usual, err := plain.databaseFile(settings); err == nil && typedDatabase(usual) == typedDatabase(file) {
			c.History = ""
		}
	}
	return c
}

// projectFlags gives the flags of this command line that say what a project is, but for its history.
func (a *app) projectFlags() (flags string) {
	for _, f := range []struct{ name, value, variable string }{
		{"project", a.project, projectVariable}, {"jobs", a.jobs, jobsVariable},
		{"profiles", a.profiles, profilesVariable}, {"secrets-dir", a.secretsDir, secretsDirVariable},
	} {
		if f.value != a.getenv(f.variable) {
			flags += " --" + f.name + " " + words.Argument(absolute(f.value))
		}
	}
	return flags
}

// unfound gives an error, of a run that was looked for, with the command that shows which runs there are.
func unfound(c review.Commands, err error) error {
	if errors.Is(err, history.ErrUnknownRun) || errors.Is(err, history.ErrAmbiguousRun) {
		return &exitError{exitFailed, err, "see which there are: " + c.Program + " history list" + c.History}
	}
	return err
}
