package xsd

import "testing"

func TestWildcards(t *testing.T) {
	t.Parallel()
	other := func(space string) *Wildcard { return &Wildcard{Not: &space, Process: "lax"} }
	some := func(spaces ...string) *Wildcard { return &Wildcard{Namespaces: spaces, Process: "lax"} }
	open := &Wildcard{Process: "lax"}
	tests := []struct {
		a, b                *Wildcard
		intersection, union string
	}{
		{open, open, "any lax", "any lax"},
		{open, some("urn:a"), `any of ["urn:a"] lax`, "any lax"},
		{open, other("urn:a"), "any not urn:a lax", "any lax"},
		{some("urn:a", "urn:b"), some("urn:b", ""), `any of ["urn:b"] lax`, `any of ["urn:a" "urn:b" "urn:b" ""] lax`},
		{some("urn:a", "urn:b", ""), other("urn:a"), `any of ["urn:b"] lax`, "any lax"},
		{some("urn:b"), other("urn:a"), `any of ["urn:b"] lax`, "any not urn:a lax"},
		{other("urn:a"), other("urn:a"), "any not urn:a lax", "any not urn:a lax"},
		{other("urn:a"), other("urn:b"), "any not urn:a lax", "any lax"},
	}
	for _, test := range tests {
		if got := printWildcard(intersect(test.a, test.b)); got != test.intersection {
			t.Errorf("%s and %s allow both %s, want %s", printWildcard(test.a), printWildcard(test.b), got, test.intersection)
		}
		if got := printWildcard(unite(test.a, test.b)); got != test.union {
			t.Errorf("%s or %s allows %s, want %s", printWildcard(test.a), printWildcard(test.b), got, test.union)
		}
		if got := unite(test.b, test.a); got.open() != unite(test.a, test.b).open() {
			t.Errorf("%s or %s allows %s", printWildcard(test.b), printWildcard(test.a), printWildcard(got))
		}
	}
	if intersect(nil, open) != open || intersect(open, nil) != open || unite(nil, open) != open || unite(open, nil) != open {
		t.Error("a wildcard that is not there counts")
	}
	allowed := ""
	for _, space := range []string{"urn:a", "urn:b", ""} {
		for _, w := range []*Wildcard{open, some("urn:a", ""), other("urn:a"), other(""), {Namespaces: []string{}}} {
			if w.Allows(space) {
				allowed += "x"
			} else {
				allowed += "-"
			}
		}
		allowed += " "
	}
	if want := "xx-x- x-xx- xx--- "; allowed != want {
		t.Errorf("allowed are %s, want %s", allowed, want)
	}
}
