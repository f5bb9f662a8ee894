package soap

import (
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
		joined, err := join(body)
		if err != nil {
			return nil, err
		}
		body = []*xml.Element{joined}
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

// plainContent decodes a body that no schema describes. Where it is encoded, the elements behind the first are what is referred to.
func (a *answer) plainContent(body []*xml.Element) (any, error) {
	switch {
	case len(body) == 0:
		return nil, nil
	case len(body) > 1 && idOf(body[1]) != "", slices.ContainsFunc(body, isEncoded):
		joined, err := join(body)
		if err != nil {
			return nil, err
		}
		return plainValue(joined, a.call.lists()), nil
	case len(body) == 1:
		return body[0].Value(a.call.lists()), nil
	}
	out := map[string]any{}
	for _, e := range body {
		addTo(out, e.Name.Local, e.Value(a.call.lists()))
	}
	return out, nil
}

// typedContent decodes a body as the WSDL describes it.
func (a *answer) typedContent(m *wsdl.Message, body []*xml.Element) any {
	if m.Wrapper != (xml.Name{}) {
		return a.rpcContent(m, body[0])
	}
	if len(m.Parts) <= 1 && len(body) == 1 {
		return a.partContent(m, body[0])
	}
	out := map[string]any{}
	for _, e := range body {
		addTo(out, e.Name.Local, a.partContent(m, e))
	}
	return out
}

// partContent decodes an element of a document message.
func (a *answer) partContent(m *wsdl.Message, e *xml.Element) any {
	schema := a.call.schema()
	for _, p := range m.Parts {
		if p.Element != nil && p.Element.Name == e.Name {
			return a.note(schema.Decode(p.Element, e, &values.Reading{}))
		}
	}
	for _, p := range m.Parts { // a document message with a typed part: its element is named as the server likes
		if p.Element == nil && p.Type != nil {
			return a.note(schema.DecodeType(p.Type, e, &values.Reading{}))
		}
	}
	a.warn(values.Warning{Path: e.Name.Local, Message: "stands" + inSpace(e.Name.Space) + " where the WSDL has " + wantedIn(m)})
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

// rpcContent decodes the wrapper of an rpc message: its parts by their names. A wrapper of another name is read all the same, since
// servers differ in it.
func (a *answer) rpcContent(m *wsdl.Message, wrapper *xml.Element) any {
	schema := a.call.schema()
	if wrapper.Name != m.Wrapper {
		a.warn(values.Warning{Path: wrapper.Name.Local, Message: "stands" + inSpace(wrapper.Name.Space) + " where the WSDL has the wrapper " + wantedIn(m)})
	}
	out := map[string]any{}
	named := byName(m.Parts)
	for i, child := range wrapper.Children {
		p := named[child.Name.Local]
		if p == nil && len(m.Parts) == len(wrapper.Children) {
			p = m.Parts[i] // many servers call the answer's part as they like
		}
		if p == nil || p.Type == nil {
			a.warn(values.Warning{Path: child.Name.Local, Message: "is no part of the message"})
			addTo(out, child.Name.Local, child.Value(nil))
			continue
		}
		addTo(out, p.Name, a.note(schema.DecodeType(p.Type, child, &values.Reading{})))
	}
	for _, p := range m.Parts {
		if _, there := out[p.Name]; !there {
			a.warn(values.Warning{Path: p.Name, Message: "is missing: a part of the message"})
		}
	}
	return out
}

// byName gives the parts of a message by their names: a message may have many, and an answer too.
func byName(parts []*wsdl.Part) map[string]*wsdl.Part {
	named := make(map[string]*wsdl.Part, len(parts))
	for _, p := range slices.Backward(parts) {
		named[p.Name] = p // the first of a name
	}
	return named
}
