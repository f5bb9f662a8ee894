package soap

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsdl"
	"snrun/steps/xml"
)

// headers writes the header blocks of a step that names a WSDL.
func (c *composer) headers(m *wsdl.Message) []*xml.Element {
	entries, isMap := steps.Entries(c.in["headers"])
	if !isMap && c.in.Has("headers") && !unknown(c.in["headers"]) {
		c.problems = append(c.problems, steps.Problem{Path: "headers", Message: "must be a mapping of header blocks"})
	}
	var blocks []*xml.Element
	for _, e := range entries {
		path := "headers." + e.Key
		value, attributes := apart(e.Value, c.port.Version)
		block := c.header(m, steps.Pair{Key: e.Key, Value: value}, path)
		if block != nil {
			block.Attrs = append(block.Attrs, attributes...)
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// header writes one block: a declared one by its name, another element of the schema or an unknown one by its name with a prefix.
func (c *composer) header(m *wsdl.Message, e steps.Pair, path string) *xml.Element {
	if i := slices.IndexFunc(m.Headers, func(p *wsdl.Part) bool { return e.Key == p.Name || p.Element != nil && e.Key == p.Element.Name.Local }); i >= 0 {
		c.writing.Encoded = m.Headers[i].Encoded
		return c.part(m.Headers[i], e.Value, path)
	}
	prefix, local, hasPrefix := strings.Cut(e.Key, ":")
	space, declared := c.in.Pairs("namespaces").Get(prefix)
	switch {
	case !hasPrefix:
		c.problems = append(c.problems, steps.Problem{Path: path, Message: "is no header of the operation " + c.op.Name, Key: true, Hint: c.headerHint(m, e.Key)})
		return nil
	case !declared:
		c.problems = append(c.problems, steps.Problem{Path: path, Message: fmt.Sprintf("has the prefix %q, which is not under namespaces", prefix), Key: true})
		return nil
	}
	name := xml.Name{Space: exchange.AsText(space), Local: local}
	if known := c.defs.Schema.Elements[name]; known != nil {
		c.writing.Encoded = false
		block, problems := c.defs.Schema.Encode(known, e.Value, path, c.writing)
		c.problems = append(c.problems, problems...)
		return block
	}
	return c.unknownHeader(e, path)
}

func (c *composer) headerHint(m *wsdl.Message, key string) string {
	var names []string
	for _, p := range m.Headers {
		if p.Element != nil {
			names = append(names, p.Element.Name.Local)
		} else {
			names = append(names, p.Name)
		}
	}
	if hint := steps.Hint(key, names); hint != "" {
		return hint
	}
	return "write another header as prefix:" + key + ", with the prefix under namespaces"
}

// unknownHeader writes a block that no schema describes.
func (c *composer) unknownHeader(e steps.Pair, path string) *xml.Element {
	data, err := xml.Encode(steps.Pairs{{Key: e.Key, Value: known(e.Value)}}, xml.WriteOptions{Namespaces: c.in.Pairs("namespaces")})
	if err == nil {
		var block *xml.Element
		if block, err = xml.Parse(data, xml.ReadOptions{}); err == nil {
			return block
		}
	}
	for _, wrong := range valueErrors(err) {
		c.problems = append(c.problems, steps.Problem{Path: path + strings.TrimPrefix(wrong.Path, e.Key), Message: wrong.Message, Key: wrong.Key})
	}
	return nil
}

// apart takes the attributes that the envelope defines out of the value of a header block.
func apart(value any, version string) (rest any, attributes []xml.Attr) {
	entries, isMap := steps.Entries(value)
	if !isMap {
		return value, nil
	}
	kept := make(steps.Pairs, 0, len(entries))
	for _, e := range entries {
		name, text, isOwn := envelopeAttribute(e, version)
		if !isOwn {
			kept = append(kept, e)
			continue
		}
		attributes = append(attributes, xml.Attr{Name: xml.Name{Space: spaceOf(version), Local: name}, Prefix: "soapenv", Value: text})
	}
	return kept, attributes
}

// envelopeAttribute says whether an entry of a header block is an attribute that the envelope defines, and how the version has it:
// what SOAP 1.1 calls the actor is the role in 1.2 (SOAP 1.2 part 0 section 6), and mustUnderstand is 1 or 0 there (SOAP 1.1 section
// 4.2.3).
func envelopeAttribute(e steps.Pair, version string) (name, text string, is bool) {
	text, is = xml.Text(known(e.Value))
	switch e.Key {
	case "_mustUnderstand":
		if number, isWord := map[string]string{"true": "1", "false": "0"}[text]; isWord && version != "1.2" {
			text = number
		}
		return "mustUnderstand", text, is
	case "_actor", "_role":
		if version == "1.2" {
			return "role", text, is
		}
		return "actor", text, is
	case "_relay":
		return "relay", text, is
	}
	return "", "", false
}
