package jobs

import (
	"fmt"
	"strings"

	"snrun/steps"
)

// notifyTopic explains `notify`.
func notifyTopic() Topic {
	var example strings.Builder
	ways, names := Note{Title: "The types"}, Note{Title: "The names below `notice`"}
	example.WriteString("notify:")
	for _, w := range notifyWays() {
		ways.Lines = append(ways.Lines, fmt.Sprintf("`%s`: %s.", w.name, strings.ToLower(w.doc[:1])+w.doc[1:]))
		for i, line := range strings.Split(w.example, "\n") {
			example.WriteString("\n  " + map[bool]string{true: "- ", false: "  "}[i == 0] + line)
		}
	}
	for _, f := range noticeFields() {
		names.Lines = append(names.Lines, fmt.Sprintf("`%s`: %s", f.Name, f.Doc))
	}
	return Topic{
		Name: "notify", Area: "Files", Summary: "Whom the daemon tells what is wrong, in snrun.yaml", Takes: steps.ObjectOf(notifyFields()...),
		Doc: "Stands under `notify` in snrun.yaml: one target, or a list of several. A target is told once when something goes wrong, and once when it is " +
			"right again, however many runs fail in between; a `ping` is sent for each run. What cannot be delivered is tried again for a day.\n\n" +
			"Expressions see `env`, `secret` and `notice`, in which every name is always there, as text unless it says otherwise; a text that has nothing to say is empty.",
		Example: example.String(), Notes: []Note{ways, names},
	}
}
