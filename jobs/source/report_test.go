package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestErrorf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70)
	tests := []struct{ name, text, want string }{
		{"plain", "a: bcd # e\n", page("f.yaml:1:4: no", "  1 | a: bcd # e", "    |    ^^^")},
		{"quoted", "a: 'it''s'\n", page("f.yaml:1:4: no", "  1 | a: 'it''s'", "    |    ^^^^^^^")},
		{"escapes", `a: "\u00e9\n" # e`, page("f.yaml:1:4: no", `  1 | a: "\u00e9\n" # e`, "    |    ^^^^^^^^^^")},
		{"behind a tag", "a: !!str 7\n", page("f.yaml:1:10: no", "  1 | a: !!str 7", "    |          ^")},
		{"over lines", "a: b\n  c\n", page("f.yaml:1:4: no", "  1 | a: b", "    |    ^")},
		{"block", "a: |\n  b\n", page("f.yaml:1:4: no", "  1 | a: |", "    |    ^")},
		{"empty", "a:\nb:\n", page("f.yaml:1:3: no", "  1 | a:", "    |   ^")},
		{"list", "a:\n  - b\n", page("f.yaml:2:3: no", "  2 |   - b", "    |   ^")},
		{"tabs", "a:\t\tb\n", page("f.yaml:1:5: no", "  1 | a:        b", "    |           ^")},
		{"wide characters", "a: [漢字, b]\n", page("f.yaml:1:4: no", "  1 | a: [漢字, b]", "    |    ^")},
		{"CRLF", "a: b\r\n", page("f.yaml:1:4: no", "  1 | a: b", "    |    ^")},
		{"long line", "{" + "a: b, d: " + long + long + "}\n", page("f.yaml:1:5: no",
			"  1 | {a: b, d: "+long+strings.Repeat("x", 20)+"…", "    |     ^")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r Report
			r.Errorf(valueOf(t, tt.text), "no")
			if got := r.Err().Error(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestErrorAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, part, want string
	}{
		{"plain", "a: ${ metod }\n", "metod", page("f.yaml:1:7: no", "  1 | a: ${ metod }", "    |       ^^^^^")},
		{"multibyte", "a: é ${ metöd }\n", "metöd", page("f.yaml:1:9: no", "  1 | a: é ${ metöd }", "    |         ^^^^^")},
		{"wide before", "a: 漢字 metod\n", "metod", page("f.yaml:1:7: no", "  1 | a: 漢字 metod", "    |         ^^^^^")},
		{"wide within", "a: x 漢字 y\n", "漢字", page("f.yaml:1:6: no", "  1 | a: x 漢字 y", "    |      ^^^^")},
		{"combining", "a: e\u0301 metod\n", "metod", page("f.yaml:1:7: no", "  1 | a: e\u0301 metod", "    |      ^^^^^")},
		{"escaped", `a: "\"m\x65tod\""`, "metod", page("f.yaml:1:7: no", `  1 | a: "\"m\x65tod\""`, "    |       ^^^^^^^^")},
		{"doubled quotes", "a: 'it''s ''it'''\n", "'it'", page("f.yaml:1:11: no", "  1 | a: 'it''s ''it'''", "    |           ^^^^^^")},
		{"block", "a: |\n  one\n  metod x\n", "metod", page("f.yaml:3:3: no", "  3 |   metod x", "    |   ^^^^^")},
		{"over the end of a line", "a: |\n  one two\n  three\n", "two\nth", page("f.yaml:2:7: no", "  2 |   one two", "    |       ^^^")},
		{"at the end", "a: bcd\n", "", page("f.yaml:1:7: no", "  1 | a: bcd", "    |       ^")},
		{"cut in front", "a: " + strings.Repeat("x", 200) + "metod\n", "metod", page("f.yaml:1:204: no",
			"  1 | …"+strings.Repeat("x", 95)+"metod", "    | "+strings.Repeat(" ", 96)+"^^^^^")},
		{"cut on both sides", "a: " + strings.Repeat("x", 200) + "metod" + strings.Repeat("y", 200) + "\n", "metod", page("f.yaml:1:204: no",
			"  1 | …"+strings.Repeat("x", 40)+"metod"+strings.Repeat("y", 55)+"…", "    | "+strings.Repeat(" ", 41)+"^^^^^")},
		{"dangerous characters", "a: \u202e\u2066 metod\n", "metod", page("f.yaml:1:7: no", "  1 | a: \ufffd\ufffd metod", "    |       ^^^^^")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := valueOf(t, tt.text)
			offset := strings.Index(n.Text(), tt.part)
			if tt.part == "" {
				offset = len(n.Text())
			}
			var r Report
			r.ErrorAt(n, offset, len(tt.part), "no")
			if got := r.Err().Error(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestReportOrder(t *testing.T) {
	t.Parallel()
	var r Report
	n := parse(t, "- a\n- b\n- [c, d]\n")
	items := n.Items()
	r.Errorf(items[2].Items()[1], "fourth")
	r.Errorf(items[2].Items()[0], "third")
	r.Errorf(items[0], "first")
	r.Errorf(items[0], "second").Hint = "do it\nso"
	r.Errorf(items[0], "first")
	r.Add(&Error{Pos: Pos{"a.yaml", 1, 1}, Message: "cannot be read"})
	r.Errorf(items[1], "careful").Warning = true
	want := "a.yaml:1:1: cannot be read\n\n" +
		"f.yaml:1:3: first\n  1 | - a\n    |   ^\n\n" +
		"f.yaml:1:3: second\n  1 | - a\n    |   ^\n    = do it\n      so\n\n" +
		"f.yaml:2:3: warning: careful\n  2 | - b\n    |   ^\n\n" +
		"f.yaml:3:4: third\n  3 | - [c, d]\n    |    ^\n\n" +
		"f.yaml:3:7: fourth\n  3 | - [c, d]\n    |       ^"
	for range 2 { // asking changes nothing
		if got := r.Err().Error(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	var one *Error
	if !errors.As(fmt.Errorf("loading: %w", r.Err()), &one) || one.File != "a.yaml" {
		t.Errorf("errors.As gives %v", one)
	}
}

func TestReportWithoutMistakes(t *testing.T) {
	t.Parallel()
	var r Report
	if err := r.Err(); err != nil || r.All() != nil {
		t.Errorf("an empty report gives %v, %v", err, r.All())
	}
	r.Errorf(parse(t, "a"), "careful").Warning = true
	if err := r.Err(); err != nil || len(r.All()) != 1 {
		t.Errorf("a warning gives %v, %v", err, r.All())
	}
}
