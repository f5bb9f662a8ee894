package steps

import (
	"maps"
	"slices"
	"strings"
)

// Reads says what is read of a value: the fields of a map and, below each, what is read of that. Nil is all of the value,
// an empty Reads nothing of it. A list is read as a whole.
type Reads map[string]Reads

// Nothing is a Reads that reads nothing.
func Nothing() Reads { return Reads{} }

// Of gives what is read of a field, and whether anything is.
func (r Reads) Of(field string) (Reads, bool) {
	if r == nil {
		return nil, true
	}
	below, read := r[field]
	return below, read
}

// At gives what is read of a field: nothing where the field is not read.
func (r Reads) At(field string) Reads {
	if below, read := r.Of(field); read {
		return below
	}
	return Nothing()
}

// None says whether nothing is read.
func (r Reads) None() bool { return r != nil && len(r) == 0 }

// And gives what two readers read together. It may be one of the two, and must not be changed.
func (r Reads) And(other Reads) Reads {
	switch {
	case r == nil || other == nil:
		return nil
	case len(r) == 0:
		return other
	case len(other) == 0:
		return r
	}
	all := maps.Clone(r)
	for field, below := range other {
		if mine, both := all[field]; both {
			below = mine.And(below)
		}
		all[field] = below
	}
	return all
}

// Covers says whether all that other reads is read by r too.
func (r Reads) Covers(other Reads) bool {
	if r == nil || other == nil {
		return r == nil
	}
	for field, below := range other {
		if mine, read := r[field]; !read || !mine.Covers(below) {
			return false
		}
	}
	return true
}

// Project gives what is read of a value: of a map the fields that are read, and below each what is read of that. A field
// that is not there stays away. What is no map where fields are read of it is kept whole, so that reading it fails as it
// would have. The value is not changed, and shared as far as it can be.
func Project(v any, r Reads) any {
	m, isMap := v.(map[string]any)
	if r == nil || !isMap || r.all(m) {
		return v
	}
	out := make(map[string]any, len(r))
	for field, below := range r {
		if inner, there := m[field]; there {
			out[field] = Project(inner, below)
		}
	}
	return out
}

// all says whether all of a map is read.
func (r Reads) all(m map[string]any) bool {
	for field, v := range m {
		below, read := r[field]
		if inner, isMap := v.(map[string]any); !read || isMap && below != nil && !below.all(inner) {
			return false
		}
	}
	return true
}

// String gives the paths that are read, sorted: "output.id, status". All is "*", nothing is "-".
func (r Reads) String() string {
	switch {
	case r == nil:
		return "*"
	case r.None():
		return "-"
	}
	var paths []string
	for field, below := range r {
		if below == nil {
			paths = append(paths, field)
			continue
		}
		for path := range strings.SplitSeq(below.String(), ", ") {
			paths = append(paths, field+"."+path)
		}
	}
	slices.Sort(paths)
	return strings.Join(paths, ", ")
}
