package values

import (
	"slices"

	"snrun/steps"
	"snrun/steps/xml"
)

// attribute writes a declared attribute. Null leaves it out.
func (k *content) attribute(at *attrSlot, value any) {
	i := k.attrIndex(at)
	if k.given[i] {
		k.wrongKey("", "the attribute %s is given twice", at.attribute.Name.Local)
		return
	}
	if isNull(value) {
		return
	}
	k.given[i] = true
	if isUnknown(value) {
		return
	}
	if written, ok := k.written(at.text, value); ok {
		k.setAttr(i, written)
	}
}

func (k *content) attrIndex(at *attrSlot) int {
	for i := range k.sh.attrs {
		if k.sh.attrs[i] == at {
			return i
		}
	}
	return -1
}

func (k *content) setAttr(i int, written lexeme) {
	at := k.sh.attrs[i]
	if fixed := at.attribute.Fixed; fixed != nil && !at.text.same(written.text, *fixed) {
		k.wrong("write "+*fixed+", or leave it out", "%q stands where the schema has the fixed value %q", written.text, *fixed)
	}
	k.attrs[i] = xml.Attr{Name: at.attribute.Name, Prefix: k.spaces[at.attribute.Name.Space], Value: written.text, QName: written.name}
}

// attributes adds the attributes to the element, those declared in the order of the schema. The ones that must be there and can have
// one value only are filled in.
func (k *content) attributes() {
	k.all = append(k.all[:0], k.node.Attrs...)
	for i, at := range k.sh.attrs {
		a := at.attribute
		if !k.given[i] && a.Required {
			if a.Fixed == nil {
				k.wrong("", "%s is missing: %s (an attribute)", at.key, describeText(a.Type))
				continue
			}
			k.attrs[i] = xml.Attr{Name: a.Name, Prefix: k.spaces[a.Name.Space], Value: *a.Fixed}
		}
		if k.attrs[i].Name.Local != "" {
			k.all = append(k.all, k.attrs[i])
		}
	}
	k.all = append(k.all, k.extra...)
	k.node.Attrs = append(k.room.Attrs(len(k.all))[:0], k.all...)
}

// openEntry writes what the type does not declare, where a wildcard lets it stand.
func (k *content) openEntry(entry steps.Pair) {
	n, isAttribute, ok := k.openName(entry)
	if !ok {
		k.unknownKey(entry.Key)
		return
	}
	if isAttribute {
		k.openAttr(n, entry.Value)
		return
	}
	list, isList := entry.Value.([]any)
	if !isList {
		k.openOne(n, entry.Value)
		return
	}
	for i, item := range list {
		k.at.item(i)
		k.openOne(n, item)
		k.at.pop()
	}
}

// openName finds the name that a key of an open element or attribute means.
func (k *content) openName(entry steps.Pair) (n xml.Name, isAttribute, ok bool) {
	written, underscored := entry.Key, false
	if len(written) > 1 && written[0] == '_' {
		written, underscored = written[1:], true
	}
	n, mistake := k.name(written)
	if mistake != "" {
		return n, false, false
	}
	_, isMapping := steps.Entries(entry.Value)
	_, isList := entry.Value.([]any)
	mayAttr := k.sh.typ.AnyAttribute != nil && !isMapping && !isList
	if qualified(written) {
		_, declared := k.schema.Elements[n]
		if mayAttr && k.sh.typ.AnyAttribute.Allows(n.Space) && (underscored || !declared || !k.sh.allows(n.Space)) &&
			(underscored || k.schema.Attributes[n] != nil || !k.sh.allows(n.Space)) {
			return n, true, true
		}
		return n, false, !underscored && k.sh.allows(n.Space)
	}
	if underscored {
		return n, true, mayAttr && k.sh.typ.AnyAttribute.Allows("")
	}
	for _, e := range named(k.schema.Elements, entry.Key) {
		if k.sh.allows(e.Name.Space) {
			return e.Name, false, true
		}
	}
	for _, a := range named(k.schema.Attributes, entry.Key) {
		if mayAttr && k.sh.typ.AnyAttribute.Allows(a.Name.Space) {
			return a.Name, true, true
		}
	}
	return n, false, false
}

func qualified(written string) bool {
	for i := range len(written) {
		if written[i] == ':' || written[i] == '{' {
			return true
		}
	}
	return false
}

func (k *content) unknownKey(written string) {
	var keys []string
	for _, sl := range k.sh.slots {
		if !sl.element.Abstract {
			keys = append(keys, sl.key)
		}
	}
	for _, at := range k.sh.attrs {
		keys = append(keys, at.key)
	}
	hint := steps.Hint(written, keys)
	if len(keys) == 0 && len(k.sh.anys) == 0 && k.sh.typ.AnyAttribute == nil {
		hint = "nothing may stand here; write {}"
		if k.sh.text != nil {
			hint = "write the plain value"
		}
	}
	if hint == "" && len(k.sh.anys) > 0 {
		hint = "an element that the schema leaves open is written as {namespace}name or prefix:name"
	}
	if hint == "" && k.sh.typ.AnyAttribute != nil {
		hint = "an attribute that the schema leaves open is written as {namespace}name or prefix:name"
	}
	if hint == "" && len(keys) > 0 {
		hint = "there may be " + listed(keys)
	}
	if written == k.node.Name.Local {
		hint = "these are the keys that stand in " + written + " already: leave it out"
	}
	k.wrongKey(hint, "unknown key: the schema has no such element or attribute here")
}

func (k *content) openAttr(n xml.Name, value any) {
	if isNull(value) || isUnknown(value) {
		return
	}
	if hasAttr(k.extra, n) {
		k.wrongKey("", "the attribute %s is given twice", n.Local)
		return
	}
	var written lexeme
	ok := false
	if declared := k.schema.Attributes[n]; declared != nil {
		written, ok = k.written(k.schema.readingOf(declared.Type), value)
	} else {
		written.text, ok = k.scalar(value)
	}
	if ok {
		k.extra = append(k.extra, xml.Attr{Name: n, Prefix: k.spaces[n.Space], Value: written.text, QName: written.name})
	}
}

func hasAttr(attrs []xml.Attr, n xml.Name) bool {
	return slices.ContainsFunc(attrs, func(a xml.Attr) bool { return a.Name == n })
}

// openOne writes an element at a wildcard: as it is declared, else as it comes.
func (k *content) openOne(n xml.Name, value any) {
	if declared := k.schema.Elements[n]; declared != nil {
		k.open = append(k.open, k.element(declared, k.schema.shapeOf(declared.Type), value))
		return
	}
	if k.onlyStrict(n.Space) {
		k.wrong("", "the schema declares no element %s, and only declared ones may stand here", expanded(n))
	}
	node := k.newElement(n)
	k.loose(node, value, false)
	k.open = append(k.open, node)
}

// onlyStrict says whether each wildcard that an element may stand at wants it to be declared.
func (k *content) onlyStrict(space string) bool {
	for _, w := range k.sh.anys {
		if w.Allows(space) && w.Process != "strict" {
			return false
		}
	}
	return true
}
