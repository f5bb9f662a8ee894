package jobs

import (
	"maps"

	"snrun/steps"
)

// fields are the compiled values of an object: what becomes a steps.Input once the names in scope have values.
type fields struct {
	list  []field
	fixed steps.Input // the fields that are known before a run
}

type field struct {
	name  string
	value value
}

// value is one compiled value. It is constant when eval is nil; else fixed is what is known of it beforehand.
type value struct {
	fixed any
	eval  func(names map[string]any) (any, error)
	// derived gives the texts in it that are computed from secrets. Nil where none is.
	derived func(names map[string]any) ([]string, error)
	// uses is what its expressions read, but for those that the kind evaluates itself.
	uses []*Uses
}

// beforehand is what is known of the value before a run.
func (v value) beforehand() any {
	if v.eval != nil && v.fixed == nil {
		return steps.Unknown{}
	}
	return v.fixed
}

func constant(v any) value { return value{fixed: v} }

func (v value) at(names map[string]any) (any, error) {
	if v.eval == nil {
		return v.fixed, nil
	}
	return v.eval(names)
}

// eval gives the input of one call. Fields whose value is null are left out.
func (f *fields) eval(names map[string]any) (steps.Input, error) {
	in := make(steps.Input, len(f.fixed)+len(f.list))
	maps.Copy(in, f.fixed)
	for _, field := range f.list {
		v, err := field.value.eval(names)
		if err != nil {
			return nil, err
		}
		if v != nil {
			in[field.name] = v
		}
	}
	return in, nil
}

func (f *fields) add(name string, v value) {
	switch {
	case v.eval != nil:
		f.list = append(f.list, field{name, v})
	case v.fixed != nil:
		f.fixed[name] = v.fixed
	}
}

// derived gives the texts among the fields that are computed from secrets.
func (f *fields) derived(names map[string]any) ([]string, error) {
	var all []string
	for _, field := range f.list {
		if field.value.derived == nil {
			continue
		}
		texts, err := field.value.derived(names)
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, nil
}

// uses is what the expressions of the fields read.
func (f *fields) uses() []*Uses {
	var all []*Uses
	for _, field := range f.list {
		all = append(all, field.value.uses...)
	}
	return all
}

func allUses(values []value) []*Uses {
	var all []*Uses
	for _, v := range values {
		all = append(all, v.uses...)
	}
	return all
}

// known gives the fields as they are known before a run: steps.Unknown stands for the others.
func (f *fields) known() steps.Input {
	in := maps.Clone(f.fixed)
	for _, field := range f.list {
		in[field.name] = field.value.beforehand()
	}
	return in
}

// together makes one value of several: constant when all of them are.
func together(values []value, join func([]any) any) value {
	eval := func(names map[string]any) (any, error) {
		list := make([]any, len(values))
		for i, v := range values {
			var err error
			if list[i], err = v.at(names); err != nil {
				return nil, err
			}
		}
		return join(list), nil
	}
	for _, v := range values {
		if v.eval != nil {
			return value{eval: eval, derived: allDerived(values), uses: allUses(values)}
		}
	}
	joined, _ := eval(nil)
	return constant(joined)
}

// allDerived gathers what several values compute from secrets.
func allDerived(values []value) func(names map[string]any) ([]string, error) {
	f := &fields{}
	for _, v := range values {
		f.list = append(f.list, field{value: v})
	}
	return f.derived
}
