package values

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// anything writes a value of anyType: a scalar with the type that it has, a mapping as it comes.
func (c *encoder) anything(node *xml.Element, value any) {
	list, isList := value.([]any)
	switch {
	case !isList:
		c.loose(node, value, true)
	case c.w.Encoded:
		root := c.schema.Types[xsd.BuiltinName("anyType")]
		c.items(node, &xsd.Array{Item: root, Rank: 1}, xml.Name{Local: "item"}, list)
	default:
		c.wrong("put a mapping with the elements' name around it", "a list stands where one value is expected")
	}
}

// loose writes a value that no schema describes: keys are elements, `_name` with a scalar is an attribute, `_` is the text. Scalars name
// their types where typed says so.
func (c *encoder) loose(node *xml.Element, value any, typed bool) {
	entries, isMapping := steps.Entries(value)
	_, isList := value.([]any)
	switch {
	case isUnknown(value):
	case isNull(value):
		node.Attrs = append(node.Attrs, xml.Attr{Name: xml.Name{Space: xml.InstanceSpace, Local: "nil"}, Value: "true"})
	case isList:
		c.anything(node, value)
	case isMapping:
		c.looseMapping(node, entries)
	default:
		if typed || c.w.Encoded {
			node.Attrs = append(node.Attrs, xml.Attr{Name: xml.Name{Space: xml.InstanceSpace, Local: "type"}, QName: new(xsd.BuiltinName(typeOfScalar(value)))})
		}
		node.Text, _ = c.scalar(value)
	}
}

func (c *encoder) looseMapping(node *xml.Element, entries steps.Pairs) {
	if _, has := entries.Get(typeKey); has {
		root := c.schema.shapeOf(c.schema.Types[xsd.BuiltinName("anyType")])
		chosen := c.chosen(root, entries)
		if chosen == nil {
			return
		}
		if chosen != root {
			c.nameType(node, chosen.typ)
			c.typed(node, &xsd.Element{Name: node.Name, Type: chosen.typ, Nillable: true}, chosen, steps.Pairs(entries))
			return
		}
	}
	for _, entry := range entries {
		c.at.push(entry.Key)
		switch {
		case entry.Key == typeKey:
		case entry.Key == textKey:
			if !isUnknown(entry.Value) {
				node.Text, _ = c.scalar(entry.Value)
			}
		default:
			c.looseEntry(node, entry)
		}
		c.at.pop()
	}
}

// looseEntry writes an entry as an attribute, an element, or one for each item of a list.
func (c *encoder) looseEntry(node *xml.Element, entry steps.Pair) {
	_, isMapping := steps.Entries(entry.Value)
	list, isList := entry.Value.([]any)
	if attribute, underscored := strings.CutPrefix(entry.Key, "_"); underscored && !isMapping && !isList {
		n, mistake := c.name(attribute)
		if mistake != "" {
			c.wrongKey("", "%s", mistake)
			return
		}
		if !isNull(entry.Value) && !isUnknown(entry.Value) {
			if hasAttr(node.Attrs, n) {
				c.wrongKey("", "the attribute %s is given twice", n.Local)
				return
			}
			text, _ := c.scalar(entry.Value)
			c.addAttr(node, n, text)
		}
		return
	}
	n, mistake := c.name(entry.Key)
	if mistake != "" {
		c.wrongKey("", "%s", mistake)
		return
	}
	if !isList {
		node.Children = append(node.Children, c.looseChild(n, entry.Value))
		return
	}
	for i, item := range list {
		c.at.item(i)
		node.Children = append(node.Children, c.looseChild(n, item))
		c.at.pop()
	}
}

// looseChild writes an element as it is declared, else as it comes.
func (c *encoder) looseChild(n xml.Name, value any) *xml.Element {
	if declared := c.schema.Elements[n]; declared != nil {
		return c.element(declared, c.schema.shapeOf(declared.Type), value)
	}
	node := c.newElement(n)
	c.loose(node, value, false)
	return node
}

// typeOfScalar gives the built-in type that a value has in a schema.
func typeOfScalar(value any) string {
	if s, isScalar := value.(steps.Scalar); isScalar {
		value = s.Value
	}
	switch value := value.(type) {
	case bool:
		return "boolean"
	case int:
		if value < math.MinInt32 || value > math.MaxInt32 {
			return "long"
		}
		return "int"
	case float64:
		return "double"
	case json.Number:
		if _, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return "long"
		}
		if xsd.IsDecimal(string(value), true) {
			return "decimal"
		}
		return "double"
	}
	return "string"
}

// named gives the components of a local name, by namespace.
func named[Component any](all map[xml.Name]Component, local string) []Component {
	var names []xml.Name
	for name := range all {
		if name.Local == local {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, xsd.CompareNames)
	var found []Component
	for _, name := range names {
		found = append(found, all[name])
	}
	return found
}
