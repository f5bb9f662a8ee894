package jobs

import (
	"slices"
)

// Scope is the names that an expression may use at one place of a job, with their shapes. It is immutable: adding a name
// gives a new Scope that shares all others.
type Scope struct {
	parent *Scope
	name   string
	shape  *Shape // nil for a name that is explained only
	why    string
	uses   *Uses // gathers what all expressions read that are compiled in the scope; nil: nobody asks
}

// elsewhere explains names of the language that are not known everywhere.
var elsewhere = map[string]string{
	"response": "`response` is only known inside the keys of a request step, such as expect, paginate and retry.when",
	"error":    "`error` is only known inside `catch` and `on_failure`",
	"item":     "`item` is only known inside the steps of a `foreach` without `as`",
	"index":    "`index` is only known inside a loop that names it: `index: index`",
	"secrets":  "the secrets are in `secret`",
	"input":    "the inputs are in `inputs`",
	"step":     "the results of steps are in `steps`",
	"$env":     "`$env` is not part of the language; environment variables are in `env`",
}

// NewScope gives a scope without names.
func NewScope() *Scope { return &Scope{} }

// With gives the scope with one more name, which hides an outer one of the same name.
func (s *Scope) With(name string, shape *Shape) *Scope {
	return &Scope{parent: s, name: name, shape: shape}
}

// Explain gives the scope with a name that is not known here; why says so in a sentence without a full stop.
func (s *Scope) Explain(name, why string) *Scope {
	return &Scope{parent: s, name: name, why: why}
}

// gathering gives the scope with a place where it is gathered what the expressions in it read.
func (s *Scope) gathering(uses *Uses) *Scope { return &Scope{parent: s, uses: uses} }

// gather adds what an expression in the scope reads to all that is gathered around it.
func (s *Scope) gather(uses *Uses) {
	for ; s.parent != nil; s = s.parent {
		if s.uses != nil {
			s.uses.merge(uses)
		}
	}
}

// Names gives the names that may be used, sorted.
func (s *Scope) Names() []string {
	var names []string
	seen := map[string]bool{}
	for ; s.parent != nil; s = s.parent {
		if !seen[s.name] && s.shape != nil {
			names = append(names, s.name)
		}
		seen[s.name] = true
	}
	slices.Sort(names)
	return names
}

// lookup gives the shape of a name, or nil and, where that is known, why there is none.
func (s *Scope) lookup(name string) (shape *Shape, why string) {
	for ; s.parent != nil; s = s.parent {
		if s.name == name {
			return s.shape, s.why
		}
	}
	return nil, elsewhere[name]
}
