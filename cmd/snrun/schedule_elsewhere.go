package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"snrun/auth/store/postgres"
	"snrun/engine/temporal/schedules"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
)

// askedFor bounds how long a command waits for the server that is not about it.
const askedFor = 5 * time.Second

// runsElsewhere says whether a Temporal server carries out what is due: where one is named, and the database is one that workers reach.
func (a *app) runsElsewhere(s jobs.Settings) (bool, error) {
	t, err := a.temporalOver(s.Temporal, remoteOptions{})
	if err != nil || t.Address == "" {
		return false, err
	}
	database, err := a.databaseFile(s)
	return err == nil && postgres.IsAddress(database), err
}

// triggerElsewhere hands a run over to the Temporal server.
func (a *app) triggerElsewhere(ctx context.Context, name string, o runOptions, wait bool) error {
	r, err := a.prepare(ctx, name, o)
	if err != nil {
		return err
	}
	defer r.store.Close()
	c, run, err := a.handedOver(ctx, r, remoteOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := a.print(run.ID + "\n"); err != nil {
		return err
	}
	if there, err := c.hasWorker(ctx); err == nil && !there {
		fmt.Fprintf(a.err, "no worker takes runs from the task queue %s in the namespace %s: the run waits for the next %s worker\n", c.Queue(), c.Space(), a.name)
	}
	if !wait {
		return nil
	}
	r.store.Conduct(c.conductor())
	return a.followTriggered(ctx, r.store, r.next, run.ID, followed)
}

// pauseElsewhere has the schedules that jobs have on the Temporal server be paused as the store says, or go on. Where the server cannot be
// asked, what the store says counts all the same.
func (a *app) pauseElsewhere(ctx context.Context, store *history.Store, names []string) {
	if err := a.pausesThere(ctx, store, names); err != nil {
		fmt.Fprintf(a.err, "the Temporal server was not told: %s\n  pauses count all the same, as they are in the database; what is paused on the server stays so until: %s apply\n", words.InLine(err.Error()), a.name)
	}
}

// pausesThere is pauseElsewhere for who tells of errors otherwise.
func (a *app) pausesThere(ctx context.Context, store *history.Store, names []string) error {
	p, _ := a.scheduledProject("")
	if p == nil || len(names) == 0 {
		return nil
	}
	if there, err := a.runsElsewhere(p.Settings); err != nil || !there {
		return err
	}
	return a.setPauses(ctx, p, store, names)
}

func (a *app) setPauses(ctx context.Context, p *project, store *history.Store, names []string) error {
	pauses, err := store.Pauses()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit/2)
	defer cancel()
	c, err := a.connectTo(ctx, p.Dir, p.Settings, remoteOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	of := schedules.Project{Queue: c.Queue(), Zone: a.localZone(), Pauses: pauses}
	var ids []string
	for _, name := range names {
		if job, _ := p.Load(name); job != nil {
			ids = append(ids, of.IDs(job)...)
		}
	}
	applying := schedules.Applying{Client: c, Namespace: c.Space(), Queue: c.Queue(), Now: time.Now()}
	return applying.SetPauses(ctx, names, ids, pauses)
}

// tellElsewhere says how the Temporal server has the schedules of jobs, where that is not as the project has them.
func (a *app) tellElsewhere(ctx context.Context, p *project, list []review.Job) {
	if there, err := a.runsElsewhere(p.Settings); err != nil || !there || len(list) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askedFor)
	defer cancel()
	now := time.Now()
	results, err := a.compared(ctx, p, list, now)
	if err != nil {
		text := words.InLine(err.Error())
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			text = "no answer within " + jobs.FormatDuration(askedFor)
		}
		io.WriteString(a.err, "how the Temporal server has the schedules is not known: "+text+"\n")
		return
	}
	io.WriteString(a.err, a.differences(results, now))
}

// compared gives what applying jobs would change.
func (a *app) compared(ctx context.Context, p *project, list []review.Job, now time.Time) ([]schedules.Result, error) {
	var names []string
	var loaded []*jobs.Job
	for _, j := range list {
		if job, err := p.Load(j.Job); err == nil && !j.Broken {
			names, loaded = append(names, job.Name), append(loaded, job)
		}
	}
	c, err := a.connectTo(ctx, p.Dir, p.Settings, remoteOptions{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	wanted, err := a.wantedSchedules(p, loaded, now)
	if err != nil {
		return nil, err
	}
	applying := schedules.Applying{Client: c, Namespace: c.Space(), Queue: c.Queue(), Dry: true, Now: now}
	return applying.Apply(ctx, names, wanted)
}

// differences say which schedules a server has otherwise.
func (a *app) differences(results []schedules.Result, now time.Time) string {
	var notes remarks
	for _, r := range results {
		of, apply := r.Job+" "+cmp.Or(r.Line, r.ID), a.name+" apply "+words.Argument(r.Job)
		switch {
		case r.Became == schedules.Created:
			notes.add(of, "it is not on the Temporal server", "have it run there: "+apply)
		case r.Became == schedules.Deleted:
			notes.add(of, "the job does not have it any more, and the Temporal server does", "delete it: "+apply)
		case !r.Ends.IsZero() && !r.Ends.After(now):
			notes.add(of, "the Temporal server has no times of it since "+r.Ends.Format(time.DateOnly), "apply it again: "+apply)
		case !r.Ends.IsZero() && r.Ends.Before(now.Add(schedules.Soon)):
			notes.add(of, "the Temporal server has its times until "+r.Ends.Format(time.DateOnly), "apply it again before: "+apply)
		case r.Became == schedules.Updated:
			notes.add(of, "the Temporal server runs it as it was applied last, which is not as it is now", "bring it up to date: "+apply)
		case r.Became == schedules.Refused:
			notes.add(of, r.Why, "")
		}
		if r.Paused != "" && !schedules.ByUs(r.Paused) {
			notes.add(of, "it is paused on the Temporal server: "+r.Paused, "have it go on there; "+a.name+" leaves it as it is")
		}
	}
	return notes.String()
}
