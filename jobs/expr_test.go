package jobs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"snrun/jobs/source"
	"snrun/steps"
)

// testScope knows every form of name: closed maps, a lazy one, anything, a secret, a name that is explained.
func testScope() *Scope {
	ids := map[string]*Shape{
		"a": MapShape(map[string]*Shape{"output": AnyShape(), "skipped": BoolShape(), "status": IntShape()}),
		"b": MapShape(map[string]*Shape{"output": TextShape().WithSecret(), "skipped": BoolShape()}),
	}
	lazy := LazyMap(func(name string) (*Shape, string, string) {
		if name == "alert" {
			return nil, "steps.alert is inside the loop \"alerts\" (line 20)", "its results are in steps.alerts.output"
		}
		return ids[name], "", ""
	}, func() []string { return []string{"a", "b"} })
	return NewScope().
		With("inputs", MapShape(map[string]*Shape{"count": IntShape(), "name": TextShape(), "on": BoolShape(), "tags": ListShape(TextShape())})).
		With("steps", lazy).
		With("env", OpenMap(AnyShape())).
		With("secret", OpenMap(TextShape()).WithSecret()).
		With("x", AnyShape()).
		Explain("item", "`item` is called `x` here")
}

func testNames() map[string]any {
	return map[string]any{
		"inputs": map[string]any{"count": 3, "name": "Ann", "on": true, "tags": []any{"b", "a"}},
		"steps": map[string]any{
			"a": map[string]any{"output": nil, "skipped": true, "status": 200},
			"b": map[string]any{"output": "hidden", "skipped": false},
		},
		"env":    map[string]any{},
		"secret": map[string]any{"TOKEN": "hidden"},
		"x": map[string]any{
			"list": []any{1, 2, 3}, "text": "grün", "float": 1.5, "yes": true, "null": nil,
			"map": map[string]any{"b": 1, "a": 2}, "big": json.Number("12345678901234567890"), "exact": json.Number("0.10000000000000000001"),
			"people": []any{map[string]any{"n": 2, "k": "p"}, map[string]any{"n": 1, "k": "q"}, map[string]any{"n": 1, "k": "r"}},
			"go":     map[string]string{"content-type": "text/plain"}, "strings": []string{"u", "v"},
		},
	}
}

// scalarNode gives the node of a block scalar, in which any text may stand.
func scalarNode(t testing.TB, text string, r *source.Report) *source.Node {
	t.Helper()
	root := source.Parse("job.yaml", []byte("x: |-\n  "+strings.ReplaceAll(text, "\n", "\n  ")), r)
	if root == nil {
		t.Fatalf("the test's own YAML is wrong: %v", r.Err())
	}
	return root.Entries(r)[0].Value
}

func compileText(t testing.TB, text string) (*Expr, *source.Report) {
	t.Helper()
	r := &source.Report{}
	n := scalarNode(t, text, r)
	return CompileExpr(n, 0, text, testScope(), r), r
}

// goWords are what no message may hold: the types and the wording of Go and of expr's machine.
var goWords = regexp.MustCompile(`interface|map\[|\[\][a-z]|reflect|runtime|panic|goroutine|%!|\{[1-9]\}|<nil>|strconv|time\.|int64|float64|json\.|unexpected token|Operator\(|struct|pointer`)

func TestExprValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"inputs.count + 1", "4"},
		{`"a" + "b"`, `"ab"`},
		{"7 / 2", "3.5"},
		{"-7 % 3", "-1"},
		{"map([0, 2], 1..#)", "[[],[1,2]]"},
		{"map([0, 2], len(1..#))", "[0,2]"},
		{"2 ** 3", "8"},
		{"1 + 0.5", "1.5"},
		{"-inputs.count", "-3"},
		{"null == nil && x.null == null", "true"},
		{"x.missing == nil", "true"},
		{"x.missing?.deep.deeper ?? 5", "5"},
		{"x.missing?.list[0].deep", "null"},
		{"x.null?.[0]", "null"},
		{"steps.a.output?.id", "null"},
		{"(x.missing?.deep).deeper", "null"},
		{"x.list[-1]", "3"},
		{"x.list[1:]", "[2,3]"},
		{"x.list[:-1]", "[1,2]"},
		{"x.list[2:99]", "[3]"},
		{"x.text[2]", `"ü"`},
		{"x.text[2:3]", `"ü"`},
		{`x["map"]["a"]`, "2"},
		{"x.go['content-type']", `"text/plain"`},
		{"x.strings[1]", `"v"`},
		{"map(x.strings, upper(#))", `["U","V"]`},
		{"x.strings == ['u', 'v']", "true"},
		{"1 in x.list && 'b' in x.map && 9 not in x.list", "true"},
		{"x.big == fromJSON('12345678901234567890.0')", "true"},
		{"x.big > 5 && x.big < 1e30 && x.exact > 0.1", "true"},
		{"x.exact == 0.1", "false"},
		{"x.big in [1, x.big]", "true"},
		{"[1, {a: [2.0]}] == [1.0, {a: [2]}]", "true"},
		{"9007199254740993 == 9007199254740992.0", "false"},
		{"string(x.big)", `"12345678901234567890"`},
		{"float(x.big) > 1e19", "true"},
		{"int(x.exact)", "0"},
		{"inputs.tags | map(upper(#)) | join('+')", `"B+A"`},
		{"1..3", "[1,2,3]"},
		{"3..1", "[]"},
		{"filter(x.people, .n == 1)[0].k", `"q"`},
		{"map(sortBy(x.people, .n), .k)", `["q","r","p"]`},
		{"map(sortBy(x.people, .n, 'desc'), .k)", `["p","q","r"]`},
		{"sort([2, null, 1.5])", `[null,1.5,2]`},
		{"keys(groupBy(x.people, .n))", `["1","2"]`},
		{"sum(x.people, .n)", "4"},
		{"count(x.people, .n == 1)", "2"},
		{"count([true, false])", "1"},
		{"reduce(x.list, #acc + #, 10)", "16"},
		{"find(x.people, .n == 7)?.k", "null"},
		{"map(x.list, #index)", "[0,1,2]"},
		{"map(x.list, {let y = #; y * y})", "[1,4,9]"},
		{"keys(x.map)", `["a","b"]`},
		{"{(x.text): 1, b: [true]}", `{"b":[true],"grün":1}`},
		{"inputs.on ? 'yes' : 'no'", `"yes"`},
		{"if inputs.count > 5 { 'many' } else { 'few' }", `"few"`},
		{"let n = inputs.count; n * n", "9"},
		{"1 < 2 < 3", "true"},
		{"x.text matches '^gr.n$' && x.text startsWith 'gr' && x.text endsWith 'n' && x.text contains 'ü'", "true"},
		{"x.null contains 'a' || x.null matches 'a'", "false"},
		{"date('2026-01-31').AddDate(0, 0, 1).Format('2006-01-02')", `"2026-02-01"`},
		{"date('2026-01-02') - duration('1d')", `"2026-01-01T00:00:00Z"`},
		{"[date('2026-01-02'), duration('90s')]", `["2026-01-02T00:00:00Z","1m30s"]`},
		{"date('2026-01-02') > date('2026-01-01')", "true"},
		{"toJSON({b: '<&>', a: x.big})", `"{\"a\":12345678901234567890,\"b\":\"<&>\"}"`},
		{"/* why */ 1 // because", "1"},
		{"true ? null : 1", "null"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			e, r := compileText(t, test.text)
			if e == nil {
				t.Fatal(r.Err())
			}
			v, err := e.Eval(testNames())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := steps.EncodeJSON(v); err != nil || string(got) != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

func TestExprMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"inptus.count", `1: the name "inptus" is not known here = did you mean "inputs"?`},
		{"open", `1: the name "open" is not known here = write "open" for the text; the names are env, inputs, secret, steps, x`},
		{"inputs.cuont", `8: inputs has no "cuont" = did you mean "count"?`},
		{"1 + inputs.cuont + nope", "12: inputs has no \"cuont\" = did you mean \"count\"?\n20: the name \"nope\" is not known here = write \"nope\" for the text; the names are env, inputs, secret, steps, x"},
		{"steps.alert.output", `7: steps.alert is inside the loop "alerts" (line 20) = its results are in steps.alerts.output`},
		{"steps.a.ouput", `9: steps.a has no "ouput" = did you mean "output"?`},
		{"steps.a?.ouput", `10: steps.a has no "ouput" = did you mean "output"?`},
		{"response.status == 200", "1: `response` is only known inside the keys of a request step, such as expect, paginate and retry.when"},
		{"error.message", "1: `error` is only known inside `catch` and `on_failure`"},
		{"item.id", "1: `item` is called `x` here"},
		{"inputs.count + 'x'", `14: + takes two numbers or two texts, but inputs.count is a whole number and "x" is text = write string(inputs.count) to join texts, or float("x") to add numbers`},
		{"inputs.count == '3'", `14: inputs.count is a whole number and "3" is text, so they are never equal = write string(inputs.count), or the number without quotes`},
		{"inputs.name && true", `8: inputs.name is text, not true or false = write inputs.name == "true", or inputs.name != "" to ask whether there is any text`},
		{"!inputs.count", `9: inputs.count is a whole number, not true or false = write inputs.count != 0`},
		{"inputs.name.length", `13: inputs.name is text, so it has no "length" = write len(inputs.name)`},
		{"inputs.tags.id", `13: inputs.tags is a list, so it has no "id" = write inputs.tags[0].id for the first item, or map(inputs.tags, .id) for all`},
		{"inputs.tags['a']", `13: inputs.tags is a list, so it has no "a" = write inputs.tags[0].a for the first item, or map(inputs.tags, .a) for all`},
		{"inputs = 1", "8: = does not compare = write == for equal, and : between the key and the value of a map"},
		{"inputs.count ==", "15: the expression ends too early = a value, a name or a closing bracket is missing"},
		{"x.text | upper", "14: the expression ends too early = after | stands a function with parentheses: name | upper(); write || for or"},
		{"uper(x.text)", `1: there is no function "uper" = did you mean "upper"?`},
		{"now()", `1: there is no function "now" here = expressions have no clock, so that a run can be repeated exactly; write run.started, or run.due for the time a schedule meant`},
		{"upper(5)", "7: upper takes text, but 5 is a whole number = write string(5)"},
		{"upper()", "1: upper takes 1 argument, but has 0 = write upper(text: text) text"},
		{"upper('a', 'b')", "12: upper takes 1 argument = write upper(text: text) text"},
		{"filter(inputs.name, true)", "15: filter takes a list, but inputs.name is text"},
		{"filter(inputs.tags, #)", `21: # is text, not true or false = write # == "true", or # != "" to ask whether there is any text`},
		{"x.text.toUpper()", `8: x.text has no function "toUpper" = did you mean "upper"?`},
		{"x ?? 1 > 0", "8: ?? and > stand side by side without parentheses = write (a ?? b) > c, or a ?? (b > c)"},
		{"'abc", "1: the text that begins here is not closed = a closing quote is missing"},
		{`upper("a" + 'b)`, "13: the text that begins here is not closed = a closing quote is missing"},
		{"x.text & 1", "8: & has no meaning here = write && for and, || for or"},
		{"#.id", "1: # is only known inside filter, map and the like = it stands for the item there: map(list, #.id)"},
		{"x matches '('", "11: the regular expression is wrong: missing closing ): `(` = its syntax is that of RE2, as in Go"},
		{"let inputs = 1; inputs", `5: the name "inputs" has a meaning here already = give the variable another name`},
		{"grün + ü@", "9: @ has no meaning here = a text stands in quotes"},
		{"99999999999999999999", "1: the number is too big for 64 bits, or is none = write it in quotes to keep its digits, and compare it as text: string(x) == \"…\""},
		{"x.n == 99999999999999999999 and true", "8: the number is too big for 64 bits, or is none = write it in quotes to keep its digits, and compare it as text: string(x) == \"…\""},
		{"", "1: there is no expression here = write a value, such as inputs.name"},
		{"1 / 0", "3: 0 is 0, and / cannot divide by it"},
		{"repeat('x', 1000000000)", "1: the expression would make a text of more than 64 MB, more than is allowed = a text may have 64 MB, a list a million items"},
		{"1..1000000000", "2: the expression would make a list of more than a million items, more than is allowed = a text may have 64 MB, a list a million items"},
		{"$env.x", "1: `$env` is not part of the language; environment variables are in `env`"},
		{"b'abc'", `1: this is not part of the language = write a text in plain quotes: "…"`},
		{"inputs.count()", `8: inputs has no function "count" = a function stands in front: count(inputs, …)`},
		{"map(inputs.tags, #foo)", "18: #foo is not known = # is the item, #index its place, and #acc what reduce has so far"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			r := &source.Report{}
			n := scalarNode(t, "§"+test.text, r)
			if e := CompileExpr(n, len("§"), test.text, testScope(), r); e != nil {
				t.Fatal("the expression was compiled")
			}
			if got := told(r); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// told gives the mistakes of a report with their columns in the expression.
func told(r *source.Report) string {
	var lines []string
	for _, e := range r.All() {
		line := fmt.Sprintf("%d: %s", e.Column-len("  §")+1, e.Message)
		if e.Hint != "" {
			line += " = " + e.Hint
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestExprFailures(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"steps.a.output.id", `18: steps.a.output is null, so it has no "id" = write steps.a.output?.id to get null then, with ?? and a default where null will not do`},
		{"x.list.id", `10: x.list is a list, so it has no "id" = write x.list[0].id for the first item, or map(x.list, .id) for all`},
		{"x.list[7].id", "9: x.list has 3 items, so it has no item 7 = write get(x.list, 7) to get null then"},
		{"x.null[0]", "9: x.null is null, so it has no items = write x.null?.[0] to get null then"},
		{"x.text + x.float", "10: + takes two numbers or two texts, but x.text is text and x.float is a number = write string(x.float) to join texts, or float(x.text) to add numbers"},
		{"x.big + 1", "9: + takes two numbers or two texts, but x.big is a number with very many digits and 1 is a whole number = write float(x.big) to calculate with what fits, or string(x.big) to keep every digit"},
		{"x.null > 1", "10: > takes two numbers, two texts or two times, but x.null is null and 1 is a whole number = write (x.null ?? …) with what stands for null"},
		{"x.yes && x.text", `14: x.text is text, not true or false = write x.text == "true", or x.text != "" to ask whether there is any text`},
		{"x.null ? 1 : 2", "5: x.null is null, not true or false = write (x.null ?? false), or x.null != nil to ask whether there is a value"},
		{"upper(x.null)", `3: upper takes text, but x.null is null = write x.null ?? ""`},
		{"filter(x.map, true)", "12: filter takes a list, but x.map is a map = write values(x.map) or toPairs(x.map)"},
		{"map(x.list, .id)", `16: # is a whole number, so it has no "id"`},
		{"int(x.text)", "3: x.text is text that holds no whole number of 64 bits"},
		{"int(x.big)", "3: x.big does not fit a whole number of 64 bits = write string(x.big) to keep every digit"},
		{"'a' in x.text", `7: in takes a list or a map on its right, but "a" is text and x.text is text = write x.text contains "a"`},
		{"x.text matches x.text + '('", "10: the regular expression is wrong: missing closing ): `grün(` = its syntax is that of RE2, as in Go"},
		{"x.float matches 'a'", `11: matches takes text on both sides, but x.float is a number and "a" is text = write string(x.float)`},
		{"9223372036854775807 + inputs.count", "23: 9223372036854775807 + inputs.count is too big for a whole number of 64 bits = write float(9223372036854775807) to calculate with rounded numbers"},
		{"inputs.count % (inputs.count - 3)", "16: inputs.count - 3 is 0, and % cannot divide by it"},
		{"sort([1, x.text])", "3: text and a whole number have no order; all must be numbers, texts or times"},
		{"sum(inputs.tags)", "3: sum adds numbers, but item 0 is text"},
		{"reduce(filter(x.list, # > 9), #acc + #)", "3: reduce has nothing to start with, as the list is empty = give it a third argument, the initial value"},
		{"fromJSON(x.text)", `3: x.text is no JSON: at its line 1, column 1, 'g' stands where a value was expected`},
		{"date(x.text)", `3: x.text is text that names no time = write date(x.text, "02.01.2006 15:04") with the layout that it has`},
		{"let r = inputs.count..4000; map(r, map(r, 1))", "3: the expression would make lists of more than 10 million items in all, more than is allowed = a text may have 64 MB, a list a million items"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			e, r := compileText(t, test.text)
			if e == nil {
				t.Fatal(r.Err())
			}
			v, err := e.Eval(testNames())
			got, ok := err.(*steps.Error)
			if !ok || got.Kind != steps.Expression {
				t.Fatalf("got %v and the error %v, want an error of kind expression", v, err)
			}
			text := strings.TrimPrefix(got.Message, "job.yaml:2:")
			if got.Hint != "" {
				text += " = " + got.Hint
			}
			if text != test.want {
				t.Errorf("got\n%s\nwant\n%s", text, test.want)
			}
		})
	}
}

// A plain path is walked without the machine: both must say the same.
func TestPlainPathIsLikeTheMachine(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "x.map.a", "x.missing", "x.missing.more", "x.list.id", "x['map']['b']", "x.go.content", "x.go['content-type']", "x.strings", "x.null.y", "steps.a.output.id", "x.text.a", "x.big.String", "x.map.a.b"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			e, r := compileText(t, text)
			if e == nil {
				t.Fatal(r.Err())
			}
			if e.path == nil {
				t.Fatal("the path is not plain")
			}
			got, gotErr := e.Eval(testNames())
			slow := *e
			slow.path = nil
			want, wantErr := slow.Eval(testNames())
			if fmt.Sprint(got, gotErr) != fmt.Sprint(want, wantErr) {
				t.Errorf("got %v, %v\nwant %v, %v", got, gotErr, want, wantErr)
			}
		})
	}
}

func TestUses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		names  string
		steps  string
		secret bool
	}{
		{"inputs.name", "inputs", "", false},
		{"steps.a.output.x + steps['a'].status", "steps", "a", false},
		{"steps", "steps", "*", true},
		{"steps[inputs.name]", "inputs steps", "*", true},
		{"steps.b.skipped", "steps", "b", false},
		{"steps.b.output", "steps", "b", true},
		{"[steps.b.skipped, steps.a.status]", "steps", "a b", false},
		{"secret.TOKEN", "secret", "", true},
		{"let s = secret.TOKEN; inputs.on ? s : 'x'", "inputs secret", "", true},
		{"map(inputs.tags, # + secret.TOKEN)", "inputs secret", "", true},
		{"toJSON(get(secret, 'a'))", "secret", "", true},
		{"let steps2 = steps; steps2.a.output", "steps", "*", true},
		{"env.HOME ?? 'none'", "env", "", false},
		{"1 + 1", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			e, r := compileText(t, test.text)
			if e == nil {
				t.Fatal(r.Err())
			}
			u := e.Uses()
			names, fields := strings.Join(u.Names(), " "), strings.Join(u.Fields("steps"), " ")
			if names != test.names || fields != test.steps || u.Secret != test.secret || e.Shape().Secret() != test.secret {
				t.Errorf("got names %q, steps %q, secret %v and %v", names, fields, u.Secret, e.Shape().Secret())
			}
		})
	}
}

func TestPlainPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"x.body.result": "body result", "x['next-page'].href": "next-page href", "x": "", "x.a?.b": "none", "x.a[0]": "none", "x.a ?? 1": "none", "inputs.name": "none",
	} {
		e, r := compileText(t, text)
		if e == nil {
			t.Fatal(r.Err())
		}
		path, ok := e.PlainPath("x")
		got := strings.Join(path, " ")
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, yaml, want string }{
		{"bare", "inputs.count > 1", ""},
		{"a boolean of YAML", "true", ""},
		{"any value", "x.yes", ""},
		{"in ${ }", "${ inputs.on }", "a condition is an expression already, without ${ } = write inputs.on"},
		{"${ } inside", `"'${inputs.name}' == 'a'"`, `a condition is an expression already, without ${ } = leave out ${ and }, and write texts in quotes, such as "text"`},
		{"text", "inputs.name", `a condition must be true or false: inputs.name is text, not true or false = write inputs.name == "true", or inputs.name != "" to ask whether there is any text`},
		{"a number", "5", "a condition must be true or false: 5 is a whole number, not true or false = write 5 != 0"},
		{"a list", "[a]", "a condition must be an expression, not a list = write it as text, such as response.status == 200"},
		{"nothing", "", "a condition must be an expression, not null = write it as text, such as response.status == 200"},
		{"a comment that is one", "inputs.on # really", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &source.Report{}
			root := source.Parse("job.yaml", []byte("if: "+test.yaml+"\n"), r)
			e := CompileCondition(root.Entries(r)[0].Value, testScope(), r)
			got := ""
			for _, mistake := range r.All() {
				got += mistake.Message + " = " + mistake.Hint
			}
			if got != test.want || (e == nil) != (test.want != "") {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			if e == nil {
				return
			}
			if ok, err := e.Bool(testNames()); !ok || err != nil {
				t.Errorf("got %v, %v, want true", ok, err)
			}
		})
	}
}

func TestConditionThatACommentCutsOff(t *testing.T) {
	t.Parallel()
	r := &source.Report{}
	root := source.Parse("job.yaml", []byte("if: all(inputs.tags, # != 'x')\n"), r)
	if e := CompileCondition(root.Entries(r)[0].Value, testScope(), r); e != nil {
		t.Fatal("the condition was compiled")
	}
	if got := r.All(); len(got) != 1 || !strings.Contains(got[0].Message, "comment") {
		t.Errorf("got %v, want the one mistake that the comment is", r.Err())
	}
}

func TestBoolOfAnotherValue(t *testing.T) {
	t.Parallel()
	e, _ := compileText(t, "x.text")
	_, err := e.Bool(testNames())
	if want := "job.yaml:2:3: x.text is text, not true or false"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Many goroutines compile and evaluate at once; the race detector watches.
func TestExprConcurrently(t *testing.T) {
	t.Parallel()
	shared, _ := compileText(t, "map(sortBy(x.people, .n), .k)")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			own, _ := compileText(t, "filter(x.people, .n == 1 && date('2026-01-01').Year() == 2026)[0].k ?? keys(x.map)")
			for range 50 {
				if _, err := own.Eval(testNames()); err != nil {
					t.Error(err)
				}
				if _, err := shared.Eval(testNames()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestExprBombs(t *testing.T) {
	t.Parallel()
	bombs := map[string]string{
		"parentheses": strings.Repeat("(", 20_000),
		"signs":       strings.Repeat("-", 20_000) + "1",
		"lists":       strings.Repeat("[", 20_000),
		"long":        strings.Repeat("1+", 40_000) + "1",
		"doubling":    "let a = repeat('x', 60000000); a + a",
		"replacing":   "replace(repeat('x', 10000000), 'x', 'yyyyyyyyyy')",
		"joining":     "join(1..10000, repeat('x', 10000))",
		"padding":     "padStart('', 9000000000000000000, 'x')",
		"wide range":  "(-9223372036854775807)..9223372036854775807",
		"many ranges": "map(1..60, 1..1000000)",
		"many splits": "map(1..1000000, split('a,b,c,d,e,f,g,h,i,j,k,l', ','))",
	}
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, r := compileText(t, text)
			if e != nil {
				t.Fatal("the bomb was compiled")
			}
			if text := r.Err().Error(); goWords.MatchString(r.All()[0].Message) {
				t.Errorf("a message speaks Go: %.200s", text)
			}
		})
	}
}
