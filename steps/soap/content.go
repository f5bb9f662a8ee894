package soap

import (
	"cmp"
	"slices"
	"strings"

	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
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
	if len(body) == 0 {
		a.lacksAll(op.Output)
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

// lacksAll warns of an empty body, where the WSDL has something in it.
func (a *answer) lacksAll(m *wsdl.Message) {
	if wanted := wantedIn(m); wanted != "" {
		a.warn(values.Warning{Message: "the body is empty, and the WSDL has " + wanted + " in it"})
	}
}

// wantedIn names what a message has in its body, "" for nothing.
func wantedIn(m *wsdl.Message) string {
	if m.Wrapper != (xml.Name{}) {
		return m.Wrapper.Local + inSpace(m.Wrapper.Space)
	}
	var names []string
	for _, p := range m.Parts {
		if p.Element != nil {
			names = append(names, p.Element.Name.Local+inSpace(p.Element.Name.Space))
		} else {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
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
	if m.Wrapper != (xml.Name{}) {
		for _, e := range body[1:] {
			a.warnOf(e.Name.Local, "stands behind the wrapper, where nothing may")
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
			a.warnOf(p.Element.Name.Local, missingPart)
		}
	}
	return out.values()
}

const missingPart = "is missing: a part of the message"

// partContent decodes an element of a document message.
func (a *answer) partContent(m *wsdl.Message, e *xml.Element) any {
	schema := a.call.schema()
	for _, p := range m.Parts {
		if p.Element != nil && p.Element.Name == e.Name {
			return a.note(schema.Decode(p.Element, e, &values.Reading{}))
		}
	}
	a.warnOf(e.Name.Local, "stands"+inSpace(e.Name.Space)+" where the WSDL has "+cmp.Or(wantedIn(m), "nothing"))
	for _, p := range m.Parts { // one that is only in another namespace is read all the same
		if p.Element != nil && p.Element.Name.Local == e.Name.Local {
			return a.note(schema.Decode(p.Element, e, &values.Reading{}))
		}
	}
	return e.Value(nil)
}

// maxWarnings bounds what is told of one answer; the rest is counted.
const maxWarnings = 200

func (a *answer) note(value any, warnings []values.Warning) any {
	a.warn(warnings...)
	return value
}

func (a *answer) warn(warnings ...values.Warning) {
	told := min(len(warnings), maxWarnings-len(a.warnings))
	a.warnings = append(a.warnings, warnings[:told]...)
	a.unwarned += len(warnings) - told
}

func (a *answer) warnOf(path, message string) { a.warn(values.Warning{Path: path, Message: message}) }

// resultSpace is the namespace of what says which part of an rpc answer is its return value (SOAP 1.2 part 2 section 4.2.1). The WSDL
// knows that already.
const resultSpace = "http://www.w3.org/2003/05/soap-rpc"

// rpcContent decodes the wrapper of an rpc message: its parts by their names. A wrapper of another name is read all the same, since
// servers differ in it.
func (a *answer) rpcContent(m *wsdl.Message, wrapper *xml.Element) any {
	if wrapper.Name != m.Wrapper {
		a.warnOf(wrapper.Name.Local, "stands"+inSpace(wrapper.Name.Space)+" where the WSDL has the wrapper "+wantedIn(m))
	}
	children := slices.DeleteFunc(slices.Clone(wrapper.Children), func(e *xml.Element) bool { return e.Name.Space == resultSpace })
	out := gathering{}
	for i, p := range partsOf(m, children) {
		if p == nil {
			a.warnOf(children[i].Name.Local, "is no part of the message")
			out.add(children[i].Name.Local, children[i].Value(nil))
			continue
		}
		out.add(p.Name, a.rpcPart(p, children[i]))
	}
	for _, p := range m.Parts {
		if out[p.Name] == nil {
			a.warnOf(p.Name, missingPart)
		}
	}
	return out.values()
}

// partsOf gives the part of an rpc message that each element is, nil for none. Many servers call parts as they like: where there are as
// many elements as parts, one with an unknown name is the part at its place, if that is not there under its own.
func partsOf(m *wsdl.Message, children []*xml.Element) []*wsdl.Part {
	named := make(map[xml.Name]*wsdl.Part, len(m.Parts)) // a message may have many, and an answer too
	for _, p := range slices.Backward(m.Parts) {
		named[nameOf(p)] = p // the first of a name
	}
	parts, there := make([]*wsdl.Part, len(children)), map[*wsdl.Part]bool{}
	for i, e := range children {
		if parts[i] = named[e.Name]; parts[i] == nil {
			parts[i] = named[xml.Name{Local: e.Name.Local}] // some qualify parts, which are in no namespace
		}
		there[parts[i]] = true
	}
	for i := range parts {
		if parts[i] == nil && len(m.Parts) == len(children) && !there[m.Parts[i]] {
			parts[i] = m.Parts[i]
		}
	}
	return parts
}

// nameOf is the name of a part's element in an rpc message. WS-I forbids parts with an element of their own; such a one stands there
// as it is.
func nameOf(p *wsdl.Part) xml.Name {
	if p.Element != nil {
		return p.Element.Name
	}
	return xml.Name{Local: p.Name}
}

func (a *answer) rpcPart(p *wsdl.Part, e *xml.Element) any {
	if p.Element != nil {
		return a.note(a.call.schema().Decode(p.Element, e, &values.Reading{}))
	}
	return a.note(a.call.schema().DecodeType(p.Type, e, &values.Reading{}))
}
