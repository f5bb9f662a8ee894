package jobs

import (
	"slices"

	"snrun/steps"
)

// Uses is what expressions read.
type Uses struct {
	// Secret says that something is read that is, or was computed from, a secret.
	Secret bool
	reads  [][]string // paths of fields that begin with a name of the scope; all that is below them is read
}

// Names gives the names of the scope that are read, sorted.
func (u *Uses) Names() []string {
	var names []string
	for _, path := range u.reads {
		names = append(names, path[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Fields gives the fields that are read directly below a name, sorted; {"*"} where that cannot be told, because the
// whole value is read or the field is computed.
func (u *Uses) Fields(name string) []string {
	var fields []string
	for _, path := range u.reads {
		switch {
		case path[0] != name:
		case len(path) == 1:
			return []string{"*"}
		default:
			fields = append(fields, path[1])
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Reads gives what is read of a name: nothing where it is not named. What is not a path of constant fields is read as a
// whole: an item of a list, a computed field, what a function is given.
func (u *Uses) Reads(name string) steps.Reads {
	reads := steps.Nothing()
	for _, path := range u.reads {
		if path[0] == name {
			reads = readPath(reads, path[1:])
		}
	}
	return reads
}

// Only says whether no names but these are read.
func (u *Uses) Only(names ...string) bool {
	return !slices.ContainsFunc(u.reads, func(path []string) bool { return !slices.Contains(names, path[0]) })
}

// And gives what these and others read together.
func (u *Uses) And(others ...*Uses) *Uses {
	all := &Uses{Secret: u.Secret, reads: slices.Clone(u.reads)}
	for _, other := range others {
		all.merge(other)
	}
	return all
}

func (u *Uses) add(path []string) { u.reads = append(u.reads, path) }

func (u *Uses) merge(other *Uses) {
	u.Secret = u.Secret || other.Secret
	u.reads = append(u.reads, other.reads...)
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
