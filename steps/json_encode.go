package steps

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// EncodeJSON writes plain data as one line of JSON (RFC 8259). Maps are written with their keys sorted, Pairs in their
// order, a Scalar by its value, a json.Number digit for digit, JSON as it is, a time in RFC 3339, a duration in milliseconds,
// bytes in base64. Nothing is escaped that JSON does not ask for. NaN, infinities and values that are no data are errors that
// name their place.
func EncodeJSON(v any) ([]byte, error) {
	e := jsonEncoder{out: make([]byte, 0, roughSize(v))}
	if err := e.value(v); err != nil {
		return nil, fmt.Errorf("cannot be written as JSON: %w", err)
	}
	return e.out, nil
}

// JSON is a value as its JSON text, in which nothing is wrong.
type JSON []byte

var errDeep = fmt.Errorf("lists and maps lie more than %d deep", maxJSONDepth)

type jsonEncoder struct {
	out   []byte
	depth int
}

func (e *jsonEncoder) value(v any) error {
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int:
		e.out = strconv.AppendInt(e.out, int64(v), 10)
	case float64:
		return e.float(v)
	case json.Number:
		return e.number(string(v))
	case string:
		e.text(v)
	case Scalar:
		return e.value(v.Value)
	case time.Time:
		e.text(v.Format(time.RFC3339Nano))
	case time.Duration:
		return e.float(float64(v) / float64(time.Millisecond))
	case JSON:
		e.out = append(slices.Grow(e.out, len(v)+64), v...) // and what closes the containers around it
	case []byte:
		e.text(base64.StdEncoding.EncodeToString(v))
	default:
		return e.container(v)
	}
	return nil
}

func (e *jsonEncoder) container(v any) error {
	if e.depth++; e.depth > maxJSONDepth {
		return errDeep
	}
	defer func() { e.depth-- }()
	switch v := v.(type) {
	case map[string]any:
		return e.sorted(v)
	case Pairs:
		return e.object(len(v), func(i int) (string, any) { return v[i].Key, v[i].Value })
	case []any:
		return e.list(len(v), func(i int) any { return v[i] })
	}
	return e.other(reflect.ValueOf(v))
}

// sorted writes a map with its keys sorted.
func (e *jsonEncoder) sorted(v map[string]any) error {
	var few [16]string
	keys := few[:0]
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	e.out = append(e.out, '{')
	for i, key := range keys {
		if err := e.entry(i, key, v[key]); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// entry writes the entry of an object at a place.
func (e *jsonEncoder) entry(i int, key string, v any) error {
	if i > 0 {
		e.out = append(e.out, ',')
	}
	e.text(key)
	e.out = append(e.out, ':')
	if err := e.value(v); err != nil {
		return below(key, err)
	}
	return nil
}

// other writes the values of further Go types that plain data may come as: []string, map[string]string, int64 …
func (e *jsonEncoder) other(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		return e.value(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = strconv.AppendInt(e.out, v.Int(), 10)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.out = strconv.AppendUint(e.out, v.Uint(), 10)
		return nil
	case reflect.Float32, reflect.Float64:
		return e.float(v.Float())
	case reflect.String:
		e.text(v.String())
		return nil
	case reflect.Slice, reflect.Array:
		return e.list(v.Len(), func(i int) any { return v.Index(i).Interface() })
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return e.reflected(v)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return e.value(nil)
		}
		return e.value(v.Elem().Interface())
	}
	return fmt.Errorf("a value that is no data (%s)", v.Kind())
}

func (e *jsonEncoder) reflected(v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
	return e.object(len(keys), func(i int) (string, any) { return keys[i].String(), v.MapIndex(keys[i]).Interface() })
}

func (e *jsonEncoder) object(n int, entry func(i int) (string, any)) error {
	e.out = append(e.out, '{')
	for i := range n {
		key, v := entry(i)
		if err := e.entry(i, key, v); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *jsonEncoder) list(n int, item func(i int) any) error {
	e.out = append(e.out, '[')
	for i := range n {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(item(i)); err != nil {
			return below(fmt.Sprintf("[%d]", i), err)
		}
	}
	e.out = append(e.out, ']')
	return nil
}

func (e *jsonEncoder) number(text string) error {
	if n, _ := scanNumber([]byte(text)); n <= 0 || n != len(text) {
		return fmt.Errorf("%q is no JSON number", text)
	}
	e.out = append(e.out, text...)
	return nil
}

// float writes a number as ECMAScript does: with an exponent only where it is very large or very small.
func (e *jsonEncoder) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v is no number that JSON knows", f)
	}
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	e.out = strconv.AppendFloat(e.out, f, form, -1, 64)
	return nil
}

func (e *jsonEncoder) text(s string) {
	e.out = append(e.out, '"')
	start := 0
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if r >= 0x20 && r != '"' && r != '\\' && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		e.out = append(e.out, s[start:i]...)
		e.escape(r)
		i += n
		start = i
	}
	e.out = append(append(e.out, s[start:]...), '"')
}

func (e *jsonEncoder) escape(r rune) {
	switch r {
	case '"', '\\':
		e.out = append(e.out, '\\', byte(r))
	case '\n':
		e.out = append(e.out, `\n`...)
	case '\r':
		e.out = append(e.out, `\r`...)
	case '\t':
		e.out = append(e.out, `\t`...)
	case utf8.RuneError:
		e.out = utf8.AppendRune(e.out, r)
	default:
		e.out = fmt.Appendf(e.out, `\u%04x`, r)
	}
}

// placedError is an error with the path of the value it is about, its last step first.
type placedError struct {
	path []string
	err  error
}

func (e *placedError) Error() string {
	var path strings.Builder
	for i, step := range slices.Backward(e.path) {
		if i < len(e.path)-1 && !strings.HasPrefix(step, "[") {
			path.WriteByte('.')
		}
		path.WriteString(step)
	}
	return path.String() + ": " + e.err.Error()
}

func (e *placedError) Unwrap() error { return e.err }

// below puts a step in front of the path of an error.
func below(step string, err error) error {
	placed, ok := err.(*placedError)
	switch {
	case ok:
		placed.path = append(placed.path, step)
		return placed
	case errors.Is(err, errDeep):
		return err // its path helps nobody
	}
	return &placedError{[]string{step}, err}
}
