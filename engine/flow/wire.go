package flow

import (
	"fmt"
	"strings"

	"snrun/steps"
)

// Values travel as JSON text that keeps every digit. A Ref is an object whose only key is refMark; a key of data that begins like it is
// written with one more mark, so that no data is ever taken for a Ref.
const refMark = "$ref"

// EncodeValue writes plain data with Refs in it.
func EncodeValue(v any) ([]byte, error) { return steps.EncodeJSON(wired(v)) }

// DecodeValue reads what EncodeValue wrote.
func DecodeValue(data []byte) (any, error) {
	v, err := steps.DecodeJSON(data)
	if err != nil {
		return nil, err
	}
	return unwired(v)
}

// HasRefs says whether something in a value is not here.
func HasRefs(v any) bool { return absent(v, nil) }

// wired gives data as it travels. What needs no mark is shared.
func wired(v any) any {
	switch v := v.(type) {
	case *Ref:
		return map[string]any{refMark: v.plain()}
	case []any:
		return wiredList(v)
	case map[string]any:
		if !needsWiring(v) {
			return v
		}
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[wiredKey(key)] = wired(item)
		}
		return out
	}
	return v
}

func wiredList(list []any) any {
	if !needsWiring(list) {
		return list
	}
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = wired(item)
	}
	return out
}

// needsWiring says whether there is a Ref in a value, or a key that could be taken for one.
func needsWiring(v any) bool {
	switch v := v.(type) {
	case *Ref:
		return true
	case []any:
		for _, item := range v {
			if needsWiring(item) {
				return true
			}
		}
	case map[string]any:
		for key, item := range v {
			if strings.HasPrefix(key, refMark) || needsWiring(item) {
				return true
			}
		}
	}
	return false
}

func wiredKey(key string) string {
	if rest, like := strings.CutPrefix(key, refMark); like {
		return refMark + "$" + rest
	}
	return key
}

// unwired gives data that travelled as it was. It may change v.
func unwired(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if v[i], err = unwired(item); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if _, isRef := v[refMark]; isRef {
			return refOf(v)
		}
		return unwiredMap(v)
	}
	return v, nil
}

func unwiredMap(m map[string]any) (any, error) {
	out := m
	if needsWiring(m) {
		out = make(map[string]any, len(m))
	}
	for key, item := range m {
		plain, err := unwired(item)
		if err != nil {
			return nil, err
		}
		if rest, like := strings.CutPrefix(key, refMark); like {
			if !strings.HasPrefix(rest, "$") {
				return nil, fmt.Errorf("a key %q that nothing is written under", key)
			}
			key = refMark + rest[1:]
		}
		out[key] = plain
	}
	return out, nil
}

// plain gives a Ref as plain data.
func (r *Ref) plain() map[string]any {
	m := map[string]any{"key": r.Key}
	if len(r.Path) > 0 {
		m["path"] = texts(r.Path)
	}
	if r.Size != 0 {
		m["size"] = int(r.Size)
	}
	if r.Digest != "" {
		m["digest"] = r.Digest
	}
	if r.Parts != nil {
		m["parts"] = wiredList(r.Parts)
	}
	return m
}

// refOf reads a Ref.
func refOf(m map[string]any) (*Ref, error) {
	b := boxOf(m[refMark], "a reference")
	if len(m) != 1 {
		return nil, fmt.Errorf("a reference with something beside it")
	}
	r := &Ref{Key: b.text("key"), Path: b.texts("path"), Size: int64(b.count("size")), Digest: b.text("digest")}
	if _, isMade := b.m["parts"]; isMade {
		r.Parts = b.list("parts")
	}
	if b.err == nil && (r.Key == "") == (r.Parts == nil) {
		b.err = fmt.Errorf("a reference needs a key, or parts")
	}
	return r, b.err
}

// box reads the fields of what travelled. One that is not there is its zero value; the first of another type is the error.
type box struct {
	m   map[string]any
	of  string
	err error
}

func boxOf(v any, of string) *box {
	b := &box{of: of}
	var isMap bool
	if b.m, isMap = v.(map[string]any); !isMap {
		b.err = fmt.Errorf("%s is no object", of)
	}
	return b
}

func (b *box) wrong(name string) {
	if b.err == nil {
		b.err = fmt.Errorf("%s has a %s of another form", b.of, name)
	}
}

func field[T any](b *box, name string) T {
	v, there := b.m[name]
	t, ok := v.(T)
	if there && v != nil && !ok {
		b.wrong(name)
	}
	return t
}

func (b *box) text(name string) string { return field[string](b, name) }
func (b *box) flag(name string) bool   { return field[bool](b, name) }
func (b *box) count(name string) int   { return field[int](b, name) }

// fields gives a map whose values may be Refs.
func (b *box) fields(name string) map[string]any {
	m, _ := b.value(name).(map[string]any)
	if m == nil && b.m[name] != nil {
		b.wrong(name)
	}
	return m
}

// value gives plain data with Refs in it.
func (b *box) value(name string) any {
	v, err := unwired(b.m[name])
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("%s: %s: %w", b.of, name, err)
	}
	return v
}

func (b *box) list(name string) []any {
	list, isList := b.value(name).([]any)
	if !isList && b.m[name] != nil {
		b.wrong(name)
	}
	return list
}

func (b *box) texts(name string) []string {
	var all []string
	for _, item := range field[[]any](b, name) {
		text, isText := item.(string)
		if !isText {
			b.wrong(name)
		}
		all = append(all, text)
	}
	return all
}

// byJob gives state values by job and name.
func (b *box) byJob(name string) map[string]map[string]any {
	var all map[string]map[string]any
	for job, values := range field[map[string]any](b, name) {
		if all == nil {
			all = map[string]map[string]any{}
		}
		of := boxOf(map[string]any{"of": values}, b.of)
		if all[job] = of.fields("of"); of.err != nil && b.err == nil {
			b.err = of.err
		}
	}
	return all
}
