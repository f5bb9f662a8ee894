package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/engine/temporal"
	"snrun/jobs"
)

// answerLimit is how long a Temporal server has to answer before it counts as one that cannot be reached.
const answerLimit = 10 * time.Second

// cluster is a Temporal server that a command speaks to.
type cluster struct {
	client.Client
	jobs.Temporal
	key    string // the name of that which encrypts what travels
	server string // the id that the server has given the namespace: another server has another one
}

// clusterOptions say how a server is spoken to.
type clusterOptions struct {
	remoteOptions
	settings jobs.Settings
	secrets  func() *auth.Secrets // as they are when it is called
	place    *store.Place         // whose key encrypts what travels
	log      *slog.Logger         // nil for nobody
}

// connect connects to the server that flags, variables or settings name, and sees whether its namespace is there.
func (a *app) connect(ctx context.Context, o clusterOptions) (*cluster, error) {
	t, err := a.temporalServer(o.settings, o.remoteOptions)
	if err != nil {
		return nil, err
	}
	c := temporal.Connection{Address: t.Address, Namespace: t.Space(), APIKey: a.temporalKey(t, o.secrets), Log: o.log}
	if c.Keys, err = payloadKeys(o.place); err != nil {
		return nil, err
	}
	if c.TLS, err = tlsOf(t, o.log); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	found, err := c.Connect(limited)
	if err != nil {
		return nil, unreached(ctx, t, c.TLS, err)
	}
	made := &cluster{Client: found, Temporal: t, key: temporal.KeyName(c.Keys[0])}
	if made.server, err = made.namespace(limited); err != nil {
		found.Close()
		return nil, err
	}
	return made, nil
}

// sharedDatabase gives the database of settings, and an error where other machines do not reach it.
func (a *app) sharedDatabase(s jobs.Settings) (string, error) {
	database, err := a.databaseFile(s)
	if err == nil {
		err = shared(database)
	}
	return database, err
}

// shared gives an error where the database is one that other machines do not reach.
func shared(database string) error {
	if postgres.IsAddress(database) {
		return nil
	}
	return &exitError{
		exitInvalid, errors.New("runs that Temporal carries out need a database that all workers reach, and " + database + " is a file"),
		"name a PostgreSQL database, as postgres://USER@HOST/NAME: database in snrun.yaml, --db or " + databaseVariable,
	}
}

// payloadKeys gives the keys that encrypt what travels: that of the store, then those that it had before, under which runs may have begun. A key that is not that of the store which all share is an error: nobody else could
// read what it encrypts.
func payloadKeys(place *store.Place) ([][]byte, error) {
	key, err := place.Derive(temporal.Purpose)
	if errors.Is(err, fs.ErrNotExist) {
		err = temporal.ErrNoKey
	}
	if err == nil {
		err = otherKey(place)
	}
	var older [][]byte
	if err == nil {
		older, err = place.DeriveOlder(temporal.Purpose)
	}
	if file, isFile := errors.AsType[*store.FileError](err); isFile { // nothing is known of a key
		code := exitFailed
		if postgres.Passes(err) {
			code = exitTransient
		}
		return nil, &exitError{code, err, cmp.Or(file.Hint, "see whether the database is there, and its address right: database in snrun.yaml, --db or "+databaseVariable)}
	}
	if err != nil {
		return nil, &exitError{exitInvalid, err, "set the same key on all machines, in " + store.KeyVariable + " or " + store.KeyFileVariable + "; one is made by: snrun key new FILE"}
	}
	return append([][]byte{key}, older...), nil
}

// otherKey gives an error where the store of a place was made with another key than is given.
func otherKey(place *store.Place) error {
	_, err := place.OpenExisting()
	if _, isKey := errors.AsType[*store.KeyError](err); isKey {
		return err
	}
	return nil // whatever else there is about the store, who needs it says
}

// polledWithin is how long ago a worker has asked at most that is there: it waits a minute for an answer, then asks anew. The server
// remembers longer who asked.
const polledWithin = 75 * time.Second

// hasWorker says whether any worker has asked lately for what the task queue has.
func (c *cluster) hasWorker(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	queue, err := c.DescribeTaskQueue(ctx, c.Queue(), enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(queue.GetPollers(), func(p *taskqueue.PollerInfo) bool {
		return time.Since(p.GetLastAccessTime().AsTime()) < polledWithin
	}), nil
}

// version is what workers of this program are built of, as far as runs are pinned to that.
func (c *cluster) version() temporal.Version {
	if c.Deployment == "" {
		return temporal.Version{}
	}
	return temporal.Version{Deployment: c.Deployment, Build: cmp.Or(c.BuildID, version)}
}
