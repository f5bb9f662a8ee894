package jobs

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"snrun/steps"
)

// hasType says whether a value is of a JSON Schema type. 1.0 is an integer.
func hasType(value any, name string) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	case int:
		return name == "integer" || name == "number"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case json.Number:
		rat, ok := new(big.Rat).SetString(string(v))
		return name == "number" || name == "integer" && ok && rat.IsInt()
	}
	return false
}

func typeWord(name string) string {
	words := map[string]string{
		"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
		"array": "a list", "object": "a mapping", "null": "null",
	}
	return words[name]
}

func typeWords(names []string) string {
	var words []string
	for _, name := range names {
		words = append(words, typeWord(name))
	}
	return strings.Join(words, " or ")
}

// shown gives a value for a message: as JSON, cut where it is long.
func shown(value any) string {
	const most = 60
	text, err := steps.EncodeJSON(value)
	if err != nil {
		return "this value"
	}
	if utf8.RuneCount(text) <= most {
		return string(text)
	}
	return string([]rune(string(text))[:most]) + "…"
}

// shownOr is shown, with lists and mappings named only.
func shownOr(value any, typeName string) string {
	switch value.(type) {
	case []any, map[string]any:
		return typeWord(typeName)
	}
	return shown(value)
}

func shownList(values []any) string {
	var words []string
	for _, v := range values {
		words = append(words, shown(v))
	}
	return strings.Join(words, ", ")
}

func ratText(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return shown(f)
}

// valueAt gives what stands at a place in a value, nil when there is nothing.
func valueAt(value any, location []string) any {
	for _, step := range location {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// pathText writes a place in a value as expressions would: ".address.lines[0]".
func pathText(value any, location []string) string {
	var path strings.Builder
	for i, step := range location {
		if _, isList := valueAt(value, location[:i]).([]any); isList {
			path.WriteString("[" + step + "]")
		} else {
			path.WriteString("." + step)
		}
	}
	return path.String()
}

// hugeNumber finds a number with an exponent so large that comparing it exactly would cost much memory.
func hugeNumber(value any, at []string) (location []string, number string, found bool) {
	switch v := value.(type) {
	case json.Number:
		const most = 1000
		i := strings.IndexAny(string(v), "eE")
		if i < 0 {
			return nil, "", false
		}
		exponent, err := strconv.Atoi(string(v[i+1:]))
		return at, string(v), err != nil || exponent > most || exponent < -most
	case []any:
		for i, item := range v {
			if location, number, found = hugeNumber(item, append(slices.Clip(at), strconv.Itoa(i))); found {
				return location, number, true
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if location, number, found = hugeNumber(v[key], append(slices.Clip(at), key)); found {
				return location, number, true
			}
		}
	}
	return nil, "", false
}
