package source

import (
	"strings"
	"testing"
)

// mistakes are the mistakes of reading a file, without the name of the file before them.
func mistakes(text string) string {
	var r Report
	Parse("f", []byte(text), &r)
	return r.All().Error()
}

// page writes a mistake as it is printed: place and message, the line, the carets, the hint where there is one.
func page(lines ...string) string { return strings.Join(lines, "\n") }

func TestTraps(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"expression in braces", "b: {a: ${x}}\n", page(
			`f:1:8: an expression inside { } or [ ] must be in quotes`,
			`  1 | b: {a: ${x}}`,
			`    |        ^^^^`,
			`    = write: b: {a: "${x}"}`)},
		{"expressions in brackets", "a: [${x}, ${y}, \"ok\", {k: /z/${f(\"}\")}/z}]   # c\n", page(
			`f:1:5: an expression inside { } or [ ] must be in quotes`,
			`  1 | a: [${x}, ${y}, "ok", {k: /z/${f("}")}/z}]   # c`,
			`    |     ^^^^`,
			`    = write: a: ["${x}", "${y}", "ok", {k: '/z/${f("}")}/z'}]   # c`)},
		{"expression in braces over lines", "a: {\n  b: ${x},\n  c: 1}\n", page(
			`f:2:6: an expression inside { } or [ ] must be in quotes`,
			`  2 |   b: ${x},`,
			`    |      ^^^^`,
			`    = write: b: "${x}",`)},
		{"list in a condition in braces", "- {when: x in [1, 2], steps: []}\n", page(
			`f:1:15: [ cannot stand in an unquoted text inside { } or [ ]`,
			`  1 | - {when: x in [1, 2], steps: []}`,
			`    |               ^`,
			`    = write: - {when: "x in [1, 2]", steps: []}`)},
		{"choice in braces", "a: {if: x ? a : b}\n", page(
			`f:1:15: ": " cannot stand in an unquoted text inside { } or [ ]`,
			`  1 | a: {if: x ? a : b}`,
			`    |               ^`,
			`    = write: a: {if: "x ? a : b"}`)},
		{"question mark in brackets", "expect: [response.body?.error == nil, x]\n", page(
			`f:1:23: ? cannot stand in an unquoted text inside { } or [ ]`,
			`  1 | expect: [response.body?.error == nil, x]`,
			`    |                       ^`,
			`    = write: expect: ["response.body?.error == nil", x]`)},
		{"choice in brackets", "a: [x ? a : b]\n", page(
			`f:1:7: ? cannot stand in an unquoted text inside { } or [ ]`,
			`  1 | a: [x ? a : b]`,
			`    |       ^`,
			`    = write: a: ["x ? a : b"]`)},
		{"comma in a condition in braces", "a: {when: max(a, f(b)) > 1, b: c}\n", page(
			`f:1:16: the "," ends the unquoted text "max(a" here`,
			`  1 | a: {when: max(a, f(b)) > 1, b: c}`,
			`    |                ^`,
			`    = write: a: {when: "max(a, f(b)) > 1", b: c}`)},
		{"choice", "if: x ? a : b  # why\n", page(
			`f:1:11: ": " cannot stand in an unquoted expression`,
			`  1 | if: x ? a : b  # why`,
			`    |           ^`,
			`    = write: if: "x ? a : b"  # why`)},
		{"map in an expression", "a:\n  - value: ${ {a: 1} }\n", page(
			`f:2:17: ": " cannot stand in an unquoted expression`,
			`  2 |   - value: ${ {a: 1} }`,
			`    |                 ^`,
			`    = write: - value: "${ {a: 1} }"`)},
		{"map in an expression over lines", "v: ${ {\n   a: 1 } }\n", page(
			`f:2:5: ": " cannot stand in an unquoted expression`,
			`  2 |    a: 1 } }`,
			`    |     ^`,
			`    = write the expression that begins in line 1 as a block: put ">-" behind the key and all of it below`)},
		{"choice as an item", "- ${ x ? \"a\" : b }\n", page(
			`f:1:13: ": " cannot stand in an unquoted expression: YAML takes what is before it for a key`,
			`  1 | - ${ x ? "a" : b }`,
			`    |             ^`,
			`    = write: - '${ x ? "a" : b }'`)},
		{"element of a predicate", "in: ${ map(xs, #.id) }\n", page(
			`f:1:16: " #" begins a comment here and cuts the text before it off`,
			`  1 | in: ${ map(xs, #.id) }`,
			`    |                ^^^^^^^`,
			`    = write: in: "${ map(xs, #.id) }"`)},
		{"element in a condition", "a:\n  if: all(xs, # > 1)\n", page(
			`f:2:15: " #" begins a comment here and cuts the text before it off`,
			`  2 |   if: all(xs, # > 1)`,
			`    |               ^^^^^^`,
			`    = write: if: "all(xs, # > 1)"`)},
		{"element of a predicate over lines", "in: ${ map(xs, #.id)\n  + 1 }\n", page(
			`f:1:16: " #" begins a comment here and cuts the text before it off`,
			`  1 | in: ${ map(xs, #.id)`,
			`    |                ^^^^^`,
			`    = put all of it in quotes, down to the line where it ends`)},
		{"braces of other tools", "a: {{ x.y }}\n", page(
			`f:1:5: {{ }} is a mapping in a mapping to YAML, not an expression`,
			`  1 | a: {{ x.y }}`,
			`    |     ^`,
			`    = write "${ x.y }"`)},
		{"said once through aliases", "a: &a [\"x\", y (b, c)]\nb: *a\n", page(
			`f:1:17: the "," ends the unquoted text "y (b" here`,
			`  1 | a: &a ["x", y (b, c)]`,
			`    |                 ^`,
			`    = write: a: &a ["x", "y (b, c)"]`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mistakes(tt.text); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestNoTraps holds what looks like a trap and is none.
func TestNoTraps(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a: ${ x } # why\n", "a: see (below) # why\n", "a: \"${ map(xs, #.id) }\"\n", "a: 'x (' # why\n", "a: x ( y\n",
		"a: ${ \"}\" } # why\n", "a: $${ # why\n", "a: contains(x, \"(\") # why\n", "a: |\n  map(xs, #.id)\n", "a: ${ map(xs,#.id) }\n",
		"${ x }: y\n", "a: [b (c), d]\n", "a: [\"b (c\", \"d)\"]\n", "a: [b), (c]\n", "a: it's # (why\n", "a: x # ${\n",
		"a: {b: \"${x}\", c: 'd'}\n", "a: ${ {} }\n", "a: ${x}-${y}\n",
	} {
		if got := mistakes(text); got != "" {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, comment string }{
		{"all(xs, # > 1)", "# > 1)"}, {"all(xs, #.x)\r", "#.x)"}, {"x[ #", "#"}, {"${ a #}", "#}"}, {"${ f(\"(\") + \"#", ""},
		{"all(xs, true) # why", ""}, {"'all(xs, # > 1)'", ""}, {"x (", ""}, {"", ""}, {"[a, #b\n]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			n := Parse("f", []byte("k: "+tt.value+"\n"), new(Report))
			got, ok := n.Entries(new(Report))[0].Value.CutOff()
			if got != tt.comment || ok != (tt.comment != "") {
				t.Errorf("got %q, %v, want %q", got, ok, tt.comment)
			}
		})
	}
}

func TestSyntax(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{ // want: the first line and the hint
		{"tab", "a:\n\tb: 1\n", "f:2:1: a tab cannot indent a line = use spaces"},
		{"tab behind a value", "a:\n  b: 1\n\tc: 2\n", "f:3:1: a tab cannot indent a line = use spaces"},
		{"tab behind spaces", "a:\n  \tb: 1\n", "f:2:3: a tab cannot indent a line = use spaces"},
		{"tab in a block", "a: |\n\tfoo\n", "f:2:1: a tab cannot indent a line = use spaces"},
		{"open double quote", "x: 1\na: \"abc\nb: 1\n", "f:2:4: the quote that opens here is never closed = put a \" where the text ends"},
		{"open single quote", "a: 'it''s\n", "f:1:4: the quote that opens here is never closed = put a ' where the text ends"},
		{"open bracket", "a: [1, 2\nb: 3\n", "f:1:4: the [ that opens here is never closed = put a ] where it ends"},
		{"open brace at the end", "a: {b: 1, c\n", "f:1:4: the { that opens here is never closed = put a } where it ends"},
		{"closing bracket too many", "a: [1]]\n", "f:1:7: this ] closes nothing = take it out, or put the whole value in quotes"},
		{"closing brace alone", "a: }\n", "f:1:4: an unquoted value cannot begin with } = write: a: \"}\""},
		{"no comma", "a: {\"x\" \"y\"}\n", "f:1:9: a comma is missing before this = inside { } and [ ] commas stand between the values"},
		{"no comma at the end of a line", "a: {\n  b: 1\n  c: 2\n}\n", "f:2:7: a comma is missing at the end of this line = inside { } and [ ] commas stand between the values"},
		{"at sign", "a: @x # why\n", "f:1:4: an unquoted value cannot begin with @ = write: a: \"@x\" # why"},
		{"backquote", "- `x`\n", "f:1:3: an unquoted value cannot begin with ` = write: - \"`x`\""},
		{"percent", "a: %x\n", "f:1:4: an unquoted value cannot begin with % = write: a: \"%x\""},
		{"two colons", "a: b: c\n", "f:1:5: \": \" cannot stand in an unquoted text = write: a: \"b: c\""},
		{"two colons in braces", "a: {b: c: d}\n", "f:1:9: \": \" cannot stand in an unquoted text inside { } or [ ] = write: a: {b: \"c: d\"}"},
		{"deeper key", "a: 1\n b: 2\n", "f:2:2: this key stands deeper than the one above it, which has a value already = begin both in the same column; a text that goes on in the next line and has \": \" in it needs quotes"},
		{"no colon before a key", "a\nb: 1\n", "f:1:1: the \":\" behind the key is missing = write \"key: value\", or \"key:\" when the value stands below"},
		{"no colon after a key", "a: b\nfoo\nc: d\n", "f:2:1: the \":\" behind the key is missing = write \"key: value\", or \"key:\" when the value stands below"},
		{"indented too little", "a:\n  b: 1\n c: 2\n", "f:3:2: the indentation of this line fits no line above it = what belongs together begins in the same column"},
		{"item indented too much", "steps:\n  - id: a\n    log: x\n   - id: b\n", "f:4:4: the indentation of this line fits no line above it = what belongs together begins in the same column"},
		{"item among keys", "a: 1\n- b\n", "f:2:1: a list item (\"- \") cannot stand among the keys of a mapping = indent it below the key it belongs to"},
		{"key among items", "- a\nb: 1\n", "f:2:1: a key cannot stand among the items of a list = indent it below the \"- \" of its item, or give it a \"- \" of its own"},
		{"list behind a key", "a: - b\n", "f:1:4: a list cannot begin behind a key = put its first \"- \" in the next line; a text that begins with \"- \" needs quotes"},
		{"text behind a quote", "a: \"${x}\" y\n", "f:1:11: text stands behind the closing quote = put one pair of quotes around the whole value; inside \"…\" a quote is \\\", inside '…' it is ''"},
		{"text behind a brace", "a: {x}/y\n", "f:1:7: text stands behind the closing bracket = write: a: \"{x}/y\""},
		{"unknown escape", "a: \"\\q\"\n", "f:1:5: \\q means nothing in double quotes = write \\\\ for a backslash, or put the text in single quotes"},
		{"escaped slash", "b: 1\na: \"x\\/y\"\n", "f:2:6: \\/ means nothing in double quotes = write / without the backslash"},
		{"bad code", "a: \"\\xZZ\"\n", "f:1:5: this escape is no character = \\x takes two hexadecimal digits, \\u four, \\U eight; write \\\\ for a backslash"},
		{"surrogate", "a: \"\\ud800\"\n", "f:1:5: this escape is no character = \\x takes two hexadecimal digits, \\u four, \\U eight; write \\\\ for a backslash"},
		{"unknown anchor", "a: *x\n", "f:1:4: no anchor &x stands before this alias = a text that begins with * needs quotes"},
		{"star", "a: *.json\n", "f:1:4: no anchor &.json stands before this alias = a text that begins with * needs quotes"},
		{"text behind a block mark", "a: | x\n  y\n", "f:1:6: only a comment can stand in this line behind | or > = begin the text in the next line"},
		{"block indented by 0", "a: |0\n  x\n", "f:1:5: a block cannot be indented by 0 = leave the number out, or write one from 1 to 9"},
		{"two documents", "a: 1\n---\nb: 2\n", "f:2:1: a second document begins here = a file holds one document: move this one to a file of its own"},
		{"more behind the end", "a: b\n...\nfoo\n", "f:2:1: the document ends here, but the file goes on = a file holds one document: take this line out, or move what comes behind it to a file of its own"},
		{"another YAML", "%YAML 2.0\n---\na: 1\n", "f:1:1: this version of YAML cannot be read = take the line out: files are YAML 1.2"},
		{"empty", "", "f:1:1: the file is empty = a file begins with: version: 1"},
		{"only comments", "# a\n", "f:1:1: the file is empty = a file begins with: version: 1"},
		{"other encoding", "a: é\xff\n", "f:1:5: the byte 0xff is not UTF-8 = save the file as UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "f:1:1: the file is in UTF-16 = save it as UTF-8"},
		{"control character", "a: b\x1b[31m\n", "f:1:5: the invisible character U+001B cannot stand in a file = take it out; where a text needs it, write it as an escape in double quotes, such as \"\\u0007\""},
		{"second byte order mark", "a: b\n\uFEFFc: d\n", "f:2:1: the invisible character U+FEFF cannot stand in a file = take it out; where a text needs it, write it as an escape in double quotes, such as \"\\u0007\""},
		{"endless alias", "a: &a [*a]\n", "f:1:8: the alias *a stands inside the value that it names"},
		{"local tag", "a: !important x\n", "f:1:4: the tag !important means nothing here = a text that begins with ! needs quotes"},
		{"tag of another value", "a: !!int x\n", "f:1:10: \"x\" cannot be a !!int"},
		{"tag of another form", "a: !!str [x]\n", "f:1:4: a list cannot be a !!str"},
	}
	for _, tt := range tests {
		for _, end := range []string{"\n", "\r\n"} {
			t.Run(tt.name+" "+strings.Trim(end, "\n"), func(t *testing.T) {
				t.Parallel()
				got := mistakes(strings.ReplaceAll(tt.text, "\n", end))
				first, rest, _ := strings.Cut(got, "\n")
				if _, hint, ok := strings.Cut(rest, "\n    = "); ok {
					first += " = " + hint
				} else if hint, ok := strings.CutPrefix(rest, "    = "); ok {
					first += " = " + hint
				}
				if first != tt.want {
					t.Errorf("got\n%s\nwant\n%s\nfrom\n%s", first, tt.want, got)
				}
			})
		}
	}
}
