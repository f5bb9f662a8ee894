package steps

import "maps"

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

// And gives what two readers read together.
func (r Reads) And(other Reads) Reads {
	if r == nil || other == nil {
		return nil
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
