package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
)

// completeJobs completes the name of a job of the project; a path is left to the shell.
func (a *app) completeJobs(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	p, _ := a.openProject(".") // a project with mistakes has names all the same
	if p == nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, name := range p.Names() {
		if strings.HasPrefix(name, typed) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeRuns completes the id of one of the newest runs that are wanted.
func (a *app) completeRuns(wanted func(engine.Run) bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		store, _, err := a.recorded()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer store.Close()
		runs, _ := store.Runs(history.Filter{})
		var ids []string
		for _, r := range runs {
			if wanted(r) && strings.HasPrefix(r.ID, typed) {
				ids = append(ids, fmt.Sprintf("%s\t%s, %s, %s", r.ID, words.Clean(r.Job), statusWord(r.Status), words.Ago(cmp.Or(r.Started, r.Due), time.Now())))
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeSteps completes one of the job's own steps, as far as the run has come.
func (a *app) completeSteps(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	_, run, err := a.pastRun(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range run.Steps {
		if name := strings.TrimPrefix(s.Key, "/"); name == topOf(s.Key) && strings.HasPrefix(name, typed) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeSeveralJobs completes the names of jobs that are not there yet.
func (a *app) completeSeveralJobs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	names, _ := a.completeJobs(cmd, nil, typed)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), cobra.ShellCompDirectiveNoFileComp
}

// completePaused completes the names of jobs that are paused.
func (a *app) completePaused(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	store, _, err := a.recorded()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer store.Close()
	paused, _ := store.Pauses()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(paused)) {
		if strings.HasPrefix(name, typed) && !slices.Contains(args, name) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
