package jobs

import (
	"strings"
	"unicode/utf8"
)

// textFunctions work on text.
func textFunctions() []Function {
	return []Function{
		{Signature: "upper(text: text) text", Doc: "The text in capital letters.", Example: `upper("abc")`, Result: `"ABC"`,
			call: func(a []any) (any, error) { return strings.ToUpper(a[0].(string)), nil }},
		{Signature: "lower(text: text) text", Doc: "The text in small letters.", Example: `lower("ABC")`, Result: `"abc"`,
			call: func(a []any) (any, error) { return strings.ToLower(a[0].(string)), nil }},
		{Signature: "trim(text: text, characters?: text) text", Doc: "The text without white space, or other characters, at both ends.", Example: `trim(" a ")`, Result: `"a"`, call: trim},
		{Signature: "trimPrefix(text: text, prefix: text) text", Doc: "The text without this beginning, where it has it.", Example: `trimPrefix("INC001", "INC")`, Result: `"001"`,
			call: func(a []any) (any, error) { return strings.TrimPrefix(a[0].(string), a[1].(string)), nil }},
		{Signature: "trimSuffix(text: text, suffix: text) text", Doc: "The text without this end, where it has it.", Example: `trimSuffix("a.json", ".json")`, Result: `"a"`,
			call: func(a []any) (any, error) { return strings.TrimSuffix(a[0].(string), a[1].(string)), nil }},
		{Signature: "hasPrefix(text: text, prefix: text) bool", Doc: "Whether the text begins so; the same as `startsWith`.", Example: `hasPrefix("INC001", "INC")`, Result: "true",
			call: func(a []any) (any, error) { return strings.HasPrefix(a[0].(string), a[1].(string)), nil }},
		{Signature: "hasSuffix(text: text, suffix: text) bool", Doc: "Whether the text ends so; the same as `endsWith`.", Example: `hasSuffix("a.json", ".json")`, Result: "true",
			call: func(a []any) (any, error) { return strings.HasSuffix(a[0].(string), a[1].(string)), nil }},
		{Signature: "indexOf(text: text, part: text) int", Doc: "Where the part first stands, in characters from 0; -1 when it does not.", Example: `indexOf("abcb", "b")`, Result: "1",
			call: func(a []any) (any, error) {
				return place(a[0].(string), strings.Index(a[0].(string), a[1].(string))), nil
			}},
		{Signature: "lastIndexOf(text: text, part: text) int", Doc: "Where the part last stands, in characters from 0; -1 when it does not.", Example: `lastIndexOf("abcb", "b")`, Result: "3",
			call: func(a []any) (any, error) {
				return place(a[0].(string), strings.LastIndex(a[0].(string), a[1].(string))), nil
			}},
		{Signature: "split(text: text, between: text, count?: int) list", Doc: "The parts of a text, at most `count` of them.", Example: `split("a,b", ",")`, Result: `["a","b"]`,
			call: func(a []any) (any, error) {
				return parts(strings.SplitN(a[0].(string), a[1].(string), count(a, 2))), nil
			}},
		{Signature: "splitAfter(text: text, between: text, count?: int) list", Doc: "Like split, but each part keeps what stands after it.", Example: `splitAfter("a,b", ",")`, Result: `["a,","b"]`,
			call: func(a []any) (any, error) {
				return parts(strings.SplitAfterN(a[0].(string), a[1].(string), count(a, 2))), nil
			}},
		{Signature: "replace(text: text, old: text, new: text, times?: int) text", Doc: "The text with one part replaced by another, everywhere or so many times.", Example: `replace("a-b-c", "-", "")`, Result: `"abc"`, call: replace},
		{Signature: "repeat(text: text, times: int) text", Doc: "The text so many times.", Example: `repeat("ab", 2)`, Result: `"abab"`, call: repeat},
		{Signature: "padStart(text: text, length: int, with: text) text", Doc: "The text, filled up in front to a length in characters.", Example: `padStart("7", 3, "0")`, Result: `"007"`, call: padStart},
	}
}

// characters counts the characters of a text.
func characters(s string) int { return utf8.RuneCountInString(s) }

// place turns a place in bytes into one in characters.
func place(s string, offset int) int {
	if offset < 0 {
		return -1
	}
	return characters(s[:offset])
}

// count gives an optional count, -1 when it is absent.
func count(a []any, i int) int {
	if len(a) <= i {
		return -1
	}
	return a[i].(int)
}

func parts(list []string) any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func trim(a []any) (any, error) {
	if len(a) == 1 {
		return strings.TrimSpace(a[0].(string)), nil
	}
	return strings.Trim(a[0].(string), a[1].(string)), nil
}

func replace(a []any) (any, error) {
	text, old, with := a[0].(string), a[1].(string), a[2].(string)
	times := strings.Count(text, old)
	if n := count(a, 3); n >= 0 {
		times = min(times, n)
	}
	if growth := len(with) - len(old); growth > 0 && times > maxText/growth {
		return nil, tooBig("a text of more than 64 MB")
	}
	return strings.Replace(text, old, with, times), nil
}

func repeat(a []any) (any, error) {
	text, times := a[0].(string), a[1].(int)
	switch {
	case times < 0:
		return nil, &fault{text: "repeat takes a number from 0, but {2} is negative"}
	case text != "" && times > maxText/len(text):
		return nil, tooBig("a text of more than 64 MB")
	case text == "":
		return "", nil
	}
	return strings.Repeat(text, times), nil
}

func padStart(a []any) (any, error) {
	text, want, with := a[0].(string), a[1].(int), a[2].(string)
	switch missing := want - characters(text); {
	case missing <= 0:
		return text, nil
	case with == "":
		return nil, &fault{text: "padStart has nothing to fill up with: {3} is empty"}
	case missing > maxText/len(with):
		return nil, tooBig("a text of more than 64 MB")
	default:
		filling := []rune(strings.Repeat(with, missing/characters(with)+1))
		return string(filling[:missing]) + text, nil
	}
}
