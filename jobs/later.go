package jobs

import (
	"slices"

	"snrun/jobs/source"
)

// laterWords are the words of the language that this version does not carry out, by what they stand in. Whoever uses one
// has made no mistake, so it is not reported as one.
var laterWords = map[string][]string{
	"a step": {"soap"},
}

func isLater(where, word string) bool { return slices.Contains(laterWords[where], word) }

// later reports a part of the language that this version does not have.
func (d *decoder) later(n *source.Node, what string) {
	d.r.Errorf(n, "%s is part of the language, but not of this version", what).Hint = "`snrun explain` lists what this version has"
}
