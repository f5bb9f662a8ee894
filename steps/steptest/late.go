package steptest

import (
	"fmt"
	"strings"

	"snrun/steps"
)

// Place is where the expressions of this package say they stand.
const Place = "job.yaml:1:1"

// Path is the expression ${response.a.b}, given as "a.b". It tells its path, as the language does for plain paths.
func Path(path string) *steps.Late {
	keys := strings.Split(path, ".")
	l := Func("${response."+path+"}", func(response map[string]any) (any, error) {
		var v any = response
		for _, key := range keys {
			m, ok := v.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("%s: %q of something that is no map", Place, key)
			}
			v = m[key]
		}
		return v, nil
	}, keys[0])
	l.Path = keys
	return l
}

// Func is an expression that reads these fields of `response`; all of them when none is named.
func Func(source string, f func(response map[string]any) (any, error), uses ...string) *steps.Late {
	if len(uses) == 0 {
		uses = []string{"*"}
	}
	return &steps.Late{Source: source, Place: Place, Uses: uses, Eval: func(names map[string]any) (any, error) {
		response, _ := names["response"].(map[string]any)
		return f(response)
	}}
}

// Status is the condition that the answer has one of these statuses.
func Status(wanted ...int) *steps.Late {
	source := "response.status in " + strings.ReplaceAll(fmt.Sprint(wanted), " ", ", ")
	return Func(source, func(response map[string]any) (any, error) {
		for _, status := range wanted {
			if response["status"] == status {
				return true, nil
			}
		}
		return false, nil
	}, "status")
}
