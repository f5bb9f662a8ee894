package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/engine/notify"
	"snrun/history/review"
	"snrun/history/words"
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
	q := &targetProject{Project: p.Project, tokens: p.store, secrets: func(*auth.Redactor) *auth.Secrets { return p.secrets }}
	targets := a.targets(q)
	n := notify.New(notify.Config{Targets: targets, Redactor: a.redactor, Project: p.Dir, UserAgent: userAgent})
	width, failed := 0, 0
	for _, t := range targets {
		width = max(width, len(t.Name))
	}
	for _, t := range targets {
		text := "ok"
		if err := n.Try(ctx, t, n.Test()); err != nil {
			failed++
			text = "failed: " + words.Clean(err.Error())
		}
		if err := a.print(pad(t.Name, width) + "  " + text + "\n"); err != nil {
			return err
		}
	}
	if failed > 0 {
		return stopped(ctx, &exitError{code: exitFailed, err: fmt.Errorf("%d of %s could not be told", failed, words.Plural(len(targets), "target"))})
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

// targetProject is a project whose targets are told.
type targetProject struct {
	*jobs.Project
	tokens  *store.Place // where tokens are kept; nil for nowhere
	secrets func(*auth.Redactor) *auth.Secrets
}

// targets gives the targets of a project. What they read of secrets and profiles is looked up at each attempt.
func (a *app) targets(p *targetProject) []*notify.Target {
	var list []*notify.Target
	for _, t := range p.Settings.Notify {
		list = append(list, &notify.Target{Notify: t, Open: func(ctx context.Context, masks *auth.Redactor) (*notify.Opened, error) {
			return a.openTarget(ctx, p, t, masks)
		}})
	}
	return list
}

// openTarget looks up the secrets of a target, and signs in as its profile.
func (a *app) openTarget(ctx context.Context, p *targetProject, t *jobs.Notify, masks *auth.Redactor) (*notify.Opened, error) {
	needed, secrets := t.Secrets(), map[string]any{}
	profile := p.Profiles[t.Profile]
	if profile != nil {
		needed = append(needed, profile.Secrets()...)
	}
	from := p.secrets(masks)
	for _, name := range needed {
		secret, err := from.Lookup(ctx, name)
		if err != nil {
			return nil, err
		}
		secrets[name] = secret.Reveal()
	}
	out := &notify.Opened{Names: map[string]any{"env": a.environment(), "secret": secrets}}
	var profiles []auth.Profile
	if profile != nil {
		var err error
		if profiles, err = p.SignIns([]string{t.Profile}, out.Names, masks.AddDerived); err != nil {
			return nil, err
		}
		out.Base = profiles[0].BaseURL
	}
	keys, err := auth.NewKeyring(profiles, auth.Options{
		Redactor: masks, Dir: p.Dir, Store: p.tokens, Program: a.name, UserAgent: userAgent, Limits: a.limits,
	})
	if err != nil {
		return nil, err
	}
	out.Clients, out.Close = keys, keys.Close
	return out, nil
}

func (a *app) completeTargets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	_, settings, err := a.settings(".")
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return targetNames(settings.Notify), cobra.ShellCompDirectiveNoFileComp
}

// notifierCommands are the commands that notices name.
func notifierCommands(c review.Commands) notify.Commands {
	return notify.Commands{
		Run: c.Show,
		Job: func(job string) string { return c.Schedule("why", job) },
		Profile: func(profile string) string {
			return c.Program + " auth test" + c.Project + " " + words.Argument(profile)
		},
	}
}
