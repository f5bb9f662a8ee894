package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// query is an encoded query, as `sysparm_query` has it.
//
// Conditions are joined with `^` (and) and `^OR` (or, with the condition before it: it binds closer than `^`); `^NQ`
// starts a query of its own, and a record is found when one of them finds it. `ORDERBYfield` and `ORDERBYDESCfield`
// sort. `^^` is a `^` in a value. Fields may be dot-walked: `caller_id.name`.
//
// A part that is not valid (a field the table does not have, an operator that is not known) is left out, and what is
// left decides, as on an instance whose glide.invalid_query.returns_no_rows is false, its default: a misspelt field
// finds more records, not fewer.
type query struct {
	any   []conjunction // none: every record
	order []order
}

// conjunction holds groups that must all be met; a group is met when one of its conditions is. An empty group, of which
// nothing was valid, is met always.
type conjunction [][]condition

type condition struct {
	field string
	test  func(have, want string) bool
	want  string
}

type order struct {
	field string
	desc  bool
}

// operator is one way to compare a field with a value. Texts compare without regard to case.
type operator struct {
	name string
	test func(have, want string) bool
}

// operators, so that none stands behind one that it begins with.
var operators = [...]operator{
	{"!=", func(have, want string) bool { return !strings.EqualFold(have, want) }},
	{">=", func(have, want string) bool { return have != "" && compare(have, want) >= 0 }},
	{"<=", func(have, want string) bool { return have != "" && compare(have, want) <= 0 }},
	{"=", strings.EqualFold},
	{">", func(have, want string) bool { return have != "" && compare(have, want) > 0 }},
	{"<", func(have, want string) bool { return have != "" && compare(have, want) < 0 }},
	{"STARTSWITH", func(have, want string) bool { return strings.HasPrefix(lower(have), lower(want)) }},
	{"ENDSWITH", func(have, want string) bool { return strings.HasSuffix(lower(have), lower(want)) }},
	{"CONTAINS", contains},
	{"LIKE", contains},
	{"NOT LIKE", func(have, want string) bool { return !contains(have, want) }},
	{"NOTLIKE", func(have, want string) bool { return !contains(have, want) }},
	{"ISEMPTY", func(have, _ string) bool { return have == "" }},
	{"ISNOTEMPTY", func(have, _ string) bool { return have != "" }},
	{"NOT IN", func(have, want string) bool { return !in(have, want) }},
	{"INSTANCEOF", strings.EqualFold},
	{"IN", in},
	{"BETWEEN", between},
}

func lower(text string) string { return strings.ToLower(text) }

func contains(have, want string) bool { return strings.Contains(lower(have), lower(want)) }

func in(have, want string) bool {
	return slices.ContainsFunc(strings.Split(want, ","), func(one string) bool { return strings.EqualFold(have, one) })
}

func between(have, want string) bool {
	low, high, ok := strings.Cut(want, "@")
	return ok && have != "" && compare(have, low) >= 0 && compare(have, high) <= 0
}

// compare orders whole numbers by value and everything else as text.
func compare(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(lower(a), lower(b))
}

// parseQuery reads an encoded query; valid says which fields there are.
func parseQuery(text string, valid func(field string) bool) query {
	var q query
	for _, part := range splitQuery(text) {
		if by, ok := strings.CutPrefix(part, "ORDERBYDESC"); ok {
			q.sortBy(order{by, true}, valid)
		} else if by, ok := strings.CutPrefix(part, "ORDERBY"); ok {
			q.sortBy(order{by, false}, valid)
		} else if rest, ok := strings.CutPrefix(part, "NQ"); ok {
			q.any = append(q.any, nil)
			q.and(rest, valid)
		} else if rest, ok := strings.CutPrefix(part, "OR"); ok {
			q.or(rest, valid)
		} else if part != "" && part != "EQ" { // EQ ends queries that the instance's own lists write
			q.and(part, valid)
		}
	}
	return q
}

// splitQuery splits at every `^` that is not doubled.
func splitQuery(text string) []string {
	parts := strings.Split(strings.ReplaceAll(text, "^^", "\x00"), "^")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", "^")
	}
	return parts
}

func (q *query) sortBy(o order, valid func(string) bool) {
	if valid(o.field) {
		q.order = append(q.order, o)
	}
}

func (q *query) and(text string, valid func(string) bool) {
	if len(q.any) == 0 {
		q.any = append(q.any, nil)
	}
	last := &q.any[len(q.any)-1]
	*last = append(*last, parseCondition(text, valid))
}

func (q *query) or(text string, valid func(string) bool) {
	if len(q.any) == 0 || len(q.any[len(q.any)-1]) == 0 {
		q.and(text, valid)
		return
	}
	last := q.any[len(q.any)-1]
	group := &last[len(last)-1]
	*group = append(*group, parseCondition(text, valid)...)
}

// parseCondition gives one condition, or none when the text is not valid.
func parseCondition(text string, valid func(string) bool) []condition {
	end := strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.'
	})
	if end < 0 || !valid(text[:end]) {
		return nil
	}
	for _, op := range operators {
		if want, ok := strings.CutPrefix(text[end:], op.name); ok {
			return []condition{{text[:end], op.test, want}}
		}
	}
	return nil
}

// matches says whether a record is found; get gives the value of one of its fields.
func (q query) matches(get func(field string) string) bool {
	return len(q.any) == 0 || slices.ContainsFunc(q.any, func(c conjunction) bool { return c.met(get) })
}

func (c conjunction) met(get func(string) string) bool {
	for _, group := range c {
		if len(group) > 0 && !slices.ContainsFunc(group, func(one condition) bool { return one.test(get(one.field), one.want) }) {
			return false
		}
	}
	return true
}

// before orders two records by the query's ORDERBYs; 0 when none tells them apart.
func (q query) before(a, b func(field string) string) int {
	for _, o := range q.order {
		if c := compare(a(o.field), b(o.field)); c != 0 {
			if o.desc {
				return -c
			}
			return c
		}
	}
	return 0
}
