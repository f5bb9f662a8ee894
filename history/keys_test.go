package history

import (
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
		if got := engine.OfLoop(key); got != want {
			t.Errorf("engine.OfLoop(%q) = %v, want %v", key, got, want)
		}
	}
}

func TestPartsOf(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][]string{
		"": nil, "/a": nil, "/a/page": nil, "/page:1": {"/page:1"}, "/a/page:12#3": {"/a/page:12"},
		"/a/page:3[x]/b/page:1[y]/c": {"/a/page:3", "/a/page:3[x]/b/page:1"},
		"/p/round:7/a/page:3[x]":     {"/p/round:7/a/page:3", "/p/round:7"},
	} {
		var got []string
		partsOf(key, func(part string) { got = append(got, part) })
		if !slices.Equal(got, want) {
			t.Errorf("partsOf(%q) = %q, want %q", key, got, want)
		}
	}
}
