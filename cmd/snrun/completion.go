package main

import (
	"strings"

	"github.com/spf13/cobra"
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
