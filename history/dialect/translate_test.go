package dialect

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"snrun/auth/store/postgres"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	s := New(postgres.Address{}, Texts{
		Own: func(sql string) (string, bool) {
			own := map[string]string{"PRAGMA user_version": "SELECT max(version) FROM versions", "SELECT oldest": "SELECT min(at)\n\tFROM t WHERE id = ?"}[sql]
			return own, own != ""
		},
		Rules: []Rule{Rewrite(`ORDER BY (at),`, `ORDER BY $1 NULLS FIRST,`), Rewrite(`same_as\(\?(\d+)\)`, `starts_with(key, ?t$1)`)},
	})
	for sql, want := range map[string]string{
		"SELECT a\n\t\tFROM t WHERE b = ? AND c = ?":                        "SELECT a FROM t WHERE b = $1 AND c = $2",
		"SELECT '?' FROM t WHERE b = ?2 AND c = ?":                          "SELECT '?' FROM t WHERE b = $1 AND c = $2",
		"SELECT ?1, ?2, ?1":                                                 "SELECT $1, $2, $1",
		"SELECT a FROM t INDEXED BY t_of_a, u NOT INDEXED":                  "SELECT a FROM t, u",
		"SELECT a FROM t CROSS JOIN u ON u.id = t.id":                       "SELECT a FROM t JOIN u ON u.id = t.id",
		"SELECT a FROM json_each(?1) CROSS JOIN t ON t.id = value LIMIT ?2": "SELECT a FROM each_of($1) JOIN t ON t.id = value LIMIT nullif($2::bigint, -1)",
		"SELECT t.counts->>'pages', pair->>2 FROM t":                        "SELECT json_text(t.counts, 'pages'), json_text(pair, 2)::bigint FROM t",
		`SELECT a FROM t WHERE a LIKE ? ESCAPE '\'`:                         `SELECT a FROM t WHERE a ILIKE $1 ESCAPE '\'`,
		"SELECT max(a), max(a, b), min(max(a), coalesce(b, c)) FROM t":      "SELECT max(a), greatest(a, b), least(max(a), coalesce(b, c)) FROM t",
		"SELECT max('a, b)', (a)) FROM t":                                   "SELECT greatest('a, b)', (a)) FROM t",
		"SELECT a FROM (SELECT a FROM (SELECT 1 AS a)) JOIN (SELECT 2) b":   "SELECT a FROM (SELECT a FROM (SELECT 1 AS a) AS q2) AS q1 JOIN (SELECT 2) b",
		"SELECT id & 0xffffffff, x'2f5b' FROM t WHERE a IS ?":               `SELECT id & 4294967295, '\x2f5b'::bytea FROM t WHERE a IS NOT DISTINCT FROM $1`,
		"INSERT OR IGNORE INTO t (a) VALUES (?)":                            "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING",
		"INSERT OR REPLACE INTO t (id, a, b) VALUES (?, ?, ?)":              "INSERT INTO t (id, a, b) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b",
		"SELECT a FROM t ORDER BY at, id":                                   "SELECT a FROM t ORDER BY at NULLS FIRST, id",
		"SELECT same_as(?1) OR ?1 IS NULL":                                  "SELECT starts_with(key, $1) OR $1::text IS NULL",
		"SELECT oldest":                                                     "SELECT min(at) FROM t WHERE id = $1",
		"PRAGMA user_version":                                               "SELECT max(version) FROM versions",
		"PRAGMA synchronous = NORMAL":                                       "",
	} {
		for range 2 { // once from what was kept
			if got := s.Translate(sql); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
			}
		}
	}
	long := "SELECT " + strings.Repeat("?, ", longText) + "1"
	if got := s.Translate(long); !strings.HasSuffix(got, ", $8192, 1") {
		t.Errorf("the end of a long text is %s", got[len(got)-20:])
	}
	if _, kept := s.texts.known.Load(long); kept {
		t.Error("a text that was made for a number of rows is kept")
	}
}

// TestArguments holds that a text gets those of its arguments that it names, in the order in which PostgreSQL counts them.
func TestArguments(t *testing.T) {
	t.Parallel()
	texts := translations{texts: Texts{Rules: []Rule{Rewrite(`as text\(\?(\d+)\)`, `?t$1`)}}}
	for sql, want := range map[string][]any{
		"SELECT ?, ?":             {"a", int64(1)},
		"SELECT ?2, ?1, ?2":       {int64(1), "a"},
		"SELECT ?3":               {[]byte("b")},
		"SELECT as text(?3), ?4":  {"b", int64(1)},
		"SELECT $1":               {"a", int64(1), []byte("b"), int64(1)}, // PostgreSQL's own
		"SELECT ?1, ?2, ?3, ?4":   {"a", int64(1), []byte("b"), int64(1)},
		"SELECT ?5":               {"a", int64(1), []byte("b"), true}, // the server says how many it wants
		"SELECT a FROM t LIMIT ?": {"a"},
	} {
		got := texts.of(sql).take([]any{"a", int64(1), []byte("b"), true})
		if !slices.EqualFunc(got, want, equal) {
			t.Errorf("%s: got %#v, want %#v", sql, got, want)
		}
	}
}

func equal(a, b any) bool {
	x, isBytes := a.([]byte)
	y, areBytes := b.([]byte)
	return isBytes && areBytes && string(x) == string(y) || !isBytes && !areBytes && a == b
}

// FuzzKeepable holds that each text comes back as it was, and that PostgreSQL can hold it meanwhile.
func FuzzKeepable(f *testing.F) {
	for _, text := range []string{"", "a", "a\x00b", "\xff", "é\xe9", "\uFFFD", "\uFFFD\u2800", "\uFFFD\u28FF", "\uFFFD\u2841", "\uFFFD\u2801\u2800", "\uFFFD\xff", "\u2800", "\xed\xa0\x80"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kept := Keepable(text)
		if !utf8.ValidString(kept) || strings.IndexByte(kept, 0) >= 0 {
			t.Errorf("%q is kept as %q", text, kept)
		}
		if got := asItWas(kept); got != text {
			t.Errorf("%q is kept as %q, and comes back as %q", text, kept, got)
		}
	})
}
