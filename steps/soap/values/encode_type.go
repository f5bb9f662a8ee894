package values

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// chosen gives the shape of the type that a value is of: the declared one, or the one that `_type` names. Nil where that cannot be told.
func (c *encoder) chosen(declared *shape, entries steps.Pairs) *shape {
	named, has := entries.Get(typeKey)
	if isUnknown(named) {
		return nil
	}
	t := declared.typ
	if has && !isNull(named) {
		c.at.push(typeKey)
		t = nil
		if text, ok := c.scalar(named); ok {
			t = c.namedType(declared.typ, text)
		}
		c.at.pop()
		if t == nil {
			return nil
		}
	}
	if t.Abstract {
		c.wrong(typeHint(c.candidates(t)), "the type %s is abstract, so _type must say which type the value is of", t.Name.Local)
		return nil
	}
	if t == declared.typ {
		return declared
	}
	return c.schema.shapeOf(t)
}

// namedType finds the type that _type names: the declared one, or one derived from it.
func (c *encoder) namedType(declared *xsd.Type, text string) *xsd.Type {
	candidates := c.candidates(declared)
	if strings.ContainsAny(text, ":{") {
		n, err := c.name(text)
		if err != "" {
			c.wrong("", "%s", err)
			return nil
		}
		if i := slices.IndexFunc(candidates, func(t *xsd.Type) bool { return t.Name == n }); i >= 0 {
			return candidates[i]
		}
		return c.unknownType(declared, text, candidates)
	}
	var found []*xsd.Type
	for _, t := range candidates {
		if t.Name.Local == text {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 0:
		return c.unknownType(declared, text, candidates)
	case len(found) == 1 || isAnyType(declared) && xsd.IsBuiltin(found[1].Name.Space):
		return found[0]
	}
	var full []string
	for _, t := range found {
		full = append(full, expanded(t.Name))
	}
	c.wrong("write "+strings.Join(full, " or "), "%d types are named %s", len(found), text)
	return nil
}

func (c *encoder) unknownType(declared *xsd.Type, text string, candidates []*xsd.Type) *xsd.Type {
	for _, t := range named(c.schema.Types, text) {
		c.wrong(typeHint(candidates), "the type %s is not derived from %s", t.Name.Local, c.typeName(declared))
		return nil
	}
	hint := steps.Hint(text, typeNames(candidates))
	if hint == "" {
		hint = typeHint(candidates)
	}
	c.wrong(hint, "there is no type %s", text)
	return nil
}

func (c *encoder) typeName(t *xsd.Type) string {
	if t.Name.Local == "" {
		return "the type of " + strings.Trim(c.at.String(), "_")
	}
	return t.Name.Local
}

// candidates are the types that a value of a declared type may be of; for anyType those of the schema before the built-in ones.
func (c *encoder) candidates(t *xsd.Type) []*xsd.Type {
	if !isAnyType(t) {
		return append([]*xsd.Type{t}, t.Derived...)
	}
	var own, builtin, encoded []*xsd.Type
	for _, name := range slices.SortedFunc(maps.Keys(c.schema.Types), xsd.CompareNames) {
		switch t := c.schema.Types[name]; {
		case name.Space == xml.SchemaSpace:
			builtin = append(builtin, t)
		case xsd.IsBuiltin(name.Space):
			encoded = append(encoded, t)
		default:
			own = append(own, t)
		}
	}
	return slices.Concat(own, builtin, encoded)
}

func typeNames(types []*xsd.Type) []string {
	var names []string
	for _, t := range types {
		if t.Name.Local != "" && !t.Abstract && !slices.Contains(names, t.Name.Local) {
			names = append(names, t.Name.Local)
		}
	}
	return names
}

func typeHint(types []*xsd.Type) string {
	names := typeNames(types)
	switch len(names) {
	case 0:
		return "no type of the schema is derived from it"
	case 1:
		return "write _type: " + names[0]
	}
	return "write _type with one of " + listed(names)
}

// nameType adds xsi:type. A type without a name is called by the nearest one above it.
func (c *encoder) nameType(node *xml.Element, t *xsd.Type) {
	if t.Array != nil {
		return // array does
	}
	for t != nil && t.Name.Local == "" {
		t = t.Base
	}
	if t != nil && !isAnyType(t) {
		node.Attrs = append(node.Attrs, xml.Attr{Name: xml.Name{Space: xml.InstanceSpace, Local: "type"}, QName: &t.Name})
	}
}

// name reads `{namespace}local`, `prefix:local` or `local`, which is in no namespace.
func (c *encoder) name(text string) (n xml.Name, mistake string) {
	if n, mistake = c.splitName(text); mistake == "" && !xml.ValidName(n.Local) {
		mistake = fmt.Sprintf("%q is no name of an element or an attribute", n.Local)
	}
	return n, mistake
}

func (c *encoder) splitName(text string) (n xml.Name, mistake string) {
	if rest, found := strings.CutPrefix(text, "{"); found {
		space, local, closed := strings.Cut(rest, "}")
		if !closed {
			return n, fmt.Sprintf("%q is no name; write {namespace}name", text)
		}
		return xml.Name{Space: space, Local: local}, ""
	}
	prefix, local, found := strings.Cut(text, ":")
	if !found {
		return xml.Name{Local: text}, ""
	}
	space, known := c.w.Prefixes[prefix]
	if !known {
		space, known = wellKnown(prefix)
	}
	if !known {
		return n, fmt.Sprintf("the prefix %q is not declared under namespaces", prefix)
	}
	return xml.Name{Space: space, Local: local}, ""
}

// wellKnown gives the namespaces of the prefixes that need no declaration.
func wellKnown(prefix string) (string, bool) {
	switch prefix {
	case "xml":
		return xml.XMLSpace, true
	case "xs", "xsd":
		return xml.SchemaSpace, true
	}
	return "", false
}
