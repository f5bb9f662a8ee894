package jobs

import (
	"strings"
	"testing"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

func TestFunctionExamples(t *testing.T) {
	t.Parallel()
	scope := testScope().With("run", OpenMap(TextShape()))
	names := testNames()
	names["run"] = map[string]any{"started": "2026-01-01T00:00:00Z"}
	for _, f := range Functions() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(f.Example, f.Name+"(") {
				t.Errorf("the example %s does not call %s", f.Example, f.Name)
			}
			if !strings.HasSuffix(f.Doc, ".") || f.Result == "" && f.Name != "duration" {
				t.Errorf("the documentation of %s is not complete: %q, %q", f.Name, f.Doc, f.Result)
			}
			r := &source.Report{}
			e := CompileExpr(scalarNode(t, f.Example, r), 0, f.Example, scope, r)
			if e == nil {
				t.Fatal(r.Err())
			}
			v, err := e.Eval(names)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := steps.EncodeJSON(v); f.Result != "" && string(got) != f.Result {
				t.Errorf("%s gives %s, not %s", f.Example, got, f.Result)
			}
		})
	}
}

// Whatever is given to a function or an operator, it must not panic, and its error must be in a person's words.
func TestFunctionsWithAnything(t *testing.T) {
	t.Parallel()
	values := []string{"x.null", "x.yes", "inputs.count", "x.float", "x.big", "x.exact", "x.text", "x.list", "x.map", "x.people", "x.go", "x.strings", "x.empty", "0", "-1", "''"}
	scope, names := testScope(), testNames()
	at := scalarNode(t, strings.Repeat("-", 100), &source.Report{}) // one place for all is enough
	call := func(text string) {
		r := &source.Report{}
		e := CompileExpr(at, 0, text, scope, r)
		if e == nil {
			for _, m := range r.All() {
				checkWords(t, text, m.Message+m.Hint)
			}
			return
		}
		_, err := e.Eval(names)
		if err == nil {
			return
		}
		checkWords(t, text, err.Error()+err.(*steps.Error).Hint)
		if strings.Contains(err.Error(), "cannot be evaluated") {
			t.Errorf("%s: the error does not say why: %v", text, err)
		}
	}
	for _, f := range Functions() {
		for _, a := range values {
			if f.least() <= 1 {
				call(f.Name + "(" + a + ")")
			}
			for _, b := range values {
				if _, ok := f.param(1); ok {
					call(f.Name + "(" + a + ", " + b + ")")
				}
				if _, ok := f.param(2); ok {
					call(f.Name + "(" + a + ", " + b + ", " + a + ")")
				}
			}
		}
	}
	for _, o := range operators() {
		for _, a := range values {
			for _, b := range values {
				call(a + " " + o.symbol + " " + b)
			}
		}
	}
	for _, a := range values {
		for _, form := range []string{"-$", "!$", "$[0]", "$[x.null]", "$['a']", "$.a", "$?.a", "$[1:2]", "$[:x.text]", "$ ? 1 : 2", "{($): 1}", "$.Year()", "$.String()", "$ ?? 1", "date('2026-01-01') + $", "duration('1s') * $"} {
			call(strings.ReplaceAll(form, "$", a))
		}
	}
}

// checkWords looks for Go's words in a message; the names of the test's own values are none.
func checkWords(t *testing.T, text, message string) {
	t.Helper()
	if found := goWords.FindString(strings.ReplaceAll(message, "x.float", "")); found != "" {
		t.Errorf("%s: the message holds %q: %s", text, found, message)
	}
}

func TestTextOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value any
		want  string
	}{
		{1234567890123456789, "1234567890123456789"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{0.1, "0.1"},
		{3.0, "3"},
		{true, "true"},
		{steps.Scalar{Value: 7, Text: "007"}, "007"},
		{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02T03:04:05Z"},
		{90 * time.Second, "1m30s"},
		{int64(5), "5"},
	}
	for _, test := range tests {
		if got, err := TextOf(test.value); got != test.want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, test.want)
		}
	}
	for _, v := range []any{nil, []any{}, map[string]any{}, []string{"a"}} {
		_, err := TextOf(v)
		if e, ok := err.(*steps.Error); !ok || e.Hint == "" || goWords.MatchString(e.Message) {
			t.Errorf("%T: got %v, want an error with a hint", v, err)
		}
	}
}
