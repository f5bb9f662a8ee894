package values

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// content gathers what the entries of a mapping are, until all is there and can be put in order.
type content struct {
	*encoder
	sh      *shape
	node    *xml.Element
	items   [][]*xml.Element // of each slot
	unknown []bool           // of each slot: how many there are is known in a run only
	null    []bool           // of each slot: null is given, which leaves it out
	rank    []int
	open    []*xml.Element
	attrs   []xml.Attr // of each declared attribute; without a name where it is not there
	given   []bool     // of each declared attribute: it is there, or turned out wrong
	extra   []xml.Attr // attributes that are not declared
	all     []xml.Attr // attributes as they are written
	order   arranger
	put     []int // of each slot, how many are in their place
}

// content takes one that is idle, with the memory it has, or a new one. It goes back with done.
func (c *encoder) content(sh *shape, node *xml.Element) *content {
	if len(c.idle) == 0 {
		c.idle = append(c.idle, &content{encoder: c})
	}
	last := len(c.idle) - 1
	k := c.idle[last]
	c.idle = c.idle[:last]
	k.sh, k.node = sh, node
	n, attrs := len(sh.slots), len(sh.attrs)
	k.items, k.unknown, k.null, k.rank, k.put = zeros(k.items, n), zeros(k.unknown, n), zeros(k.null, n), zeros(k.rank, n), zeros(k.put, n)
	k.attrs, k.given = zeros(k.attrs, attrs), zeros(k.given, attrs)
	k.open, k.extra = k.open[:0], k.extra[:0]
	return k
}

func (c *encoder) done(k *content) { c.idle = append(c.idle, k) }

// zeros gives n zero values, in the memory of a slice where that is enough.
func zeros[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// mapping writes elements, attributes and text.
func (c *encoder) mapping(node *xml.Element, e *xsd.Element, sh *shape, value any) {
	entries, isMapping := steps.Entries(value)
	if !isMapping || isFile(sh.text, value) {
		if _, isList := value.([]any); sh.text == nil && (!sh.typ.Mixed || isList) || isList && sh.text.kind != listKind {
			c.wrong(c.mappingHint(sh, value), "%s stands where a mapping is expected%s", formOfValue(value), keysOf(sh))
			return
		}
		entries = []steps.Pair{{Key: textKey, Value: value}}
	}
	k := c.content(sh, node)
	defer c.done(k)
	text, hasText := any(nil), false
	for i, entry := range entries {
		if !isMapping {
			text, hasText = value, true
			continue
		}
		switch c.at.push(entry.Key); entry.Key {
		case typeKey:
		case textKey:
			text, hasText = entry.Value, true
		default:
			k.entry(entry, i)
		}
		c.at.pop()
	}
	k.attributes()
	if sh.form == mapForm {
		k.elements(entries)
	}
	k.text(e, text, hasText, isMapping)
}

func (c *encoder) mappingHint(sh *shape, value any) string {
	if list, isList := value.([]any); isList {
		for _, sl := range sh.slots {
			if sl.list && len(sh.slots) == 1 {
				return fmt.Sprintf("put the list under the key %s", sl.key)
			}
		}
		if len(list) == 1 {
			return "take the dash away: only one may stand here"
		}
	}
	return ""
}

// keysOf names the keys of a type, as the end of a sentence.
func keysOf(sh *shape) string {
	var keys []string
	for _, sl := range sh.slots {
		if !sl.element.Abstract {
			keys = append(keys, sl.key)
		}
	}
	for _, at := range sh.attrs {
		keys = append(keys, at.key)
	}
	if len(keys) == 0 {
		return ""
	}
	return ", with " + listed(keys)
}

// text writes the text beside the attributes, or between the elements.
func (k *content) text(e *xsd.Element, text any, given, mapped bool) {
	if mapped && given {
		k.at.push(textKey)
		defer k.at.pop()
	}
	switch {
	case k.sh.text == nil && !k.sh.typ.Mixed:
		if given && !isNull(text) {
			k.wrong("", "%s has no text of its own", e.Name.Local)
		}
	case given && isNull(text): // it is xsi:nil
	case k.sh.text == nil:
		if given && !isUnknown(text) {
			k.node.Text, _ = k.scalar(text)
		}
	case given:
		k.encoder.text(k.node, e, k.sh.text, text)
	case e.Fixed != nil:
		k.node.Text = *e.Fixed
	case e.Default == nil && k.sh.text.check("") != nil:
		k.wrong(`write it under the key "_"`, "the text is missing: %s", describeText(k.sh.text.simple))
	}
}

// entry finds what a key stands for, and writes its value.
func (k *content) entry(entry steps.Pair, rank int) {
	if entry.Key == orderKey && k.sh.model != nil {
		k.ordered(entry.Value)
		return
	}
	found, known := k.sh.keys[entry.Key]
	if !known && strings.ContainsAny(entry.Key, ":{") {
		n, mistake := k.name(entry.Key)
		if mistake == "" {
			found, known = k.byName(n)
		} else if n, mistake = k.attributeName(entry.Key, mistake); mistake == "" {
			at := k.sh.attrFor(n)
			found, known = key{slot: -1, attr: at}, at != nil
		} else {
			k.wrongKey("", "%s", mistake)
			return
		}
	}
	switch {
	case !known:
		k.openEntry(entry)
	case found.attr != nil:
		k.attribute(found.attr, entry.Value)
	case k.items[found.slot] != nil || k.null[found.slot]:
		k.wrongKey("", "%s is given twice", k.sh.slots[found.slot].element.Name.Local)
	default:
		k.rank[found.slot] = rank
		k.slot(found.slot, entry.Value)
	}
}

// attributeName reads a key such as _prefix:name or _{namespace}name. Otherwise is what is wrong with the key where it is none.
func (k *content) attributeName(key, otherwise string) (xml.Name, string) {
	name, underscored := strings.CutPrefix(key, "_")
	if !underscored {
		return xml.Name{}, otherwise
	}
	return k.name(name)
}

func (k *content) byName(n xml.Name) (key, bool) {
	if at := k.sh.attrFor(n); at != nil {
		return key{slot: -1, attr: at}, true
	}
	i, known := k.sh.byName[n]
	return key{slot: i}, known
}

// slot writes the elements of a key.
func (k *content) slot(i int, value any) {
	sl := k.sh.slots[i]
	sh := k.schema.slotShape(sl)
	list, isList := value.([]any)
	switch {
	case isUnknown(value):
		k.unknown[i] = true
		k.items[i] = k.alone(k.newElement(sl.element.Name))
	case isNull(value) && sh.form == mapForm && sl.required && !sl.list && !sl.element.Nillable:
		k.items[i] = k.alone(k.element(sl.element, sh, value))
	case isNull(value) && (!sl.element.Nillable || sl.list && !sl.required):
		k.null[i] = true
	case !isList, !sl.list && (sh.form == arrayForm || sh.text != nil && sh.text.kind == listKind):
		k.items[i] = k.alone(k.element(sl.element, sh, value))
	case !sl.list && sh.form != anyForm:
		k.wrong("", "a list stands where one value is expected: %s", describe(sl.element.Type))
		k.unknown[i] = true // so that nothing more is said of it
		k.items[i] = k.alone(k.newElement(sl.element.Name))
	case !sl.list:
		k.items[i] = k.alone(k.element(sl.element, sh, value))
	default:
		k.items[i] = make([]*xml.Element, 0, len(list))
		for at, item := range list {
			k.at.item(at)
			k.items[i] = append(k.items[i], k.element(sl.element, sh, item))
			k.at.pop()
		}
	}
}

// elements puts the elements in the order of the schema.
func (k *content) elements(entries steps.Pairs) {
	if k.node.Children != nil {
		return // ordered did
	}
	a := &k.order
	a.reset(k.sh, len(k.open))
	a.unknown, a.rank, a.strict = k.unknown, k.rank, true
	for i, items := range k.items {
		a.left[i] = len(items)
	}
	for _, e := range k.open {
		a.open = append(a.open, e.Name)
	}
	a.placed = make([]bool, len(a.open))
	k.fixed(a)
	if v, _ := k.node.Attr(xml.InstanceSpace, "nil"); v != "" {
		if len(entries) > 0 && slices.ContainsFunc(a.left, func(n int) bool { return n > 0 }) {
			k.wrong("", "elements are given beside the null under the key _")
		}
		return
	}
	a.arrange()
	for _, i := range a.issues {
		k.issue(i, entries)
	}
	k.node.Children = k.room.List(a.count())[:0]
	for _, r := range a.runs {
		if r.slot < 0 {
			k.node.Children = append(k.node.Children, k.open[r.n])
			continue
		}
		from := k.put[r.slot]
		k.put[r.slot] += r.n
		k.node.Children = append(k.node.Children, k.items[r.slot][from:from+r.n]...)
	}
}

// fixed fills in the elements that must be there and can have one value only.
func (k *content) fixed(a *arranger) {
	for i, sl := range k.sh.slots {
		if k.items[i] != nil || k.null[i] || !sl.required || sl.element.Fixed == nil || !k.sh.mandatory(i) {
			continue
		}
		node := k.newElement(sl.element.Name)
		node.Text = *sl.element.Fixed
		k.items[i] = k.alone(node)
		a.left[i] = 1
	}
}

// mandatory says whether an element must be there, whatever else is: it stands in a sequence, or in sequences that must be there.
func (sh *shape) mandatory(slot int) bool {
	n := sh.model
	for n != nil && n.slot < 0 {
		if n.kind == xsd.Choice || n.min == 0 {
			return false
		}
		var below *model
		for _, kid := range n.kids {
			if kid.holdsSlot(slot) {
				below = kid
			}
		}
		n = below
	}
	return n != nil && n.min > 0
}

// issue reports what keeps the elements from the model.
func (k *content) issue(i issue, entries steps.Pairs) {
	switch i.kind {
	case missing:
		k.missing(i)
	case noneOf:
		k.wrong("", "one of these must be given: %s", listed(k.sh.branches(i.model)))
	case conflict:
		k.wrongAt(k.key(i.slot), "", "only one of %s and %s may be given", k.key(i.other), k.key(i.slot))
	case tooMany:
		if i.n == 0 {
			k.wrongAt(k.key(i.slot), "", "cannot stand beside what else is given")
			return
		}
		k.wrongAt(k.key(i.slot), "", "%d are given, but at most %d may stand here", len(k.items[i.slot]), i.n)
	case missingAny:
		k.wrong("write it under its name as {namespace}name or prefix:name", "an element of another namespace is missing")
	case tooManyOpen:
		k.wrong("", "%s is one too many", expanded(k.open[i.n].Name))
	case unclear:
		mine, other := k.key(i.slot), k.key(i.other)
		k.wrongAt(mine, fmt.Sprintf("write them in their order: _order: [{%s: …}, {%s: …}]", other, mine),
			"has %d, but %s has %d: which of them stand together is not clear", len(k.items[i.slot]), other, len(k.items[i.other]))
	case tooLarge:
		k.wrong("", "the content of this element is too large to be checked")
	}
}

func (k *content) missing(i issue) {
	sl := k.sh.slots[i.slot]
	what := describe(sl.element.Type)
	switch have := len(k.items[i.slot]); {
	case k.null[i.slot]:
		k.wrongAt(sl.key, "", "is null, but it must have a value: %s", what)
	case have == 0 && i.n == 1:
		k.wrong("", "%s is missing: %s", sl.key, what)
	case have == 0:
		k.wrong("", "%s is missing: a list of at least %d, each %s", sl.key, i.n, what)
	case k.unknown[i.slot]:
	default:
		k.wrongAt(sl.key, "", "has %d, but needs %d: %s", have, have+i.n, what)
	}
}

func (k *content) key(slot int) string { return k.sh.slots[slot].key }
