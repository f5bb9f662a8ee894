package values

import (
	"slices"
	"strconv"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// loose reads an element that no schema describes: everything is text, but what says of which type it is.
func (d *decoder) loose(node *xml.Element) any {
	if len(node.Attrs) == 0 && len(node.Children) == 0 {
		return node.Text
	}
	if isNil(node) {
		return nil
	}
	if d.isArray(node) {
		return d.array(&xsd.Array{Rank: 1}, node)
	}
	out := make(map[string]any, len(node.Attrs)+len(node.Children))
	d.looseChildren(out, node)
	d.looseAttrs(out, node)
	if len(out) == 0 {
		return node.Text
	}
	if node.Text != "" && (len(node.Children) == 0 || !blank(node.Text)) {
		out[free(out, textKey)] = node.Text
	}
	return out
}

func (d *decoder) looseChildren(out map[string]any, node *xml.Element) {
	var several repeats
	for _, child := range node.Children {
		d.at.push(child.Name.Local)
		several.add(out, child.Name.Local, d.looseChild(child), d.lists)
		d.at.pop()
	}
}

// looseChild reads an element as it is declared, as what it says that it is, else without a schema.
func (d *decoder) looseChild(node *xml.Element) any {
	if declared := d.schema.Elements[node.Name]; declared != nil {
		return d.element(declared, d.schema.shapeOf(declared.Type), node)
	}
	if len(node.Attrs) == 0 && len(node.Children) == 0 {
		return node.Text
	}
	root := d.schema.shapeOf(d.schema.Types[xsd.BuiltinName("anyType")])
	return d.element(&xsd.Element{Name: node.Name, Type: root.typ, Nillable: true}, root, node)
}

func (d *decoder) looseAttrs(out map[string]any, node *xml.Element) {
	if written, ok := node.Attr(xml.InstanceSpace, "type"); ok {
		if n, ok := node.Resolve(written); !ok || d.schema.Types[n] == nil {
			out[free(out, typeKey)] = strings.TrimSpace(written[strings.IndexByte(written, ':')+1:])
		}
	}
	for i := range node.Attrs {
		if a := &node.Attrs[i]; !silent(a.Name) {
			out[free(out, a.Name.Local)] = a.Value
		}
	}
}

// repeats are the keys whose values are gathered in a list, each of which may be a list itself.
type repeats map[string]bool

// add adds the value of an element: the second one of a name makes a list.
func (r *repeats) add(out map[string]any, k string, value any, lists []string) {
	before, repeated := out[k]
	switch {
	case (*r)[k]:
		list, _ := before.([]any)
		out[k] = append(list, value)
		return
	case repeated:
		out[k] = []any{before, value}
	case len(lists) > 0 && slices.Contains(lists, k):
		out[k] = []any{value}
	default:
		out[k] = value
		return
	}
	if *r == nil {
		*r = repeats{}
	}
	(*r)[k] = true
}

// free gives a key with as many underscores before it as make it a new one.
func free(out map[string]any, k string) string {
	for _, taken := out[k]; taken; _, taken = out[k] {
		k = "_" + k
	}
	return k
}

// isArray says whether an element is a SOAP-encoded array, whatever the schema has.
func (d *decoder) isArray(node *xml.Element) bool {
	for i := range node.Attrs {
		switch a := &node.Attrs[i]; a.Name {
		case xml.Name{Space: xsd.Encoding11, Local: "arrayType"}, xml.Name{Space: xsd.Encoding12, Local: "arraySize"},
			xml.Name{Space: xsd.Encoding12, Local: "itemType"}:
			return true
		case xml.Name{Space: xml.InstanceSpace, Local: "type"}:
			n, _ := node.Resolve(a.Value)
			if n.Local == "Array" && (n.Space == xsd.Encoding11 || n.Space == xsd.Encoding12) {
				return true
			}
		}
	}
	return false
}

// array reads a SOAP-encoded array as a list (SOAP 1.1 section 5.4.2, SOAP 1.2 part 2 section 3.1.6). The names of its items say nothing.
func (d *decoder) array(array *xsd.Array, node *xml.Element) any {
	item := d.itemType(array, node)
	if item == nil {
		return d.loose(&xml.Element{Name: node.Name, Text: node.Text, Children: node.Children})
	}
	sh := d.schema.shapeOf(item)
	e := &xsd.Element{Type: item, Nillable: true}
	list := make([]any, 0, len(node.Children))
	for i, child := range node.Children {
		d.at.item(i)
		e.Name = child.Name
		if _, moved := child.Attr(xsd.Encoding11, "position"); moved {
			d.warn("the item says at which position it is; it was taken where it stands")
		}
		list = append(list, d.element(e, sh, child))
		d.at.pop()
	}
	return list
}

// itemType gives the type of an array's items: the one that the array names, else the declared one, else anyType. It is nil for an array
// that is no list: one of several dimensions, or a part of one.
func (d *decoder) itemType(array *xsd.Array, node *xml.Element) *xsd.Type {
	item, rank := array.Item, array.Rank
	if item == nil {
		item = d.schema.Types[xsd.BuiltinName("anyType")]
	}
	if written, ok := node.Attr(xsd.Encoding11, "arrayType"); ok {
		name, size, _ := strings.Cut(written, "[")
		inner, last := size, size
		if i := strings.LastIndexByte(written, '['); i >= 0 {
			last = written[i:]
			inner = written[len(name):i]
		}
		rank = 1 + strings.Count(last, ",")
		n, _ := node.Resolve(name)
		if t := d.schema.Types[n]; t != nil && inner == "" && isAnyType(item) {
			item = t
		}
	} else if written, ok := node.Attr(xsd.Encoding12, "itemType"); ok {
		n, _ := node.Resolve(written)
		if t := d.schema.Types[n]; t != nil && isAnyType(item) {
			item = t
		}
	}
	if size, ok := node.Attr(xsd.Encoding12, "arraySize"); ok {
		rank = max(rank, len(xsd.Fields(size)))
	}
	if rank > 1 {
		d.warn("this is an array of %s dimensions, which is not supported; it was read as it came", strconv.Itoa(rank))
		return nil
	}
	if offset, ok := node.Attr(xsd.Encoding11, "offset"); ok && strings.Trim(offset, " []0") != "" {
		d.warn("this is a part of an array, from offset %s", brief(offset))
	}
	return item
}
