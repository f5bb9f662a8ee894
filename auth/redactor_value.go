package auth

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Value gives a copy of JSON-like data (map[string]any, []any, strings, numbers) with the secrets in its texts, in the keys of
// its maps and in whole numbers of it masked. Data without secrets is given back as it is. Two keys that become the same
// are told apart by a number behind them.
func (r *Redactor) Value(v any) any {
	if masked, changed := r.value(v); changed {
		return masked
	}
	return v
}

// value gives the masked copy of v where it changed, else nothing: what is clean costs no allocation.
func (r *Redactor) value(v any) (masked any, changed bool) {
	switch v := v.(type) {
	case string:
		if text := r.Text(v); text != v {
			return text, true
		}
	case []any:
		if list := r.list(v); list != nil {
			return list, true
		}
	case map[string]any:
		if m := r.mapping(v); m != nil {
			return m, true
		}
	case json.Number:
		return r.number(v.String())
	case int:
		return r.number(strconv.Itoa(v))
	case int64:
		return r.number(strconv.FormatInt(v, 10))
	case float64:
		return r.number(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return nil, false
}

// number masks a number only as a whole: 4711 is no secret because 7 is one.
func (r *Redactor) number(text string) (any, bool) {
	return Mask, r.Text(text) == Mask
}

func (r *Redactor) list(list []any) []any {
	var copied []any
	for i, item := range list {
		masked, changed := r.value(item)
		if !changed {
			continue
		}
		if copied == nil {
			copied = slices.Clone(list)
		}
		copied[i] = masked
	}
	return copied
}

func (r *Redactor) mapping(m map[string]any) map[string]any {
	var copied map[string]any
	keys := false
	for key, value := range m {
		keys = keys || r.Text(key) != key
		masked, changed := r.value(value)
		if !changed {
			continue
		}
		if copied == nil {
			copied = maps.Clone(m)
		}
		copied[key] = masked
	}
	switch {
	case keys && copied == nil:
		return r.keys(m)
	case keys:
		return r.keys(copied)
	}
	return copied
}

// keys masks the keys of a map, in their order, so that the numbers are the same every time.
func (r *Redactor) keys(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := r.Text(key)
		for n := 2; ; n++ {
			if _, taken := out[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s (%d)", r.Text(key), n)
		}
		out[name] = m[key]
	}
	return out
}
