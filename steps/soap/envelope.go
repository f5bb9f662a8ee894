package soap

import (
	"fmt"
	"strings"

	"snrun/steps/exchange"
	"snrun/steps/xml"
)

const (
	space11 = "http://schemas.xmlsoap.org/soap/envelope/"
	space12 = "http://www.w3.org/2003/05/soap-envelope"
)

// spaceOf gives the namespace of the envelope of a version.
func spaceOf(version string) string {
	if version == "1.2" {
		return space12
	}
	return space11
}

// envelope is a message that was taken apart.
type envelope struct {
	version string // 1.1 or 1.2
	headers []*xml.Element
	body    []*xml.Element
	fault   *xml.Element // nil for none
}

// openEnvelope takes a message apart: an Envelope with an optional Header and exactly one Body (SOAP 1.1 section 4, SOAP 1.2 part 1
// section 5). Nothing else may stand beside them, so that what is read is what a signature or a gateway looked at.
func openEnvelope(root *xml.Element) (*envelope, error) {
	e := &envelope{}
	switch root.Name {
	case xml.Name{Space: space11, Local: "Envelope"}:
		e.version = "1.1"
	case xml.Name{Space: space12, Local: "Envelope"}:
		e.version = "1.2"
	default:
		return nil, fmt.Errorf("the root element is <%s>%s, not an Envelope of SOAP 1.1 or 1.2", root.Name.Local, inSpace(root.Name.Space))
	}
	bodies := 0
	for i, child := range root.Children {
		switch {
		case child.Name == xml.Name{Space: root.Name.Space, Local: "Header"} && i == 0:
			e.headers = child.Children
		case child.Name == xml.Name{Space: root.Name.Space, Local: "Body"}:
			if bodies++; bodies > 1 {
				return nil, fmt.Errorf("the envelope has two bodies; which one is meant cannot be told")
			}
			if strings.TrimSpace(child.Text) != "" {
				return nil, fmt.Errorf("text stands in the envelope's body, outside of any element")
			}
			e.body = child.Children
		default:
			return nil, fmt.Errorf("<%s>%s stands in the envelope, where only one Header and one Body may", child.Name.Local, inSpace(child.Name.Space))
		}
	}
	if bodies == 0 {
		return nil, fmt.Errorf("the envelope has no body")
	}
	if err := e.findFault(root.Name.Space); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *envelope) findFault(space string) error {
	for _, child := range e.body {
		if (child.Name != xml.Name{Space: space, Local: "Fault"}) {
			continue
		}
		if len(e.body) > 1 {
			return fmt.Errorf("a fault stands in the body together with something else")
		}
		e.fault = child
	}
	return nil
}

func inSpace(space string) string {
	if space == "" {
		return ""
	}
	return " in the namespace " + brief(space)
}

// brief gives a text of an answer as an error may show it, so that what is wrong with it stays in sight.
func brief(text string) string { return exchange.Clean(text, 100) }

// mustUnderstand says whether a header block is for us and may not be passed over (SOAP 1.1 section 4.2, SOAP 1.2 part 1 section 5.2).
func (e *envelope) mustUnderstand(header *xml.Element) bool {
	space := spaceOf(e.version)
	must, _ := header.Attr(space, "mustUnderstand")
	if must = strings.TrimSpace(must); must != "1" && must != "true" {
		return false
	}
	actor, _ := header.Attr(space, "actor")
	role, _ := header.Attr(space, "role")
	switch strings.TrimSpace(actor + role) {
	case "", "http://schemas.xmlsoap.org/soap/actor/next", space12 + "/role/next", space12 + "/role/ultimateReceiver":
		return true
	}
	return false
}

// childNamed gives the first child with a local name, whatever its namespace: servers get those of faults wrong.
func childNamed(e *xml.Element, local string) *xml.Element {
	if e == nil {
		return nil
	}
	for _, child := range e.Children {
		if child.Name.Local == local {
			return child
		}
	}
	return nil
}

// textOf is the text of an element without white space around it, "" for none.
func textOf(e *xml.Element) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}
