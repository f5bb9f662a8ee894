package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
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
}

// clusterOptions say how a server is spoken to.
type clusterOptions struct {
	remoteOptions
	settings jobs.Settings
	secrets  *auth.Secrets
	place    *store.Place // whose key encrypts what travels
	log      *slog.Logger // nil for nobody
}

// connect connects to the server that flags, variables or settings name, and sees whether its namespace is there.
func (a *app) connect(ctx context.Context, o clusterOptions) (*cluster, error) {
	t, err := a.temporalServer(o.settings, o.remoteOptions)
	if err != nil {
		return nil, err
	}
	key, err := a.temporalKey(ctx, t, o.secrets)
	if err != nil {
		return nil, err
	}
	c := temporal.Connection{Address: t.Address, Namespace: t.Space(), APIKey: key, Log: o.log}
	if c.Keys, err = payloadKeys(o.place); err != nil {
		return nil, err
	}
	if c.TLS, err = tlsOf(t); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	found, err := c.Connect(ctx)
	if err != nil {
		return nil, unreached(t, err)
	}
	if err := checkNamespace(ctx, found, t); err != nil {
		found.Close()
		return nil, err
	}
	return &cluster{found, t}, nil
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

// payloadKeys gives the keys that encrypt what travels. A key that is not that of the store which all share is an error: nobody else could
// read what it encrypts.
func payloadKeys(place *store.Place) ([][]byte, error) {
	key, err := place.Derive(temporal.Purpose)
	if errors.Is(err, fs.ErrNotExist) {
		err = temporal.ErrNoKey
	}
	if err == nil {
		err = otherKey(place)
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
	return [][]byte{key}, nil
}

// otherKey gives an error where the store of a place was made with another key than is given.
func otherKey(place *store.Place) error {
	_, err := place.OpenExisting()
	if _, isKey := errors.AsType[*store.KeyError](err); isKey {
		return err
	}
	return nil // whatever else there is about the store, who needs it says
}

// tlsOf gives how the connection is encrypted, nil for not at all.
func tlsOf(t jobs.Temporal) (*tls.Config, error) {
	if !t.Encrypted() {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.TLS.ServerName}
	wrong := func(key string, err error) error {
		return &exitError{exitInvalid, fmt.Errorf("temporal.tls.%s: %w", key, err), "name files in the form PEM, which this user may read"}
	}
	if t.TLS.CAFile != "" {
		data, err := os.ReadFile(t.TLS.CAFile)
		if err != nil {
			return nil, wrong("ca_file", err)
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, wrong("ca_file", fmt.Errorf("there is no certificate in %s", t.TLS.CAFile))
		}
	}
	if t.TLS.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.TLS.CertFile, t.TLS.KeyFile)
		if err != nil {
			return nil, wrong("cert_file and key_file", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// unreached says why a server cannot be spoken to, and what to do.
func unreached(t jobs.Temporal, err error) error {
	var denied *serviceerror.PermissionDenied
	if errors.As(err, &denied) {
		return &exitError{exitSignIn, fmt.Errorf("the Temporal server at %s refuses this client: %w", t.Address, err), "see temporal.api_key and temporal.tls in snrun.yaml"}
	}
	hint := "see whether it runs there, and whether it wants TLS: temporal.tls in snrun.yaml, or an API key"
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", jobs.FormatDuration(answerLimit))
	}
	return &exitError{exitTransient, fmt.Errorf("the Temporal server at %s cannot be reached: %w", t.Address, err), hint}
}

// checkNamespace sees whether the namespace is there. A client that may not ask finds out later.
func checkNamespace(ctx context.Context, c client.Client, t jobs.Temporal) error {
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.Space()})
	var missing *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	switch {
	case err == nil, errors.As(err, &denied):
		return nil
	case errors.As(err, &missing):
		return &exitError{
			exitInvalid, fmt.Errorf("the Temporal server at %s has no namespace %q", t.Address, t.Space()),
			"name another one with --namespace, or make it: temporal operator namespace create -n " + t.Space(),
		}
	}
	return unreached(t, err)
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
