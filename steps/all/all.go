// Package all is the table of the kinds of step that make calls. A new kind is a folder under steps and a line here.
package all

import (
	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/soap"
)

// Kinds are the kinds that stand under steps, in the order of their names.
func Kinds() []*steps.Kind {
	return []*steps.Kind{
		rest.Kind(),
		soap.Kind(),
	}
}
