package jobs

import (
	"strconv"
	"strings"
)

// missing is what a field of null is after `?.`, until the chain of fields that holds it ends: it becomes null then.
type missing struct{}

// getField gives a field of a map: args are the map and the field's name. A field that is not there is null.
func getField(args ...any) (any, error) {
	if m, ok := args[0].(map[string]any); ok {
		return m[args[1].(string)], nil
	}
	name := args[1].(string)
	switch v := args[0].(type) {
	case missing:
		return v, nil
	case nil:
		return nil, &fault{text: `{1} is null, so it has no "` + name + `"`, hint: "write {1}?." + name + " to get null then, with ?? and a default where null will not do"}
	}
	if m, ok := data(args[0]).(map[string]any); ok && typeOf(args[0]) == otherType {
		return m[name], nil
	}
	return nil, noField(typeOf(args[0]), name)
}

// noField is the fault of a field of what is no map.
func noField(t typeSet, name string) *fault {
	f := &fault{text: "{1} is " + t.String() + `, so it has no "` + name + `"`}
	lower := strings.ToLower(name)
	switch {
	case lower == "length" || lower == "size" || lower == "count":
		f.hint = "write len({1})"
	case t == listType:
		f.hint = "write {1}[0]." + name + " for the first item, or map({1}, ." + name + ") for all"
	case t == textType:
		f.hint = "write fromJSON({1})." + name + " where the text is JSON"
	}
	return f
}

// getOptional gives a field or an item, or missing where there is nothing to have one.
func getOptional(args ...any) (any, error) {
	if args[0] == nil {
		return missing{}, nil
	}
	if _, isText := args[1].(string); isText {
		return getField(args...)
	}
	return getItem(args...)
}

func endChain(args ...any) (any, error) {
	if args[0] == (missing{}) {
		return nil, nil
	}
	return args[0], nil
}

// getItem gives an item of a list, a value of a map or a character of a text: args are that and the index.
func getItem(args ...any) (any, error) {
	switch v := args[0].(type) {
	case missing:
		return v, nil
	case nil:
		return nil, &fault{text: "{1} is null, so it has no items", hint: "write {1}?.[{2}] to get null then"}
	case map[string]any:
		if key, ok := args[1].(string); ok {
			return v[key], nil
		}
		return nil, &fault{text: "{1} is a map with text keys, but {2} is " + Describe(args[1]), hint: "write string({2})"}
	}
	index, ok := intOf(args[1])
	if !ok {
		return nil, &fault{text: "{1} is " + Describe(args[0]) + ", and {2} is " + Describe(args[1]) + ", which is no place in it"}
	}
	switch v := data(args[0]).(type) {
	case []any:
		return nth(v, index, func(i int) any { return v[i] })
	case string:
		runes := []rune(v)
		return nth(runes, index, func(i int) any { return string(runes[i]) })
	}
	return nil, &fault{text: "{1} is " + Describe(args[0]) + ", so it has no items"}
}

func nth[T any](list []T, index int, get func(i int) any) (any, error) {
	i := index
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return nil, &fault{text: "{1} has " + strconv.Itoa(len(list)) + " items, so it has no item " + strconv.Itoa(index), hint: "write get({1}, {2}) to get null then"}
	}
	return get(i), nil
}

// getSlice gives a part of a list or of a text: args are that, from and to; null for an end that is not given.
func getSlice(args ...any) (any, error) {
	size := 0
	var runes []rune
	list, isList := data(args[0]).([]any)
	text, isText := args[0].(string)
	switch {
	case args[0] == missing{}:
		return args[0], nil
	case isList:
		size = len(list)
	case isText:
		runes = []rune(text)
		size = len(runes)
	default:
		return nil, &fault{text: "only a list or a text has parts, but {1} is " + Describe(args[0]), hint: insteadOf("{1}", listType, typeOf(args[0]))}
	}
	from, okFrom := bound(args[1], 0, size)
	to, okTo := bound(args[2], size, size)
	if !okFrom || !okTo {
		return nil, &fault{text: "the ends of a part of {1} must be whole numbers"}
	}
	from = min(from, to)
	if isList {
		return list[from:to:to], nil
	}
	return string(runes[from:to]), nil
}

// bound reads one end of a slice: negative ones count from the end, those beyond are cut off.
func bound(v any, absent, size int) (int, bool) {
	if v == nil {
		return absent, true
	}
	n, ok := intOf(v)
	if n < 0 {
		n += size
	}
	return min(max(n, 0), size), ok
}

// asBool refuses what is not true or false where a condition is needed.
func asBool(args ...any) (any, error) {
	if _, ok := args[0].(bool); ok {
		return args[0], nil
	}
	return nil, notBool(typeOf(args[0]))
}

func notBool(t typeSet) *fault {
	f := &fault{text: "{1} is " + t.String() + ", not true or false"}
	switch {
	case t == nullType:
		f.hint = "write ({1} ?? false), or {1} != nil to ask whether there is a value"
	case t.is(textType):
		f.hint = `write {1} == "true", or {1} != "" to ask whether there is any text`
	case t.is(numberType):
		f.hint = "write {1} != 0"
	case t.is(listType | mapType):
		f.hint = "write len({1}) > 0"
	}
	return f
}

// asList refuses what is no list: args are that and the name of the function that walks it.
func asList(args ...any) (any, error) {
	if _, ok := args[0].([]any); ok {
		return args[0], nil
	}
	if list, ok := data(args[0]).([]any); ok {
		return list, nil
	}
	f, t := functionTable().byName[args[1].(string)], typeOf(args[0])
	return nil, wrongArgument(f, 0, t)
}

// asKey makes the key of a map of a computed value.
func asKey(args ...any) (any, error) {
	key, err := TextOf(args[0])
	if err != nil {
		return nil, &fault{text: "{1} is " + Describe(args[0]) + ", so it cannot be the key of a map"}
	}
	return key, nil
}

func negate(args ...any) (any, error) {
	switch v := args[0].(type) {
	case int:
		return wholeArithmetic("-", 0, v)
	case float64:
		return -v, nil
	}
	return nil, &fault{text: "- takes a number, but {1} is " + Describe(args[0]), hint: insteadOf("{1}", intType|floatType, typeOf(args[0]))}
}
