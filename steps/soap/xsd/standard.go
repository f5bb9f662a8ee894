package xsd

import (
	"embed"
	"strings"

	"snrun/steps/xml"
)

//go:embed standard
var standardFiles embed.FS

// standardFile names the file of a standard schema, "" for none. Schemas import these from the web, where nothing is fetched.
func standardFile(space string) string {
	switch space {
	case xml.XMLSpace:
		return "xml"
	case wsdlSpace:
		return "wsdl"
	case "http://www.w3.org/2000/09/xmldsig#":
		return "xmldsig"
	case "http://www.w3.org/2005/05/xmlmime", "http://www.w3.org/2004/11/xmlmime":
		return "xmime"
	case "http://www.w3.org/2004/08/xop/include":
		return "xop"
	case "http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing":
		return "addressing"
	case "http://schemas.xmlsoap.org/soap/envelope/":
		return "soap11"
	case "http://www.w3.org/2003/05/soap-envelope":
		return "soap12"
	}
	return substitute(space)
}

// substitute names the file of a standard schema that is ours only where the one that a document names may not be read: theirs may be of
// another version, with more in it.
func substitute(space string) string {
	switch space {
	case "http://www.w3.org/1999/xlink":
		return "xlink"
	case "http://ws-i.org/profiles/basic/1.1/xsd":
		return "swaref"
	case "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd":
		return "wsse"
	case "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd":
		return "wsu"
	}
	return ""
}

// isStandard says whether a namespace is known without a document.
func isStandard(space string) bool { return IsBuiltin(space) || standardFile(space) != "" }

// declareStandard declares the components of a standard schema. It is false where there is none, or that is done already. What the
// documents declare in its namespace themselves goes before.
func (c *compiler) declareStandard(space string) bool {
	file := standardFile(space)
	if file == "" || c.standards[space] {
		return false
	}
	c.standards[space] = true
	location := "standard/" + file + ".xsd"
	data, err := standardFiles.ReadFile(location)
	if err != nil {
		panic(err) // it is part of the program
	}
	root, err := xml.Parse([]byte(strings.ReplaceAll(string(data), "urn:target", space)), xml.ReadOptions{})
	if err != nil {
		panic(location + ": " + err.Error())
	}
	d := newDocument(location, root)
	d.standard = true
	c.declare(d)
	return true
}

// declareEncodings declares the elements and attributes of SOAP encoding, and the one element of XML Schema that messages hold: a data
// set of .NET comes with its schema.
func (c *compiler) declareEncodings() {
	schema := &global{name: BuiltinName("schema"), state: compiled, element: &Element{Name: BuiltinName("schema"), Type: c.anyType()}}
	c.elements.byName[schema.name] = schema
	c.publish(schema)
	for _, space := range []string{Encoding11, Encoding12} {
		for _, local := range []string{"arrayType", "offset", "position", "root", "arraySize", "itemType", "nodeType", "id", "ref"} {
			name := xml.Name{Space: space, Local: local}
			g := &global{name: name, state: compiled, attribute: &Attribute{Name: name, Type: c.anySimple()}}
			c.attributes.byName[name] = g
			c.publish(g)
		}
		for _, group := range []string{"commonAttributes", "arrayAttributes", "arrayMemberAttributes"} {
			name := xml.Name{Space: space, Local: group}
			c.attributeGroups.byName[name] = &global{name: name, state: compiled, attributes: &attributeSet{}}
		}
		name := xml.Name{Space: space, Local: "Array"}
		c.groups.byName[name] = &global{name: name, state: compiled,
			particle: &Particle{Min: 1, Max: 1, Group: c.anyType().Content.Group}}
	}
	for name, t := range c.schema.Types {
		if name.Space == Encoding11 || name.Space == Encoding12 {
			g := &global{name: name, state: compiled, element: &Element{Name: name, Type: t, Nillable: true}}
			c.elements.byName[name] = g
			c.publish(g)
		}
	}
}
