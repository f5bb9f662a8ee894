package dialect

import (
	"regexp"
	"strconv"
	"strings"
)

// Rule says how something is written for PostgreSQL that SQLite takes in another way. Texts are in one line then, and each parameter has
// its number: ?1. In what PostgreSQL takes, ?t1 is a text, though it may be given as bytes.
type Rule struct {
	sqlite   *regexp.Regexp
	postgres string
}

// Rewrite makes a Rule of a regular expression and what its match becomes, with $1 for what is in its first brackets. It panics where it
// is no regular expression.
func Rewrite(sqlite, postgres string) Rule { return Rule{regexp.MustCompile(sqlite), postgres} }

// rules are gone through in their order.
var rules = [...]Rule{
	// SQLite is told which way to go; PostgreSQL finds it.
	Rewrite(` (INDEXED BY \w+|NOT INDEXED)`, ``),
	Rewrite(`CROSS JOIN (\w+(?:\(\?\d+\))?(?: \w+)?) ON`, `JOIN $1 ON`),

	Rewrite(`\binstr\(`, `strpos(`),

	// What is in JSON.
	Rewrite(`\bjson_each\(`, `each_of(`),
	Rewrite(`([\w.]+)->>2\b`, `json_text($1, 2)::bigint`),
	Rewrite(`([\w.]+)->>('\w+'|\d)`, `json_text($1, $2)`),

	// What is looked for in texts and bodies, without a difference of capital and small letters of ASCII: the texts are COLLATE "C".
	Rewrite(`(\w+) LIKE (\?\d+) ESCAPE`, `$1 ILIKE $2 ESCAPE`),

	// Types that SQLite does without.
	Rewrite(`(\?\d+) ([=<]) (\d)`, `$1::bigint $2 $3`),
	Rewrite(`(\?\d+) IS NULL`, `$1::text IS NULL`),
	Rewrite(`WHEN (\?\d+) THEN`, `WHEN $1::bigint <> 0 THEN`),
	Rewrite(`LIMIT (\?\d+)`, `LIMIT nullif($1::bigint, -1)`),
	Rewrite(` IS (\?\d+)`, ` IS NOT DISTINCT FROM $1`),
	Rewrite(`0xffffffff`, `4294967295`),
	Rewrite(`x'([0-9a-f]*)'`, `'\x$1'::bytea`),
	Rewrite(`\bgroup_concat\(`, `string_agg(`),

	Rewrite(`^INSERT OR IGNORE (.*)$`, `INSERT $1 ON CONFLICT DO NOTHING`),
}

// rewritten goes through rules, a program's own before the general ones.
func rewritten(sql string, own []Rule) string {
	for _, list := range [][]Rule{own, rules[:]} {
		for _, r := range list {
			sql = r.sqlite.ReplaceAllString(sql, r.postgres)
		}
	}
	return withNames(ofSeveral(replacing(sql)))
}

// replacing writes a row that replaces the one with its id as PostgreSQL does.
func replacing(sql string) string {
	parts := replaces.FindStringSubmatch(sql)
	if parts == nil {
		return sql
	}
	var set []string
	for _, column := range strings.Split(parts[2], ", ")[1:] {
		set = append(set, column+" = excluded."+column)
	}
	return "INSERT INTO " + parts[1] + " (" + parts[2] + ") " + parts[3] + " ON CONFLICT (id) DO UPDATE SET " + strings.Join(set, ", ")
}

// ofSeveral writes the largest and the smallest of several values as PostgreSQL does: max and min are of one column there.
func ofSeveral(sql string) string {
	for _, f := range [][2]string{{"max(", "greatest("}, {"min(", "least("}} {
		for at := 0; ; {
			i := strings.Index(sql[at:], f[0])
			if i < 0 {
				break
			}
			at += i
			inner := at + len(f[0])
			if hasComma(sql[inner:closing(sql, inner)]) {
				sql = sql[:at] + f[1] + sql[inner:]
			}
			at = inner
		}
	}
	return sql
}

// closing gives where the bracket is closed that was opened before a place.
func closing(sql string, from int) int {
	depth := 1
	for i := from; i < len(sql); i++ {
		switch sql[i] {
		case '\'':
			i += 1 + strings.IndexByte(sql[i+1:], '\'')
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(sql)
}

// hasComma says whether a text has a comma that is not in brackets.
func hasComma(text string) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			i = closing(text, i+1)
		case ',':
			return true
		}
	}
	return false
}

// withNames gives each query in a FROM a name, where it has none: PostgreSQL wants one.
func withNames(sql string) string {
	named := 0
	for at := 0; ; {
		i := nextQuery(sql[at:])
		if i < 0 {
			return sql
		}
		at += i
		end := closing(sql, at) + 1
		if !isNamed.MatchString(sql[min(end, len(sql)):]) {
			named++
			sql = sql[:end] + " AS q" + strconv.Itoa(named) + sql[end:]
		}
	}
}

// nextQuery gives where the next query in a FROM or a JOIN begins, -1 where there is none.
func nextQuery(sql string) int {
	at := fromQuery.FindStringIndex(sql)
	if at == nil {
		return -1
	}
	return at[1]
}

var (
	replaces  = regexp.MustCompile(`^INSERT OR REPLACE INTO (\w+) \((id, [\w, ]+)\) (.*)$`)
	fromQuery = regexp.MustCompile(`(?:FROM|JOIN|, LATERAL) \(`)
	isNamed   = regexp.MustCompile(`^ (AS )?[a-z]\w*`)
)
