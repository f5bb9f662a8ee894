package wsdl

import (
	"maps"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// way is one direction of an operation while it is compiled.
type way struct {
	*compiler
	binding  *binding
	portType part
	rpc      bool
	of       part   // the input or output of the portType
	bound    part   // that of the binding; without an element where there is none
	name     string // of the input or output
	wrapper  string // the local name around the parts of an rpc message
}

// message compiles what goes one way. It is never nil: mistakes are noted.
func (w *way) message() *Message {
	m := &Message{}
	of, ok := find(w.loader, w.of, "message", "message", w.messages)
	if !ok {
		return m
	}
	m.Name = of.attr("name")
	soap := w.soapElements()
	var body part
	for _, e := range soap {
		if e.Name.Local == "body" && body.Element == nil {
			body = e
		}
	}
	selected := false
	if body.Element != nil {
		m.Encoded = w.encoded(body)
		_, selected = body.Attr("", "parts")
	}
	if w.rpc {
		m.Wrapper.Local = w.wrapper
		if body.Element != nil {
			m.Wrapper.Space = body.attr("namespace")
		}
	}
	headers := w.headers(m, of, soap)
	m.Parts = w.bodyParts(of, body, selected, headers)
	if w.bound.Element != nil {
		m.MTOM = w.attached(w.bound).mtom == RequiredAddressing
	}
	m.MTOM = m.MTOM || w.binding.mtom == RequiredAddressing
	return m
}

// soapElements gives the elements of SOAP in an input or output of a binding; those in the root part of a MIME message are too.
func (w *way) soapElements() []part {
	if w.bound.Element == nil {
		return nil
	}
	list := soapChildren(w.bound)
	multipart, ok := w.bound.child("multipartRelated", mimeSpace)
	if !ok {
		return list
	}
	for _, c := range multipart.Children {
		if c.Name == (xml.Name{Space: mimeSpace, Local: "part"}) {
			list = append(list, soapChildren(multipart.in(c))...)
		}
	}
	return list
}

func soapChildren(e part) (list []part) {
	for _, c := range e.Children {
		if c.Name.Space == soap11Space || c.Name.Space == soap12Space {
			list = append(list, e.in(c))
		}
	}
	return list
}

// encoded says whether a soap:body or soap:header has SOAP encoding.
func (c *compiler) encoded(e part) bool {
	switch use := e.attr("use"); use {
	case "", "literal":
		return false
	case "encoded":
	default:
		c.errorf(e, "it is literal or encoded", "there is no use %q", clip(use))
		return false
	}
	styles := strings.Fields(e.attr("encodingStyle"))
	known := slices.ContainsFunc(styles, func(s string) bool {
		s = strings.TrimSuffix(s, "/")
		return s == "http://schemas.xmlsoap.org/soap/encoding" || s == "http://www.w3.org/2003/05/soap-encoding"
	})
	if len(styles) > 0 && !known {
		c.errorf(e, "", "the encoding %s is not known, only that of SOAP", clip(styles[0]))
	}
	return true
}

// headers compiles the headers that the binding declares, and gives the names of those parts of the message itself that are headers.
func (w *way) headers(m *Message, of part, soap []part) (own map[string]bool) {
	own = map[string]bool{}
	for _, e := range soap {
		if e.Name.Local != "header" {
			continue
		}
		message, ok := find(w.loader, e, "message", "message", w.messages)
		if !ok {
			continue
		}
		name := e.attr("part")
		if !w.spend(1, e) {
			break
		}
		p := w.namedPart(message, name, e)
		if p == nil {
			continue
		}
		header := *p
		header.Encoded = w.encoded(e)
		if header.Element == nil { // of an rpc binding: its name is that of the part
			header.Element = &xsd.Element{Name: xml.Name{Space: e.attr("namespace"), Local: p.Name}, Type: p.Type}
		}
		m.Headers = append(m.Headers, &header)
		if message.Element == of.Element {
			own[name] = true
		}
	}
	return own
}

// bodyParts gives the parts that stand in the body: those that soap:body names, else all that are no headers.
func (w *way) bodyParts(of, body part, selected bool, headers map[string]bool) []*Part {
	var parts []*Part
	if selected {
		for _, name := range strings.Fields(body.attr("parts")) {
			if !w.spend(1, body) {
				break
			}
			if p := w.namedPart(of, name, body); p != nil {
				parts = append(parts, w.inBody(p))
			}
		}
		return parts
	}
	if !w.spend(len(of.Children), of) {
		return nil
	}
	for _, e := range of.each("part") {
		if headers[e.attr("name")] {
			continue
		}
		if p := w.messagePart(of, e); p != nil {
			parts = append(parts, w.inBody(p))
		}
	}
	return parts
}

// inBody gives a part as it stands in the body. One of a document that has a type, which WS-I forbids, is an element of the part's
// name without a namespace: so do the servers that have such.
func (w *way) inBody(p *Part) *Part {
	if w.rpc || p.Element != nil {
		return p
	}
	return &Part{Name: p.Name, Element: &xsd.Element{Name: xml.Name{Local: p.Name}, Type: p.Type}}
}

// namedPart gives a part of a message by its name. At is what names it.
func (c *compiler) namedPart(message part, name string, at part) *Part {
	byName := c.named[message.Element]
	if byName == nil {
		byName = map[string]part{}
		for _, e := range message.each("part") {
			byName[e.attr("name")] = e
		}
		c.named[message.Element] = byName
	}
	if e, ok := byName[name]; ok {
		return c.messagePart(message, e)
	}
	if !c.full() {
		names := slices.Sorted(maps.Keys(byName))
		c.errorf(at, steps.Hint(clip(name), names[:min(len(names), maxCandidates)]), "the message %s has no part %q", clip(message.attr("name")), clip(name))
	}
	return nil
}

// messagePart compiles a part of a message, once. It is nil where that has a mistake.
func (c *compiler) messagePart(message, e part) *Part {
	byName := c.parts[message.Element]
	if byName == nil {
		byName = map[string]*Part{}
		c.parts[message.Element] = byName
	}
	name := e.attr("name")
	if p, known := byName[name]; known {
		return p
	}
	byName[name] = c.newPart(e, name)
	return byName[name]
}

func (c *compiler) newPart(e part, name string) *Part {
	if e.attr("element") != "" {
		element, ok := find(c.loader, e, "element", "element", c.schema.Elements)
		if !ok {
			return nil
		}
		return &Part{Name: name, Element: element}
	}
	if e.attr("type") == "" {
		c.errorf(e, "", "the part %s has neither an element nor a type", clip(name))
		return nil
	}
	t, ok := find(c.loader, e, "type", "type", c.schema.Types)
	if !ok {
		return nil
	}
	return &Part{Name: name, Type: t}
}
