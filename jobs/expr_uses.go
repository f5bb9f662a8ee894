package jobs

import "slices"

// Uses is what expressions read.
type Uses struct {
	// Secret says that something is read that is, or was computed from, a secret.
	Secret bool
	reads  []reading
}

// reading is a name that is read with the field below it, "*" for the whole value.
type reading struct{ name, field string }

// Names gives the names of the scope that are read, sorted.
func (u *Uses) Names() []string {
	var names []string
	for _, r := range u.reads {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Fields gives the fields that are read directly below a name, sorted; {"*"} where that cannot be told, because the
// whole value is read or the field is computed.
func (u *Uses) Fields(name string) []string {
	var fields []string
	for _, r := range u.reads {
		if r.name == name {
			fields = append(fields, r.field)
		}
	}
	if slices.Contains(fields, "*") {
		return []string{"*"}
	}
	slices.Sort(fields)
	return fields
}

// Only says whether no names but these are read.
func (u *Uses) Only(names ...string) bool {
	return !slices.ContainsFunc(u.reads, func(r reading) bool { return !slices.Contains(names, r.name) })
}

func (u *Uses) add(name, field string) {
	if r := (reading{name, field}); !slices.Contains(u.reads, r) {
		u.reads = append(u.reads, r)
	}
}

func (u *Uses) merge(other *Uses) {
	u.Secret = u.Secret || other.Secret
	for _, r := range other.reads {
		u.add(r.name, r.field)
	}
}
