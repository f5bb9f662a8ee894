package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"snrun/steps"
)

// The variables that stand in for the flags that all commands share.
const (
	projectVariable    = "SNRUN_PROJECT"
	jobsVariable       = "SNRUN_JOBS"
	profilesVariable   = "SNRUN_PROFILES"
	databaseVariable   = "SNRUN_DATABASE"
	secretsDirVariable = "SNRUN_SECRETS_DIR"
)

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:         "snrun",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: a.name},
		Short:       "Run integration jobs written in YAML",
		Long: `snrun runs integration jobs written in YAML: REST and SOAP calls with sign-in, paging, loops and retries, checked
before they start, with every run on record.

  snrun init                     start a project
  snrun run --sandbox hello      run a job against the built-in sandbox
  snrun history show @last       look at the last run`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
	}
	root.Version = newVersionRecord().String()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	a.settingFlags(root.PersistentFlags())
	for _, g := range a.commandGroups() {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, cmd := range g.commands {
			cmd.GroupID = g.title
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(a.versionCommand())
	return root
}

// commandGroup is a part of the help.
type commandGroup struct {
	title    string
	commands []*cobra.Command
}

// commandGroups are the commands in the order of the help.
func (a *app) commandGroups() []commandGroup {
	return []commandGroup{
		{"Runs", []*cobra.Command{a.runCommand(), a.resumeCommand(), a.retryCommand(), a.cancelCommand(), a.statusCommand(), a.historyCommand(), a.uiCommand()}},
		{"Schedules", []*cobra.Command{a.serveCommand(), a.workerCommand(), a.scheduleCommand(), a.applyCommand(), a.notifyCommand()}},
		{"Projects", []*cobra.Command{a.initCommand(), a.validateCommand(), a.explainCommand(), a.schemaCommand(), a.soapCommand(), a.sandboxCommand()}},
		{"Sign-ins and secrets", []*cobra.Command{a.authCommand(), a.secretCommand(), a.keyCommand()}},
	}
}

// settingFlags adds the flags that all commands share. A variable stands in for each; snrun.yaml has what neither says.
func (a *app) settingFlags(flags *pflag.FlagSet) {
	for _, f := range []struct {
		value                 *string
		name, variable, usage string
	}{
		{&a.project, "project", projectVariable, "the project's folder (default: the nearest one upwards with a snrun.yaml)"},
		{&a.jobs, "jobs", jobsVariable, "the folder of the jobs"},
		{&a.profiles, "profiles", profilesVariable, "the file of the profiles"},
		{&a.database, "db", databaseVariable, "the database of the run history: a file, or postgres://USER@HOST/DATABASE"},
		{&a.secretsDir, "secrets-dir", secretsDirVariable, "a folder with one file a secret"},
	} {
		flags.StringVar(f.value, f.name, a.getenv(f.variable), f.usage+" ["+f.variable+"]")
		flags.Lookup(f.name).DefValue = "" // what a variable holds is no default, and must not show in the help
	}
}

// group is what a command that only holds others does: it shows its help, or says that there is no such command.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if cmd.Root() == cmd {
		names = append(names, "help", "completion")
	}
	return usageError(nearest(cmd, args[0], names, ""), "unknown command %q", strings.TrimPrefix(cmd.CommandPath()+" ", cmd.Root().CommandPath()+" ")+args[0])
}

// nearest is the hint for a name that is none of those known.
func nearest(cmd *cobra.Command, name string, names []string, prefix string) string {
	help := "see: " + cmd.CommandPath() + " --help"
	if near := steps.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q? ", prefix+near) + help
	}
	return help
}

func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError("see: "+cmd.CommandPath()+" --help", "%w", err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usageError("see: "+cmd.CommandPath()+" --help", "unknown flag -%s", name)
	}
	return usageError(nearest(cmd, name, names, "--"), "unknown flag --%s", name)
}

// exactly checks the number of arguments; a wrong one is told with the message.
func exactly(n int, message string) cobra.PositionalArgs { return between(n, n, message) }

// between checks the number of arguments.
func between(least, most int, message string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return usageError("see: "+cmd.CommandPath()+" --help", "%s", message)
	}
}
