package steps_test

import (
	"reflect"
	"testing"

	"snrun/steps"
)

var (
	all     steps.Reads
	nothing = steps.Nothing()
	id      = steps.Reads{"output": {"id": nil}}
	name    = steps.Reads{"output": {"name": nil}, "status": nil}
)

func TestReadsOfTwoReaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b steps.Reads
		want string
	}{
		{nothing, nothing, "-"},
		{nothing, id, "output.id"},
		{id, name, "output.id, output.name, status"},
		{id, all, "*"},
		{all, nothing, "*"},
		{id, steps.Reads{"output": nil}, "output"},
		{steps.Reads{"output": nothing}, id, "output.id"},
	}
	for _, tt := range tests {
		before := tt.a.String() + "; " + tt.b.String()
		if got := tt.a.And(tt.b).String(); got != tt.want {
			t.Errorf("%v and %v is %s, want %s", tt.a, tt.b, got, tt.want)
		}
		if got := tt.b.And(tt.a).String(); got != tt.want {
			t.Errorf("%v and %v is %s, want %s", tt.b, tt.a, got, tt.want)
		}
		if after := tt.a.String() + "; " + tt.b.String(); after != before {
			t.Errorf("And made %s of %s", after, before)
		}
	}
}

func TestReadsCover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		r, other steps.Reads
		want     bool
	}{
		{all, all, true}, {all, id, true}, {all, nothing, true},
		{id, all, false}, {nothing, all, false},
		{nothing, nothing, true}, {nothing, id, false}, {id, nothing, true},
		{id, name, false}, {id.And(name), name, true}, {id.And(name), id, true},
		{id, steps.Reads{"output": nil}, false}, {steps.Reads{"output": nil}, id, true},
	}
	for _, tt := range tests {
		if got := tt.r.Covers(tt.other); got != tt.want {
			t.Errorf("%v covers %v: %t, want %t", tt.r, tt.other, got, tt.want)
		}
	}
}

func TestReadsBelow(t *testing.T) {
	t.Parallel()
	if got := id.At("output").String(); got != "id" {
		t.Errorf("below output %s is read, want id", got)
	}
	if got := id.At("status"); !got.None() {
		t.Errorf("of a field that is not read %v is read", got)
	}
	if got := all.At("output"); got != nil || got.None() {
		t.Errorf("of a field of all %v is read", got)
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	value := func() map[string]any {
		return map[string]any{
			"id": 1, "null": nil, "text": "t", "list": []any{map[string]any{"id": 1}},
			"map": map[string]any{"a": 1, "b": map[string]any{"c": 2, "d": 3}},
		}
	}
	tests := []struct {
		name  string
		reads steps.Reads
		want  any
	}{
		{"all", nil, value()},
		{"nothing", nothing, map[string]any{}},
		{"a field", steps.Reads{"id": nil}, map[string]any{"id": 1}},
		{"null is there", steps.Reads{"null": nil}, map[string]any{"null": nil}},
		{"what is not there stays away", steps.Reads{"gone": {"a": nil}}, map[string]any{}},
		{"a map whole", steps.Reads{"map": nil}, map[string]any{"map": value()["map"]}},
		{"far down", steps.Reads{"map": {"b": {"c": nil, "x": nil}}}, map[string]any{"map": map[string]any{"b": map[string]any{"c": 2}}}},
		{"fields of a text", steps.Reads{"text": {"a": nil}}, map[string]any{"text": "t"}},
		{"fields of a list", steps.Reads{"list": {"id": nil}}, map[string]any{"list": []any{map[string]any{"id": 1}}}},
		{"fields of null", steps.Reads{"null": {"a": nil}}, map[string]any{"null": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := value()
			if got := steps.Project(v, tt.reads); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if !reflect.DeepEqual(v, value()) {
				t.Errorf("the value became %v", v)
			}
		})
	}
	for _, v := range []any{nil, "text", 5, []any{1}} {
		if got := steps.Project(v, id); !reflect.DeepEqual(got, v) {
			t.Errorf("of %v got %v: what is no map is kept", v, got)
		}
	}
}
