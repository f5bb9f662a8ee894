package soap

import (
	"slices"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// plainValue gives the value of an element that no schema describes. In one that is SOAP-encoded (SOAP 1.1 section 5) arrays are
// lists, and the types of XML Schema and the ids that it names its values by are left out: a value is text, as in any other element.
func plainValue(e *xml.Element, lists []string) any {
	if isEncoded(e) {
		return encodedValue(e, lists)
	}
	return e.Value(lists)
}

// isEncoded says whether an element, or one in it, has a sign of SOAP encoding.
func isEncoded(e *xml.Element) bool {
	return slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return ofEncoding(e, a) }) || slices.ContainsFunc(e.Children, isEncoded)
}

// ofEncoding says whether an attribute is one that SOAP encoding has: those of its namespace, and the names of simple types.
func ofEncoding(e *xml.Element, a xml.Attr) bool {
	switch a.Name {
	case xml.Name{Space: xml.InstanceSpace, Local: "type"}:
		n, ok := e.Resolve(a.Value)
		return ok && (n.Space == xml.SchemaSpace || n.Space == xsd.Encoding11 || n.Space == xsd.Encoding12)
	case xml.Name{Space: space11, Local: "encodingStyle"}, xml.Name{Space: space12, Local: "encodingStyle"}:
		return strings.TrimSpace(a.Value) == xsd.Encoding11 || strings.TrimSpace(a.Value) == xsd.Encoding12
	}
	return a.Name.Space == xsd.Encoding11 || a.Name.Space == xsd.Encoding12
}

func encodedValue(e *xml.Element, lists []string) any {
	if isArray(e) {
		list := make([]any, 0, len(e.Children))
		for _, item := range e.Children {
			list = append(list, encodedValue(item, lists))
		}
		return list
	}
	own := *e
	own.Children = nil
	own.Attrs = slices.DeleteFunc(slices.Clone(e.Attrs), func(a xml.Attr) bool {
		return ofEncoding(e, a) || a.Name == xml.Name{Local: "id"} || a.Name.Space == space11 || a.Name.Space == space12
	})
	if len(e.Children) == 0 {
		return own.Value(lists)
	}
	own.Text = ""
	out := gathering{}
	if attributes, isMap := own.Value(lists).(map[string]any); isMap {
		for name, value := range attributes {
			out.add(name, value)
		}
	}
	for _, child := range e.Children {
		out.add(child.Name.Local, encodedValue(child, lists))
	}
	return out.values(lists...)
}

// isArray says whether an element is an array: by its type, or by what it says of its items.
func isArray(e *xml.Element) bool {
	for _, a := range e.Attrs {
		switch a.Name {
		case xml.Name{Space: xsd.Encoding11, Local: "arrayType"}, xml.Name{Space: xsd.Encoding12, Local: "itemType"}, xml.Name{Space: xsd.Encoding12, Local: "arraySize"}:
			return true
		case xml.Name{Space: xml.InstanceSpace, Local: "type"}:
			if n, ok := e.Resolve(a.Value); ok && n.Local == "Array" && (n.Space == xsd.Encoding11 || n.Space == xsd.Encoding12) {
				return true
			}
		}
	}
	return false
}
