package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"snrun/steps"
	"snrun/steps/exchange"
)

const placeHint = "write query.NAME, header.NAME, or body.PATH where the step has json: or form:"

// place is where in a request a walk puts something: query.NAME, header.NAME or body.a.b.
type place struct {
	in   string
	name string
}

// parsePlace reads a place and sees whether the step has room for it.
func parsePlace(text string, step steps.Input) (place, error) {
	in, name, _ := strings.Cut(text, ".")
	switch {
	case name == "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "."):
		return place{}, fmt.Errorf("%q does not say where", text)
	case in == "query":
		return place{in, name}, nil
	case in == "header" && !httpguts.ValidHeaderFieldName(name):
		return place{}, fmt.Errorf("%q is not the name of a header", name)
	case in == "header" && exchange.ForbiddenHeader(name):
		return place{}, fmt.Errorf("the header %s cannot be set by a step", name)
	case in == "header":
		return place{in, name}, nil
	case in == "body":
		_, isJSON := step["json"]
		_, isForm := step["form"]
		if isJSON || isForm {
			return place{in, name}, nil
		}
		return place{}, fmt.Errorf("%q means a body, but the step has neither json nor form", text)
	}
	return place{}, fmt.Errorf("%q is no place in a request", text)
}

// put sets the value at the key's place. In a JSON body it keeps its type, elsewhere it becomes text.
func (w *walk) put(r *request, key string, value any) error {
	p, err := parsePlace(w.in.Text(key), w.call.In)
	if err != nil {
		return exchange.Hinted(exchange.BadInput("paginate.%s: %w", key, err), placeHint)
	}
	text, _ := plainScalar(value)
	switch {
	case p.in == "query":
		r.Query = r.Query.Set(p.name, text)
	case p.in == "header":
		return r.SetHeader("paginate."+key, p.name, text)
	case r.field == "form":
		r.content, err = setIn(r.content, []string{p.name}, text)
	default:
		r.content, err = setIn(r.content, strings.Split(p.name, "."), value)
	}
	return exchange.WrapInput("paginate."+key, err)
}

// setIn gives a tree with the value set at the path. The tree itself stays as it is.
func setIn(tree any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch t := tree.(type) {
	case nil:
		return setIn(steps.Pairs{}, path, value)
	case map[string]any:
		inner, err := setIn(t[path[0]], path[1:], value)
		t = maps.Clone(t)
		t[path[0]] = inner
		return t, err
	case steps.Pairs:
		old, _ := t.Get(path[0])
		inner, err := setIn(old, path[1:], value)
		t = slices.DeleteFunc(slices.Clone(t), func(p steps.Pair) bool { return p.Key == path[0] })
		return append(t, steps.Pair{Key: path[0], Value: inner}), err
	}
	return nil, fmt.Errorf("%s has no key %q", describe(tree), path[0])
}

// plainScalar gives the text of a number or a text, with all digits.
func plainScalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// wholeNumber gives the integer that a value means: from the wire and from a journal it may come as any kind of number.
func wholeNumber(v any) (int, bool) {
	text, ok := plainScalar(v)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return n, err == nil
}

// describe names a value for a person.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return fmt.Sprintf("the text %q", exchange.Clean(v, 40))
	case []any:
		return "a list"
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 {
			return "an empty map"
		}
		return "a map with " + exchange.Clean(strings.Join(keys, ", "), exchange.ExcerptLength)
	case steps.Pairs:
		return "a map"
	case steps.Scalar:
		return describe(v.Value)
	}
	return fmt.Sprintf("the number %v", v)
}
