package jobs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"snrun/jobs/source"
	"snrun/steps"
)

func compileYAML(t testing.TB, yaml string) (*Template, *source.Report) {
	t.Helper()
	r := &source.Report{}
	root := source.Parse("job.yaml", []byte(yaml), r)
	if root == nil {
		t.Fatalf("the test's own YAML is wrong: %v", r.Err())
	}
	return CompileTemplate(root, testScope(), r), r
}

func TestTemplateValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, yaml string
		want       any
	}{
		{"a whole expression keeps its type", "${ inputs.count }", 3},
		{"inside text it is text", "n=${inputs.count}!", "n=3!"},
		{"two side by side are text", "${inputs.count}${inputs.on}", "3true"},
		{"quoted numbers are text", `"007"`, "007"},
		{"plain numbers are numbers", "007", 7},
		{"a date is text", "2026-01-01", "2026-01-01"},
		{"nothing is null", "~", nil},
		{"an escaped one is literal", "$${x} and $${inputs.name}", "${x} and ${inputs.name}"},
		{"an escaped one before a real one", "$$${x} ${inputs.name}", "$${x} Ann"},
		{"other dollars stay", "$5 $ ${inputs.name}$", "$5 $ Ann$"},
		{"braces in the expression", `"${ {a: {b: '}'}}['a'].b }"`, "}"},
		{"quotes in the expression", "'${ \"}\" + `}` }'", "}}"},
		{"a comment in the expression", "\"${ /* } */ inputs.name }\"", "Ann"},
		{"big numbers keep their digits", "${x.big}", json.Number("12345678901234567890")},
		{"also in text", "id ${x.big}", "id 12345678901234567890"},
		{"a block scalar that is one expression", "|\n  ${ inputs.tags }\n", []any{"b", "a"}},
		{"a block scalar with more", "|\n  ${ inputs.name }\n  b\n", "Ann\nb\n"},
		{"a double-quoted line break counts", `"${ inputs.name }\n"`, "Ann\n"},
		{"a map and a list", "{a: '${inputs.count}', b: [1, '${x.null}', {c: x}]}", map[string]any{"a": 3, "b": []any{1, nil, map[string]any{"c": "x"}}}},
		{"an escaped key", "{'$${a}': 1}", map[string]any{"${a}": 1}},
		{"an empty text", `""`, ""},
		{"a time is text", "${ date('2026-01-01') }", "2026-01-01T00:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			template, r := compileYAML(t, test.yaml)
			if template == nil {
				t.Fatal(r.Err())
			}
			got, err := template.Eval(testNames())
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, %v, want %#v", got, err, test.want)
			}
		})
	}
}

func TestTemplateTree(t *testing.T) {
	t.Parallel()
	template, r := compileYAML(t, "z: 007\na: [1.50, \"007\", true, ~, 2026-01-01]\nm: ${inputs.count}\nt: a${inputs.count}\n")
	if template == nil {
		t.Fatal(r.Err())
	}
	got, err := template.Tree(testNames())
	want := steps.Pairs{
		{Key: "z", Value: steps.Scalar{Value: 7, Text: "007"}},
		{Key: "a", Value: []any{steps.Scalar{Value: 1.5, Text: "1.50"}, "007", steps.Scalar{Value: true, Text: "true"}, nil, "2026-01-01"}},
		{Key: "m", Value: 3},
		{Key: "t", Value: "a3"},
	}
	if err != nil || !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got %#v, %v\nwant %#v", got, err, want)
	}
}

func TestTemplateText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		yaml, want string
		null       bool
		err        string
	}{
		{yaml: "007", want: "007"},
		{yaml: "1.50", want: "1.50"},
		{yaml: "True", want: "True"},
		{yaml: `"x"`, want: "x"},
		{yaml: "${ inputs.count }", want: "3"},
		{yaml: "${ x.float }", want: "1.5"},
		{yaml: "a-${ x.big }", want: "a-12345678901234567890"},
		{yaml: "~", null: true},
		{yaml: "${ x.null }", null: true},
		{yaml: "${ x.list }", err: "job.yaml:1:4: x.list is a list, which is no text"},
		{yaml: "a ${ x.null }", err: "job.yaml:1:6: x.null is null, which is no text"},
		{yaml: "[a]", err: "job.yaml:1:1: text is needed here, not a list"},
	}
	for _, test := range tests {
		t.Run(test.yaml, func(t *testing.T) {
			t.Parallel()
			template, r := compileYAML(t, test.yaml)
			if template == nil {
				t.Fatal(r.Err())
			}
			got, null, err := template.Text(testNames())
			if got != test.want || null != test.null || fmt.Sprint(err) != fmt.Sprint(errorOrNil(test.err)) {
				t.Errorf("got %q, %v, %v", got, null, err)
			}
		})
	}
}

func errorOrNil(text string) error {
	if text == "" {
		return nil
	}
	return &steps.Error{Message: text}
}

func TestTemplateMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want string }{
		{"not closed", "a ${ inputs.name", "1:3 the expression that begins here is not closed = a } is missing; write $${ for ${ itself"},
		{"empty", "a ${ } b", "1:3 there is no expression in ${ } = write a value in it, or $${ for ${ itself"},
		{"a quote is not closed", "a ${ it's }", "1:8 the text that begins here is not closed before the expression ends = a closing quote is missing"},
		{"a list in text", "a ${ inputs.tags }", `1:6 inputs.tags is a list, which is no text = write join(inputs.tags, ", ") or toJSON(inputs.tags)`},
		{"null in text", "a ${ null }", `1:6 null is null, which is no text = write null ?? "" or what stands for null`},
		{"a constant map in text", "'a ${ {b: 1} }'", "1:7 {b: 1} is a map, which is no text = write toJSON({b: 1}), or one of its fields"},
		{"a key", "{'${inputs.name}': 1}", "1:2 a key cannot hold an expression = compute the whole map: ${ fromPairs([[key, value]]) }; write $${ for ${ itself"},
		{"a constant that fails", "{a: '${ 1 / 0 }'}", "1:11 0 is 0, and / cannot divide by it = "},
		{"in a quoted scalar with escapes", `"\u00fc\t${ inputs.nmae }"`, `1:20 inputs has no "nmae" = did you mean "name"?`},
		{"in a block scalar", "a: |\n  one\n  two ${ inputs.nmae }\n", `3:17 inputs has no "nmae" = did you mean "name"?`},
		{"in a folded scalar", "a: >\n  one\n  two ${ inputs.nmae }\n", `3:17 inputs has no "nmae" = did you mean "name"?`},
		{"several", "- ${ nope }\n- ${ inputs.nmae }\n", "1:6 the name \"nope\" is not known here = write \"nope\" for the text; the names are env, inputs, secret, steps, x\n2:13 inputs has no \"nmae\" = did you mean \"name\"?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			template, r := compileYAML(t, test.yaml)
			if template != nil {
				t.Fatal("the template was compiled")
			}
			var lines []string
			for _, e := range r.All() {
				lines = append(lines, fmt.Sprintf("%d:%d %s = %s", e.Line, e.Column, e.Message, e.Hint))
			}
			if got := strings.Join(lines, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestTemplateFacts(t *testing.T) {
	t.Parallel()
	template, r := compileYAML(t, "{a: '${secret.TOKEN}', b: ['${inputs.count}', '${steps.a.status}'], c: 1}")
	if template == nil {
		t.Fatal(r.Err())
	}
	if got := strings.Join(template.Uses().Names(), " "); got != "inputs secret steps" {
		t.Errorf("got the names %q", got)
	}
	if template.Constant() || !template.Uses().Secret || !template.Shape().Secret() || template.Whole() != nil || template.Uses().Only("inputs") {
		t.Error("the template does not say what it reads")
	}
	if f, _, _ := template.Shape().field("c"); f.What() != "a whole number" {
		t.Errorf("got %s for c", f.What())
	}
	constant, _ := compileYAML(t, "{a: 1, b: '${1 + 1}'}")
	if v, err := constant.Eval(nil); !constant.Constant() || err != nil || !reflect.DeepEqual(v, map[string]any{"a": 1, "b": 2}) {
		t.Errorf("got %v, %v, want a constant", v, err)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"${ inputs.name }", "a ${inputs.count + 1} b", "$${x}", "${", "${}", "${ 'a' ", "${ \"}\" }", "${ {a: [1]}.a[0] }", "${ map(x.list, #.id) }",
		"${ x?.a?.[0] ?? 'ü' }", "${ let a = 1; a }", "${ a ? b : c }", "${ 1..9 }", "${ x | upper() }", "${ if true {1} else {2} }", "${ // }\n 1 }", "${ /* } */ 1 }",
		"${ `a``b` }", "${ not in }", "${ 0x }", "${ reduce([], #acc) }", "${ date('x') }", "${ '\\u{110000}' }", "${ ::len('a') }", "${ x.(y) }",
	} {
		f.Add(seed)
	}
	names := testNames()
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		if err != nil || strings.ContainsRune(string(quoted), '\u007f') {
			return
		}
		r := &source.Report{}
		root := source.Parse("job.yaml", append(quoted, '\n'), r)
		if root == nil || r.Err() != nil {
			return
		}
		template := CompileTemplate(root, testScope(), r)
		if (template == nil) != (r.Err() != nil) {
			t.Fatalf("compiled: %v, reported: %v", template != nil, r.Err())
		}
		for _, e := range r.All() {
			if e.Line < 1 || e.Line > 2 || e.Column < 1 || e.Column > len(quoted)+1 {
				t.Errorf("the place %s is not in the file", e.Pos)
			}
		}
		if template != nil {
			template.Eval(names)
			template.Tree(names)
			template.Text(names)
		}
	})
}
