package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/words"
)

// auditOptions are the flags of `history audit`.
type auditOptions struct {
	history.AuditFilter
	before int64
	output output
}

func (a *app) historyAuditCommand() *cobra.Command {
	var o auditOptions
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List who did what on the pages and through the API",
		Long: `List who did what on the pages and through the API, the newest first: also what was refused or failed, and who signed in.
A row is kept for a year, or as long as any run; where all runs are kept, for ever.`,
		Example: `  snrun history audit
  snrun history audit --action resume --json`,
		Args: exactly(0, "history audit takes no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.historyAudit(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Subject, "subject", "", "only what was done to this: run:ID, job:NAME or profile:NAME")
	flags.StringVar(&o.Who, "who", "", "only what this person did")
	flags.StringVar(&o.Action, "action", "", "only this: resume, retry, cancel, rerun, run, pause, unpause, test, reset, sign_in …")
	flags.IntVar(&o.Limit, "limit", 50, "at most so many")
	flags.Int64Var(&o.before, "before", 0, "only what came before this id: the last one of the page before")
	o.output.bind(cmd, "them", history.Audit{})
	return cmd
}

func (a *app) historyAudit(ctx context.Context, o auditOptions) error {
	if o.Limit < 1 {
		return usageError("", "--limit: write a whole number, at least 1")
	}
	store, _, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.printAudits(ctx, nil, o)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	list, err := store.Audits(o.AuditFilter, o.before)
	if err != nil {
		return err
	}
	return a.printAudits(ctx, list, o)
}

func (a *app) printAudits(ctx context.Context, list []history.Audit, o auditOptions) error {
	if o.output.asJSON {
		return a.printOutput(ctx, o.output, append([]history.Audit{}, list...))
	}
	if len(list) == 0 {
		io.WriteString(a.err, "nobody did such a thing yet\n")
		return nil
	}
	rows := [][]string{{"AT", "WHO", "ACTION", "SUBJECT", "OUTCOME", "DETAIL"}}
	for _, r := range list {
		rows = append(rows, []string{
			r.At.Local().Format(time.DateTime), words.InLine(r.Who), words.InLine(r.Action), words.InLine(r.Subject), words.InLine(r.Outcome), words.InLine(strings.TrimSpace(r.Detail)),
		})
	}
	p := a.page()
	return a.print(p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 4 && list[row-1].Outcome != history.AuditDone:
			return p.style.red(text)
		}
		return text
	}))
}
