package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	account "os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

func (a *app) schedulePauseCommand() *cobra.Command {
	var all bool
	var why string
	cmd := &cobra.Command{
		Use:   "pause JOB...",
		Short: "Have jobs not run by their schedules",
		Long: `Have jobs not run by their schedules until they are resumed, by no daemon on this database. Their due times are recorded
as skipped meanwhile, and are not caught up with. Runs that go on or wait do so, and snrun run and snrun schedule trigger
start further ones. On a Temporal server that settings name their schedules are paused too, and nothing is recorded.`,
		Example: `  snrun schedule pause incident_sync --why "the server is being moved, see CHG-1042"
  snrun schedule pause --all`,
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.namedJobs(cmd, args, all)
			if err != nil {
				return err
			}
			return a.changePauses(cmd.Context(), func(p *pausing) error { return p.pause(names, why) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all jobs of the project that have a schedule")
	cmd.Flags().StringVar(&why, "why", "", "the reason, for whoever wonders")
	return cmd
}

func (a *app) scheduleResumeCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "resume JOB...",
		Short: "Have paused jobs run by their schedules again",
		Long: `Have paused jobs run by their schedules again, from their next due time on. What was due while they were paused is not
caught up with: snrun schedule trigger runs a job once.`,
		Example: `  snrun schedule resume incident_sync
  snrun schedule resume --all`,
		ValidArgsFunction: a.completePaused,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 == all {
				return oneOrAll(cmd)
			}
			return a.changePauses(cmd.Context(), func(p *pausing) error { return p.resume(args, all) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all jobs that are paused")
	return cmd
}

// oneOrAll is the mistake of naming neither jobs nor --all, or both.
func oneOrAll(cmd *cobra.Command) error {
	return usageError("see: "+cmd.CommandPath()+" --help", "schedule %s takes names of jobs, or --all", cmd.Name())
}

// namedJobs gives the names of jobs of the project: those that are named, or all that have a schedule.
func (a *app) namedJobs(cmd *cobra.Command, args []string, all bool) ([]string, error) {
	if len(args) > 0 == all {
		return nil, oneOrAll(cmd)
	}
	p, err := a.scheduledProject("nothing was changed")
	if p == nil {
		if !all && a.database != "" && a.haveRun(args) {
			return args, nil // a pause must not wait until the settings are mended
		}
		return nil, err
	}
	if !all {
		return args, a.knownJobs(p, args)
	}
	var names []string
	for _, file := range p.Files() {
		if job, _ := p.Load(file); job != nil && len(job.Schedules) > 0 && !slices.Contains(names, job.Name) {
			names = append(names, job.Name)
		}
	}
	if len(names) == 0 {
		return nil, &exitError{exitFailed, errors.New("no job of the project has a schedule"), "see: " + a.name + " explain schedule"}
	}
	return names, nil
}

// haveRun says whether all names are of jobs that the database knows.
func (a *app) haveRun(names []string) bool {
	store, _, err := a.readHistory()
	if err != nil {
		return false
	}
	defer store.Close()
	plans, _ := store.Plans(time.Now())
	for _, name := range names {
		_, err := store.Find("@last:" + name)
		if err != nil && !slices.ContainsFunc(plans, func(p engine.Plan) bool { return p.Job == name }) {
			return false
		}
	}
	return true
}

// knownJobs says which of the names is of no job.
func (a *app) knownJobs(p *project, names []string) error {
	if len(names) == 0 {
		return nil
	}
	known := p.Names()
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if _, err := p.Find(name); err != nil {
			return usageError(a.noJobHint(p, name), "%w", err)
		}
		return usageError("", "%s is a file: write the name of its job", words.Argument(name))
	}
	return nil
}

// pausing is what changing pauses works with.
type pausing struct {
	*app
	store  *history.Store
	next   review.Commands
	paused map[string]engine.Pause // those before
	names  []string                // those that are to be changed
	told   strings.Builder         // what was changed so far
}

// changePauses changes which jobs are paused, has the daemons know, and tells what was changed.
func (a *app) changePauses(ctx context.Context, change func(p *pausing) error) error {
	store, next, err := a.changeHistory()
	if err != nil {
		return err
	}
	defer store.Close()
	paused, err := store.Pauses()
	if err != nil {
		return err
	}
	p := &pausing{app: a, store: store, next: next, paused: paused}
	err = change(p)
	a.wake(store)
	io.WriteString(a.err, p.told.String())
	a.pauseElsewhere(ctx, store, p.names)
	return err
}

// pause pauses jobs. Of one that is paused already the newer reason counts.
func (p *pausing) pause(names []string, why string) error {
	p.names = names
	for _, name := range names {
		if before, already := p.paused[name]; already && (why == "" || why == before.Why) {
			fmt.Fprintf(&p.told, "%s is paused already, %s\n", words.Clean(name), review.PauseText(before))
			continue
		}
		if err := p.store.Pause(engine.Pause{Job: name, Since: time.Now(), Who: p.person(), Why: p.redactor.Text(why)}); err != nil {
			return err
		}
		fmt.Fprintf(&p.told, "%s is paused: its due times are skipped from now on; go on with: %s\n", words.Clean(name), p.next.Schedule("resume", name))
	}
	return nil
}

// resume has jobs, or all that are paused, run by their schedules again.
func (p *pausing) resume(names []string, all bool) error {
	if all {
		names = slices.Sorted(maps.Keys(p.paused))
	}
	if err := p.resumable(names, p.paused); err != nil {
		return err
	}
	p.names = names
	for _, name := range names {
		unpaused, err := p.store.Unpause(name)
		switch {
		case err != nil:
			return err
		case unpaused:
			fmt.Fprintf(&p.told, "%s runs by its schedule again%s\n", words.Clean(name), p.nextDue(name))
		default:
			fmt.Fprintf(&p.told, "%s is not paused\n", words.Clean(name))
		}
	}
	if len(names) == 0 {
		p.told.WriteString("no job is paused\n")
	}
	return nil
}

// resumable says which of the names is neither of a job that is paused nor of one of the project: a job that is gone may be paused still.
func (a *app) resumable(names []string, paused map[string]engine.Pause) error {
	for _, name := range names {
		if _, isPaused := paused[name]; isPaused {
			continue
		}
		p, err := a.scheduledProject("nothing was changed")
		if p == nil {
			return err
		}
		if err := a.knownJobs(p, []string{name}); err != nil {
			return err
		}
	}
	return nil
}

// nextDue says when a job is due next, "" where that is not known.
func (a *app) nextDue(name string) string {
	job, err := a.scheduledJob(name, "")
	if err != nil {
		return ""
	}
	now := time.Now()
	if next := review.DueTimes(job.Schedules, now, 1); len(next) > 0 {
		return ": next " + review.DueText(next[0].At, next[0].At.Second() != 0) + " (" + words.Ago(next[0].At, now) + ")"
	}
	return ""
}

// changeHistory opens the history of this folder to change what is to be run.
func (a *app) changeHistory() (*history.Store, review.Commands, error) {
	file, err := a.historyFile()
	if err != nil {
		return nil, review.Commands{}, err
	}
	store, err := a.openHistory(file)
	if errors.Is(err, fs.ErrPermission) {
		err = &exitError{exitFailed, err, "do it as the user whom the daemon runs as"}
	}
	return store, a.commandsFor(file), err
}

// person is who uses the program, for others: user@host.
func (a *app) person() string {
	name := a.getenv("USER")
	if u, err := account.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
