package history

import (
	"maps"
	"slices"
	"testing"

	"snrun/engine"
)

// TestFoldForgets holds that what the ledger remembers of a part goes when the part ends, with all in it and nothing else.
func TestFoldForgets(t *testing.T) {
	t.Parallel()
	keys := []string{"/a/page:3", "/a/page:3[x]/b[1]/c", "/a/page:3[x]/b[2]/c", "/a/page:3[y]/c", "/a/page:30[x]/c", "/z"}
	tests := []struct {
		name        string
		fold        []string
		parts, kept []string
	}{
		{"a round", []string{"/a/page:3[x]/b[1]"}, []string{"/a/page:3", "/a/page:3[x]/b[2]", "/a/page:30"}, []string{"/a/page:3", "/a/page:3[x]/b[2]/c", "/a/page:30[x]/c", "/a/page:3[y]/c", "/z"}},
		{"a page", []string{"/a/page:3"}, []string{"/a/page:30"}, []string{"/a/page:30[x]/c", "/z"}},
		{"a round, then its page", []string{"/a/page:3[x]/b[1]", "/a/page:3"}, []string{"/a/page:30"}, []string{"/a/page:30[x]/c", "/z"}},
		{"an item, which is no part", []string{"/a/page:3[x]"}, []string{"/a/page:3", "/a/page:30"}, []string{"/a/page:3", "/a/page:30[x]/c", "/a/page:3[y]/c", "/z"}},
	}
	for _, test := range tests {
		l := newLedger(1)
		l.calls = map[string]call{}
		for i, key := range keys {
			l.recording(key, int64(i+1))
			l.record(key, call{int64(i + 1), engine.Done})
		}
		for _, below := range test.fold {
			l.fold(below)
		}
		slices.Sort(test.parts)
		slices.Sort(test.kept)
		if got := slices.Sorted(maps.Keys(l.parts)); !slices.Equal(got, test.parts) {
			t.Errorf("%s: the parts %q, want %q", test.name, got, test.parts)
		}
		if got := slices.Sorted(maps.Keys(l.calls)); !slices.Equal(got, test.kept) {
			t.Errorf("%s: the calls %q, want %q", test.name, got, test.kept)
		}
	}
}
