package main

import (
	"strings"

	"github.com/spf13/cobra"

	"snrun/jobs"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [TOPIC[.FIELD]]",
		Short: "Explain a kind of step, a file or one of their keys",
		Long:  "Explain a part of the job language. Without a topic: list them.",
		Example: `  snrun explain rest
  snrun explain rest.paginate.items`,
		Args: between(0, 1, "explain takes one topic, such as rest.paginate"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return topicNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			path := ""
			if len(args) == 1 {
				path = args[0]
			}
			text, err := jobs.Explain(kinds(), path)
			if err != nil {
				return usageError("see: "+a.name+" explain", "%w", err)
			}
			return a.print(a.page().reflow(text))
		},
	}
}

// reflow breaks lines that are wider than the page; what follows is set in as the line is.
func (p page) reflow(text string) string {
	if p.width == 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		left := l[:len(l)-len(strings.TrimLeft(l, " "))]
		lines[i] = left + strings.Join(wrap(l[len(left):], max(20, p.width-len(left))), "\n"+left)
	}
	return strings.Join(lines, "\n")
}

func topicNames() []string {
	var names []string
	for _, t := range jobs.Topics(kinds()) {
		names = append(names, t.Name)
	}
	return names
}
