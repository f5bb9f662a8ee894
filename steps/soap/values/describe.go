package values

import (
	"fmt"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// manyWords is how many names or values are listed in a sentence.
const manyWords = 12

// listed writes words with commas between, cut where they are many.
func listed(words []string) string {
	if len(words) > manyWords {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:manyWords], ", "), len(words)-manyWords)
	}
	return strings.Join(words, ", ")
}

// describe says in a few words what the value of a type is.
func describe(t *xsd.Type) string {
	switch {
	case isAnyType(t):
		return "any value"
	case t.Array != nil:
		return "a list of " + describe(t.Array.Item)
	case t.Simple != nil:
		return describeText(t.Simple)
	case t.Name.Local != "":
		return "a mapping, " + t.Name.Local
	}
	return "a mapping"
}

// describeText says what a text must be.
func describeText(s *xsd.Simple) string {
	switch {
	case len(s.Enum) > 0:
		return "one of " + listed(s.Enum)
	case s.Variety == xsd.List:
		return "a list of " + describeText(s.Item)
	case s.Variety == xsd.Union:
		var members []string
		for _, m := range s.Members {
			if m.Name.Local != "" {
				members = append(members, m.Name.Local) // what it is made of may be long
				continue
			}
			members = append(members, describeText(m))
		}
		return strings.Join(members, " or ")
	case s.Name.Local != "" && s.Name.Space != xml.SchemaSpace:
		return s.Builtin + ", " + s.Name.Local
	case s.Builtin == "":
		return "text"
	}
	return s.Builtin
}

// branches names what may be given of a choice: a key, or the keys of a group.
func (sh *shape) branches(n *model) []string {
	var names []string
	for _, kid := range n.kids {
		if kid.slot >= 0 {
			if !sh.slots[kid.slot].element.Abstract {
				names = append(names, sh.slots[kid.slot].key)
			}
			continue
		}
		if kid.any != nil {
			names = append(names, "an element of another namespace")
			continue
		}
		var keys []string
		for slot := range sh.slots {
			if kid.holdsSlot(slot) && !sh.slots[slot].element.Abstract {
				keys = append(keys, sh.slots[slot].key)
			}
		}
		joint := " with "
		if kid.kind == xsd.Choice {
			joint = " or "
		}
		names = append(names, strings.Join(keys[:min(len(keys), manyWords)], joint))
	}
	return names
}
