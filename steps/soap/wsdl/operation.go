package wsdl

import (
	"maps"
	"slices"
	"strings"

	"snrun/steps"
)

// maxOverloads is how many operations of one name a portType may have.
const maxOverloads = 100

// abstract is an operation of a portType.
type abstract struct {
	part
	input, output         part // without an element where there is none
	inputName, outputName string
	taken                 bool // by an operation of the binding
}

// portType gives the operations of a portType by their names; nil where there are too many of one name.
func (c *compiler) portType(e part) map[string][]*abstract {
	byName := map[string][]*abstract{}
	for _, op := range e.each("operation") {
		a := &abstract{part: op}
		name := op.attr("name")
		if len(byName[name]) == maxOverloads {
			c.errorf(op, "", "the operation %s stands more than %d times in its portType", clip(name), maxOverloads)
			return nil
		}
		a.input, _ = op.child("input", wsdlSpace)
		a.output, _ = op.child("output", wsdlSpace)
		a.inputName, a.outputName = a.wayNames()
		byName[name] = append(byName[name], a)
	}
	return byName
}

// wayNames gives the names of input and output: those written, else the defaults of WSDL 1.1 section 2.4.5.
func (a *abstract) wayNames() (input, output string) {
	name := a.attr("name")
	input, output = name+"Request", name+"Response"
	switch {
	case a.output.Element == nil:
		input = name
	case a.input.Element == nil:
		output = name
	}
	if a.input.Element != nil {
		input = firstOf(a.input.attr("name"), input)
	}
	if a.output.Element != nil {
		output = firstOf(a.output.attr("name"), output)
	}
	return input, output
}

// operations compiles the operations of a binding, all but those that a server calls.
func (c *compiler) operations(b *binding, portType part) {
	if !c.spend(len(portType.Children), b.part) {
		return
	}
	byName := c.portType(portType)
	if byName == nil {
		return
	}
	for _, e := range b.each("operation") {
		name := e.attr("name")
		of := choose(byName[name], e)
		if of == nil && c.full() {
			return
		}
		if of == nil {
			names := slices.Sorted(maps.Keys(byName))
			c.errorf(e, steps.Hint(clip(name), names[:min(len(names), maxCandidates)]), "the portType %s has no operation %s", clip(portType.attr("name")), clip(name))
			continue
		}
		of.taken = true
		if of.input.Element != nil {
			b.operations = append(b.operations, c.operation(b, portType, of, e))
		}
	}
}

// choose gives the operation of the portType that one of a binding means: of an overloaded one that with the same names of input
// and output, else the first that is left.
func choose(list []*abstract, bound part) *abstract {
	if len(list) == 1 {
		return list[0]
	}
	input, _ := bound.child("input", wsdlSpace)
	output, _ := bound.child("output", wsdlSpace)
	for _, a := range list {
		if isNamed(input, a.inputName) && isNamed(output, a.outputName) && (input.Element != nil && input.attr("name") != "" || !a.taken) {
			return a
		}
	}
	return nil
}

// isNamed says whether an input or output of a binding can be meant by a name.
func isNamed(e part, name string) bool {
	if e.Element == nil {
		return true
	}
	written := e.attr("name")
	return written == "" || written == name
}

// operation compiles an operation: of is what the portType says of it, e what the binding does.
func (c *compiler) operation(b *binding, portType part, of *abstract, e part) *Operation {
	o := &Operation{Name: of.attr("name"), Doc: firstOf(of.documentation(), e.documentation()), RPC: b.rpc, Addressing: b.addressing}
	if soap, ok := e.child("operation", soap11Space, soap12Space); ok {
		o.Action = soap.attr("soapAction")
		o.RPC = c.style(soap, b.rpc)
	}
	in := &way{compiler: c, binding: b, portType: portType, rpc: o.RPC, of: of.input, name: of.inputName, wrapper: o.Name}
	in.bound, _ = e.child("input", wsdlSpace)
	o.Input = in.message()
	o.Input.Action = firstOf(givenAction(of.input), o.Action, defaultAction(portType, of.inputName))
	if of.output.Element != nil {
		out := &way{compiler: c, binding: b, portType: portType, rpc: o.RPC, of: of.output, name: of.outputName, wrapper: o.Name + "Response"}
		out.bound, _ = e.child("output", wsdlSpace)
		o.Output = out.message()
		o.Output.Action = firstOf(givenAction(of.output), defaultAction(portType, of.outputName))
	}
	if p := c.attached(e); p.mtom == RequiredAddressing {
		o.Input, o.Output = o.Input.withMTOM(p), o.Output.withMTOM(p)
	}
	o.Faults = c.faults(of)
	return o
}

// faults compiles the faults of an operation. The message of one has one part (WSDL 1.1 section 3.6).
func (c *compiler) faults(of *abstract) []*Fault {
	var faults []*Fault
	for _, e := range of.each("fault") {
		message, ok := find(c.loader, e, "message", "message", c.messages)
		if !ok {
			continue
		}
		only, ok := message.child("part", wsdlSpace)
		if !ok || !c.spend(len(message.Children), e) {
			continue
		}
		if p := c.messagePart(message, only); p != nil {
			faults = append(faults, &Fault{Name: e.attr("name"), Part: p})
		}
	}
	return faults
}

// The namespaces in which a WSDL names the actions of its messages.
const (
	wsamSpace = "http://www.w3.org/2007/05/addressing/metadata"
	wsawSpace = "http://www.w3.org/2006/05/addressing/wsdl"
	wsaSpace  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
)

// givenAction gives the action of WS-Addressing that an input or output names; "" for none.
func givenAction(e part) string {
	for _, space := range []string{wsamSpace, wsawSpace, wsaSpace} {
		if action, ok := e.Attr(space, "Action"); ok && strings.TrimSpace(action) != "" {
			return strings.TrimSpace(action)
		}
	}
	return ""
}

// defaultAction is the action of a message that nothing else gives one (WS-Addressing 1.0 Metadata, section 4.4.4).
func defaultAction(portType part, name string) string {
	space, delimiter := portType.doc.space, "/"
	if strings.HasPrefix(strings.ToLower(space), "urn:") {
		delimiter = ":"
	}
	return strings.TrimSuffix(space, delimiter) + delimiter + portType.attr("name") + delimiter + name
}
