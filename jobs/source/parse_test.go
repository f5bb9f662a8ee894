package source

import (
	"fmt"
	"strings"
	"testing"
)

func TestForms(t *testing.T) {
	t.Parallel()
	n := parse(t, "- a\n- {b: c}\n- [d]\n-\n")
	var got []string
	for _, item := range n.Items() {
		got = append(got, fmt.Sprint(item.Pos(), " ", item.Form(), " ", item.What()))
	}
	want := `[f.yaml:1:3 0 the text "a" f.yaml:2:3 2 a mapping f.yaml:3:3 1 a list f.yaml:4:2 0 null]`
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if n.Form() != List || n.Value() != nil || n.Text() != "" {
		t.Errorf("the list is %v, %v, %q", n.Form(), n.Value(), n.Text())
	}
}

func TestAliasesAreResolved(t *testing.T) {
	t.Parallel()
	n := parse(t, "a: &x [1, 2]\nb: *x\n")
	entries := n.Entries(new(Report))
	if a, b := entries[0].Value, entries[1].Value; a != b || b.Pos().Line != 1 || len(b.Items()) != 2 {
		t.Errorf("b is %s at %v, not the list of a", b.What(), b.Pos())
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 30; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	deeper := "a0: &a0 x\n"
	for i := 1; i < 300; i++ {
		deeper += fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	tests := []struct{ name, text, want string }{
		{"aliases that explode", bomb, "f:6:5: with its aliases written out this is more than 200000 values"},
		{"merges that explode", strings.NewReplacer("[x, x, x, x, x, x, x, x, x, x]", "{x: 1}", "[", "{<<: [", "]", "]}").Replace(bomb),
			"f:6:14: with its aliases written out this is more than 200000 values"},
		{"deep brackets", strings.Repeat("[", 300) + strings.Repeat("]", 300), "f:1:100: this nests deeper than 200 levels"},
		{"deep blocks", strings.Repeat("- ", 300) + "x", "f:1:201: this nests deeper than 200 levels"},
		{"deep through aliases", deeper, "f:201:7: this nests deeper than 200 levels"},
		{"absurdly deep", strings.Repeat("[", 100_000), "f:1:10001: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r Report
			n := Parse("f", []byte(tt.text), &r)
			got := r.All()
			if n != nil || len(got) != 1 {
				t.Fatalf("got a node %v and %d mistakes, want one mistake", n != nil, len(got))
			}
			if first, _, _ := strings.Cut(got.Error(), "\n"); !strings.HasPrefix(first, tt.want) {
				t.Errorf("got %s, want %s", first, tt.want)
			}
		})
	}
}

func steps500() []byte {
	var b strings.Builder
	b.WriteString("version: 1\nsteps:\n")
	for i := range 500 {
		fmt.Fprintf(&b, "  - id: s%d\n    if: inputs.n > %d   # only then\n    rest:\n      profile: p\n      path: \"/a/${inputs.x}\"\n"+
			"      query: {a: 1, b: \"${state.since}\"}\n      json:\n        text: |\n          one ${run.id}\n          two\n", i, i)
	}
	return []byte(b.String())
}

func BenchmarkParse500Steps(b *testing.B) {
	data := steps500()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var r Report
		if n := Parse("f", data, &r); n == nil || r.Err() != nil {
			b.Fatal(r.Err())
		}
	}
}

// BenchmarkParseOneLine reads many values of a single line: its time must grow with the line, not with its square.
func BenchmarkParseOneLine(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		data := []byte("[" + strings.Repeat("é, ", n) + "é]")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if Parse("f", data, new(Report)) == nil {
					b.Fatal("no node")
				}
			}
		})
	}
}
