package source

import (
	"strings"
	"testing"
)

// show writes the entries of a mapping as key=value.
func show(n *Node, r *Report) string {
	var parts []string
	for _, e := range n.Entries(r) {
		parts = append(parts, e.Key+"="+e.Value.Text())
	}
	return strings.Join(parts, " ")
}

func TestEntries(t *testing.T) {
	t.Parallel()
	const anchors = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nm:\n"
	tests := []struct{ name, text, want string }{
		{"in the order written", "m: {z: 1, a: 2, m: 3}\n", "z=1 a=2 m=3"},
		{"quoted keys", "m: {\"a b\": 1, 'c': 2, \"7\": 3}\n", "a b=1 c=2 7=3"},
		{"dates are text", "m: {2026-01-01: 1}\n", "2026-01-01=1"},
		{"words of old YAML are text", "m: {on: 1, yes: 2, no: 3}\n", "on=1 yes=2 no=3"},
		{"merge", anchors + "  <<: *x\n  d: 5\n", "a=1 b=2 d=5"},
		{"a key of its own wins before", anchors + "  b: 0\n  <<: *x\n", "b=0 a=1"},
		{"a key of its own wins after", anchors + "  <<: *x\n  b: 0\n", "a=1 b=0"},
		{"the first merged wins", anchors + "  <<: [*y, *x]\n", "b=3 c=4 a=1"},
		{"merge written in place", "m:\n  <<: {a: 1}\n  b: 2\n", "a=1 b=2"},
		{"merge of a merge", "w: &w {a: 1}\nx: &x {<<: *w, b: 2}\nm:\n  <<: *x\n", "a=1 b=2"},
		{"a quoted << is a key", "m: {\"<<\": 1}\n", "<<=1"},
		{"alias as a key", "k: &k name\nm: {*k : 1}\n", "name=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r Report
			top := parse(t, tt.text).Entries(&r)
			if got := show(top[len(top)-1].Value, &r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if err := r.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEntriesMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, entries, want string }{
		{"repeated", "a: 1\nb: 2\na: 3\n", "a=1 b=2",
			"f.yaml:3:1: repeated key \"a\"\n  3 | a: 3\n    | ^\n    = it stands at line 1, column 1 already; keep one of the two"},
		{"repeated in other quotes", "{a: 1, 'a': 3}", "a=1",
			"f.yaml:1:8: repeated key \"a\"\n  1 | {a: 1, 'a': 3}\n    |        ^^^\n    = it stands at line 1, column 2 already; keep one of the two"},
		{"number", "1: x\nb: 2\n", "b=2", "f.yaml:1:1: a key must be text, not the number 1\n  1 | 1: x\n    | ^\n    = write \"1\""},
		{"boolean", "true: x\n", "", "f.yaml:1:1: a key must be text, not true\n  1 | true: x\n    | ^^^^\n    = write \"true\""},
		{"null", "~: x\n", "", "f.yaml:1:1: a key must be text, not null\n  1 | ~: x\n    | ^\n    = write \"~\""},
		{"list", "? [a]\n: x\n", "", "f.yaml:1:3: a key must be text, not a list\n  1 | ? [a]\n    |   ^"},
		{"merge of text", "<<: abc\nb: 2\n", "b=2",
			"f.yaml:1:5: << takes a mapping or a list of mappings, not the text \"abc\"\n  1 | <<: abc\n    |     ^^^"},
		{"merge of a list of text", "<<: [{a: 1}, b]\n", "a=1",
			"f.yaml:1:14: << takes mappings, not the text \"b\"\n  1 | <<: [{a: 1}, b]\n    |              ^"},
		{"merged twice", "x: &x {a: 1}\n<<: *x\n<<: *x\n", "x= a=1",
			"f.yaml:3:1: repeated key \"<<\"\n  3 | <<: *x\n    | ^^\n    = it stands at line 2, column 1 already; keep one of the two"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r Report
			n := Parse("f.yaml", []byte(tt.text), &r)
			if got := show(n, &r); got != tt.entries {
				t.Errorf("entries %q, want %q", got, tt.entries)
			}
			n.Entries(&r) // asked twice, said once
			if got := r.All().Error(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestOtherNodesHaveNoEntries(t *testing.T) {
	t.Parallel()
	var r Report
	if got := parse(t, "[a]").Entries(&r); got != nil {
		t.Errorf("a list has entries %v", got)
	}
	if got := parse(t, "{a: b}").Items(); got != nil {
		t.Errorf("a mapping has items %v", got)
	}
	if got := parse(t, "[a]").Items(); len(got) != 1 || got[0].Text() != "a" {
		t.Errorf("items %v", got)
	}
	if r.Err() != nil {
		t.Error(r.Err())
	}
}
