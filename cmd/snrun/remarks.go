package main

import (
	"fmt"
	"strings"

	"snrun/history/words"
)

// remarks say what is wrong with jobs or profiles, and what to do about it, below a table of them. What several have in common is
// said once.
type remarks struct {
	order []remark
	names map[remark][]string
}

type remark struct{ problem, help string }

// add adds what is wrong with one of them; nothing is where both are "".
func (r *remarks) add(name, problem, help string) {
	one := remark{problem, help}
	if one == (remark{}) {
		return
	}
	if r.names == nil {
		r.names = map[remark][]string{}
	}
	if r.names[one] == nil {
		r.order = append(r.order, one)
	}
	r.names[one] = append(r.names[one], name)
}

func (r *remarks) String() string {
	var b strings.Builder
	for _, one := range r.order {
		fmt.Fprintf(&b, "%s: %s\n", words.Clean(strings.Join(r.names[one], ", ")), words.Clean(one.problem))
		if one.help != "" {
			fmt.Fprintf(&b, "  %s\n", indented(words.Clean(one.help)))
		}
	}
	return b.String()
}
