package auth

import "testing"

// TestBranch holds that what is added through a branch is masked everywhere until it is cut off, and what others added too for longer.
func TestBranch(t *testing.T) {
	t.Parallel()
	trunk := NewRedactor()
	a, b := trunk.Branch(), trunk.Branch()
	trunk.Add("of-all")
	a.Add("of-a")
	a.Add("of-both")
	b.Add("of-both")
	b.AddDerived("of-b-derived")
	const text = "of-all of-a of-both of-b-derived"
	expect := func(when, want string) {
		t.Helper()
		for _, r := range []*Redactor{trunk, a, b, a.Branch()} {
			if got := r.Text(text); got != want {
				t.Errorf("%s: got %q, want %q", when, got, want)
			}
			if got := string(r.Bytes([]byte(text))); got != want {
				t.Errorf("%s: Bytes gives %q, want %q", when, got, want)
			}
			if got := r.Value(map[string]any{"a": text}).(map[string]any)["a"]; got != want {
				t.Errorf("%s: Value gives %q, want %q", when, got, want)
			}
		}
	}
	expect("at first", "*** *** *** ***")
	a.CutOff()
	expect("without a", "*** of-a *** ***")
	a.CutOff()
	b.forget("of-both")
	expect("b has forgotten one", "*** of-a of-both ***")
	b.CutOff()
	b.forget("of-b-derived")
	expect("without both", "*** of-a of-both of-b-derived")
	trunk.CutOff()
	expect("a trunk is not cut off", "*** of-a of-both of-b-derived")
}

// TestBranchForgets holds that a secret which was added twice is masked until it was forgotten twice.
func TestBranchForgets(t *testing.T) {
	t.Parallel()
	trunk := NewRedactor()
	r := trunk.Branch()
	r.Add("token-1")
	r.Add("token-1")
	r.forget("token-1")
	if got := trunk.Text("token-1"); got != Mask {
		t.Errorf("got %q, want it masked", got)
	}
	r.forget("token-1")
	if got := trunk.Text("token-1"); got != "token-1" || len(trunk.known) > 0 || len(r.known) > 0 {
		t.Errorf("got %q, and %d and %d are known, want nothing left", got, len(trunk.known), len(r.known))
	}
}
