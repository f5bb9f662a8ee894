package soap_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// keysOf gives the keys that an output is known to have, and nil where nothing is known of it.
func keysOf(s *steps.Shape) []string {
	if s == nil || s.Keys == nil {
		return nil
	}
	return s.Keys()
}

func TestOutputIsKnownBeforeARun(t *testing.T) {
	t.Parallel()
	env := withWSDL(t)
	s := steptest.NewServer(t)
	stock := func(operation string) steps.Input {
		return steps.Input{"wsdl": "stock.wsdl", "operation": operation}
	}
	tests := []struct {
		name string
		in   steps.Input
		want []string
	}{
		{"a document", placing(s, nil), []string{"line", "number"}},
		{"parts", stock("find"), []string{"return"}},
		{"an operation without an answer", placing(s, steps.Input{"operation": "Note"}), nil},
		{"a fault may take its place", placing(s, steps.Input{"expect_fault": true}), nil},
		{"a fault may take its place, as a run decides", placing(s, steps.Input{"expect_fault": steps.Unknown{}}), nil},
		{"no fault may", placing(s, steps.Input{"expect_fault": false}), []string{"line", "number"}},
		{"a WSDL that is fetched", placing(s, steps.Input{"wsdl": "https://example.com/orders.wsdl"}), nil},
		{"no WSDL", steps.Input{"body": steps.Pairs{}}, nil},
		{"no such WSDL", placing(s, steps.Input{"wsdl": "none.wsdl"}), nil},
		{"no such operation", stock("nothing"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := keysOf(soap.Kind().Output(tt.in, env.Dir)); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	items := soap.Kind().Output(stock("find"), env.Dir).Key("return")
	if got := keysOf(items.Item); !slices.Equal(got, []string{"count", "sku"}) {
		t.Errorf("an item of an encoded array: got %v", got)
	}
}

func TestOutputOfAStrictStep(t *testing.T) {
	t.Parallel()
	env := withWSDL(t)
	s := steptest.NewServer(t)
	for _, tt := range []struct {
		strict any
		want   []steps.Form
	}{{nil, []steps.Form{steps.Int, steps.Text}}, {steps.Unknown{}, []steps.Form{steps.Int, steps.Text}}, {true, []steps.Form{steps.Int}}} {
		number := soap.Kind().Output(placing(s, steps.Input{"strict": tt.strict}), env.Dir).Key("number")
		if !slices.Equal(number.Forms, tt.want) {
			t.Errorf("strict: %v: got %v, want %v", tt.strict, number.Forms, tt.want)
		}
	}
}

// TestOutputOfAnOverloadedOperation holds that nothing is taken for known of an operation that params choose.
func TestOutputOfAnOverloadedOperation(t *testing.T) {
	t.Parallel()
	env := withWSDL(t)
	file := filepath.Join(env.Dir, "stock.wsdl")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	twice := strings.ReplaceAll(string(data), `name="count"`, `name="find"`)
	if err := os.WriteFile(file, []byte(twice), 0o600); err != nil {
		t.Fatal(err)
	}
	in := steps.Input{"wsdl": "stock.wsdl", "operation": "put"}
	if got := keysOf(soap.Kind().Output(in, env.Dir)); !slices.Equal(got, []string{"return"}) {
		t.Fatalf("got %v", got)
	}
	in["operation"] = "find"
	if got := soap.Kind().Output(in, env.Dir); got != nil {
		t.Errorf("got %v", got.Keys())
	}
}
