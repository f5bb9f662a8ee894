package soap

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// message is an envelope that is ready to be sent.
type message struct {
	envelope []byte
	attached *attachments
}

// composer writes the message of an operation from the params and headers of a step.
type composer struct {
	*target
	in       steps.Input
	writing  *values.Writing
	problems []steps.Problem
}

// compose gives the body's elements and the header blocks that the operation's input message wants.
func (t *target) compose(in steps.Input, w *values.Writing) (body, headers []*xml.Element, problems []steps.Problem) {
	if problems := checkPrefixes(in); len(problems) > 0 {
		return nil, nil, problems
	}
	c := &composer{target: t, in: in, writing: w}
	w.SOAP12 = t.port.Version == "1.2"
	body = c.body(t.op.Input)
	headers = c.headers(t.op.Input)
	return body, headers, c.problems
}

func (c *composer) body(m *wsdl.Message) []*xml.Element {
	c.writing.Encoded = m.Encoded
	params, given := c.in["params"]
	if !given {
		params = steps.Pairs{}
	}
	switch {
	case m.Wrapper != xml.Name{}:
		return []*xml.Element{c.rpc(m, params)}
	case len(m.Parts) == 0:
		entries, isMap := steps.Entries(params)
		if !unknown(params) && params != nil && (!isMap || len(entries) > 0) {
			c.problems = append(c.problems, steps.Problem{Path: "params", Message: "cannot stand here: the operation " + c.op.Name + " takes nothing"})
		}
		return nil
	case len(m.Parts) == 1:
		return compact(c.part(m.Parts[0], params, "params"))
	}
	values := c.named(m.Parts, params)
	var body []*xml.Element
	for i, p := range m.Parts {
		body = append(body, compact(c.part(p, values[i], "params."+partKey(p)))...)
	}
	return body
}

func compact(e *xml.Element) []*xml.Element {
	if e == nil {
		return nil
	}
	return []*xml.Element{e}
}

// part writes a part that has an element: all of a document message have, and all headers.
func (c *composer) part(p *wsdl.Part, value any, path string) *xml.Element {
	e, problems := c.defs.Schema.Encode(p.Element, value, path, c.writing)
	c.problems = append(c.problems, problems...)
	return e
}

func (c *composer) typed(p *wsdl.Part, value any, path string) *xml.Element {
	e, problems := c.defs.Schema.EncodeType(xml.Name{Local: p.Name}, p.Type, value, path, c.writing)
	c.problems = append(c.problems, problems...)
	return e
}

// rpc writes the wrapper of an rpc message, named like the operation, with an element for each part (WSDL 1.1 section 3.5).
func (c *composer) rpc(m *wsdl.Message, params any) *xml.Element {
	wrapper := &xml.Element{Name: m.Wrapper}
	if m.Encoded {
		wrapper.Attrs = []xml.Attr{{Name: xml.Name{Space: spaceOf(c.port.Version), Local: "encodingStyle"}, Prefix: "soapenv", Value: encodingOf(c.port.Version)}}
	}
	values := c.named(m.Parts, params)
	for i, p := range m.Parts {
		if values[i] == missing {
			continue
		}
		if p.Element != nil {
			wrapper.Children = append(wrapper.Children, compact(c.part(p, values[i], "params."+partKey(p)))...)
			continue
		}
		wrapper.Children = append(wrapper.Children, compact(c.typed(p, values[i], "params."+p.Name))...)
	}
	return wrapper
}

func encodingOf(version string) string {
	if version == "1.2" {
		return xsd.Encoding12
	}
	return xsd.Encoding11
}

// partKey is the key of a part in params.
func partKey(p *wsdl.Part) string { return p.Name }

// absent stands for a part that has no value.
type absent struct{}

var missing any = absent{}

// named finds the value of each part, and what in params is none.
func (c *composer) named(parts []*wsdl.Part, params any) []any {
	values := make([]any, len(parts))
	entries, isMap := steps.Entries(params)
	if !isMap {
		if !unknown(params) {
			c.problems = append(c.problems, steps.Problem{Path: "params", Message: "must be a mapping of the message's parts: " + strings.Join(keysOf(parts), ", ")})
		}
		for i := range values {
			values[i] = steps.Unknown{}
		}
		return values
	}
	for i, p := range parts {
		value, given := entries.Get(partKey(p))
		if values[i] = value; given {
			continue
		}
		values[i] = missing
		c.problems = append(c.problems, steps.Problem{Path: "params", Message: fmt.Sprintf("lacks %s, a part of the message", partKey(p)), Hint: "`snrun soap example` shows what it takes"})
	}
	for _, e := range entries {
		if keys := keysOf(parts); !slices.Contains(keys, e.Key) {
			c.problems = append(c.problems, steps.Problem{Path: "params." + e.Key, Message: "is no part of the message", Hint: steps.Hint(e.Key, keys), Key: true})
		}
	}
	return values
}

func keysOf(parts []*wsdl.Part) []string {
	keys := make([]string, len(parts))
	for i, p := range parts {
		keys[i] = partKey(p)
	}
	return keys
}
