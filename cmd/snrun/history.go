package main

import (
	"io"

	"github.com/spf13/cobra"

	"snrun/engine"
)

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Look at past runs, write them for other programs, move them, and delete old ones",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(a.historyListCommand(), a.historyShowCommand(), a.historyDiffCommand(), a.historySearchCommand(), a.historyStatsCommand(),
		a.historyExportCommand(), a.historyCopyCommand(), a.historyPruneCommand(), a.historyAuditCommand())
	return cmd
}

func (a *app) noRuns(asJSON bool) error {
	if asJSON {
		return a.printJSON([]engine.Run{})
	}
	io.WriteString(a.err, "no such runs yet; start one: "+a.name+" run JOB\n")
	return nil
}
