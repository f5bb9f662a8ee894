package jobs

import (
	"maps"
	"slices"

	"snrun/steps"
)

// Uses is what expressions read.
type Uses struct {
	// Secret says that something is read that is, or was computed from, a secret.
	Secret bool
	reads  steps.Reads // of the scope: its fields are the names
}

// Names gives the names of the scope that are read, sorted.
func (u *Uses) Names() []string { return slices.Sorted(maps.Keys(u.reads)) }

// Fields gives the fields that are read directly below a name, sorted; {"*"} where that cannot be told, because the
// whole value is read or the field is computed.
func (u *Uses) Fields(name string) []string {
	below := u.Reads(name)
	if below == nil {
		return []string{"*"}
	}
	return slices.Sorted(maps.Keys(below))
}

// Reads gives what is read of a name: nothing where it is not named. What is not a path of constant fields is read as a
// whole: an item of a list, a computed field, what a function is given.
func (u *Uses) Reads(name string) steps.Reads {
	if u.reads == nil {
		return steps.Nothing()
	}
	return u.reads.At(name)
}

// Only says whether no names but these are read.
func (u *Uses) Only(names ...string) bool {
	for name := range u.reads {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

func (u *Uses) add(path []string) {
	if u.reads == nil {
		u.reads = steps.Nothing()
	}
	u.reads = readPath(u.reads, path)
}

func (u *Uses) merge(other *Uses) {
	u.Secret = u.Secret || other.Secret
	switch {
	case other.reads == nil:
	case u.reads == nil:
		u.reads = other.reads
	default:
		u.reads = u.reads.And(other.reads)
	}
}

// readPath gives reads with all that is below a path of fields added. It changes reads where it can.
func readPath(reads steps.Reads, path []string) steps.Reads {
	if reads == nil || len(path) == 0 {
		return nil
	}
	below, read := reads[path[0]]
	if !read {
		below = steps.Nothing()
	}
	reads[path[0]] = readPath(below, path[1:])
	return reads
}
