package jobs

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"snrun/steps"
)

// mapFunctions work on maps. Whatever walks a map does so in the order of its keys.
func mapFunctions() []Function {
	return []Function{
		{Signature: "keys(map: map) list", Doc: "The keys, sorted.", Example: "keys({b: 1, a: 2})", Result: `["a","b"]`,
			call: func(a []any) (any, error) { return eachEntry(a, func(k string, _ any) any { return k }), nil }},
		{Signature: "values(map: map) list", Doc: "The values, in the order of the sorted keys.", Example: "values({b: 1, a: 2})", Result: `[2,1]`,
			call: func(a []any) (any, error) { return eachEntry(a, func(_ string, v any) any { return v }), nil }},
		{Signature: "toPairs(map: map) list", Doc: "The entries as lists of key and value, in the order of the sorted keys.", Example: "toPairs({b: 1, a: 2})", Result: `[["a",2],["b",1]]`,
			call: func(a []any) (any, error) { return eachEntry(a, func(k string, v any) any { return []any{k, v} }), nil }},
		{Signature: "fromPairs(list: list) map", Doc: "The map of a list of lists of key and value.", Example: `fromPairs([["a", 1]])`, Result: `{"a":1}`, call: fromPairs},
		{Signature: "merge(maps: …map) map", Doc: "One map of several; of the same key, the last counts.", Example: `merge({a: 1, b: 1}, {b: 2})`, Result: `{"a":1,"b":2}`, call: merge},
		{Signature: "pick(map: map, keys: list) map", Doc: "The entries with these keys, as far as there are any.", Example: `pick({a: 1, b: 2}, ["a", "c"])`, Result: `{"a":1}`,
			call: func(a []any) (any, error) { return keep(a, true), nil }},
		{Signature: "omit(map: map, keys: list) map", Doc: "The entries without those with these keys.", Example: `omit({a: 1, b: 2}, ["a"])`, Result: `{"b":2}`,
			call: func(a []any) (any, error) { return keep(a, false), nil }},
	}
}

// dataFunctions turn values into text and text into values.
func dataFunctions() []Function {
	return []Function{
		{Signature: "toJSON(value: any) text", Doc: "The value as JSON on one line, keys sorted, nothing escaped for HTML.", Example: `toJSON({b: "<", a: [1]})`, Result: `"{\"a\":[1],\"b\":\"<\"}"`, call: toJSON},
		{Signature: "fromJSON(text: text) any", Doc: "The value of a JSON text; numbers keep their exact digits.", Example: `fromJSON("[1, null]")`, Result: "[1,null]", call: fromJSON},
		{Signature: "toBase64(text: text) text", Doc: "The text in base64 (RFC 4648, with padding).", Example: `toBase64("a?")`, Result: `"YT8="`,
			call: func(a []any) (any, error) { return base64.StdEncoding.EncodeToString([]byte(a[0].(string))), nil }},
		{Signature: "fromBase64(text: text) text", Doc: "The text that is given in base64.", Example: `fromBase64("YT8=")`, Result: `"a?"`, call: fromBase64},
		{Signature: "urlEncode(text: text) text", Doc: "The text as a part of a query: `&`, `=`, `/` and others escaped, a space as `%20`. The keys `query`, `form` and `path` of a request escape by themselves.", Example: `urlEncode("a b&c")`, Result: `"a%20b%26c"`,
			call: func(a []any) (any, error) { return strings.ReplaceAll(url.QueryEscape(a[0].(string)), "+", "%20"), nil }},
		{Signature: "urlDecode(text: text) text", Doc: "The text of a part of a query.", Example: `urlDecode("a%20b+c")`, Result: `"a b c"`, call: urlDecode},
		{Signature: "sha256(text: text) text", Doc: "The SHA-256 digest in hexadecimal.", Example: `sha256("")`, Result: `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`,
			call: func(a []any) (any, error) {
				sum := sha256.Sum256([]byte(a[0].(string)))
				return hex.EncodeToString(sum[:]), nil
			}},
		{Signature: "type(value: any) text", Doc: "The type of a value: nil, bool, int, float, string, array or map.", Example: `type([1])`, Result: `"array"`,
			call: func(a []any) (any, error) { return typeName(a[0]), nil }},
		{Signature: "string(value: any) text", Doc: "The value as text: a number with all its digits, a list or map as JSON, null as nothing.", Example: `string(12.50)`, Result: `"12.5"`, call: toText},
	}
}

func eachEntry(a []any, of func(key string, v any) any) any {
	m := a[0].(map[string]any)
	out := make([]any, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, of(key, m[key]))
	}
	return out
}

func fromPairs(a []any) (any, error) {
	out := map[string]any{}
	for i, item := range a[0].([]any) {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, faultf("item %d of {1} is no list of key and value", i)
		}
		key, err := TextOf(pair[0])
		if err != nil {
			return nil, faultf("the key of item %d of {1} is %s, but must be text", i, Describe(pair[0]))
		}
		out[key] = pair[1]
	}
	return out, nil
}

func merge(a []any) (any, error) {
	out := map[string]any{}
	for _, m := range a {
		maps.Copy(out, m.(map[string]any))
	}
	return out, nil
}

func keep(a []any, listed bool) any {
	out := map[string]any{}
	for key, v := range a[0].(map[string]any) {
		if slices.Contains(a[1].([]any), any(key)) == listed {
			out[key] = v
		}
	}
	return out
}

func toJSON(a []any) (any, error) {
	text, err := steps.EncodeJSON(data(a[0]))
	if err != nil {
		return nil, &fault{text: "{1} " + err.Error()}
	}
	return string(text), nil
}

func fromJSON(a []any) (any, error) {
	v, err := steps.DecodeJSON([]byte(a[0].(string)))
	if broken := (*steps.JSONError)(nil); errors.As(err, &broken) {
		return nil, faultf("{1} is no JSON: at its line %d, column %d, %s", broken.Line, broken.Column, broken.Message)
	}
	return v, err
}

func fromBase64(a []any) (any, error) {
	text, err := base64.StdEncoding.DecodeString(a[0].(string))
	if err != nil {
		return nil, &fault{text: "{1} is no base64", hint: "base64 is letters, digits, + and /, filled up with = to a multiple of 4"}
	}
	return string(text), nil
}

func urlDecode(a []any) (any, error) {
	text, err := url.QueryUnescape(a[0].(string))
	if err != nil {
		return nil, &fault{text: "{1} has a % that is not followed by two hexadecimal digits"}
	}
	return text, nil
}

// typeName keeps the words of expr's `type`.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case int:
		return "int"
	case float64, json.Number:
		return "float"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "map"
	}
	return Describe(v)
}

func toText(a []any) (any, error) {
	switch a[0].(type) {
	case nil:
		return "", nil
	case []any, map[string]any:
		return toJSON(a)
	}
	return TextOf(a[0])
}
