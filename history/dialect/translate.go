package dialect

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Texts says what the rules of this package do not know of the texts of a program.
type Texts struct {
	// Own gives PostgreSQL's own text for one of SQLite's, where it has one. It is translated too: what it says in SQLite's way stands for
	// what PostgreSQL says in its own.
	Own func(sql string) (own string, found bool)
	// Rules go before the general ones.
	Rules []Rule
}

// Translate gives a text of SQLite's SQL as PostgreSQL takes it, "" for one that is nothing to it.
func (s *Server) Translate(sql string) string { return s.texts.of(sql).text }

// translation is a text as PostgreSQL takes it.
type translation struct {
	text string
	args []arg // what $1, $2 … are
}

// arg is an argument of a text.
type arg struct {
	at   int  // which of those that the text is given with, from 0
	text bool // it is a text, though it may be given as bytes
}

// translations are the texts that were translated, each once.
type translations struct {
	texts Texts
	known sync.Map
}

// longText is from where on a text is not remembered: it is made for a number of rows.
const longText = 8 << 10

// of gives a text as PostgreSQL takes it, with no text where that has nothing to do there.
func (t *translations) of(sql string) translation {
	if s, ok := t.known.Load(sql); ok {
		return s.(translation)
	}
	s := t.translate(sql)
	if len(sql) < longText {
		t.known.Store(sql, s)
	}
	return s
}

// translate goes by rules, from another text where there is one. Arguments that a text does not name are left out, as PostgreSQL refuses
// those.
func (t *translations) translate(sql string) translation {
	if own, found := t.own(sql); found {
		sql = own
	} else if strings.HasPrefix(sql, "PRAGMA") {
		return translation{}
	}
	return parameters(rewritten(numbered(squeezed(sql)), t.texts.Rules))
}

func (t *translations) own(sql string) (own string, found bool) {
	if t.texts.Own == nil {
		return "", false
	}
	return t.texts.Own(sql)
}

// take gives the arguments that the text takes, of those that its text is given with.
func (s translation) take(args []any) []any {
	if len(s.args) == 0 { // it has none, or is PostgreSQL's own with $1, $2 …
		return keepableArgs(args)
	}
	taken := make([]any, len(s.args))
	for i, a := range s.args {
		if a.at >= len(args) {
			return args // the server says how many it wants
		}
		taken[i] = args[a.at]
		if data, ok := taken[i].([]byte); ok && a.text {
			taken[i] = string(data)
		}
	}
	return keepableArgs(taken)
}

// squeezed gives a text in one line. No text has blanks in quotes that this would change.
func squeezed(sql string) string { return strings.Join(strings.Fields(sql), " ") }

// numbered writes each ? as ?N: as SQLite counts, N is one more than the largest before it.
func numbered(sql string) string {
	largest := 0
	return eachParameter(sql, func(n int, _ bool) string {
		if n == 0 {
			n = largest + 1
		}
		largest = max(largest, n)
		return "?" + strconv.Itoa(n)
	})
}

// parameters writes each ?N as $M, counted as they come. A ?tN is a text, though it may be given as bytes.
func parameters(sql string) translation {
	var s translation
	s.text = eachParameter(sql, func(n int, text bool) string {
		i := slices.IndexFunc(s.args, func(a arg) bool { return a.at == n-1 })
		if i < 0 {
			i = len(s.args)
			s.args = append(s.args, arg{at: n - 1})
		}
		s.args[i].text = s.args[i].text || text
		return "$" + strconv.Itoa(i+1)
	})
	return s
}

// eachParameter puts what write gives in place of each ?, ?N and ?tN that is not in quotes; N is 0 where there is none.
func eachParameter(sql string, write func(n int, text bool) string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c == '?' && !quoted:
			text := strings.HasPrefix(sql[i+1:], "t")
			if text {
				i++
			}
			end := i + 1
			for end < len(sql) && '0' <= sql[end] && sql[end] <= '9' {
				end++
			}
			n, _ := strconv.Atoi(sql[i+1 : end]) // only digits, or nothing
			b.WriteString(write(n, text))
			i = end - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
