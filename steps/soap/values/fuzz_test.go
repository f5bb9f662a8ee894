package values

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// dice makes choices out of bytes. When they are used up, all choices are the first.
type dice struct {
	bytes []byte
	names int
}

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 || n < 2 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) name() string {
	d.names++
	return fmt.Sprintf("n%d", d.names)
}

func (d *dice) occurs(inLoop bool) string {
	if inLoop {
		return []string{"", optional}[d.roll(2)]
	}
	return []string{"", optional, many, `maxOccurs="3"`, `minOccurs="2" maxOccurs="2"`}[d.roll(5)]
}

// element makes the declaration of an element of a random type.
func (d *dice) element(depth int, occurs string) string {
	nillable := []string{"", ` nillable="true"`}[d.roll(2)]
	head := `<xs:element name="` + d.name() + `" ` + occurs + nillable
	if d.roll(4) == 3 {
		head = strings.Replace(head, "<xs:element ", `<xs:element form="qualified" `, 1)
	}
	switch kind := d.roll(5); {
	case kind == 0 || depth == 0:
		return head + ` type="xs:` + []string{"string", "int", "boolean", "decimal", "date", "double", "token"}[d.roll(7)] + `"/>`
	case kind == 1:
		return head + `><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`
	case kind == 2:
		return head + `><xs:complexType><xs:simpleContent><xs:extension base="xs:string">` + d.attributes(1) + `</xs:extension></xs:simpleContent></xs:complexType></xs:element>`
	case kind == 3:
		return head + ` type="t:` + []string{"Base", "Derived", "Tree"}[d.roll(3)] + `"/>`
	}
	return head + `><xs:complexType>` + d.group(depth-1, false, false) + d.attributes(0) + `</xs:complexType></xs:element>`
}

func (d *dice) attributes(least int) string {
	var b strings.Builder
	for range least + d.roll(3) {
		b.WriteString(`<xs:attribute name="` + d.name() + `" type="xs:int" use="` + []string{"optional", "required"}[d.roll(2)] + `"/>`)
	}
	return b.String()
}

// group makes a group with elements and, not in a loop, groups in it.
func (d *dice) group(depth int, inner, inLoop bool) string {
	kind := []string{"sequence", "choice", "all"}[d.roll(3)]
	if kind == "all" && (inner || inLoop) {
		kind = "sequence"
	}
	occurs, loop := "", inLoop
	if kind != "all" && !inLoop {
		if occurs = []string{"", optional, many}[d.roll(3)]; occurs == many {
			loop = true
		}
	}
	var b strings.Builder
	for range 1 + d.roll(3) {
		switch {
		case kind == "all":
			b.WriteString(d.element(depth, []string{"", optional}[d.roll(2)]))
		case depth > 0 && !loop && d.roll(4) == 3:
			b.WriteString(d.group(depth-1, true, loop))
		default:
			b.WriteString(d.element(depth, d.occurs(loop)))
		}
	}
	return "<xs:" + kind + " " + occurs + ">" + b.String() + "</xs:" + kind + ">"
}

const fuzzTypes = `
<xs:complexType name="Base"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType>
<xs:complexType name="Derived"><xs:complexContent><xs:extension base="t:Base"><xs:sequence><xs:element name="y" type="xs:string" minOccurs="0"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Tree"><xs:sequence><xs:element name="v" type="xs:int"/><xs:element name="kid" type="t:Tree" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>`

// valueOf makes a value of an element, as decoding gives it.
func (d *dice) valueOf(s *Schema, e *xsd.Element, depth int) any {
	sh := s.shapeOf(e.Type)
	if e.Nillable && d.roll(4) == 3 && !slices.ContainsFunc(sh.attrs, func(at *attrSlot) bool { return at.attribute.Required }) {
		return nil // which has no attributes
	}
	switch sh.form {
	case plainForm:
		return d.scalar(sh.text)
	case textForm:
		out := map[string]any{textKey: d.scalar(sh.text)}
		d.attributesOf(out, sh)
		return out
	}
	out := map[string]any{}
	if len(e.Type.Derived) > 0 && d.roll(2) == 1 {
		sh = s.shapeOf(e.Type.Derived[0])
		out[typeKey] = e.Type.Derived[0].Name.Local
	}
	for _, sl := range sh.slots {
		if sl.list {
			out[sl.key] = []any{}
		}
	}
	d.attributesOf(out, sh)
	if sh.model != nil {
		d.fill(s, sh, sh.model, out, depth)
	}
	return out
}

func (d *dice) attributesOf(out map[string]any, sh *shape) {
	for _, at := range sh.attrs {
		if at.attribute.Required || d.roll(2) == 1 {
			out[at.key] = d.roll(256)
		}
	}
}

// fill makes the elements of a model, as often as may be.
func (d *dice) fill(s *Schema, sh *shape, n *model, out map[string]any, depth int) {
	rounds := n.min
	if n.max != n.min && depth > 0 {
		rounds += d.roll(3)
	}
	if n.max != xsd.Unbounded {
		rounds = min(rounds, n.max)
	}
	if n.slot < 0 && n.kind == xsd.Choice && n.max == xsd.Unbounded && rounds > 0 {
		rounds = max(rounds, 1)
	}
	pick, skip := d.roll(len(n.kids)), d.roll(2)
	for range rounds {
		switch {
		case n.slot >= 0:
			sl := sh.slots[n.slot]
			v := d.valueOf(s, sl.element, depth-1)
			if list, isList := out[sl.key].([]any); isList && sl.list {
				out[sl.key] = append(list, v)
			} else {
				out[sl.key] = v
			}
		case n.kind == xsd.Choice:
			d.fill(s, sh, n.kids[pick], out, depth)
		default:
			for _, kid := range n.kids {
				switch {
				case !n.repeats():
					d.fill(s, sh, kid, out, depth)
				case kid.min > 0 || skip == 1: // in rows, each has all or none
					one := *kid
					one.min, one.max = 1, 1
					d.fill(s, sh, &one, out, depth)
				}
			}
		}
	}
}

func (d *dice) scalar(rd *reading) any {
	switch rd.kind {
	case booleanKind:
		return d.roll(2) == 1
	case integerKind:
		return d.roll(256) - 128
	case decimalKind, floatKind:
		return float64(d.roll(256)) / 4
	case listKind:
		list := []any{}
		for range d.roll(4) {
			list = append(list, d.roll(256))
		}
		return list
	}
	if rd.simple.Builtin == "date" {
		return fmt.Sprintf("2026-01-%02d", 1+d.roll(28))
	}
	return []string{"", "a", "a b", "<&>\"'", "ü\u20ac"}[d.roll(5)]
}

// FuzzValues makes a schema and a value of it, and holds that what is written is read as the value again, without a warning.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", "\x04\x00\x01\x02\x03\x04", "\x04\x02\x01\x01\x04\x03\x02\x01", "0123456789abcdefghij", "\x03\x03\x03\x03\x04\x04\x04\x04\x02\x02"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 400 {
			return
		}
		d := &dice{bytes: data}
		s := compile(t, fuzzTypes+complexOf(d.group(2, false, false)+d.attributes(0)))
		e := elementNamed(t, s, "e")
		value := d.valueOf(s, e, 4)
		node, problems := s.Encode(e, value, "params", &Writing{})
		if len(problems) > 0 {
			t.Fatalf("%s\n%s", asJSON(t, value), printProblems(problems))
		}
		text, err := xml.Write(node, xml.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := xml.Parse(text, xml.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, warnings := s.Decode(e, again, &Reading{})
		if len(warnings) > 0 || !reflect.DeepEqual(got, value) {
			t.Fatalf("%s\nbecame %s\nthen %s\n%s", asJSON(t, value), text, asJSON(t, got), printWarnings(warnings))
		}
		outlines(t, s.Outline(e, true), got, "out")
		if pasted, _ := fromYAML(t, s.Example("p", e)).(steps.Pairs).Get("p"); pasted != nil {
			if _, problems := s.Encode(e, pasted, "p", &Writing{}); len(problems) > 0 {
				t.Fatalf("the skeleton cannot be sent:\n%s%s", s.Example("p", e), printProblems(problems))
			}
		}
	})
}

// anyValue makes a value that may be anything.
func (d *dice) anyValue(depth int) any {
	switch d.roll(10) {
	case 0:
		return nil
	case 1:
		return d.roll(256)
	case 2:
		return []string{"", "x", "1", "true", "2026-01-01", "{urn:t}a", "p:a", "\x00", "\xff"}[d.roll(9)]
	case 3:
		return steps.Unknown{}
	case 4, 5:
		list := []any{}
		for range d.roll(4) {
			if depth > 0 {
				list = append(list, d.anyValue(depth-1))
			}
		}
		return list
	case 6:
		return steps.Scalar{Value: 1.5, Text: "1.50"}
	}
	pairs := steps.Pairs{}
	for range d.roll(5) {
		if depth > 0 {
			pairs = append(pairs, steps.Pair{Key: anyKeys[d.roll(len(anyKeys))], Value: d.anyValue(depth - 1)})
		}
	}
	return pairs
}

var anyKeys = [...]string{"n1", "n2", "n3", "n4", "n5", "n6", "_", "_type", "_order", "{urn:t}n2", "p:n1", "", "a b", "_n3", "{", "x", "y", "v", "kid", "file"}

// FuzzEncode writes values that may be anything: it ends, and what has no mistakes is read without a warning.
func FuzzEncode(f *testing.F) {
	f.Add([]byte(""), []byte("\x09\x04\x00\x01\x01"))
	f.Add([]byte("\x04\x02\x01\x01\x04\x03\x02\x01"), []byte("\x09\x04\x00\x05\x02\x01\x01\x03\x07\x08\x09"))
	f.Fuzz(func(t *testing.T, schema, data []byte) {
		if len(schema)+len(data) > 600 {
			return
		}
		d := &dice{bytes: schema}
		open := []string{"", `<xs:anyAttribute processContents="lax"/>`}[d.roll(2)]
		s := compile(t, fuzzTypes+complexOf(d.group(2, false, false)+d.attributes(0)+open))
		e := elementNamed(t, s, "e")
		v := (&dice{bytes: data}).anyValue(5)
		node, problems := s.Encode(e, v, "params", &Writing{Prefixes: map[string]string{"p": "urn:t"}})
		if len(problems) > 0 || strings.Contains(fmt.Sprintf("%#v", v), "Unknown") {
			return
		}
		text, err := xml.Write(node, xml.WriteOptions{})
		if err != nil {
			t.Fatalf("%#v: %v", v, err)
		}
		again, err := xml.Parse(text, xml.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, warnings := s.Decode(e, again, &Reading{}); len(warnings) > 0 {
			t.Fatalf("%#v\nbecame %s\n%s", v, text, printWarnings(warnings))
		}
	})
}

// FuzzDecode reads documents that may be anything with a schema that has everything.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`<t:order xmlns:t="urn:t" id="1"><version>1</version></t:order>`,
		`<e xmlns:i="` + xml.InstanceSpace + `" xmlns:t="urn:t" i:type="t:Person"><firstName i:nil="true"/>x</e>`,
		`<e xmlns:s="` + xsd.Encoding11 + `" s:arrayType="t:Row[2,]"><a s:position="[1]"/><b/></e>`} {
		f.Add(seed)
	}
	s := compile(f, orderSchema+nodeSchema+fuzzTypes)
	f.Fuzz(func(t *testing.T, text string) {
		node, err := xml.Parse([]byte(text), xml.ReadOptions{Limits: xml.Limits{Nodes: 5000}})
		if err != nil {
			return
		}
		for _, e := range s.Elements {
			if _, warnings := s.Decode(e, node, &Reading{Lists: []string{"a"}}); len(warnings) > maxWarnings+1 {
				t.Fatalf("%d warnings", len(warnings))
			}
		}
		for _, typ := range s.Types {
			if _, warnings := s.DecodeType(typ, node, &Reading{}); len(warnings) > maxWarnings+1 {
				t.Fatalf("%d warnings", len(warnings))
			}
		}
	})
}
