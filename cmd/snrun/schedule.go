package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "See when jobs run by themselves, and steer it",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(
		a.scheduleListCommand(), a.scheduleNextCommand(), a.scheduleWhyCommand(), a.scheduleTriggerCommand(), a.schedulePauseCommand(), a.scheduleResumeCommand(),
	)
	return cmd
}

// scheduledJob reads a job for its schedules: its secrets are of no interest here. The outcome is what mistakes lead to.
func (a *app) scheduledJob(name, outcome string) (*jobs.Job, error) {
	p, wrong := a.scheduledProject(outcome)
	if p == nil {
		return nil, wrong
	}
	job, err := p.Load(name)
	if more := (source.Errors)(nil); err != nil && !errors.As(err, &more) {
		return nil, usageError(a.noJobHint(p, name), "%w", err)
	}
	if err != nil { // it may come of those in the profiles
		return nil, mistakes(outcome, wrong, err)
	}
	return job, nil
}

// scheduledProject reads the project of this folder without looking for its secrets. With mistakes in its profiles it gives those and the
// project.
func (a *app) scheduledProject(outcome string) (*project, error) {
	dir, settings, err := a.settings(".")
	if err != nil {
		return nil, invalid(outcome, err)
	}
	p, err := jobs.Open(dir, settings, jobs.Options{Kinds: kinds()})
	if p == nil {
		return nil, invalid(outcome, err)
	}
	return &project{Project: p}, invalid(outcome, err)
}

// unscheduled says that a job has no schedule, and what starts it.
func (a *app) unscheduled(job string) string {
	return fmt.Sprintf("%s has no schedule: it runs when it is told to: %s run %s\n", words.Clean(job), a.name, words.Argument(job))
}
