package engine

import (
	"fmt"
	"maps"
	"strings"

	"snrun/engine/flow"
	"snrun/steps"
)

// secretRef is what the key of a Ref to a secret begins with.
const secretRef = "secret:"

// wholeScope is a scope in which all values are there.
func (x *execution) wholeScope(c flow.Scope) (flow.Scope, error) {
	var err error
	if c.Names, err = x.wholeMap(c.Names); err != nil {
		return c, err
	}
	if c.Results, err = x.wholeMap(c.Results); err != nil {
		return c, err
	}
	states := make(map[string]map[string]any, len(c.States))
	for job, values := range c.States {
		if states[job], err = x.wholeMap(values); err != nil {
			return c, err
		}
	}
	c.States = states
	return c, nil
}

func (x *execution) wholeMap(m map[string]any) (map[string]any, error) {
	v, err := x.resolved(m)
	whole, _ := v.(map[string]any)
	return whole, err
}

// resolved gives a value with what its Refs stand for. It is shared as far as it can be.
func (x *execution) resolved(v any) (any, error) {
	if !flow.HasRefs(v) {
		return v, nil
	}
	switch v := v.(type) {
	case *flow.Ref:
		return x.read(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			var err error
			if out[i], err = x.resolved(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := maps.Clone(v)
		for name, item := range v {
			var err error
			if out[name], err = x.resolved(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// read gives the value that a Ref stands for.
func (x *execution) read(r *flow.Ref) (any, error) {
	if r.Parts != nil {
		all := []any{}
		for _, part := range r.Parts {
			v, err := x.resolved(part)
			if err != nil {
				return nil, err
			}
			list, _ := v.([]any)
			all = append(all, list...)
		}
		return all, nil
	}
	if name, isSecret := strings.CutPrefix(r.Key, secretRef); isSecret {
		v, known := x.secrets[name]
		if !known {
			return nil, gone("the secret %s is not known to the worker", name)
		}
		return v, nil
	}
	return x.kept(r)
}

// kept reads a value of the journal.
func (x *execution) kept(r *flow.Ref) (any, error) {
	entry, mark, err := x.Journal.Lookup(x.run.ID, r.Key)
	switch {
	case err != nil:
		return nil, err
	case mark != Done:
		return nil, gone("the value of %s is no longer in the journal", r.Key)
	case entry.Result == nil:
		return nil, gone("the value of %s was not kept: a secret is in it, and there was no key to encrypt it with", r.Key)
	}
	v, err := x.openFields(entry, r.Path)
	if err != nil {
		return nil, gone("reading the value of %s: %s", r.Key, err)
	}
	for i, name := range r.Path {
		m, isMap := v.(map[string]any)
		if v = m[name]; !isMap {
			return nil, gone("what is kept at %s has no %s", r.Key, strings.Join(r.Path[:i+1], "."))
		}
	}
	return v, nil
}

// gone is the failure of a step that reads a value which cannot be had.
func gone(format string, args ...any) *steps.Error {
	return &steps.Error{Kind: steps.Content, Message: fmt.Sprintf(format, args...)}
}

// openFields opens an entry of the journal as far as it is read.
func (x *execution) openFields(entry Entry, path []string) (any, error) {
	if len(entry.Result) == 0 || entry.Result[0] == sealedMark {
		return x.open(entry.Key, entry.Result)
	}
	var reads steps.Reads
	for i := len(path) - 1; i >= 0; i-- {
		reads = steps.Reads{path[i]: reads}
	}
	return steps.DecodeReads(entry.Result, reads)
}
