package wsdl

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps/xml"
)

// services compiles all services that have a port with a SOAP binding.
func (l *loader) services() []*Service {
	var services []*Service
	c := &compiler{loader: l, bindings: map[*xml.Element]*binding{}, parts: map[*xml.Element]map[string]*Part{}, named: map[*xml.Element]map[string]part{}, policies: map[*xml.Element]policy{}}
	for _, doc := range l.documents {
		for _, e := range (part{doc.root, doc}).each("service") {
			s := &Service{Name: xml.Name{Space: doc.space, Local: e.attr("name")}, Doc: e.documentation()}
			for _, port := range e.each("port") {
				if p := c.port(port); p != nil {
					s.Ports = append(s.Ports, p)
				}
			}
			if len(s.Ports) > 0 {
				services = append(services, s)
			}
		}
	}
	if len(services) == 0 && len(l.mistakes) == 0 {
		c.noService()
	}
	return services
}

// compiler compiles what the ports reach; each binding and each message once.
type compiler struct {
	*loader
	bindings map[*xml.Element]*binding
	named    map[*xml.Element]map[string]part  // the parts of a message by their names
	parts    map[*xml.Element]map[string]*Part // those that are compiled
	policies map[*xml.Element]policy
	skipped  []string // ports without a SOAP binding, with what they have
}

// noService says why there is nothing to call.
func (c *compiler) noService() {
	whole := part{c.documents[0].root, c.documents[0]}
	switch {
	case len(c.skipped) > 0:
		slices.Sort(c.skipped)
		list := c.skipped[:min(len(c.skipped), 10)]
		c.errorf(whole, "", "no port has a SOAP binding over HTTP; there is %s", strings.Join(list, ", "))
	case len(c.tables.bindings) > 0:
		c.errorf(whole, "name the WSDL that has it; as a rule it imports this one", "the WSDL has bindings, but no service with a port")
	default:
		c.errorf(whole, "name the WSDL that imports it", "the WSDL has no service and no binding")
	}
}

// port compiles a port; it is nil where that has no SOAP binding.
func (c *compiler) port(e part) *Port {
	bound, ok := find(c.loader, e, "binding", "binding", c.tables.bindings)
	if !ok {
		return nil
	}
	b := c.binding(bound)
	if b.other != "" {
		c.skipped = append(c.skipped, fmt.Sprintf("%s (%s)", clip(e.attr("name")), b.other))
		return nil
	}
	p := &Port{Name: e.attr("name"), Version: b.version, Operations: b.operations}
	if address, ok := e.child("address", soap11Space, soap12Space); ok {
		p.Address = address.attr("location")
	}
	if own := c.attached(e); own.addressing > b.addressing || own.mtom == RequiredAddressing {
		p.Operations = c.withPolicy(b.operations, own, e)
	}
	return p
}

// withPolicy gives operations as a policy of their port has them.
func (c *compiler) withPolicy(operations []*Operation, own policy, at part) []*Operation {
	if !c.spend(len(operations), at) {
		return nil
	}
	changed := make([]*Operation, len(operations))
	for i, o := range operations {
		copied := *o
		copied.Addressing = max(o.Addressing, own.addressing)
		copied.Input, copied.Output = o.Input.withMTOM(own), o.Output.withMTOM(own)
		changed[i] = &copied
	}
	return changed
}

func (m *Message) withMTOM(p policy) *Message {
	if m == nil || m.MTOM || p.mtom != RequiredAddressing {
		return m
	}
	copied := *m
	copied.MTOM = true
	return &copied
}

// binding is a wsdl:binding, compiled.
type binding struct {
	part
	other      string // what it is that is not SOAP over HTTP; "" where it is
	version    string
	rpc        bool
	operations []*Operation
	policy
}

func (c *compiler) binding(e part) *binding {
	if b := c.bindings[e.Element]; b != nil {
		return b
	}
	b := &binding{part: e, other: otherBinding(e)}
	c.bindings[e.Element] = b
	if b.other != "" {
		return b
	}
	soap, _ := e.child("binding", soap11Space, soap12Space)
	b.version = "1.1"
	if soap.Name.Space == soap12Space {
		b.version = "1.2"
	}
	b.rpc = c.style(soap, false)
	b.policy = c.attached(e)
	if from, ok := find(c.loader, e, "type", "portType", c.portTypes); ok {
		c.operations(b, from)
	}
	return b
}

// style says whether an element of SOAP asks for rpc.
func (c *compiler) style(soap part, inherited bool) (rpc bool) {
	switch style := soap.attr("style"); style {
	case "":
		return inherited
	case "rpc", "document":
		return style == "rpc"
	default:
		c.errorf(soap, "it is document or rpc", "there is no style %q", clip(style))
		return inherited
	}
}

// otherBinding says what a binding is, "" where it is SOAP over HTTP.
func otherBinding(e part) string {
	if soap, ok := e.child("binding", soap11Space, soap12Space); ok {
		transport := soap.attr("transport")
		switch strings.TrimSuffix(transport, "/") {
		case "", "http://schemas.xmlsoap.org/soap/http", "http://schemas.xmlsoap.org/wsdl/soap/http",
			"http://www.w3.org/2003/05/soap/bindings/HTTP", "http://schemas.xmlsoap.org/soap/https":
			return ""
		}
		return "SOAP over " + clip(transport)
	}
	if http, ok := e.child("binding", httpSpace); ok {
		return strings.TrimSpace("HTTP " + clip(http.attr("verb")))
	}
	for _, child := range e.Children {
		if child.Name.Local == "binding" {
			return "a binding" + inSpace(child.Name.Space)
		}
	}
	return "a binding that says nothing of its protocol"
}
