package xsd

import (
	"strings"
	"testing"
)

// FuzzLoad holds that whatever a schema says, Load ends with a schema whose parts are all there, or with a mistake.
func FuzzLoad(f *testing.F) {
	for _, components := range []string{
		`<xs:element name="a" type="t:T"/><xs:complexType name="T"><xs:sequence><xs:element ref="t:a" minOccurs="0"/><xs:any/></xs:sequence><xs:attribute name="x" use="required"/></xs:complexType>`,
		`<xs:simpleType name="S"><xs:restriction base="xs:int"><xs:minInclusive value="1"/><xs:enumeration value="1"/><xs:pattern value="[1-9-[5]]"/></xs:restriction></xs:simpleType>`,
		`<xs:group name="g"><xs:choice><xs:element name="a" substitutionGroup="t:a"/><xs:group ref="t:g"/></xs:choice></xs:group>`,
		`<xs:complexType name="A"><xs:simpleContent><xs:extension base="xs:string"><xs:attributeGroup ref="t:h"/></xs:extension></xs:simpleContent></xs:complexType><xs:attributeGroup name="h"><xs:anyAttribute/></xs:attributeGroup>`,
		`<xs:complexType name="A"><xs:complexContent><xs:restriction base="e:Array" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"><xs:attribute ref="e:arrayType" w:arrayType="xs:int[][,]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>`,
		`<xs:redefine schemaLocation="main.xsd"><xs:simpleType name="S"><xs:restriction base="t:S"/></xs:simpleType></xs:redefine><xs:import namespace="urn:u" schemaLocation="u.xsd"/>`,
		`<xs:simpleType name="U"><xs:union memberTypes="xs:int t:L"/></xs:simpleType><xs:simpleType name="L"><xs:list itemType="xs:date"/></xs:simpleType>`,
		`<xs:element name="h" type="xs:int"/><xs:element name="m" substitutionGroup="t:h"/><xs:element name="n" substitutionGroup="t:m"/>`,
	} {
		f.Add(schemaOf(components))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := load(t, folder{"main.xsd": text, "u.xsd": strings.ReplaceAll(text, "urn:t", "urn:u")})
		if err != nil {
			if err.Error() == "" {
				t.Error("a mistake without words")
			}
			return
		}
		if strings.Contains(printed(s), "NOTHING") {
			t.Errorf("a part is missing in\n%s", printed(s))
		}
		for _, t := range s.Types {
			if t.Simple != nil {
				t.Simple.Check(text)
				t.Simple.Check("1 2026-01-01")
			}
		}
	})
}

// FuzzLoadTree is FuzzLoad with schemas that are well-formed, made of the elements and attributes that mean something.
func FuzzLoadTree(f *testing.F) {
	f.Add([]byte{1, 3, 0x11, 0, 12, 9, 4, 1, 0xFF, 0, 5, 0x10})
	f.Add([]byte("complexContent extension base of itself, with groups"))
	f.Add([]byte{2, 1, 2, 14, 0x33, 15, 7, 0, 0, 0, 2, 1, 14, 1, 0x31})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := load(t, folder{"main.xsd": schemaOf(grown(data))})
		if err == nil && strings.Contains(printed(s), "NOTHING") {
			t.Errorf("a part is missing in\n%s", printed(s))
		}
	})
}

// grown makes components of bytes: one names an element or ends one, the next says which attributes it has.
func grown(data []byte) string {
	names := strings.Fields(`element complexType simpleType group attributeGroup attribute sequence choice all any anyAttribute
		complexContent simpleContent extension restriction list union enumeration pattern maxLength minInclusive include import redefine`)
	attributes := []string{`name`, `ref`, `type`, `base`, `itemType`, `memberTypes`, `substitutionGroup`, `value`}
	values := []string{`a`, `b`, `t:a`, `t:b`, `xs:int`, `xs:NMTOKENS`, `e:Array`, `1`}
	var b strings.Builder
	var open []string
	for ; len(data) > 2 && len(open) < 30; data = data[3:] {
		if data[0]%4 == 0 && len(open) > 0 {
			b.WriteString("</xs:" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
			continue
		}
		name := names[int(data[0]/2)%len(names)]
		b.WriteString("<xs:" + name)
		for i, attribute := range attributes {
			if data[1]>>i&1 == 1 {
				b.WriteString(" " + attribute + `="` + values[(int(data[2])+i)%len(values)] + `"`)
			}
		}
		b.WriteString(` schemaLocation="main.xsd" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/">`)
		open = append(open, name)
	}
	for i := len(open) - 1; i >= 0; i-- {
		b.WriteString("</xs:" + open[i] + ">")
	}
	return b.String()
}

// FuzzCheck holds that no text makes a check of a built-in type panic, and that bounds are in order: a value equals itself.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"1", "-1.50", "P1Y2M3DT4H5M6.7S", "2026-01-31T24:00:00+14:00", "--02-29", "INF", "YQ==", "{urn:t}a", "a b", "-0001", "\xff"} {
		f.Add(text)
	}
	types := builtins()
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range builtinTable() {
			simple := types[BuiltinName(b.name)].Simple
			if simple.Check(text) != nil {
				continue
			}
			value := simple.Normal(text)
			if order, ok := compareValues(b.name, value, value); ok && order != 0 {
				t.Errorf("%s %q does not equal itself", b.name, value)
			}
		}
	})
}

// FuzzPattern holds that every pattern is translated into one that Go knows, or into none.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{`[A-Z]{2}\d{3,5}`, `[a-z-[aeiou]]+|(x)?`, `\i\c*`, `[^\p{L}-[\p{IsGreek}]]`, `^a$`, `[\w-.]`, `a{1,2}{3}`} {
		f.Add(pattern, "ab12")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		(&patternCache{}).compile(pattern).fits(text)
	})
}
