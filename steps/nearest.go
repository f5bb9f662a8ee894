package steps

import "snrun/steps"

// Nearest gives the candidate that name was most likely meant to be, as steps.Nearest does.
func Nearest(name string, candidates []string) string { return steps.Nearest(name, candidates) }

// Hint advises which candidate to write instead of name, as steps.Hint does.
func Hint(name string, candidates []string) string { return steps.Hint(name, candidates) }
