package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/engine/daemon"
	"snrun/engine/temporal/schedules"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

// applyOptions are the flags of `apply`.
type applyOptions struct {
	remoteOptions
	dry, prune, asJSON bool
}

func (a *app) applyCommand() *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply [JOB...]",
		Short: "Have a Temporal server run jobs by their schedules",
		Long: `Bring the schedules on a Temporal server in line with those of all jobs of the project, or of those named: make what is new, change what
was edited, and delete what a job has no more. Schedules of jobs that are gone are deleted with --prune. A job's text goes along: an
edit takes effect with the next apply, and a run that goes on keeps what it began with.

A server runs a job exactly when snrun schedule next says, or the schedule is refused. Where its own calendars would differ, as in
the nights in which clocks change, the times themselves are written out for three years: apply again before they end.

All jobs are checked before anything is changed. The exit code is 1 when a schedule was refused; the others are applied.`,
		Example: `  snrun apply --dry-run
  snrun apply incident_sync --temporal temporal.example.com:7233
  snrun apply --prune --json | jq '.[] | select(.became == "refused")'`,
		ValidArgsFunction: a.completeSeveralJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.prune && len(args) > 0 {
				return usageError("leave the names out", "--prune looks at all jobs of the project")
			}
			return a.apply(cmd.Context(), args, o)
		},
	}
	flags := cmd.Flags()
	a.remoteFlags(flags, &o.remoteOptions, "the Temporal server at `HOST:PORT`")
	flags.BoolVar(&o.dry, "dry-run", false, "change nothing, and show what would be")
	flags.BoolVar(&o.prune, "prune", false, "delete the schedules of jobs that the project has no more")
	flags.BoolVar(&o.asJSON, "json", false, "print a JSON array of {job, schedule, id, became, next, until, paused, why}")
	return cmd
}

// notApplied is what mistakes lead to.
const notApplied = "nothing was applied"

func (a *app) apply(ctx context.Context, names []string, o applyOptions) error {
	ctx, stop := withSignals(ctx)
	defer stop()
	p, list, err := a.appliedJobs(names)
	if err != nil {
		return err
	}
	now := time.Now()
	wanted, err := a.wantedSchedules(p, list, now)
	if err != nil {
		return err
	}
	server, err := a.connect(ctx, clusterOptions{remoteOptions: o.remoteOptions, settings: p.Settings, secrets: p.givenSecrets, place: p.store})
	if err != nil {
		return stopped(ctx, err)
	}
	defer server.Close()
	applying := schedules.Applying{
		Client: server, Namespace: server.Space(), Queue: server.Queue(), Key: server.key, Dry: o.dry, Prune: o.prune, Now: now,
	}
	if known := p.Names(); len(names) == 0 {
		applying.Gone = func(job string) bool { return !slices.Contains(known, job) }
	}
	var applied []string
	for _, job := range list {
		applied = append(applied, job.Name)
	}
	results, err := applying.Apply(ctx, applied, wanted)
	if err = server.orRefusal(err); err != nil && len(results) == 0 {
		return stopped(ctx, err)
	}
	if told := a.tellApplied(results, o); told != nil {
		return told
	}
	return stopped(ctx, err)
}

// appliedJobs reads the jobs whose schedules are applied, in the order of their names. With a mistake in one of them it gives none.
func (a *app) appliedJobs(names []string) (*project, []*jobs.Job, error) {
	p, err := a.openProject(".")
	if p == nil {
		return nil, nil, invalid(notApplied, err)
	}
	if _, err := a.sharedDatabase(p.Settings); err != nil {
		return nil, nil, err
	}
	if err := a.knownJobs(p, names); err != nil {
		return nil, nil, err
	}
	wrong, _ := errors.AsType[source.Errors](p.withoutSecrets(err))
	files := p.Files()
	if len(names) > 0 {
		files = slices.DeleteFunc(files, func(file string) bool { return !slices.Contains(names, p.NameOf(file)) })
	}
	var list []*jobs.Job
	daemon.LoadEach(p.Project, files, func(_ int, job *jobs.Job, err error) {
		err = p.withoutSecrets(err)
		if more, is := errors.AsType[source.Errors](err); is {
			wrong = append(wrong, more...)
		} else if job != nil {
			list = append(list, job)
		}
	})
	if len(wrong) > 0 {
		return nil, nil, invalid(notApplied, wrong)
	}
	slices.SortFunc(list, func(a, b *jobs.Job) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File)) })
	return p, list, nil
}

// wantedSchedules gives the schedules of jobs as the server is to have them.
func (a *app) wantedSchedules(p *project, list []*jobs.Job, now time.Time) ([]schedules.Wanted, error) {
	server, err := a.waitingSettings(p.Settings.Server)
	if err != nil {
		return nil, err
	}
	pauses, err := a.pauses()
	if err != nil {
		return nil, err
	}
	project := schedules.Project{Queue: p.Settings.Temporal.Queue(), Zone: a.localZone(), MaxQueue: server.MaxQueue, Pauses: pauses}
	var wanted []schedules.Wanted
	for _, job := range list {
		of, err := project.Of(job, now)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, of...)
	}
	return wanted, nil
}

// pauses gives the jobs that are paused.
func (a *app) pauses() (map[string]engine.Pause, error) {
	store, _, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Pauses()
}

// appliedRecord is what became of a schedule, as `apply --json` prints it.
type appliedRecord struct {
	Job      string     `json:"job"`
	Schedule *string    `json:"schedule"` // null of one that no job has any more
	ID       string     `json:"id"`
	Became   string     `json:"became"`
	Next     *time.Time `json:"next"`
	Until    *time.Time `json:"until"` // the server does not know when the job is due from then on
	Paused   *string    `json:"paused"`
	Why      *string    `json:"why"`
}

// tellApplied tells what became of schedules.
func (a *app) tellApplied(results []schedules.Result, o applyOptions) error {
	records := []appliedRecord{}
	refused := 0
	for _, r := range results {
		records = append(records, appliedRecord{
			r.Job, orNull(r.Line), r.ID, r.Became, orNull(r.Next), orNull(r.Until), orNull(r.Paused), orNull(r.Why),
		})
		if r.Became == schedules.Refused {
			refused++
		}
	}
	var err error
	switch {
	case o.asJSON:
		err = a.printJSON(records)
	case len(results) == 0:
		_, err = io.WriteString(a.err, "no job has a schedule; see: "+a.name+" explain schedule\n")
	default:
		err = a.print(appliedTable(a.page(), results, o.dry))
		if err == nil {
			_, err = io.WriteString(a.err, appliedNotes(results))
		}
	}
	if err == nil && refused > 0 {
		return exitWith(exitFailed)
	}
	return err
}

// orNull gives a value, nil for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// appliedTable lists what became of schedules, one a line.
func appliedTable(p page, results []schedules.Result, dry bool) string {
	heading := "BECAME"
	if dry {
		heading = "WOULD BE"
	}
	rows := [][]string{{"JOB", "SCHEDULE", heading, "NEXT", "UNTIL"}}
	for _, r := range results {
		row := []string{words.Clean(r.Job), words.Clean(cmp.Or(r.Line, r.ID)), r.Became, "", ""}
		switch {
		case r.Paused != "":
			row[3] = "paused"
		case !r.Next.IsZero() && r.Became != schedules.Refused:
			row[3] = r.Next.Format("2006-01-02 15:04:05 -07:00")
		}
		if !r.Until.IsZero() {
			row[4] = r.Until.Format(time.DateOnly)
		}
		rows = append(rows, row)
	}
	return p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 2 && results[row-1].Became == schedules.Refused:
			return p.style.red(text)
		}
		return text
	})
}

// appliedNotes say what is to be said of schedules below the table.
func appliedNotes(results []schedules.Result) string {
	var notes remarks
	for _, r := range results {
		help := ""
		if r.Became == schedules.Refused {
			help = "have snrun serve run this job, or write the schedule in another way: other hours, another timezone, @every"
		}
		if r.Why != "" {
			notes.add(strings.TrimSpace(r.Job+" "+r.Line), r.Why, help)
		}
		if r.Paused != "" {
			notes.add(r.Job, r.Paused, "")
		}
		if !r.Until.IsZero() {
			notes.add(r.Job, fmt.Sprintf("its times are written out until %s: apply it again before", r.Until.Format(time.DateOnly)), "")
		}
	}
	return notes.String()
}
