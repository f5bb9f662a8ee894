package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/jobs"
	"snrun/steps"
	"snrun/steps/all"
)

// kinds are all kinds of step.
func kinds() steps.Set { return steps.NewSet(append(jobs.Kinds(), all.Kinds()...)...) }

// databaseFile is the database of the history: the file, or the address of one in PostgreSQL, that the settings say, else the file in the
// XDG state folder.
func (a *app) databaseFile(s jobs.Settings) (string, error) {
	if s.Database != "" {
		return a.checked(s.Database)
	}
	state := a.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the XDG specification has relative paths ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", &exitError{exitFailed, err, "name the database with --db FILE or " + databaseVariable}
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "snrun", "snrun.db"), nil
}

// keyringVariable switches the keyring of the system off.
const keyringVariable = "SNRUN_KEYRING"

// storePlace is where tokens and secrets are kept: beside the database, as NAME-auth, or in it where it is on a server.
func (a *app) storePlace(s jobs.Settings) (*store.Place, error) {
	file, err := a.databaseFile(s)
	if err != nil {
		return nil, err
	}
	a.redactor.Add(a.getenv(store.KeyVariable))
	if text := a.getenv(store.KeyFileVariable); isKey(text) { // in the wrong variable, whose file an error would name
		a.redactor.Add(text)
	}
	p := &store.Place{Getenv: a.getenv, Program: a.name}
	if postgres.IsAddress(file) {
		p.Server, err = postgres.Parse(file)
	} else {
		p.File = storeBeside(file)
	}
	if err != nil {
		return nil, err
	}
	switch text := a.getenv(keyringVariable); text {
	case "", "on":
		p.Keyring = store.OSKeyring{}
	case "off":
	default:
		return nil, usageError("write off to leave the keyring of this system alone, or nothing", "%s is %q", keyringVariable, text)
	}
	return p, nil
}

// storeBeside names the file in which tokens and secrets are that belong to a history in a file.
func storeBeside(file string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + "-auth" + ext
}

func isKey(text string) bool {
	_, err := store.ParseKey(text)
	return err == nil
}

// historyFile is the file of the history that is read: the project's of this folder.
func (a *app) historyFile() (string, error) {
	settings := jobs.Settings{}
	if a.database != "" {
		settings.Database = absoluteDatabase(a.database) // whatever else the settings say
	} else {
		var err error
		if _, settings, err = a.settings("."); err != nil {
			err = invalid("the settings have mistakes", err)
			if exit, ok := errors.AsType[*exitError](err); ok && exit.code == exitInvalid {
				exit.hint = "name the database, and the settings are not needed: --db FILE"
			}
			return "", err
		}
	}
	return a.databaseFile(settings)
}

// readHistory opens the history for reading, and has a Temporal server be asked what became of its runs. The error is history.ErrNoRuns where none
// was ever written.
func (a *app) readHistory() (*history.Store, review.Commands, error) {
	store, next, err := a.recorded()
	if err == nil {
		a.conductHere(store)
	}
	return store, next, err
}

// recorded opens the history to read what is on record.
func (a *app) recorded() (*history.Store, review.Commands, error) {
	file, err := a.historyFile()
	if err != nil {
		return nil, review.Commands{}, err
	}
	store, err := history.OpenReadOnly(file)
	return store, a.commandsFor(file), err
}

// updating is what is said where an older history is brought up to date, and that takes long.
const updating = "the history was made by an older snrun and is brought up to date: that takes a while, once"

// openHistory opens a history to write to it. Who waits for long because an older one is brought up to date is told so.
func (a *app) openHistory(file string) (*history.Store, error) {
	return history.Open(file, history.Options{Updating: func() { io.WriteString(a.err, updating+"\n") }})
}

// userAgent is how snrun introduces itself to servers.
const userAgent = "snrun/" + version

// engine makes the engine for one run, in view of whoever watches, and the keyring that signs its requests in. Who is done with
// it closes the keyring.
func (a *app) engine(r *prepared, v view) (*engine.Engine, *auth.Keyring, error) {
	keys, err := a.keyring(r, func(e auth.TokenEvent) { tokenEvent(v, e) })
	if err != nil {
		return nil, nil, err
	}
	return engine.New(traced(engine.Config{
		Journal: r.store, Clients: keys, Redactor: a.redactor, Watch: r.watch(v), Dir: r.project.Dir, UserAgent: userAgent,
		Sealer: sealerOf(r.project.store),
	}, r.tracer)), keys, nil
}

// keyring makes what signs the requests of one run in. Who is done with it closes it.
func (a *app) keyring(r *prepared, notify func(auth.TokenEvent)) (*auth.Keyring, error) {
	keys, err := auth.NewKeyring(r.profiles, auth.Options{
		Redactor: a.redactor, Dir: r.project.Dir, Store: r.tokens, Program: a.name, UserAgent: userAgent, Limits: a.limits, Notify: notify,
	})
	if err != nil {
		return nil, &exitError{code: exitInvalid, err: err}
	}
	return keys, nil
}

// sealerOf encrypts under the key of a place; nil where there is none.
func sealerOf(p *store.Place) engine.Sealer {
	if p == nil {
		return nil
	}
	if s := p.Sealer(); s != nil {
		return s
	}
	return nil // and not a nil of another type
}

// tokenEvent tells of a new token.
func tokenEvent(v view, e auth.TokenEvent) {
	if event, tells := engine.SignedIn(e, time.Now()); tells {
		v.event(event)
	}
}

// environment gives the variables as expressions see them. Secrets are not among them: they are secret.NAME. The key of all
// secrets is nothing for a job.
func (a *app) environment() map[string]any {
	env := map[string]any{}
	for _, entry := range a.environ {
		if name, value, ok := strings.Cut(entry, "="); ok && !strings.HasPrefix(name, secretVariable) && name != store.KeyVariable {
			env[name] = value
		}
	}
	return env
}
