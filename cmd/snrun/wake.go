package main

import (
	"context"
	"time"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/history"
)

// wakeLimit is how long a command waits for a daemon's answer: one that gives none may hang.
const wakeLimit = 2 * time.Second

// wake tells the living daemons to look into the database. One that does not answer looks there by itself a second later.
func (a *app) wake(store *history.Store) {
	daemons, _ := store.Daemons()
	for i := range daemons {
		if daemons[i].Socket == "" {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), wakeLimit)
		_ = daemon.NewClient(daemons[i].Socket).Wake(ctx)
		cancel()
	}
}

// statusOf asks a daemon how it stands; nil where it does not answer.
func statusOf(d *engine.Daemon) *daemon.Status {
	if d == nil || d.Socket == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), wakeLimit)
	defer cancel()
	s, err := daemon.NewClient(d.Socket).Status(ctx)
	if err != nil {
		return nil
	}
	return &s
}
