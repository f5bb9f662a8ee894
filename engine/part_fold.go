package engine

import (
	"context"
	"fmt"
	"slices"

	"snrun/engine/flow"
	"snrun/steps"
)

// sparedKey is behind the key of a repeat: the keys of the values that its progress stands for, which are kept though their rounds are over.
const sparedKey = "@spared"

// Fold ends a part of a loop, as Fold of a Host does. It may be asked for again.
func (p *Part) Fold(f flow.Fold) error {
	x := p.execution()
	x.contexts(context.Background())
	defer x.stop()
	refs := refsIn(f.Progress)
	f, err := x.wholeFold(f)
	if err != nil {
		return err
	}
	spared, drop, err := x.spare(f, refs)
	if err != nil {
		return err
	}
	if err := x.Journal.Fold(x.run.ID, gaveKey+f.Below, nil); err != nil {
		return err
	}
	h := &host{execution: x}
	if err := h.Fold(f); err != nil {
		return err
	}
	if len(spared)+len(drop) == 0 {
		return nil
	}
	return x.Journal.Fold(x.run.ID, "", drop, spared...)
}

func (x *execution) wholeFold(f flow.Fold) (flow.Fold, error) {
	var err error
	if f.Progress, err = x.resolved(f.Progress); err != nil {
		return f, err
	}
	f.Parts = slices.Clone(f.Parts)
	for i := range f.Parts {
		if f.Parts[i].Value, err = x.resolved(f.Parts[i].Value); err != nil {
			return f, err
		}
	}
	return f, nil
}

// spare gives the entries that are kept for the values which the progress of a repeat stands for, and the keys of those that were kept
// for the progress before it.
func (x *execution) spare(f flow.Fold, refs []string) (entries []Entry, drop []string, err error) {
	before, err := x.callsUnder(f.Key + sparedKey)
	if err != nil {
		return nil, nil, err
	}
	keys := []any{}
	for _, key := range refs {
		if !Below(key, f.Key) || Below(key, f.Key+"@progress") {
			continue
		}
		entry, mark, err := x.Journal.Lookup(x.run.ID, key)
		if err != nil {
			return nil, nil, err
		}
		if mark == Done {
			keys = append(keys, key)
			entries = append(entries, entry)
		}
	}
	for _, key := range before {
		if !slices.Contains(refs, key) {
			drop = append(drop, key)
		}
	}
	if len(keys)+len(before) > 0 {
		data, err := steps.EncodeJSON(keys)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, Entry{Key: f.Key + sparedKey, Result: data})
	}
	return entries, drop, nil
}

// refsIn gives the keys of the entries that have the values which are not here, sorted, each once.
func refsIn(v any) []string {
	var keys []string
	findRefs(v, &keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

func findRefs(v any, keys *[]string) {
	switch v := v.(type) {
	case *flow.Ref:
		if v.Key != "" {
			*keys = append(*keys, v.Key)
		}
		for _, part := range v.Parts {
			findRefs(part, keys)
		}
	case []any:
		for _, item := range v {
			findRefs(item, keys)
		}
	case map[string]any:
		for _, item := range v {
			findRefs(item, keys)
		}
	}
}

// Kept gives what Fold kept of a loop, in small values.
func (p *Part) Kept(key string) (flow.Kept, error) {
	x := p.execution()
	x.contexts(context.Background())
	defer x.stop()
	kept, err := (&host{execution: x}).Kept(key)
	if err != nil || kept.Progress == nil {
		return flow.Kept{}, err
	}
	fields, isMap := kept.Progress.(map[string]any)
	if !isMap {
		return flow.Kept{}, fmt.Errorf("what is kept at %s@progress is no map", key)
	}
	return flow.Kept{Progress: x.smallFields(shrinker{x, x.small}, fields, flow.Ref{Key: key + "@progress"}, 2)}, nil
}

// smallFields makes the fields of a map small, and those of the maps in it down to a depth: there are maps in any case.
func (x *execution) smallFields(s shrinker, fields map[string]any, at flow.Ref, depth int) map[string]any {
	out := make(map[string]any, len(fields))
	for name, v := range fields {
		below := at
		below.Path = append(slices.Clone(at.Path), name)
		if m, isMap := v.(map[string]any); isMap && depth > 0 && len(at.Path) == 0 {
			out[name] = x.smallFields(s, m, below, depth-1)
			continue
		}
		out[name] = s.small(v, below)
	}
	return out
}
