package engine

import (
	"slices"
	"unicode/utf8"

	"snrun/engine/flow"
	"snrun/steps"
)

// How much of a value travels, in bytes of JSON: what a step gives, what one in an item of a loop gives, and what the items of a chunk give.
const (
	smallValue = 16 << 10
	smallItem  = 1 << 10
	smallList  = 256
)

// Brief gives a text for people as it travels between processes: of more than 16 KB the beginning. No secret may be left in it, for part of
// one would be found no more.
func Brief(text string) string {
	if len(text) <= smallValue {
		return text
	}
	cut := smallValue
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// smallDepth is how deep the fields of maps are shrunk one by one.
const smallDepth = 6

// shrinker makes values small.
type shrinker struct {
	x    *execution
	most int // bytes of JSON
}

// small gives a value that is small and has no secret in it: as it is, or with Refs. Fields of a map are small one by one, so that those
// which are can still be read without the others. At is what stands for all of the value.
func (s shrinker) small(v any, at flow.Ref) any {
	if _, truth := v.(bool); truth || v == nil {
		return v
	}
	data, err := steps.EncodeJSON(v)
	if err == nil && len(data) <= s.most && !s.x.Redactor.Contains(data) {
		return v
	}
	ref := at
	ref.Path, ref.Size = slices.Clone(at.Path), int64(len(data))
	m, isMap := v.(map[string]any)
	if !isMap || err != nil || len(at.Path) >= smallDepth {
		return &ref
	}
	out := make(map[string]any, len(m))
	for name, item := range m {
		below := at
		below.Path = append(slices.Clone(at.Path), name)
		out[name] = s.small(item, below)
	}
	if data, err = flow.EncodeValue(out); err != nil || len(data) > s.most || s.x.Redactor.Contains(data) {
		return &ref
	}
	return out
}
