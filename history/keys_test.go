package history

import (
	"fmt"
	"slices"
	"testing"

	"snrun/engine"
)

func TestOfLoop(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"": false, "/a": false, "@given": true, "/a@progress": true, "/a@": true, "/a[x@y]/b": false, "/a[[x@y]]/b": false, "/a[x@y]/b@saved": true,
		"/a[x]@y": true, "/a]@y": true, "/a[@": false,
	} {
		if got := ofLoop(key); got != want {
			t.Errorf("ofLoop(%q) = %v, want %v", key, got, want)
		}
	}
}

func TestPartsOf(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][]string{
		"": nil, "/a": nil, "/a/page": nil, "/page:1": {"/page:1"}, "/a/page:12#3": {"/a/page:12"},
		"/a/page:3[x]/b/page:1[y]/c": {"/a/page:3", "/a/page:3[x]/b/page:1"},
		"/p[7]/a/page:3[x]":          {"/p[7]", "/p[7]/a/page:3"},
		"/p[k]/a[12]@wait":           {"/p[k]/a[12]"},
		"/a[]/b[1x]/c[1":             nil,
	} {
		var got []string
		partsOf(key, func(part string) { got = append(got, part) })
		if !slices.Equal(got, want) {
			t.Errorf("partsOf(%q) = %q, want %q", key, got, want)
		}
	}
}

// TestFoldLooksAtItsPartOnly holds that the end of a page, or of a round, is not looked for among the calls before it: a poll
// inside a large loop would take the longer the more items there were.
func TestFoldLooksAtItsPartOnly(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	for _, part := range []string{"/a/page:2", "/a[k]/export[2]"} {
		s := openTemp(t)
		begin(t, s, aRun("r", "sync"))
		l, err := s.ledger("r")
		if err != nil {
			t.Fatal(err)
		}
		var before []engine.Entry
		for i := range 10 {
			before = append(before, engine.Entry{Key: fmt.Sprintf("/before[k%d]/b", i), Result: []byte("1")})
		}
		fillWith(t, s, "r", before)
		first := l.last.Load() + 1
		fillWith(t, s, "r", []engine.Entry{{Key: part + "/b", Result: []byte("1")}})
		if got, _ := l.span(part); got != first {
			t.Errorf("%s: %d rows are looked at beside its own", part, first-got)
		}
	}
}
