package xml

import (
	"slices"
	"strings"
)

// Decode reads a document as a value: a map with the root element's local name as its only key. Errors are *Error.
func Decode(data []byte, opts ReadOptions) (any, error) {
	root, err := Parse(data, opts)
	if err != nil {
		return nil, err
	}
	value := root.Value(opts.Lists)
	if slices.Contains(opts.Lists, root.Name.Local) {
		value = []any{value}
	}
	return map[string]any{root.Name.Local: value}, nil
}

// Value gives what an element holds: nil (xsi:nil), a string, or a map[string]any whose values are the same, or []any of
// them. The elements whose local names are in lists are always lists. Namespace declarations and the places of schemas
// are left out; xsi:type is `_type`, without its prefix. White space between elements is dropped.
func (e *Element) Value(lists []string) any {
	if v, ok := e.Attr(InstanceSpace, "nil"); ok {
		if v = strings.TrimSpace(v); v == "true" || v == "1" {
			return nil
		}
	}
	if len(e.Attrs)+len(e.Children) == 0 {
		return e.Text
	}
	out := make(map[string]any, len(e.Attrs)+len(e.Children))
	for _, child := range e.Children {
		add(out, child, lists)
	}
	e.addAttrs(out)
	if len(out) == 0 {
		return e.Text
	}
	if e.Text != "" && (len(e.Children) == 0 || !blank(e.Text)) {
		out[free(out, "_")] = e.Text
	}
	return out
}

func add(out map[string]any, child *Element, lists []string) {
	key := child.Name.Local
	value := child.Value(lists)
	before, repeated := out[key]
	list, isList := before.([]any)
	switch {
	case isList:
		out[key] = append(list, value)
	case repeated:
		out[key] = []any{before, value}
	case slices.Contains(lists, key):
		out[key] = []any{value}
	default:
		out[key] = value
	}
}

func (e *Element) addAttrs(out map[string]any) {
	if t, ok := e.Attr(InstanceSpace, "type"); ok {
		out[free(out, "_type")] = strings.TrimSpace(t[strings.IndexByte(t, ':')+1:])
	}
	for _, a := range e.Attrs {
		if a.Name.Space == InstanceSpace {
			continue
		}
		key := free(out, a.Name.Local)
		if a.Prefix != "" && len(key) > len(a.Name.Local)+1 {
			key = a.Prefix + ":" + a.Name.Local // which no other attribute or element has
		}
		out[key] = a.Value
	}
}

// free gives key with as many underscores before it as make it a new one.
func free(out map[string]any, key string) string {
	for tries := 1; ; tries++ {
		if _, taken := out[key]; !taken {
			return key
		}
		key = "_" + key
		if tries == 16 {
			key = strings.Repeat("_", maxName) + key // longer than any name: hostile ones are all of the shorter ones
		}
	}
}
