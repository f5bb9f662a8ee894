package history

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"strconv"
	"time"
)

// encode gives a value as the JSON text of a column.
func encode(v any) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimRight(buf.Bytes(), "\n")), nil
}

// orNull gives the JSON text of what a pointer or a map holds, and NULL for nil.
func orNull[T any](p *T) (any, error) {
	if p == nil {
		return nil, nil
	}
	return encode(p)
}

// decode gives the plain data in a JSON column: nil, bool, int, float64, json.Number where neither of the two says
// exactly what is written, string, []any and map[string]any. NULL is nil.
func decode(text sql.NullString) (any, error) {
	if !text.Valid {
		return nil, nil
	}
	var v any
	if err := decodeInto(text, &v); err != nil {
		return nil, err
	}
	return plain(v), nil
}

// decodeInto decodes a JSON column that is not NULL. Numbers behind an any are json.Number.
func decodeInto(text sql.NullString, dest any) error {
	if !text.Valid {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text.String)))
	dec.UseNumber()
	return dec.Decode(dest)
}

// plain replaces the numbers in decoded JSON, in place where it can.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// number gives the Go number that is written the same way as n, or n itself.
func number(n json.Number) any {
	if i, err := strconv.Atoi(n.String()); err == nil && strconv.Itoa(i) == n.String() {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return n
	}
	if text, err := json.Marshal(f); err == nil && string(text) == n.String() {
		return f
	}
	return n
}

// moment gives the time in a column of microseconds, zero for NULL.
func moment(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return time.UnixMicro(micros.Int64).UTC()
}

// span gives the duration in a column of microseconds.
func span(micros int64) time.Duration { return time.Duration(micros) * time.Microsecond }
