package review

import (
	"fmt"

	"snrun/history/words"
)

// Search is the command that shows where runs hold the text of a query.
func (c Commands) Search(q Query) string {
	command := c.Program + " history search" + c.History
	for _, flag := range []struct{ name, value string }{
		{"job", q.Job}, {"status", q.Status}, {"trigger", q.Trigger}, {"since", q.Since}, {"until", q.Until}, {"before", q.Before}, {"after", q.After},
	} {
		if flag.value != "" {
			command += " --" + flag.name + " " + words.Argument(flag.value)
		}
	}
	if q.Limit > 0 {
		command += fmt.Sprintf(" -n %d", q.Limit)
	}
	return command + " " + dashed(q.Text) + words.Argument(q.Text)
}

// dashed gives what keeps an argument from being taken for a flag.
func dashed(text string) string {
	if len(text) > 0 && text[0] == '-' {
		return "-- "
	}
	return ""
}
