package jobs

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// loopFunctions evaluate their second argument for each item: `#` or nothing before a dot is the item, `#index` its
// place, `#acc` what reduce has so far.
func loopFunctions() []Function {
	loops := []Function{
		{Signature: "filter(list: list, test: bool) list", Doc: "The items for which the test is true.", Example: "filter([1, 2, 3], # > 1)", Result: "[2,3]"},
		{Signature: "map(list: list, value: any) list", Doc: "A value computed from each item.", Example: `map([{id: 1}, {id: 2}], .id)`, Result: "[1,2]"},
		{Signature: "find(list: list, test: bool) any", Doc: "The first item for which the test is true; null when there is none.", Example: "find([1, 2, 3], # > 1)", Result: "2"},
		{Signature: "findLast(list: list, test: bool) any", Doc: "The last item for which the test is true; null when there is none.", Example: "findLast([1, 2, 3], # > 1)", Result: "3"},
		{Signature: "findIndex(list: list, test: bool) int|null", Doc: "The place, from 0, of the first item for which the test is true; null when there is none.", Example: "findIndex([1, 2, 3], # > 1)", Result: "1"},
		{Signature: "findLastIndex(list: list, test: bool) int|null", Doc: "The place, from 0, of the last item for which the test is true; null when there is none.", Example: "findLastIndex([1, 2, 3], # > 1)", Result: "2"},
		{Signature: "all(list: list, test: bool) bool", Doc: "Whether the test is true for all items.", Example: "all([1, 2], # > 0)", Result: "true"},
		{Signature: "any(list: list, test: bool) bool", Doc: "Whether the test is true for at least one item.", Example: "any([1, 2], # > 1)", Result: "true"},
		{Signature: "none(list: list, test: bool) bool", Doc: "Whether the test is true for no item.", Example: "none([1, 2], # > 2)", Result: "true"},
		{Signature: "one(list: list, test: bool) bool", Doc: "Whether the test is true for exactly one item.", Example: "one([1, 2], # > 1)", Result: "true"},
		{Signature: "count(list: list, test?: bool) int", Doc: "How many items pass the test; without one, how many are true.", Example: "count([1, 2, 3], # > 1)", Result: "2"},
		{Signature: "sum(list: list, number?: number) number", Doc: "The sum of the items, or of a number computed from each.", Example: "sum([{n: 1}, {n: 2}], .n)", Result: "3"},
		{Signature: "groupBy(list: list, key: text|int|bool) map", Doc: "The items as lists, under the text of the key computed from each.", Example: `groupBy([{t: "a", n: 1}, {t: "b", n: 2}, {t: "a", n: 3}], .t)["a"]`, Result: `[{"n":1,"t":"a"},{"n":3,"t":"a"}]`},
		{Signature: "sortBy(list: list, value: any, order?: text) list", Doc: `The items in the order of a value computed from each, "asc" or "desc"; equal ones stay as they were, null comes first.`, Example: `sortBy([{n: 2}, {n: 1}], .n)`, Result: `[{"n":1},{"n":2}]`},
		{Signature: "reduce(list: list, value: any, initial?: any) any", Doc: "One value of all items: `#acc` is what came out for the items before, at first `initial` or else the first item.", Example: "reduce([1, 2, 3], #acc * #, 1)", Result: "6"},
	}
	for i := range loops {
		loops[i].loop = true
	}
	return loops
}

// listFunctions work on whole lists.
func listFunctions() []Function {
	return []Function{
		{Signature: "len(value: text|list|map) int", Doc: "How many characters a text, items a list or entries a map has.", Example: `len([1, 2])`, Result: "2", call: length},
		{Signature: "first(list: list) any", Doc: "The first item; null when the list is empty.", Example: "first([1, 2])", Result: "1",
			call: func(a []any) (any, error) { return itemAt(a[0].([]any), 0), nil }},
		{Signature: "last(list: list) any", Doc: "The last item; null when the list is empty.", Example: "last([1, 2])", Result: "2",
			call: func(a []any) (any, error) { return itemAt(a[0].([]any), len(a[0].([]any))-1), nil }},
		{Signature: "get(value: any, key: text|int) any", Doc: "A field of a map or an item of a list; null when there is none.", Example: `get({a: 1}, "b")`, Result: "null", call: get},
		{Signature: "take(list: list, count: int) list", Doc: "The first items of a list.", Example: "take([1, 2, 3], 2)", Result: "[1,2]", call: take},
		{Signature: "concat(lists: …list) list", Doc: "The items of several lists, one after the other.", Example: "concat([1], [2, 3])", Result: "[1,2,3]", call: concat},
		{Signature: "flatten(list: list) list", Doc: "The items of the lists inside a list, at any depth.", Example: "flatten([1, [2, [3]]])", Result: "[1,2,3]",
			call: func(a []any) (any, error) { return flatten(nil, a[0].([]any), 0) }},
		{Signature: "uniq(list: list) list", Doc: "The items without repetitions, in the order of their first.", Example: "uniq([1, 2, 1])", Result: "[1,2]", call: unique},
		{Signature: "chunk(list: list, size: int) list", Doc: "The items in lists of at most so many.", Example: "chunk([1, 2, 3], 2)", Result: "[[1,2],[3]]", call: chunk},
		{Signature: "reverse(list: list) list", Doc: "The items from the last to the first.", Example: "reverse([1, 2])", Result: "[2,1]", call: reverse},
		{Signature: "sort(list: list, order?: text) list", Doc: `The items in order, "asc" or "desc"; all must be numbers, texts or times, null comes first.`, Example: `sort([2, 1], "desc")`, Result: "[2,1]", call: sorted},
		{Signature: "join(list: list, between?: text) text", Doc: "The items as one text.", Example: `join(["a", 1], ", ")`, Result: `"a, 1"`, call: join},
	}
}

func length(a []any) (any, error) {
	switch v := a[0].(type) {
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return characters(a[0].(string)), nil
}

func itemAt(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func get(a []any) (any, error) {
	switch v := a[0].(type) {
	case map[string]any:
		if key, ok := a[1].(string); ok {
			return v[key], nil
		}
	case []any:
		if i, ok := intOf(a[1]); ok {
			if i < 0 {
				i += len(v)
			}
			return itemAt(v, i), nil
		}
	}
	return nil, nil
}

func take(a []any) (any, error) {
	list := a[0].([]any)
	return list[:min(max(a[1].(int), 0), len(list))], nil
}

func concat(a []any) (any, error) {
	out := []any{}
	for _, list := range a {
		if out = append(out, list.([]any)...); len(out) > maxItems {
			return nil, tooBig("a list of more than a million items")
		}
	}
	return out, nil
}

func flatten(out, list []any, depth int) (any, error) {
	if depth > 1000 {
		return nil, &fault{text: "the lists of {1} lie more than 1000 deep"}
	}
	if out == nil {
		out = []any{}
	}
	for _, item := range list {
		inner, ok := item.([]any)
		if !ok {
			out = append(out, item)
			continue
		}
		flat, err := flatten(out, inner, depth+1)
		if err != nil {
			return nil, err
		}
		if out = flat.([]any); len(out) > maxItems {
			return nil, tooBig("a list of more than a million items")
		}
	}
	return out, nil
}

// unique compares items only with those that have the same hash.
func unique(a []any) (any, error) {
	seen := map[uint64][]any{}
	seed := maphash.MakeSeed()
	out := []any{}
	for _, item := range a[0].([]any) {
		key := hash(seed, item)
		if !slices.ContainsFunc(seen[key], func(other any) bool { return equal(item, other) }) {
			seen[key] = append(seen[key], item)
			out = append(out, item)
		}
	}
	return out, nil
}

// hash gives the same number for equal values.
func hash(seed maphash.Seed, v any) uint64 {
	switch v := v.(type) {
	case string:
		return maphash.String(seed, v)
	case bool:
		return maphash.Comparable(seed, v)
	case []any:
		sum := uint64(len(v))
		for _, item := range v {
			sum = sum*31 + hash(seed, item)
		}
		return sum
	case map[string]any:
		sum := uint64(len(v))
		for k, item := range v {
			sum += maphash.String(seed, k) ^ hash(seed, item)*31
		}
		return sum
	}
	if number, ok := exact(v); ok {
		return maphash.String(seed, number.RatString())
	}
	return 0
}

func chunk(a []any) (any, error) {
	list, size := a[0].([]any), a[1].(int)
	if size < 1 {
		return nil, &fault{text: "chunk makes lists of at least 1 item, but {2} is less"}
	}
	out := []any{}
	for part := range slices.Chunk(list, size) {
		out = append(out, part)
	}
	return out, nil
}

func reverse(a []any) (any, error) {
	out := slices.Clone(a[0].([]any))
	slices.Reverse(out)
	return out, nil
}

func sorted(a []any) (any, error) {
	list := a[0].([]any)
	pairs := make([]any, len(list))
	for i, item := range list {
		pairs[i] = []any{item, item}
	}
	return sortPairs(append([]any{pairs}, a[1:]...))
}

// sortPairs sorts pairs of an item and the value to sort by, and gives the items. The sort is stable.
func sortPairs(a []any) (any, error) {
	descending := false
	if len(a) == 2 {
		word, _ := a[1].(string)
		if descending = word == "desc"; !descending && word != "asc" {
			return nil, &fault{text: `the order must be "asc" or "desc"`}
		}
	}
	pairs := slices.Clone(a[0].([]any))
	var mixed error
	slices.SortStableFunc(pairs, func(p, q any) int {
		x, y := p.([]any)[1], q.([]any)[1]
		c, ok := compareOrNull(x, y)
		if !ok && mixed == nil {
			mixed = faultf("%s and %s have no order; all must be numbers, texts or times", Describe(x), Describe(y))
		}
		if descending {
			return -c
		}
		return c
	})
	for i, p := range pairs {
		pairs[i] = p.([]any)[0]
	}
	return pairs, mixed
}

func compareOrNull(x, y any) (int, bool) {
	if x == nil || y == nil {
		return order(x == nil && y != nil, x != nil && y == nil), true
	}
	return compare(x, y)
}

// groupPairs groups pairs of an item and its key, and gives a map of lists.
func groupPairs(a []any) (any, error) {
	out := map[string]any{}
	for i, p := range a[0].([]any) {
		pair := p.([]any)
		key, err := TextOf(pair[1])
		if err != nil {
			return nil, &fault{text: fmt.Sprintf("the key of item %d is %s, so it cannot name a group", i, Describe(pair[1])), hint: `write … ?? "none" where it may be null`}
		}
		group, _ := out[key].([]any)
		out[key] = append(group, pair[0])
	}
	return out, nil
}

func join(a []any) (any, error) {
	between := ""
	if len(a) == 2 {
		between = a[1].(string)
	}
	var out strings.Builder
	for i, item := range a[0].([]any) {
		text, err := TextOf(item)
		if err != nil {
			return nil, &fault{text: fmt.Sprintf("item %d of {1} is %s, which is no text", i, Describe(item)), hint: "write map({1}, …) with what is text for each item"}
		}
		if i > 0 {
			out.WriteString(between)
		}
		if out.WriteString(text); out.Len() > maxText {
			return nil, tooBig("a text of more than 64 MB")
		}
	}
	return out.String(), nil
}
