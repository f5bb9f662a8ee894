package source

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// parse reads a file that has no mistakes.
func parse(t testing.TB, text string) *Node {
	t.Helper()
	var r Report
	n := Parse("f.yaml", []byte(text), &r)
	if err := r.Err(); err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return n
}

// valueOf gives the value of the first key.
func valueOf(t testing.TB, text string) *Node {
	t.Helper()
	return parse(t, text).Entries(new(Report))[0].Value
}

// TestPosAt looks for where the ♥ of each file is. The ♥ of the value must be found at the ♥ of the file.
func TestPosAt(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text string }{
		{"plain", "a: one ♥ two\n"},
		{"plain at the start", "a: ♥\n"},
		{"plain behind multibyte key", "größe: 漢字 ♥\n"},
		{"plain over lines", "a: one\n   two\n  three ♥\n"},
		{"plain over lines with blanks", "a: one   \n\n\n   \t\n   two ♥\n"},
		{"plain over lines, no end of line", "a: one\n two ♥"},
		{"plain in CRLF", "a: one\r\n  two\r\n\r\n  ♥\r\n"},
		{"plain in old Mac lines", "a: one\r  two\r\r  ♥\r"},
		{"plain in brackets", "a: [one, {b: two ♥}]\n"},
		{"plain in brackets over lines", "a: [one,\n  two\n\n ♥, c]\n"},
		{"plain behind a tag", "a: !!str 7 ♥\n"},
		{"plain behind an anchor", "a: &x one ♥\n"},
		{"plain behind tag, anchor and comment", "a: !!str &x # why\n\n    # more\n  one ♥\n"},
		{"single", "a: 'one ♥'\n"},
		{"single with quotes", "a: 'it''s '' ♥'\n"},
		{"single over lines", "a: 'one  \n\n  t''wo\n ♥'\n"},
		{"single in brackets", "a: [ 'x''y', 'x''♥' ]\n"},
		{"single in CRLF", "a: 'one\r\n\r\n  two ♥'\r\n"},
		{"double", "a: \"one ♥\"\n"},
		{"double with escapes", `a: "\n\"\\\x41\u00e9\U0001F600\t♥"` + "\n"},
		{"double with every escape", `a: "\0\a\b\t\n\v\f\r\e\ \"\'\\\N\_\L\P♥"` + "\n"},
		{"double over lines", "a: \"one  \n\n  two\n ♥\"\n"},
		{"double with escaped line end", "a: \"one \\\n\n   two\\\n   \\  ♥\"\n"},
		{"double with escaped line end in CRLF", "a: \"one \\\r\n   two ♥\"\r\n"},
		{"double key before", "\"a\\tb\": ♥\n"},
		{"literal", "a: |\n  one\n  two ♥\n"},
		{"literal first line", "a: |\n  ♥\n"},
		{"literal deeper", "a: |\n  one\n    two ♥\n"},
		{"literal after empty lines", "a: |\n\n \n  one\n\n\n  ♥\n"},
		{"literal with indentation", "a:\n  - b: |2-\n        one\n       ♥\n"},
		{"literal keeping", "a: |+\n  one\n\n  ♥\n\n\n"},
		{"literal stripping", "a: |-\n  ♥"},
		{"literal with comment", "a: |- # why\n  # no comment\n  ♥\n"},
		{"literal with tabs", "a: |2\n  \tone\n  \t♥\n"},
		{"literal with blank lines of spaces", "a: |2\n     \n   \n  ♥\n"},
		{"literal behind a tag", "a: !!str |\n  one ♥\n"},
		{"literal in CRLF", "a: |\r\n  one\r\n\r\n  ♥\r\n"},
		{"literal in a list", "a:\n- |\n one\n ♥\n"},
		{"folded", "a: >\n  one\n  two ♥\n"},
		{"folded with paragraphs", "a: >-\n  one\n  two\n\n\n  three\n  ♥\n"},
		{"folded deeper", "a: >\n  one\n    two\n    three\n  four ♥\n"},
		{"folded deeper with empty lines", "a: >\n  one\n\n    two\n\n  ♥\n"},
		{"folded with indentation", "a: >1\n   one\n  two\n ♥\n"},
		{"folded after empty lines", "a: >\n\n\n  one\n  ♥\n"},
		{"folded in CRLF", "a: >\r\n  one\r\n  two\r\n\r\n  ♥\r\n"},
		{"folded with tabs", "a: >\n  one\n  \ttwo\n  ♥\n"},
		{"behind a byte order mark", "\uFEFFa: ♥\n"},
		{"with other line breaks", "a: \"x\u0085y\u2028z\u2029\u2028 ♥\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := valueOf(t, tt.text)
			n = lastScalar(n)
			offset := strings.Index(n.Text(), "♥")
			got := n.PosAt(offset)
			want := n.file.pos(strings.Index(string(n.file.Data), "♥"))
			if offset < 0 || got != want {
				t.Errorf("PosAt(%d) of %q is %v, want %v", offset, n.Text(), got, want)
			}
			checkPlaces(t, n)
		})
	}
}

func lastScalar(n *Node) *Node {
	for len(n.children) > 0 {
		if last := n.children[len(n.children)-1]; !strings.Contains(string(n.file.Data), "♥, c]") {
			n = last
		} else {
			n = n.children[1]
		}
	}
	return n
}

// checkPlaces holds each scalar below n against the file: all of its value must be found, in order, and each character
// where the file has the same one, or an escape.
func checkPlaces(t *testing.T, n *Node) {
	t.Helper()
	for _, c := range n.children {
		checkPlaces(t, c)
	}
	if n.Form() != Scalar {
		return
	}
	a := n.align()
	done, last := 0, n.start
	for _, r := range a.runs {
		if r.value != done || r.file < last || r.fileEnd < r.file {
			t.Fatalf("run %+v of %q does not follow on %d, %d", r, n.Text(), done, last)
		}
		done, last = r.valueEnd, r.fileEnd
	}
	if done != len(n.Text()) {
		t.Fatalf("of %q only %q was found in %q", n.Text(), n.Text()[:done], n.file.Data)
	}
	for i, want := range n.Text() {
		if !unicode.IsLetter(want) && !unicode.IsDigit(want) {
			continue
		}
		at := a.at(i)
		got, _ := utf8.DecodeRune(n.file.Data[at:])
		if got != want && got != '\\' {
			t.Fatalf("%q of %q is at %q", want, n.Text(), got)
		}
		if p := n.PosAt(i); n.file.offset(p.Line, p.Column) != at {
			t.Fatalf("%v is not the place of byte %d", p, at)
		}
	}
}

// TestPosAtExact pins a few places to numbers, so that the test above cannot agree with itself.
func TestPosAtExact(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text   string
		offset       int
		line, column int
	}{
		{"plain", "a: bcd\n", 2, 1, 6},
		{"after the end", "a: bcd\n", 3, 1, 7},
		{"beyond the end", "a: bcd\n", 99, 1, 7},
		{"before the start", "a: bcd\n", -1, 1, 4},
		{"columns are characters", "é: äöü\n", 4, 1, 6},
		{"end of quoted is the quote", "a: 'bcd'\n", 3, 1, 8},
		{"empty quoted", "a: ''\n", 0, 1, 5},
		{"empty", "a:\n", 0, 1, 3},
		{"space of a fold is the line's end", "a: b\n   c\n", 1, 1, 5},
		{"escape", `a: "\u00e9b"`, 0, 1, 5},
		{"inside an escape", `a: "\u00e9b"`, 1, 1, 5},
		{"after an escape", `a: "\u00e9b"`, 2, 1, 11},
		{"literal", "a: |\n  b\n  c\n", 2, 3, 3},
		{"end of literal", "a: |\n  b\n  c\n", 4, 3, 4},
		{"line break of literal", "a: |\n  b\n  c\n", 1, 2, 4},
		{"list", "a:\n  - b\n", 3, 2, 3},
		{"through an alias", "x: &x abc\n", 1, 1, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := valueOf(t, tt.text).PosAt(tt.offset)
			if want := (Pos{"f.yaml", tt.line, tt.column}); got != want {
				t.Errorf("PosAt(%d) is %v, want %v", tt.offset, got, want)
			}
		})
	}
}

func FuzzPlaces(f *testing.F) {
	for _, seed := range []string{
		"a: one\n  two\n\n  three # c\n", "a: 'it''s\n\n  so'\n", `a: "\x41 \u00e9 \"q\" \` + "\n  b\"\n",
		"a: |2-\n   b\n  c\n\nd: >+\n  e\n   f\n\n  g\n", "a: {b: [c, 'd', \"e\"], f: g\n h}\n", "? a\n: - b\n  - - c\n    - d\n",
		"a: &x !!str b\nc: *x\n<<: {d: e}\n", "\r\na:\r\n- b\r\n-\tc\r\n", "- \u2028- é\u0085\n", "# c\n\n# d\na: # e\n  # f\n  b\n# g\n",
		"a:\n- b\n # x\n- c # y\n\n# z\nd:\n  e: |\n    # f\n g: h\n", "|1\n   ", "&0?0", "\"\\֨", "--- # x\n!!map &a\na: |-\n\n  \n b\n...\n", "a: >\n\n  b\n \n\n   c\n  d",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Report
		n := Parse("f.yaml", data, &r)
		if n == nil && r.Err() == nil {
			t.Fatal("no node and no mistake")
		}
		for _, e := range r.All() {
			if e.Line < 1 || e.Column < 1 || e.Width < 1 || e.Message == "" || !utf8.ValidString(e.Error()) {
				t.Fatalf("bad mistake %#v", e)
			}
		}
		if n != nil {
			checkPlaces(t, n)
			checkEntries(t, n)
		}
	})
}

// checkEntries walks all mappings, for the sake of what may panic in it.
func checkEntries(t *testing.T, n *Node) {
	var r Report
	for _, e := range n.Entries(&r) {
		if e.Name.Form() != Scalar || e.Key != e.Name.Text() {
			t.Fatalf("bad entry %q", e.Key)
		}
	}
	for _, e := range r.All() {
		_ = e.Error()
	}
	n.What()
	n.Value()
	for _, c := range n.children {
		checkEntries(t, c)
	}
}
