package history

import (
	"regexp"
	"strconv"
	"strings"
)

// respelling says how something is written for PostgreSQL that SQLite takes in another way.
type respelling struct {
	sqlite   *regexp.Regexp
	postgres string
}

// respellings are gone through in their order. The texts are in one line then, and each parameter has its number.
var respellings = [...]respelling{
	// SQLite is told which way to go; PostgreSQL finds it.
	{regexp.MustCompile(` (INDEXED BY \w+|NOT INDEXED)`), ``},
	{regexp.MustCompile(`CROSS JOIN (\w+(?:\(\?\d+\))?(?: \w+)?) ON`), `JOIN $1 ON`},

	// Keys and what they begin with: SQLite has to count bytes.
	{regexp.MustCompile(`substr\(CAST\(key AS BLOB\), 1, \?\d+\) = \?(\d+) AND substr\(CAST\(key AS BLOB\), \?\d+ \+ 1, 1\) IN \(x'2f', x'5b', x'23'\)`),
		`starts_with(key, ?t$1) AND substr(key, length(?t$1::text) + 1, 1) IN ('/', '[', '#')`},
	{regexp.MustCompile(`substr\(CAST\(key AS BLOB\), 1, \?\d+\) = \?(\d+) AND \(length\(CAST\(key AS BLOB\)\) = \?\d+ ` +
		`OR substr\(CAST\(key AS BLOB\), \?\d+ \+ 1, 1\) IN \(x'2f', x'5b', x'23', x'40'\)\)`),
		`starts_with(key, ?t$1) AND substr(key, length(?t$1::text) + 1, 1) IN ('', '/', '[', '#', '@')`},
	{regexp.MustCompile(`substr\(CAST\(([\w.]+) AS BLOB\), 1, \?\d+\) = \?(\d+)`), `starts_with($1, ?t$2)`},
	{regexp.MustCompile(`substr\(key, -length\((\?\d+)\) - 1\) =`), `right(key, length($1::text) + 1) =`},
	{regexp.MustCompile(`\binstr\(`), `strpos(`},

	// What is in JSON.
	{regexp.MustCompile(`json_each\(\(SELECT json_group_array\(run\) FROM \(`), `LATERAL (SELECT run AS value FROM (`},
	{regexp.MustCompile(`\)\)\) found\b`), `)) found`},
	{regexp.MustCompile(`\bjson_each\(`), `each_of(`},
	{regexp.MustCompile(`\bid IN \(SELECT value FROM`), `id IN (SELECT value::bigint FROM`},
	{regexp.MustCompile(`([\w.]+)->>2\b`), `json_text($1, 2)::bigint`},
	{regexp.MustCompile(`([\w.]+)->>('\w+'|\d)`), `json_text($1, $2)`},

	// What is looked for in texts and bodies, without a difference of capital and small letters of ASCII: the texts are COLLATE "C".
	{regexp.MustCompile(regexp.QuoteMeta(sentSQL) + ` LIKE`), legible(sentSQL) + ` ILIKE`},
	{regexp.MustCompile(regexp.QuoteMeta(receivedSQL) + ` LIKE`), legible(receivedSQL) + ` ILIKE`},
	{regexp.MustCompile(`(\w+) LIKE (\?\d+) ESCAPE`), `$1 ILIKE $2 ESCAPE`},

	// Types that SQLite does without.
	{regexp.MustCompile(`(\?\d+) ([=<]) (\d)`), `$1::bigint $2 $3`},
	{regexp.MustCompile(`(\?\d+) IS NULL`), `$1::text IS NULL`},
	{regexp.MustCompile(`WHEN (\?\d+) THEN`), `WHEN $1::bigint <> 0 THEN`},
	{regexp.MustCompile(`SELECT value, \?3 FROM`), `SELECT value, ?3::text FROM`},
	{regexp.MustCompile(`LIMIT (\?\d+)`), `LIMIT nullif($1::bigint, -1)`},
	{regexp.MustCompile(` IS (\?\d+)`), ` IS NOT DISTINCT FROM $1`},
	{regexp.MustCompile(`0xffffffff`), `4294967295`},
	{regexp.MustCompile(`x'([0-9a-f]*)'`), `'\x$1'::bytea`},
	{regexp.MustCompile(`\bgroup_concat\(`), `string_agg(`},

	// Indexes have keys and inputs as place_of gives them, which has room for long ones.
	{regexp.MustCompile(`\b((?:\w+\.)?key) = (\?\d+)`), `place_of($1) = place_of($2) AND $1 = $2`},
	{regexp.MustCompile(`\b((?:\w+\.)?key) >= (\?\d+(?: \|\| '.')?) AND (?:\w+\.)?key < (\?\d+(?: \|\| '.')?)`),
		`place_of($1) >= left($2, 300) AND place_of($1) < left($2, 300) || chr(1114111) AND $1 >= $2 AND $1 < $3`},
	{regexp.MustCompile(`\b((?:\w+\.)?inputs) = ((?:\w+\.)?inputs|json_text\(k\.value, 1\))`), `place_of($1) = place_of($2) AND $1 = $2`},

	// SQLite puts what is NULL first.
	{regexp.MustCompile(`ORDER BY (at|due|coalesce\(ended, started\)), `), `ORDER BY $1 NULLS FIRST, `},

	{regexp.MustCompile(`^INSERT OR IGNORE (.*)$`), `INSERT $1 ON CONFLICT DO NOTHING`},
}

// legible gives a body as a text, byte by byte, so that also one that is not in UTF-8 can be looked through; NULL where it is no text.
func legible(body string) string {
	return `(SELECT CASE WHEN position('\x00'::bytea IN b) = 0 THEN convert_from(b, 'LATIN1') END COLLATE "C" FROM (SELECT ` + body + ` AS b))`
}

// rewritten goes through the respellings.
func rewritten(sql string) string {
	for _, r := range respellings {
		sql = r.sqlite.ReplaceAllString(sql, strings.ReplaceAll(r.postgres, `$1::`, `${1}::`))
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
