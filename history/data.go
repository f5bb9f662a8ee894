package history

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"time"

	"snrun/steps"
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

// decode gives the data in a JSON column, as steps.DecodeJSON does. NULL is nil.
func decode(text sql.NullString) (any, error) {
	if !text.Valid {
		return nil, nil
	}
	return steps.DecodeJSON([]byte(text.String))
}

// decodeInto decodes a JSON column that is not NULL.
func decodeInto(text sql.NullString, dest any) error {
	if !text.Valid {
		return nil
	}
	return json.Unmarshal([]byte(text.String), dest)
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
