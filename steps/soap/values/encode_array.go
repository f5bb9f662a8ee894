package values

import (
	"fmt"
	"strconv"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// array writes a list as a SOAP-encoded array (SOAP 1.1, section 5.4.2). One value stands for a list of one.
func (c *encoder) array(node *xml.Element, sh *shape, value any) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	name := xml.Name{Local: "item"}
	if len(sh.slots) > 0 {
		name = sh.slots[0].element.Name
	}
	c.items(node, sh.typ.Array, name, list)
}

func (c *encoder) items(node *xml.Element, array *xsd.Array, name xml.Name, list []any) {
	if array.Rank > 1 {
		c.wrong("", "an array of %d dimensions stands here; only arrays of one can be written", array.Rank)
		return
	}
	item, suffix := array.Item, fmt.Sprintf("[%d]", len(list))
	for item.Name.Local == "" && item.Array != nil {
		item, suffix = item.Array.Item, "["+strings.Repeat(",", item.Array.Rank-1)+"]"+suffix
	}
	for item.Name.Local == "" && item.Base != nil {
		item = item.Base
	}
	if c.w.SOAP12 {
		node.Attrs = append(node.Attrs, xml.Attr{Name: xml.Name{Space: xsd.Encoding12, Local: "itemType"}, Prefix: "enc", QName: nameOf(item)},
			xml.Attr{Name: xml.Name{Space: xsd.Encoding12, Local: "arraySize"}, Prefix: "enc", Value: strconv.Itoa(len(list))})
	} else {
		node.Attrs = append(node.Attrs,
			xml.Attr{Name: xml.Name{Space: xml.InstanceSpace, Local: "type"}, QName: &xml.Name{Space: xsd.Encoding11, Local: "Array"}},
			xml.Attr{Name: xml.Name{Space: xsd.Encoding11, Local: "arrayType"}, Prefix: "soapenc", QName: nameOf(item), Value: suffix})
	}
	e := &xsd.Element{Name: name, Type: array.Item, Nillable: true}
	sh := c.schema.shapeOf(array.Item)
	for i, v := range list {
		c.at.item(i)
		node.Children = append(node.Children, c.element(e, sh, v))
		c.at.pop()
	}
}

// nameOf gives the name of a type, nil where it has none.
func nameOf(t *xsd.Type) *xml.Name {
	if t.Name == (xml.Name{}) {
		return nil
	}
	return &t.Name
}
