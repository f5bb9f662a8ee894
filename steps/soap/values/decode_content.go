package values

import (
	"slices"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// mapping reads elements, attributes and text.
func (d *decoder) mapping(e *xsd.Element, sh *shape, node *xml.Element, typeName string) any {
	out := make(map[string]any, len(sh.slots)+len(node.Attrs))
	if typeName != "" {
		out[typeKey] = typeName
	}
	if sh.form == mapForm {
		d.children(out, sh, node)
	} else if len(node.Children) > 0 {
		d.warn("elements stand where the schema has text: %s", describe(sh.typ))
		d.looseChildren(out, node)
	}
	if len(node.Attrs) > 0 || len(sh.attrs) > 0 {
		d.attributes(out, sh, node, false)
	}
	switch {
	case sh.form == textForm:
		out[textKey] = d.text(e, sh.text, node)
	case !blank(node.Text):
		if !sh.typ.Mixed {
			d.warn("text stands where the schema has none: %q", brief(strings.TrimSpace(node.Text)))
		}
		out[textKey] = node.Text
	}
	return out
}

func blank(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// children reads the elements in an element, and looks whether all that must be there is, in its order.
func (d *decoder) children(out map[string]any, sh *shape, node *xml.Element) {
	base, counts, last := len(d.slots), len(d.counts), -1
	d.counts = append(d.counts, make([]int, len(sh.slots))...)
	fits := true
	var run []any // the list of the slot that was last
	var several repeats
	for i, child := range node.Children {
		slot := sh.slotFor(child.Name, last)
		if slot < 0 && !sh.allows(child.Name.Space) {
			slot = d.strayed(sh, child.Name)
		}
		if slot != last && last >= 0 && sh.slots[last].list {
			out[sh.slots[last].key] = run
		}
		switch {
		case slot < 0:
			if slot = openSlot; !sh.allows(child.Name.Space) {
				slot, fits = unknownSlot, false
			}
			d.open(out, sh, child, &several)
		case sh.slots[slot].list:
			if slot != last {
				run, _ = out[sh.slots[slot].key].([]any)
				if run == nil {
					run = make([]any, 0, ahead(node.Children[i:]))
				}
			}
			run = append(run, d.item(sh.slots[slot], child, len(run)))
		default:
			d.single(out, sh.slots[slot], child, d.counts[counts+slot])
		}
		if slot >= 0 {
			d.counts[counts+slot]++
		}
		d.slots = append(d.slots, slot)
		last = slot
	}
	if last >= 0 && sh.slots[last].list {
		out[sh.slots[last].key] = run
	}
	for i, sl := range sh.slots {
		if sl.list && d.counts[counts+i] == 0 && !sl.element.Abstract {
			out[sl.key] = d.none
		}
	}
	m := matcher{slots: d.slots[base:], nodes: node.Children, work: maxWork + 100*len(node.Children)}
	if !fits || !m.match(sh.model) {
		d.diagnose(sh, node, d.slots[base:])
	}
	d.slots, d.counts = d.slots[:base], d.counts[:counts]
}

// The slots of elements that have none: one that a wildcard may hold, and one that cannot stand in its parent.
const (
	openSlot    = -1
	unknownSlot = -2
)

// strayed gives the slot of an element that is only in another namespace than the schema has it, which is what servers most often get
// wrong: they qualify elements that are not, or leave the namespace out. It is told once for each two namespaces.
func (d *decoder) strayed(sh *shape, n xml.Name) int {
	found := openSlot
	for i, sl := range sh.slots {
		if sl.element.Name.Local == n.Local {
			if found >= 0 {
				return openSlot
			}
			found = i
		}
	}
	if found < 0 {
		return openSlot
	}
	pair := [2]string{n.Space, sh.slots[found].element.Name.Space}
	if !d.strays[pair] {
		if d.strays == nil {
			d.strays = map[[2]string]bool{}
		}
		d.strays[pair] = true
		d.warnAt(sh.slots[found].key, "stands in %s, but the schema has it in %s; all such elements are read as those that are meant", spaceText(n.Space), spaceText(pair[1]))
	}
	return found
}

func spaceText(space string) string {
	if space == "" {
		return "no namespace"
	}
	return "the namespace " + space
}

// ahead counts the elements of the same name that follow each other, up to a number that is worth it.
func ahead(nodes []*xml.Element) int {
	n := 1
	for n < len(nodes) && n < 64 && nodes[n].Name == nodes[0].Name {
		n++
	}
	return n
}

// item reads an element that is one of a list.
func (d *decoder) item(sl *slot, node *xml.Element, index int) any {
	d.at.push(sl.key)
	d.at.item(index)
	v := d.element(sl.element, d.schema.slotShape(sl), node)
	d.at.pop()
	d.at.pop()
	return v
}

// single reads an element that may be there once. More of them are a list all the same.
func (d *decoder) single(out map[string]any, sl *slot, node *xml.Element, before int) {
	d.at.push(sl.key)
	v := d.element(sl.element, d.schema.slotShape(sl), node)
	d.at.pop()
	switch had := out[sl.key]; before {
	case 0:
		out[sl.key] = v
	case 1:
		out[sl.key] = []any{had, v}
	default:
		list, _ := had.([]any)
		out[sl.key] = append(list, v)
	}
}

// open reads an element that has no slot: as it is declared, else without a schema.
func (d *decoder) open(out map[string]any, sh *shape, node *xml.Element, several *repeats) {
	k := node.Name.Local
	if _, taken := sh.keys[k]; taken {
		k = expanded(node.Name)
	}
	if !sh.allows(node.Name.Space) {
		d.warnAt(k, "the schema has no such element here")
	}
	d.at.push(k)
	several.add(out, k, d.looseChild(node), d.lists)
	d.at.pop()
}

// diagnose says why the elements are not as the model has them.
func (d *decoder) diagnose(sh *shape, node *xml.Element, slots []int) {
	a := arranger{sh: sh, left: make([]int, len(sh.slots)), rank: make([]int, len(sh.slots))}
	known := make([]int, 0, len(slots))
	nodes := make([]*xml.Element, 0, len(slots))
	for i, slot := range slots {
		switch {
		case slot >= 0:
			if a.left[slot]++; a.left[slot] == 1 {
				a.rank[slot] = i
			}
		case slot == openSlot:
			a.open = append(a.open, node.Children[i].Name)
		}
		if slot != unknownSlot {
			known, nodes = append(known, slot), append(nodes, node.Children[i])
		}
	}
	a.placed = make([]bool, len(a.open))
	had := slices.Clone(a.left)
	a.arrange()
	for _, i := range a.issues {
		d.issue(sh, i, had)
	}
	m := matcher{slots: known, nodes: nodes, work: maxWork + 100*len(known)}
	if len(a.issues) == 0 && len(nodes) > 0 && !m.match(sh.model) {
		d.warn("%s is not where the schema has it", nodes[min(m.reached, len(nodes)-1)].Name.Local)
	}
}

func (d *decoder) issue(sh *shape, i issue, had []int) {
	switch i.kind {
	case missing:
		sl := sh.slots[i.slot]
		if had[i.slot] > 0 {
			d.warnAt(sl.key, "the schema asks for %d more", i.n)
			return
		}
		d.warn("%s is missing: %s", sl.key, describe(sl.element.Type))
	case noneOf:
		d.warn("none of these is there: %s", listed(sh.branches(i.model)))
	case conflict:
		d.warnAt(sh.slots[i.slot].key, "the schema has only one of %s and %s", sh.slots[i.other].key, sh.slots[i.slot].key)
	case tooMany:
		d.warnAt(sh.slots[i.slot].key, "there are %d, but the schema has at most %d here", had[i.slot], i.n)
	case missingAny:
		d.warn("an element of another namespace is missing")
	case tooManyOpen:
		d.warn("there are more elements than the schema leaves open")
	case tooLarge:
		d.warn("the content of this element is too large to be checked")
	}
}

// attributes reads the attributes of an element. Those that are not there have their default values, but not where the element is nil.
func (d *decoder) attributes(out map[string]any, sh *shape, node *xml.Element, nilled bool) {
	for i := range node.Attrs {
		a := &node.Attrs[i]
		if at := sh.attrFor(a.Name); at != nil {
			d.attribute(out, at, a, node)
		} else if !silent(a.Name) {
			d.openAttr(out, sh, a)
		}
	}
	for _, at := range sh.attrs {
		if _, has := out[at.key]; has || nilled {
			continue
		}
		switch a := at.attribute; {
		case a.Default != nil:
			out[at.key] = d.value(at.text, *a.Default, node)
		case a.Fixed != nil:
			out[at.key] = d.value(at.text, *a.Fixed, node)
		case a.Required:
			d.warn("%s is missing: %s (an attribute)", at.key, describeText(a.Type))
		}
	}
}

func (d *decoder) attribute(out map[string]any, at *attrSlot, a *xml.Attr, node *xml.Element) {
	d.at.push(at.key)
	out[at.key] = d.value(at.text, a.Value, node)
	if fixed := at.attribute.Fixed; fixed != nil && !at.text.same(a.Value, *fixed) {
		d.warn("%q stands where the schema has the fixed value %q", brief(a.Value), *fixed)
	}
	d.at.pop()
}

// openAttr reads an attribute that is not declared in the type.
func (d *decoder) openAttr(out map[string]any, sh *shape, a *xml.Attr) {
	k := a.Name.Local
	for _, has := out[k]; has || sh.taken(k); _, has = out[k] {
		k = "_" + k
	}
	if w := sh.typ.AnyAttribute; w == nil || !w.Allows(a.Name.Space) {
		d.warnAt(k, "the schema has no such attribute here")
	}
	out[k] = a.Value
}

// silent says whether an attribute is the business of XML Schema or of SOAP, and no data.
func silent(n xml.Name) bool {
	switch n.Space {
	case xml.InstanceSpace, xsd.Encoding11, xsd.Encoding12, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope":
		return true
	}
	return false
}
