package soap

import (
	"testing"

	"snrun/steps"
	"snrun/steps/soap/wsdl"
)

func TestOverload(t *testing.T) {
	t.Parallel()
	taking := func(action string, names ...string) *wsdl.Operation {
		o := &wsdl.Operation{Name: "get", Action: action, Input: &wsdl.Message{}}
		for _, name := range names {
			o.Input.Parts = append(o.Input.Parts, &wsdl.Part{Name: name})
		}
		return o
	}
	named := []*wsdl.Operation{taking("by id", "id"), taking("by name", "name", "max"), taking("all")}
	tests := []struct {
		name   string
		params []string
		want   string
	}{
		{"what fits", []string{"max", "name"}, "by name"},
		{"the first", []string{"id"}, "by id"},
		{"nothing", nil, "all"},
		{"a mistake in a name", []string{"nam", "max"}, "by name"},
		{"nothing that is known", []string{"x", "y"}, "all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			params := steps.Pairs{}
			for _, key := range tt.params {
				params = append(params, steps.Pair{Key: key, Value: 1})
			}
			if got := overload(named, steps.Input{"params": params}); got.Action != tt.want {
				t.Errorf("got %q, want %q", got.Action, tt.want)
			}
		})
	}
}
