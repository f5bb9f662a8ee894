package xsd

import "snrun/steps/xml"

// The namespaces of SOAP encoding, of SOAP 1.1 and of SOAP 1.2.
const (
	Encoding11 = "http://schemas.xmlsoap.org/soap/encoding/"
	Encoding12 = "http://www.w3.org/2003/05/soap-encoding"
)

// BuiltinName gives the name of a built-in type of XML Schema.
func BuiltinName(local string) xml.Name { return xml.Name{Space: xml.SchemaSpace, Local: local} }

// IsBuiltin says whether no document declares the types of a namespace: those of XML Schema and of SOAP encoding are always there.
func IsBuiltin(space string) bool {
	return space == xml.SchemaSpace || space == Encoding11 || space == Encoding12
}

// builtin is a line of the table of built-in types.
type builtin struct {
	name, base string
	min, max   string // bounds, inclusive
	item       string // of a list
}

// builtinTable has the built-in types, each behind its base (XSD 1.0 part 2, section 3).
func builtinTable() []builtin {
	return []builtin{
		{name: "string"}, {name: "boolean"}, {name: "decimal"}, {name: "float"}, {name: "double"}, {name: "duration"},
		{name: "dateTime"}, {name: "time"}, {name: "date"}, {name: "gYearMonth"}, {name: "gYear"}, {name: "gMonthDay"}, {name: "gDay"},
		{name: "gMonth"}, {name: "hexBinary"}, {name: "base64Binary"}, {name: "anyURI"}, {name: "QName"}, {name: "NOTATION"},
		{name: "normalizedString", base: "string"},
		{name: "token", base: "normalizedString"},
		{name: "language", base: "token"},
		{name: "NMTOKEN", base: "token"},
		{name: "Name", base: "token"},
		{name: "NCName", base: "Name"},
		{name: "ID", base: "NCName"},
		{name: "IDREF", base: "NCName"},
		{name: "ENTITY", base: "NCName"},
		{name: "NMTOKENS", item: "NMTOKEN"},
		{name: "IDREFS", item: "IDREF"},
		{name: "ENTITIES", item: "ENTITY"},
		{name: "integer", base: "decimal"},
		{name: "nonPositiveInteger", base: "integer", max: "0"},
		{name: "negativeInteger", base: "nonPositiveInteger", max: "-1"},
		{name: "long", base: "integer", min: "-9223372036854775808", max: "9223372036854775807"},
		{name: "int", base: "long", min: "-2147483648", max: "2147483647"},
		{name: "short", base: "int", min: "-32768", max: "32767"},
		{name: "byte", base: "short", min: "-128", max: "127"},
		{name: "nonNegativeInteger", base: "integer", min: "0"},
		{name: "unsignedLong", base: "nonNegativeInteger", max: "18446744073709551615"},
		{name: "unsignedInt", base: "unsignedLong", max: "4294967295"},
		{name: "unsignedShort", base: "unsignedInt", max: "65535"},
		{name: "unsignedByte", base: "unsignedShort", max: "255"},
		{name: "positiveInteger", base: "nonNegativeInteger", min: "1"},
	}
}

// builtins makes the types that need no schema: those of XML Schema, and those of SOAP encoding, which are the same and only have
// names of their own (SOAP 1.1 section 5.2.1), with its arrays.
func builtins() map[xml.Name]*Type {
	types := map[xml.Name]*Type{}
	anything := &Wildcard{Process: "lax"}
	root := &Type{
		Name: BuiltinName("anyType"), Complex: true, Mixed: true, AnyAttribute: anything,
		Content: &Particle{Min: 1, Max: 1, Group: &Group{Particles: []*Particle{{Max: Unbounded, Any: anything}}}},
	}
	text := &Type{Name: BuiltinName("anySimpleType"), Base: root}
	text.Simple = &Simple{Name: text.Name, Builtin: "anySimpleType", Facets: Facets{WhiteSpace: "preserve"}}
	types[root.Name], types[text.Name] = root, text
	for _, b := range builtinTable() {
		base := text
		if b.base != "" {
			base = types[BuiltinName(b.base)]
		}
		t := &Type{Name: BuiltinName(b.name), Base: base, level: base.level + 1}
		t.Simple = b.simple(base.Simple, types)
		types[t.Name] = t
	}
	for _, space := range []string{Encoding11, Encoding12} {
		encoded(types, space)
	}
	return types
}

func (b builtin) simple(base *Simple, types map[xml.Name]*Type) *Simple {
	s := &Simple{Name: BuiltinName(b.name), Builtin: b.name, Facets: base.Facets}
	switch b.name {
	case "string":
		s.Facets.WhiteSpace = "preserve"
	case "normalizedString":
		s.Facets.WhiteSpace = "replace"
	default:
		s.Facets.WhiteSpace = "collapse"
	}
	if b.min != "" {
		s.Facets.MinInclusive = &b.min
	}
	if b.max != "" {
		s.Facets.MaxInclusive = &b.max
	}
	if b.name == "integer" {
		s.Facets.FractionDigits = new(int)
	}
	if b.item != "" {
		one := 1
		s.Variety, s.Builtin, s.Item, s.Facets.MinLength = List, "", types[BuiltinName(b.item)].Simple, &one
	}
	return s
}

// encoded adds the types of a namespace of SOAP encoding.
func encoded(types map[xml.Name]*Type, space string) {
	for _, b := range append(builtinTable(), builtin{name: "base64", base: "base64Binary"}) {
		from := types[BuiltinName(b.name)]
		if b.name == "base64" {
			from = types[BuiltinName(b.base)]
		}
		t := &Type{Name: xml.Name{Space: space, Local: b.name}, Base: from, level: from.level + 1}
		simple := *from.Simple
		simple.Name = t.Name
		t.Simple = &simple
		types[t.Name] = t
	}
	root := types[BuiltinName("anyType")]
	array := *root
	array.Name, array.Base, array.Mixed, array.Array = xml.Name{Space: space, Local: "Array"}, root, false, &Array{Item: root, Rank: 1}
	structure := *root
	structure.Name, structure.Base, structure.Mixed = xml.Name{Space: space, Local: "Struct"}, root, false
	types[array.Name], types[structure.Name] = &array, &structure
}
