package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"snrun/auth"
	"snrun/auth/store/postgres"
	"snrun/engine"
	"snrun/engine/temporal"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// How long a workflow may be unknown to the server, or have ended without the end of its run being on record, before that counts.
const (
	unknownGrace = time.Minute
	endGrace     = 20 * time.Second
)

// errOther is the error of a server that does not know a run because it is none of its own.
var errOther = errors.New("another server")

// conductor asks a Temporal server what became of runs: a workflow that was terminated executes no code, and records nothing.
type conductor struct {
	temporal jobs.Temporal
	dial     func(context.Context) (*cluster, error)
	failed   func(error) // hears why it could not be asked; nil for nobody

	mu     sync.Mutex // held by who asks
	client client.Client
	server string // as cluster has it
}

// conductor asks over a connection that is there.
func (c *cluster) conductor() *conductor {
	return &conductor{temporal: c.Temporal, client: c.Client, server: c.server}
}

// Fates gives those runs of the namespace that go on no more.
func (c *conductor) Fates(ctx context.Context, runs []history.Conducted) (map[string]history.Fate, error) {
	fates, err := c.fates(ctx, runs)
	if err != nil && c.failed != nil {
		c.failed(err)
	}
	return fates, err
}

func (c *conductor) fates(ctx context.Context, runs []history.Conducted) (map[string]history.Fate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		found, err := c.dial(ctx)
		if err != nil {
			return nil, err
		}
		c.client, c.server = found.Client, found.server
	}
	fates := map[string]history.Fate{}
	var other error
	for _, run := range runs {
		if space, _ := temporal.SplitWorkflow(run.Workflow); space != c.temporal.Space() { // of which another project may know
			continue
		}
		fate, err := c.fate(ctx, run, time.Now())
		if err != nil && !errors.Is(err, errOther) {
			return fates, err
		}
		if other == nil {
			other = err
		}
		if fate != nil {
			fates[run.Run] = *fate
		}
	}
	return fates, other
}

// close gives the connection back, where it is its own.
func (c *conductor) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil && c.dial != nil {
		c.client.Close()
		c.client = nil
	}
}

// fate says how a run ended, nil where it goes on, or its end is about to be put on record.
func (c *conductor) fate(ctx context.Context, run history.Conducted, now time.Time) (*history.Fate, error) {
	_, id := temporal.SplitWorkflow(run.Workflow)
	got, err := c.client.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: c.temporal.Space(), Execution: &common.WorkflowExecution{WorkflowId: id},
	})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		if now.Sub(run.Since) < unknownGrace {
			return nil, nil
		}
		unknown := "the Temporal server does not know its workflow " + id
		switch {
		case run.Server == "" || run.Server == c.server:
			return interrupted(unknown + " any more"), nil
		case run.Cancelled:
			return &history.Fate{Status: engine.Cancelled, Error: &steps.Error{Kind: steps.Cancelled, Message: "it is cancelled, and " + unknown}}, nil
		}
		return nil, fmt.Errorf("run %s was begun on %w than the one at %s, or that has lost its data since: if the run goes on nowhere, end it: snrun cancel %s",
			run.Run, errOther, c.temporal.Address, run.Run)
	}
	if err != nil {
		return nil, err
	}
	info := got.GetWorkflowExecutionInfo()
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING || !isOf(info, run, now) {
		return nil, nil
	}
	return c.closed(ctx, info, now)
}

// isOf says whether a workflow is that of a run's latest attempt: an earlier one had the same id. While an attempt begins, it is not known
// yet what the server calls its workflow.
func isOf(info *workflow.WorkflowExecutionInfo, run history.Conducted, now time.Time) bool {
	if run.Began != "" {
		return run.Began == info.GetFirstRunId()
	}
	return run.Attempt <= 1 || now.Sub(run.Since) > unknownGrace
}

// closed says how a run ended whose workflow is closed.
func (c *conductor) closed(ctx context.Context, info *workflow.WorkflowExecutionInfo, now time.Time) (*history.Fate, error) {
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		by, err := c.terminatedBy(ctx, info.GetExecution())
		return interrupted("its workflow was terminated" + by), err
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return &history.Fate{Status: engine.Failed, Error: &steps.Error{Kind: steps.Timeout, Message: "its workflow took longer than the Temporal server lets it"}}, nil
	}
	if now.Sub(info.GetCloseTime().AsTime()) < endGrace { // as its last words are about to be
		return nil, nil
	}
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_CANCELED {
		return &history.Fate{Status: engine.Cancelled, Error: &steps.Error{Kind: steps.Cancelled, Message: "its workflow was cancelled"}}, nil
	}
	return interrupted("its workflow ended, and the run's end was not put on record"), nil
}

// terminatedBy says who terminated a workflow, and why, as far as the server knows.
func (c *conductor) terminatedBy(ctx context.Context, of *common.WorkflowExecution) (string, error) {
	got, err := c.client.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: c.temporal.Space(), Execution: of, HistoryEventFilterType: enums.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
	})
	if err != nil {
		return "", err
	}
	return wordsOf(got.GetHistory().GetEvents()), nil
}

// wordsOf gives who ended a workflow and why, as its last event has it; "" where that is not said.
func wordsOf(events []*historypb.HistoryEvent) string {
	if len(events) == 0 {
		return ""
	}
	end := events[len(events)-1].GetWorkflowExecutionTerminatedEventAttributes()
	text := ""
	if who := end.GetIdentity(); who != "" {
		text = " by " + words.InLine(who)
	}
	if why := end.GetReason(); why != "" {
		text += ": " + words.InLine(why)
	}
	return text
}

func interrupted(why string) *history.Fate {
	return &history.Fate{Status: engine.Interrupted, Error: &steps.Error{Kind: steps.Cancelled, Message: why}}
}

// conduct has a history ask the server that settings or a variable name before runs are read, where there is one. Failed hears why it
// cannot be asked. Done gives the connection back.
func (a *app) conduct(store *history.Store, dir string, s jobs.Settings, failed func(error)) (done func()) {
	database, err := a.databaseFile(s)
	if err != nil || !postgres.IsAddress(database) { // no run of a file is carried out elsewhere
		return func() {}
	}
	t, err := a.temporalOver(s.Temporal, remoteOptions{})
	if err != nil || t.Address == "" {
		return func() {}
	}
	c := &conductor{temporal: t, failed: failed}
	c.dial = func(ctx context.Context) (*cluster, error) { return a.connectTo(ctx, dir, s, remoteOptions{}) }
	store.Conduct(c)
	return c.close
}

// conductHere is conduct for a command in the folder of a project, which says once what it could not find out.
func (a *app) conductHere(store *history.Store) {
	dir, settings, err := a.settings(".")
	if err != nil { // what reads no settings shows what is on record
		return
	}
	var once sync.Once
	a.conduct(store, dir, settings, func(err error) {
		once.Do(func() {
			io.WriteString(a.err, "runs that Temporal carries out are shown as they are on record: "+words.InLine(err.Error())+"\n")
		})
	})
}

// connectTo connects to the server that flags, variables or the settings of a project name.
func (a *app) connectTo(ctx context.Context, dir string, s jobs.Settings, o remoteOptions) (*cluster, error) {
	place, err := a.storePlace(s)
	if err != nil {
		return nil, err
	}
	return a.connect(ctx, clusterOptions{remoteOptions: o, settings: s, secrets: func() *auth.Secrets { return a.secretsOf(dir, s, place) }, place: place})
}
