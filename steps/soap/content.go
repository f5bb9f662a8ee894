package soap

import (
	"slices"

	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// content is what stands in the body's wrapper.
func (a *answer) content() (any, error) {
	body := a.envelope.body
	op := a.call.operation()
	if op == nil {
		return a.plainContent(body)
	}
	if op.Output == nil {
		return nil, nil
	}
	if op.Output.Encoded {
		var err error
		if body, err = join(body); err != nil {
			return nil, err
		}
	}
	return a.typedContent(op.Output, body), nil
}

// plainContent decodes a body that no schema describes. Where it is encoded, what stands behind the first element is what is referred
// to, if it has an id.
func (a *answer) plainContent(body []*xml.Element) (any, error) {
	behind := body[min(1, len(body)):]
	referred := slices.ContainsFunc(behind, func(e *xml.Element) bool { return idOf(e) != "" })
	if referred && slices.ContainsFunc(body, refersWithin) || slices.ContainsFunc(body, isEncoded) {
		joined, err := join(body)
		if err != nil {
			return nil, err
		}
		body = joined
	}
	lists := a.call.lists()
	switch len(body) {
	case 0:
		return nil, nil
	case 1:
		return plainValue(body[0], lists), nil
	}
	out := gathering{}
	for _, e := range body {
		out.add(e.Name.Local, plainValue(e, lists))
	}
	return out.values(lists...), nil
}

// typedContent decodes a body as the WSDL describes it.
func (a *answer) typedContent(m *wsdl.Message, body []*xml.Element) any {
	if len(body) == 0 {
		if len(m.Parts) > 0 || m.Wrapper != (xml.Name{}) {
			a.warn("", "the body is empty, and the operation has an answer")
		}
		return nil
	}
	if m.Wrapper != (xml.Name{}) {
		for _, e := range body[1:] {
			a.warn(e.Name.Local, "stands behind the wrapper, where nothing may")
		}
		return a.rpcContent(m, body[0])
	}
	if len(m.Parts) <= 1 && len(body) == 1 {
		return a.partContent(m, body[0])
	}
	out := gathering{}
	for _, e := range body {
		out.add(e.Name.Local, a.partContent(m, e))
	}
	for _, p := range m.Parts {
		if p.Element != nil && out[p.Element.Name.Local] == nil {
			a.warn(p.Element.Name.Local, missingPart)
		}
	}
	return out.values()
}

const missingPart = "is missing: a part of the message"

func (a *answer) warn(path, message string) {
	a.warnings = append(a.warnings, xsd.Warning{Path: path, Message: message})
}

// partContent decodes an element of a document message.
func (a *answer) partContent(m *wsdl.Message, e *xml.Element) any {
	schema := a.call.schema()
	for _, p := range m.Parts {
		if p.Element != nil && p.Element.Name == e.Name {
			return a.note(schema.Decode(p.Element, e, &xsd.Reading{}))
		}
	}
	for _, p := range m.Parts { // a document message with a typed part: its element is named as the server likes
		if p.Element == nil && p.Type != nil {
			return a.note(schema.DecodeType(p.Type, e, &xsd.Reading{}))
		}
	}
	a.warn(e.Name.Local, "is not the element that the WSDL names")
	for _, p := range m.Parts { // one that is only in another namespace is read all the same
		if p.Element != nil && p.Element.Name.Local == e.Name.Local {
			return a.note(schema.Decode(p.Element, e, &xsd.Reading{}))
		}
	}
	return e.Value(nil)
}

func (a *answer) note(value any, warnings []xsd.Warning) any {
	a.warnings = append(a.warnings, warnings...)
	return value
}

// resultSpace is the namespace of what says which part of an rpc answer is its return value (SOAP 1.2 part 2 section 4.2.1). The WSDL
// knows that already.
const resultSpace = "http://www.w3.org/2003/05/soap-rpc"

// rpcContent decodes the wrapper of an rpc message: its parts by their names. A wrapper of another name is read all the same, since
// servers differ in it.
func (a *answer) rpcContent(m *wsdl.Message, wrapper *xml.Element) any {
	if wrapper.Name != m.Wrapper {
		a.warn(wrapper.Name.Local, "is not the wrapper "+m.Wrapper.Local+" that the WSDL names")
	}
	children := slices.DeleteFunc(slices.Clone(wrapper.Children), func(e *xml.Element) bool { return e.Name.Space == resultSpace })
	out := gathering{}
	for i, child := range children {
		p := partOf(m.Parts, child)
		if p == nil && len(m.Parts) == len(children) && !slices.ContainsFunc(children, func(e *xml.Element) bool { return partOf(m.Parts, e) == m.Parts[i] }) {
			p = m.Parts[i] // many servers call the answer's part as they like
		}
		if p == nil {
			a.warn(child.Name.Local, "is no part of the message")
			out.add(child.Name.Local, child.Value(nil))
			continue
		}
		out.add(p.Name, a.rpcPart(p, child))
	}
	for _, p := range m.Parts {
		if out[p.Name] == nil {
			a.warn(p.Name, missingPart)
		}
	}
	return out.values()
}

// rpcPart decodes a part of an rpc message; one with an element, which WS-I forbids, is there as that.
func (a *answer) rpcPart(p *wsdl.Part, e *xml.Element) any {
	if p.Element != nil {
		return a.note(a.call.schema().Decode(p.Element, e, &xsd.Reading{}))
	}
	return a.note(a.call.schema().DecodeType(p.Type, e, &xsd.Reading{}))
}

// partOf gives the part of an rpc message that an element is.
func partOf(parts []*wsdl.Part, e *xml.Element) *wsdl.Part {
	for _, p := range parts {
		if p.Element == nil && p.Name == e.Name.Local || p.Element != nil && p.Element.Name == e.Name {
			return p
		}
	}
	return nil
}
