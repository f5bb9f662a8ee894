package steps

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep lists and maps may lie in each other, reading and writing.
const maxJSONDepth = 10_000

// JSONError is a mistake in a JSON text.
type JSONError struct {
	Offset       int // in bytes, from 0
	Line, Column int // from 1; the column counts characters
	Message      string
	cut          bool // more text might have mended it
}

// Error gives the place and the message.
func (e *JSONError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// DecodeJSON reads one JSON text (RFC 8259) as nil, bool, int, float64, json.Number, string, []any or map[string]any.
// A number is an int where it is written as one and fits 64 bits, a float64 where that holds its decimal value exactly,
// and else a json.Number, so that no digit is lost. Of repeated keys the last counts. A byte order mark is skipped; bytes
// that are no UTF-8 and half surrogates become U+FFFD. Nothing in the result refers to data. Errors are *JSONError.
func DecodeJSON(data []byte) (any, error) {
	d := jsonDecoder{data: data, keys: make([]string, 0, 32), values: make([]any, 0, 32)}
	return d.whole(d.value)
}

// whole reads a text that is one value, which is read with value.
func (d *jsonDecoder) whole(value func() (any, error)) (any, error) {
	if bytes.HasPrefix(d.data, []byte("\uFEFF")) {
		d.pos = len("\uFEFF")
	}
	if d.space(); d.pos == len(d.data) {
		return nil, d.errorf(d.pos, "there is no JSON here: the text is empty")
	}
	v, err := value()
	if err == nil {
		err = d.over()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// over sees to it that nothing follows.
func (d *jsonDecoder) over() error {
	if d.space(); d.pos < len(d.data) {
		return d.errorf(d.pos, "%s after the end of the JSON value", d.found())
	}
	return nil
}

// jsonDecoder reads data from pos. What containers hold is gathered on stacks, so that each is allocated once, in its size.
type jsonDecoder struct {
	data   []byte
	pos    int
	depth  int
	keys   []string
	values []any
	seen   [64]string // keys met lately: records repeat theirs
	chunk  strings.Builder
	lean   bool // little of the text is read: strings share no memory
}

func (d *jsonDecoder) errorf(at int, format string, args ...any) *JSONError {
	line, start := 1, 0
	if i := bytes.LastIndexByte(d.data[:at], '\n'); i >= 0 {
		line, start = 1+bytes.Count(d.data[:at], []byte{'\n'}), i+1
	}
	column := 1 + utf8.RuneCount(d.data[start:at])
	if line == 1 && bytes.HasPrefix(d.data, []byte("\uFEFF")) {
		column = max(1, column-1)
	}
	return &JSONError{Offset: at, Line: line, Column: column, Message: fmt.Sprintf(format, args...), cut: !utf8.FullRune(d.data[at:])}
}

// cutOff is the error of a text that ends too early.
func (d *jsonDecoder) cutOff(at int, message string) *JSONError {
	e := d.errorf(at, "%s", message)
	e.cut = true
	return e
}

// found names what stands at the current place.
func (d *jsonDecoder) found() string {
	if d.pos >= len(d.data) {
		return "the text ends"
	}
	r, _ := utf8.DecodeRune(d.data[d.pos:])
	return strconv.QuoteRune(r) + " stands"
}

// space skips white space and gives the byte after it, 0 at the end.
func (d *jsonDecoder) space() byte {
	for ; d.pos < len(d.data); d.pos++ {
		if c := d.data[d.pos]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

func (d *jsonDecoder) value() (any, error) {
	switch c := d.space(); c {
	case '"':
		raw, plain, err := d.scan()
		if err != nil {
			return nil, err
		}
		return d.text(raw, plain), nil
	case '{':
		return d.nested(true)
	case '[':
		return d.nested(false)
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	default:
		if c == '-' || isDigit(c) {
			return d.number()
		}
		return nil, d.errorf(d.pos, "%s where a value was expected", d.found())
	}
}

func (d *jsonDecoder) nested(object bool) (v any, err error) {
	if d.depth++; d.depth > maxJSONDepth {
		return nil, d.errorf(d.pos, "lists and maps lie more than %d deep", maxJSONDepth)
	}
	if object {
		v, err = d.object()
	} else {
		v, err = d.list()
	}
	d.depth--
	return v, err
}

func (d *jsonDecoder) word(w string) error {
	if !bytes.HasPrefix(d.data[d.pos:], []byte(w)) {
		e := d.errorf(d.pos, "%s where a value was expected; the words are true, false and null", d.found())
		e.cut = len(d.data)-d.pos < len(w)
		return e
	}
	d.pos += len(w)
	return nil
}

func (d *jsonDecoder) list() (any, error) {
	base := len(d.values)
	d.pos++
	for more := d.space() != ']'; more; {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, v)
		if more, err = d.more(']'); err != nil {
			return nil, err
		}
	}
	d.pos++
	out := make([]any, len(d.values)-base)
	copy(out, d.values[base:])
	d.drop(base, len(d.keys))
	return out, nil
}

func (d *jsonDecoder) object() (any, error) {
	base, keys := len(d.values), len(d.keys)
	d.pos++
	for more := d.space() != '}'; more; {
		key, err := d.key()
		if err != nil {
			return nil, err
		}
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, key), append(d.values, v)
		if more, err = d.more('}'); err != nil {
			return nil, err
		}
	}
	d.pos++
	out := make(map[string]any, len(d.keys)-keys)
	for i, key := range d.keys[keys:] {
		out[key] = d.values[base+i]
	}
	d.drop(base, keys)
	return out, nil
}

// drop takes what a container gathered off the stacks.
func (d *jsonDecoder) drop(values, keys int) {
	clear(d.values[values:])
	d.values, d.keys = d.values[:values], d.keys[:keys]
}

// more goes past a comma, or stops at the end of the container.
func (d *jsonDecoder) more(end byte) (bool, error) {
	switch d.space() {
	case end:
		return false, nil
	case ',':
		d.pos++
		if d.space() == end {
			return false, d.errorf(d.pos, "a comma stands before %q; nothing may follow the last entry", end)
		}
		return true, nil
	}
	return false, d.errorf(d.pos, "%s where ',' or %q was expected", d.found(), end)
}

// key reads a key and the colon behind it.
func (d *jsonDecoder) key() (string, error) {
	raw, plain, err := d.rawKey()
	if err != nil {
		return "", err
	}
	if !plain || len(raw) == 0 || len(raw) > 32 {
		return d.text(raw, plain), nil
	}
	slot := &d.seen[(len(raw)*5+int(raw[0])*3+int(raw[len(raw)-1]))%len(d.seen)]
	if *slot != string(raw) {
		*slot = d.text(raw, true)
	}
	return *slot, nil
}

// rawKey reads a key and the colon behind it. It is plain when raw is the key itself.
func (d *jsonDecoder) rawKey() (raw []byte, plain bool, err error) {
	if d.space() != '"' {
		return nil, false, d.errorf(d.pos, "%s where a key in double quotes was expected", d.found())
	}
	if raw, plain, err = d.scan(); err != nil {
		return nil, false, err
	}
	if d.space() != ':' {
		return nil, false, d.errorf(d.pos, "%s where ':' was expected after the key", d.found())
	}
	d.pos++
	return raw, plain, nil
}

func (d *jsonDecoder) number() (any, error) {
	raw := d.data[d.pos:]
	n, whole := scanNumber(raw)
	if n <= 0 {
		d.pos -= n
		return nil, d.errorf(d.pos, "%s where a digit was expected", d.found())
	}
	if n < len(raw) && isDigit(raw[n]) {
		return nil, d.errorf(d.pos, "a number starts with 0; write it without, or in quotes")
	}
	d.pos += n
	return numberValue(raw[:n], whole), nil
}
