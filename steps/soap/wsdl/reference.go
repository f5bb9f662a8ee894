package wsdl

import (
	"fmt"
	"slices"

	"snrun/steps"
	"snrun/steps/xml"
)

// find gives the component that an attribute names. Where there is none, that is a mistake.
func find[T any](l *loader, at part, attribute, what string, all map[xml.Name]T) (T, bool) {
	var none T
	written := at.attr(attribute)
	if written == "" {
		l.errorf(at, "", "<%s> does not say which %s it means: %s is missing", at.Name.Local, what, attribute)
		return none, false
	}
	name, ok := at.Resolve(written)
	if !ok {
		l.errorf(at, "", "%s=%q: the prefix is not declared", attribute, clip(written))
		return none, false
	}
	found, ok := all[name]
	if !ok && !l.full() {
		l.errorf(at, hintFor(name, all), "there is no %s %s%s", what, clip(name.Local), inSpace(name.Space))
	}
	return found, ok
}

// maxCandidates bounds what a name is compared with.
const maxCandidates = 2000

// hintFor says what a name was most likely meant to be: one of the same namespace, else the same one of another.
func hintFor[T any](name xml.Name, all map[xml.Name]T) string {
	var near, elsewhere []string
	for other := range all {
		switch {
		case other.Space == name.Space:
			near = append(near, other.Local)
		case other.Local == name.Local:
			elsewhere = append(elsewhere, other.Space)
		}
	}
	slices.Sort(near)
	slices.Sort(elsewhere)
	if len(elsewhere) > 0 {
		return fmt.Sprintf("there is one%s: check the prefix", inSpace(elsewhere[0]))
	}
	return steps.Hint(clip(name.Local), near[:min(len(near), maxCandidates)])
}
