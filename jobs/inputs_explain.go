package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// placedProblem is a problem with the place in the value as keys and indexes.
type placedProblem struct {
	InputProblem
	location []string
}

// check finds what is wrong with a value of the input.
func (in *Input) check(value any) []placedProblem {
	if location, number, found := hugeNumber(value, nil); found {
		return []placedProblem{in.problem(value, location, number+" is a number beyond what can be checked", "")}
	}
	if in.schema == nil {
		return nil
	}
	err := in.schema.Validate(value)
	var mistakes *jsonschema.ValidationError
	if !errors.As(err, &mistakes) {
		return nil
	}
	var problems []placedProblem
	for _, leaf := range mistakesIn(mistakes) {
		message, hint := explain(leaf, valueAt(value, leaf.InstanceLocation))
		problems = append(problems, in.problem(value, leaf.InstanceLocation, message, hint))
	}
	return problems
}

func (in *Input) problem(value any, location []string, message, hint string) placedProblem {
	path := pathText(value, location)
	return placedProblem{InputProblem{Name: in.Name, Path: path, Message: in.Name + path + ": " + message, Hint: hint}, location}
}

// mistakesIn gives the mistakes that say something themselves, in the order of their places.
func mistakesIn(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains, *kind.PropertyNames:
		return []*jsonschema.ValidationError{e}
	}
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, mistakesIn(cause)...)
	}
	slices.SortStableFunc(all, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	return all
}

// explain words a mistake about a value.
func explain(e *jsonschema.ValidationError, value any) (message, hint string) {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("%s is not %s", shownOr(value, k.Got), typeWords(k.Want)), ""
	case *kind.Enum:
		return fmt.Sprintf("%s is not one of %s", shown(k.Got), shownList(k.Want)), ""
	case *kind.Const:
		return fmt.Sprintf("%s is not %s", shown(k.Got), shown(k.Want)), ""
	case *kind.Format:
		return fmt.Sprintf("%s is no %s", shown(k.Got), k.Want), formatExample(k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("%s does not match the pattern %s", shown(k.Got), k.Want), ""
	case *kind.Required:
		return "missing: " + strings.Join(k.Missing, ", "), ""
	case *kind.DependentRequired:
		return fmt.Sprintf("missing: %s, which must stand beside %s", strings.Join(k.Missing, ", "), k.Prop), ""
	case *kind.AdditionalProperties:
		return "unknown: " + strings.Join(slices.Sorted(slices.Values(k.Properties)), ", "), ""
	case *kind.UniqueItems:
		return fmt.Sprintf("the items %d and %d are the same", k.Duplicates[0], k.Duplicates[1]), ""
	case *kind.AnyOf:
		return explainBranches(e, value), ""
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return shown(value) + " fits more than one of the forms that exclude each other", ""
		}
		return explainBranches(e, value), ""
	case *kind.Not, *kind.FalseSchema:
		return shown(value) + " is not allowed here", ""
	case *kind.Contains:
		return "no item of the list is as one must be", ""
	case *kind.PropertyNames:
		return fmt.Sprintf("the name %q is not allowed", k.Property), ""
	}
	return explainLimit(e, value), ""
}

// explainLimit words a number, a length or a count that is too small or too large.
func explainLimit(e *jsonschema.ValidationError, value any) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Minimum:
		return fmt.Sprintf("%s is too small; the least is %s", shown(value), ratText(k.Want))
	case *kind.Maximum:
		return fmt.Sprintf("%s is too large; the most is %s", shown(value), ratText(k.Want))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("%s is too small; it must be above %s", shown(value), ratText(k.Want))
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("%s is too large; it must be below %s", shown(value), ratText(k.Want))
	case *kind.MultipleOf:
		return fmt.Sprintf("%s is not a multiple of %s", shown(value), ratText(k.Want))
	case *kind.MinLength:
		return fmt.Sprintf("%s is too short; the least is %d characters", shown(value), k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("%s is too long; the most is %d characters", shown(value), k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("a list of %d is too short; the least is %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("a list of %d is too long; the most is %d", k.Got, k.Want)
	case *kind.MinContains:
		return fmt.Sprintf("%d items of the list are as some must be; the least is %d", len(k.Got), k.Want)
	case *kind.MaxContains:
		return fmt.Sprintf("%d items of the list are as few may be; the most is %d", len(k.Got), k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("%d entries are too few; the least is %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("%d entries are too many; the most is %d", k.Got, k.Want)
	}
	_, words, _ := strings.Cut(e.Error(), ": ")
	return words
}

// explainBranches says why a value fits none of several forms.
func explainBranches(e *jsonschema.ValidationError, value any) string {
	var reasons []string
	for _, cause := range e.Causes {
		for _, leaf := range mistakesIn(cause) {
			below := leaf.InstanceLocation[len(e.InstanceLocation):]
			message, _ := explain(leaf, valueAt(value, below))
			if path := pathText(value, below); path != "" {
				message = strings.TrimPrefix(path, ".") + ": " + message
			}
			if !slices.Contains(reasons, message) {
				reasons = append(reasons, message)
			}
		}
	}
	return "fits none of the forms it may have: " + strings.Join(reasons, "; or ")
}

func formatExample(format string) string {
	examples := map[string]string{
		"date": "2026-01-31", "date-time": "2026-01-31T08:00:00Z", "time": "08:00:00Z", "duration": "P1DT12H", "email": "ann@example.com",
		"hostname": "host.example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri": "https://example.com/path",
		"uuid": "123e4567-e89b-12d3-a456-426614174000",
	}
	if example, known := examples[format]; known {
		return "write it as in " + example
	}
	return ""
}
