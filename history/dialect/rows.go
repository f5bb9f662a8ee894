package dialect

import (
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// PostgreSQL's text holds neither a NUL nor broken UTF-8. Such a byte is kept as U+FFFD and the character of the block of Braille
// patterns that has its number, so that two keys stay two, and what begins alike still does. Where a text has that by itself, the first
// pattern, which is of no such byte, stands between.
const (
	replacement = '\uFFFD'
	patterns    = 0x2800
	itself      = patterns + 1
)

// Keepable gives a text as PostgreSQL holds it.
func Keepable(text string) string {
	if strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) && !strings.ContainsRune(text, replacement) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			b.WriteRune(replacement)
			b.WriteRune(patterns + rune(text[i]))
		} else {
			b.WriteString(text[i : i+size])
		}
		if next, _ := utf8.DecodeRuneInString(text[i+size:]); r == replacement && size > 1 && stands(next) {
			b.WriteRune(itself)
		}
		i += size
	}
	return b.String()
}

// asItWas gives the text that Keepable was given.
func asItWas(text string) string {
	if !strings.ContainsRune(text, replacement) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next, more := utf8.DecodeRuneInString(text[i+size:])
		switch {
		case r != replacement || !stands(next):
			b.WriteString(text[i : i+size])
		case next == itself:
			b.WriteRune(replacement)
			size += more
		default:
			b.WriteByte(byte(next - patterns))
			size += more
		}
		i += size
	}
	return b.String()
}

// stands says whether a character behind U+FFFD stands for something: a byte that PostgreSQL does not hold, or that U+FFFD itself.
func stands(pattern rune) bool {
	return pattern == patterns || pattern == itself || pattern >= patterns+utf8.RuneSelf && pattern < patterns+0x100
}

// keepableArgs gives arguments as PostgreSQL takes them. It leaves args as they are.
func keepableArgs(args []any) []any {
	taken := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			taken[i] = Keepable(v)
		case []byte:
			if v != nil {
				taken[i] = v
			}
		case bool:
			taken[i] = number(v)
		default:
			taken[i] = v
		}
	}
	return taken
}

// resultRows are rows of PostgreSQL with the values that SQLite gives: nil, int64, float64, string and []byte. The first one is
// read ahead, so that an error comes before any.
type resultRows struct {
	rows  pgx.Rows
	ahead bool
	ended bool
	after func() // is called once they are closed; may be nil
}

// readAhead makes resultRows of the answer to a query.
func readAhead(rows pgx.Rows) (*resultRows, error) {
	r := &resultRows{rows: rows}
	r.ahead = rows.Next()
	if !r.ahead {
		r.ended = true
		if err := rows.Err(); err != nil {
			rows.Close()
			return nil, err
		}
	}
	return r, nil
}

// Columns gives the names of the columns.
func (r *resultRows) Columns() []string {
	fields := r.rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// Close ends the query. The error of a statement that did not get to its end comes with it.
func (r *resultRows) Close() error {
	r.rows.Close()
	if r.after != nil {
		r.after()
		r.after = nil
	}
	return r.rows.Err()
}

// Next reads a row.
func (r *resultRows) Next(dest []driver.Value) error {
	if r.ended || !r.ahead && !r.rows.Next() {
		r.ended = true
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	r.ahead = false
	values, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i := range dest {
		if dest[i], err = valueAs(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// valueAs gives a value of PostgreSQL as SQLite would.
func valueAs(v any) (driver.Value, error) {
	switch v := v.(type) {
	case nil, int64, float64, []byte:
		return v, nil
	case string:
		return asItWas(v), nil
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case float32:
		return float64(v), nil
	case uint32:
		return int64(v), nil
	case bool:
		return number(v), nil
	case pgtype.Numeric:
		return numeric(v)
	}
	return nil, fmt.Errorf("a column of the type %T, which snrun does not use", v)
}

// numeric gives a number without a limit as the number that it is.
func numeric(n pgtype.Numeric) (driver.Value, error) {
	value, err := n.Value()
	text, ok := value.(string)
	if err != nil || !ok {
		return nil, err
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	return strconv.ParseFloat(text, 64)
}

// number gives a truth value as SQLite does.
func number(v bool) int64 {
	if v {
		return 1
	}
	return 0
}
