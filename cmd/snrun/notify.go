package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/engine/notify"
	"snrun/jobs"
	"snrun/steps"
)

func (a *app) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try whom the daemon tells what is wrong, and see what could not be told",
		Long: `Try the targets under notify in snrun.yaml, and see which notices have not reached theirs.

  snrun notify test         send each target a test notice
  snrun notify list         the notices that wait or were given up`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(a.notifyTestCommand(), a.notifyListCommand())
	return cmd
}

func (a *app) notifyTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test [NAME]",
		Short: "Send a test notice, to all targets or to one",
		Long: `Send a test notice now, to all targets or to the one named, and say what became of it. It is sent once, and what waits
for the targets stays as it is.

The exit code is 1 when one of them could not be told.`,
		Args:              between(0, 1, "notify test takes one target at most"),
		ValidArgsFunction: a.completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := withSignals(cmd.Context())
			defer stop()
			return a.testTargets(ctx, args)
		},
	}
}

// testTargets sends a test notice to the targets named, all where none is.
func (a *app) testTargets(ctx context.Context, names []string) error {
	p, err := a.openProject(".")
	if p == nil || err != nil {
		return invalid("nothing was sent", err)
	}
	if p.Settings.Notify, err = a.targetsNamed(p, names); err != nil {
		return err
	}
	if _, err := p.CheckNotify(); err != nil {
		return invalid("nothing was sent", err)
	}
	targets, keys, err := a.targets(ctx, p)
	if err != nil {
		return err
	}
	defer keys.Close()
	n := notify.New(notify.Config{Targets: targets, Clients: keys, Redactor: a.redactor, Project: p.Dir, UserAgent: userAgent})
	width, failed := 0, 0
	for _, t := range targets {
		width = max(width, len(t.Name))
	}
	for _, t := range targets {
		text := "ok"
		if err := n.Try(ctx, t, n.Test()); err != nil {
			failed++
			text = "failed: " + clean(err.Error())
		}
		if err := a.print(pad(t.Name, width) + "  " + text + "\n"); err != nil {
			return err
		}
	}
	if failed > 0 {
		return stopped(ctx, &exitError{code: exitFailed, err: fmt.Errorf("%d of %s could not be told", failed, plural(len(targets), "target"))})
	}
	return nil
}

// targetsNamed gives the targets of the names, all where none is given.
func (a *app) targetsNamed(p *project, names []string) ([]*jobs.Notify, error) {
	all := p.Settings.Notify
	if len(all) == 0 {
		return nil, usageError("write them under notify in "+jobs.SettingsFile+": "+a.name+" explain notify", "the project has no targets")
	}
	if len(names) == 0 {
		return all, nil
	}
	i := slices.IndexFunc(all, func(t *jobs.Notify) bool { return t.Name == names[0] })
	if i < 0 {
		return nil, usageError(steps.Hint(names[0], targetNames(all)), "there is no target %q", names[0])
	}
	return all[i : i+1], nil
}

func targetNames(list []*jobs.Notify) []string {
	var names []string
	for _, t := range list {
		names = append(names, t.Name)
	}
	return names
}

// targets fills in the project's targets: their secrets, and the profiles that they sign in with. Who is done with them closes the
// keyring.
func (a *app) targets(ctx context.Context, p *project) ([]*notify.Target, *auth.Keyring, error) {
	names, profiles, err := a.namesOfTargets(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	filled, err := a.signIns(p, &jobs.Job{Profiles: profiles}, names)
	if err != nil {
		return nil, nil, &exitError{exitInvalid, err, helpOf(err)}
	}
	keys, err := auth.NewKeyring(filled, auth.Options{
		Redactor: a.redactor, Dir: p.Dir, Store: p.store, Program: a.name, UserAgent: userAgent, Limits: a.limits,
	})
	if err != nil {
		return nil, nil, &exitError{exitInvalid, err, helpOf(err)}
	}
	var list []*notify.Target
	for _, t := range p.Settings.Notify {
		target := &notify.Target{Notify: t, Names: names}
		if i := slices.IndexFunc(filled, func(f auth.Profile) bool { return f.Name == t.Profile }); i >= 0 {
			target.Base = filled[i].BaseURL
		}
		list = append(list, target)
	}
	return list, keys, nil
}

// namesOfTargets gives what the expressions of the targets and of their profiles see, and the names of the profiles.
func (a *app) namesOfTargets(ctx context.Context, p *project) (names map[string]any, profiles []string, err error) {
	var needed []string
	for _, t := range p.Settings.Notify {
		needed = append(needed, t.Secrets()...)
		if profile := p.Profiles[t.Profile]; profile != nil && !slices.Contains(profiles, t.Profile) {
			profiles = append(profiles, t.Profile)
			needed = append(needed, profile.Secrets()...)
		}
	}
	secrets := map[string]any{}
	for _, name := range needed {
		secret, err := p.secrets.Lookup(ctx, name)
		if err != nil {
			return nil, nil, secretFailure(ctx, err, "the targets of notify cannot be told")
		}
		secrets[name] = secret.Reveal()
	}
	return map[string]any{"env": a.environment(), "secret": secrets}, profiles, nil
}

func (a *app) completeTargets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	_, settings, err := a.settings(".")
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return targetNames(settings.Notify), cobra.ShellCompDirectiveNoFileComp
}

// notifierCommands are the commands that notices name.
func (c commands) notifier() notify.Commands {
	return notify.Commands{
		Run: c.show,
		Job: func(job string) string {
			return c.program + " schedule why" + c.history + c.project + " " + quoteArg(job)
		},
		Profile: func(profile string) string { return c.program + " auth test" + c.project + " " + quoteArg(profile) },
	}
}
