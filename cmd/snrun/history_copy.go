package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"snrun/auth/store"
	"snrun/auth/store/postgres"
	"snrun/history"
	"snrun/history/words"
	"snrun/jobs"
)

// copyOptions are the flags of `history copy`.
type copyOptions struct {
	from   string
	dry    bool
	asJSON bool
}

func (a *app) historyCopyCommand() *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use:   "copy",
		Short: "Copy the history in a file to PostgreSQL",
		Long: `Copy a history in a file, with the tokens and secrets beside it, into the PostgreSQL database that the project names by now:
database in snrun.yaml, --db or SNRUN_DATABASE. Runs can go on and be tried again there, jobs have the state that they had,
and schedules know what was decided. Tokens and secrets stay encrypted under their key, which is not copied.

The database must be empty, and nobody may be at work in the file: end snrun serve, and let runs end. All is copied, or
nothing; the file stays as it is. What waits in the queue, or was interrupted, is taken up from the database: begin
nothing with the file any more.`,
		Example: `  snrun history copy --dry-run
  snrun history copy --from runs.db --db 'postgres://snrun@db.example.com/snrun'`,
		Args: exactly(0, "history copy takes no argument: write --from FILE"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.copyHistory(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.from, "from", "", "the `FILE` to copy; without it the one that is used where nothing names a database")
	flags.BoolVar(&o.dry, "dry-run", false, "only say what would be copied")
	flags.BoolVar(&o.asJSON, "json", false, "print what was copied as JSON")
	return cmd
}

// copyRecord is what `history copy --json` prints.
type copyRecord struct {
	DryRun  bool                  `json:"dry_run"`
	From    string                `json:"from"`
	To      string                `json:"to"`
	Tables  []history.CopiedTable `json:"tables"`
	Secrets int64                 `json:"secrets"` // and tokens
}

func (a *app) copyHistory(ctx context.Context, o copyOptions) error {
	to, err := a.historyFile()
	if err != nil {
		return err
	}
	if !postgres.IsAddress(to) {
		return usageError("name it: database: postgres://… in "+jobs.SettingsFile+", --db or "+databaseVariable,
			"the database of the project is the file %s, not one of PostgreSQL that its history could be copied to", to)
	}
	from, err := a.copiedFile(o.from)
	if err != nil {
		return err
	}
	ctx, stop := withSignals(ctx)
	defer stop()
	record := copyRecord{DryRun: o.dry, From: from, To: shownDatabase(to)}
	if o.dry {
		if record.Tables, err = history.WouldCopy(ctx, from, to); err == nil {
			record.Secrets, err = store.Count(storeBeside(from))
		}
	} else {
		err = a.carryOver(ctx, to, &record)
	}
	if err != nil {
		return stopped(ctx, a.uncopied(err))
	}
	if o.asJSON {
		return a.printJSON(record)
	}
	if err := a.print(copiedText(a.page(), record)); err != nil || o.dry {
		return err
	}
	a.afterCopy(to, record)
	return nil
}

// copiedFile gives the file of a history that a flag names, or else the one that is used where nothing names any.
func (a *app) copiedFile(named string) (string, error) {
	if postgres.IsAddress(named) {
		a.hidePasswords(named)
		return "", usageError("", "--from: a history is copied from a file, not from PostgreSQL: pg_dump does that")
	}
	if named != "" {
		return absolute(named), nil
	}
	return a.databaseFile(jobs.Settings{})
}

// carryOver copies the history, with tokens and secrets, in one transaction.
func (a *app) carryOver(ctx context.Context, to string, record *copyRecord) error {
	address, err := postgres.Parse(to)
	if err != nil {
		return err
	}
	shown := false
	clear := func() {
		if shown {
			io.WriteString(a.err, "\r\x1b[K")
		}
	}
	record.Tables, err = history.Copy(ctx, record.From, to, history.CopyOptions{
		Also: func(ctx context.Context, tx pgx.Tx) (err error) {
			record.Secrets, err = store.Copy(ctx, storeBeside(record.From), address, tx)
			return err
		},
		Progress: func(table string, done, all int64) {
			if a.err.terminal() {
				clear()
				fmt.Fprintf(a.err, "… %s: %s of %s", table, words.Thousands(int(done)), words.Thousands(int(all)))
				shown = true
			}
		},
	})
	clear()
	return err
}

// uncopied adds to an error what a person can do about it.
func (a *app) uncopied(err error) error {
	switch {
	case errors.Is(err, history.ErrNotEmpty), errors.Is(err, store.ErrNotEmpty):
		return &exitError{exitFailed, err, "name another schema in the address, ?schema=NAME, or drop this one where nothing in it is wanted: DROP SCHEMA … CASCADE"}
	case errors.Is(err, history.ErrInUse):
		return &exitError{exitFailed, err, "snrun serve ends on SIGTERM, and leaves what it was about to the next one"}
	case errors.Is(err, history.ErrNoRuns):
		return &exitError{exitFailed, err, "name the file that has them: " + a.name + " history copy --from FILE"}
	}
	return helped(err)
}

// copiedText lists what was copied.
func copiedText(p page, record copyRecord) string {
	rows := [][]string{{"TABLE", "ROWS"}}
	for _, table := range record.Tables {
		if table.Rows > 0 {
			rows = append(rows, []string{table.Table, words.Thousands(int(table.Rows))})
		}
	}
	if record.Secrets > 0 {
		rows = append(rows, []string{"tokens and secrets", words.Thousands(int(record.Secrets))})
	}
	said := "is copied"
	if record.DryRun {
		said = "would be copied"
	}
	var b strings.Builder
	b.WriteString(p.table(rows, func(row, _ int, text string) string {
		if row == 0 {
			return p.style.faint(text)
		}
		return text
	}))
	fmt.Fprintf(&b, "\n%s %s to %s; the file stays as it is\n", record.From, said, record.To)
	return b.String()
}

// afterCopy says what is still to be done.
func (a *app) afterCopy(to string, record copyRecord) {
	io.WriteString(a.err, "begin nothing with the file any more: what it has from now on is not in the database\n")
	if record.Secrets == 0 {
		return
	}
	place, err := a.storePlace(jobs.Settings{Database: to})
	if err != nil {
		return
	}
	defer place.Close()
	_, err = place.OpenExisting()
	var key *store.KeyError
	switch {
	case errors.As(err, &key):
		io.WriteString(a.err, "tokens and secrets are encrypted with the key that the file's had, which is not here: "+key.Message+"\n")
	case err == nil && a.getenv(store.KeyVariable) == "" && a.getenv(store.KeyFileVariable) == "":
		io.WriteString(a.err, "the key of tokens and secrets is in the keyring of this system: for other machines put it into a file with "+a.name+" key rotate FILE\n")
	}
}
