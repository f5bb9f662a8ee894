package wsdl

import (
	"strings"

	"snrun/steps/xml"
)

// policy is what the policies of a thing say of addressing and of MTOM.
type policy struct{ addressing, mtom Addressing }

// both is what two policies say that both hold.
func (p policy) both(other policy) policy {
	return policy{max(p.addressing, other.addressing), max(p.mtom, other.mtom)}
}

// either is what two policies say of which one holds.
func (p policy) either(other policy) policy {
	return policy{weaker(p.addressing, other.addressing), weaker(p.mtom, other.mtom)}
}

func weaker(a, b Addressing) Addressing {
	if a != b {
		return OptionalAddressing
	}
	return a
}

// isPolicySpace says whether a namespace is one of WS-Policy.
func isPolicySpace(space string) bool {
	switch space {
	case "http://www.w3.org/ns/ws-policy", "http://www.w3.org/2006/07/ws-policy", "http://schemas.xmlsoap.org/ws/2004/09/policy":
		return true
	}
	return false
}

const (
	utilitySpace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	mtomSpace    = "http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization"
	mtom12Space  = "http://www.w3.org/2007/08/soap12-mtom-policy"
)

// addPolicies takes up the policies of a document that have an id.
func (l *loader) addPolicies(whole part) {
	for _, c := range whole.Children {
		if c.Name.Local != "Policy" || !isPolicySpace(c.Name.Space) {
			continue
		}
		for _, space := range []string{utilitySpace, xml.XMLSpace} {
			for _, name := range []string{"Id", "id"} {
				if id, ok := c.Attr(space, name); ok {
					l.tables.policies[whole.doc.location+"#"+strings.TrimSpace(id)] = whole.in(c)
				}
			}
		}
	}
}

// attached gives what the policies at an element of the WSDL say. A policy that is not there says nothing: those of WS-Security and
// of others stand elsewhere often, and nothing is fetched for them.
func (c *compiler) attached(e part) policy {
	var p policy
	for _, child := range e.Children {
		at := e.in(child)
		switch {
		case isPolicySpace(child.Name.Space):
			p = p.both(c.policy(at))
		case child.Name.Local == "UsingAddressing":
			p = p.both(policy{addressing: using(at)})
		}
	}
	for _, a := range e.Attrs {
		if isPolicySpace(a.Name.Space) && a.Name.Local == "PolicyURIs" {
			for _, uri := range strings.Fields(a.Value) {
				p = p.both(c.referred(e, uri))
			}
		}
	}
	return p
}

// using gives what wsaw:UsingAddressing says as an extension of the WSDL.
func using(e part) Addressing {
	if required, _ := e.Attr(wsdlSpace, "required"); isTrue(required) {
		return RequiredAddressing
	}
	return OptionalAddressing
}

func isTrue(text string) bool { return text == "true" || text == "1" }

// policy gives what an element of WS-Policy says, or an assertion in it.
func (c *compiler) policy(e part) policy {
	if known, ok := c.policies[e.Element]; ok {
		return known
	}
	c.policies[e.Element] = policy{} // what refers to itself adds nothing
	p := c.newPolicy(e)
	if optional, ok := policyAttr(e, "Optional"); ok && isTrue(optional) {
		p = p.either(policy{})
	}
	c.policies[e.Element] = p
	return p
}

func (c *compiler) newPolicy(e part) (p policy) {
	if !isPolicySpace(e.Name.Space) {
		return assertion(e.Name)
	}
	switch e.Name.Local {
	case "PolicyReference":
		return c.referred(e, e.attr("URI"))
	case "Policy", "All":
		for _, child := range e.Children {
			p = p.both(c.policy(e.in(child)))
		}
	case "ExactlyOne":
		for i, child := range e.Children {
			if one := c.policy(e.in(child)); i == 0 {
				p = one
			} else {
				p = p.either(one)
			}
		}
	}
	return p
}

// assertion gives what an assertion says.
func assertion(name xml.Name) policy {
	switch {
	case name.Local == "Addressing" && name.Space == wsamSpace, name.Local == "UsingAddressing":
		return policy{addressing: RequiredAddressing}
	case name.Local == "OptimizedMimeSerialization" && name.Space == mtomSpace, name.Local == "MTOM" && name.Space == mtom12Space:
		return policy{mtom: RequiredAddressing}
	}
	return policy{}
}

// referred gives what the policy says that a reference in the same document names.
func (c *compiler) referred(from part, uri string) policy {
	if found, ok := c.tables.policies[from.doc.location+strings.TrimSpace(uri)]; ok {
		return c.policy(found)
	}
	return policy{}
}

func policyAttr(e part, local string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == local && isPolicySpace(a.Name.Space) {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}
