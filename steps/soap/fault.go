package soap

import (
	"strings"

	"snrun/steps/exchange"
	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
	"snrun/steps/xml"
)

// fault is a SOAP fault of either version.
type fault struct {
	code     string // local name: Client, Server, Sender, Receiver …
	subcodes []string
	message  string
	detail   *xml.Element // nil for none
}

// maxSubcodes bounds the subcodes of a fault of SOAP 1.1. Those of SOAP 1.2 are bounded by the depth of its elements.
const maxSubcodes = 16

// text is what an error says of a fault: its code, its subcodes and its message, shortened.
func (f fault) text() string {
	text := "fault " + exchange.Clean(strings.Join(append([]string{f.code}, f.subcodes...), "."), 100)
	if f.message != "" {
		text += ": " + exchange.Clean(f.message, 300)
	}
	return text
}

// readFault reads a fault (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4).
func readFault(e *xml.Element, version string) fault {
	// Some servers have the fault of one version in an envelope of the other.
	if childNamed(e, "Code") != nil || version == "1.2" && childNamed(e, "faultcode") == nil {
		return readFault12(e)
	}
	code := textOf(childNamed(e, "faultcode"))
	f := fault{message: textOf(childNamed(e, "faultstring")), detail: childNamed(e, "detail")}
	// In SOAP 1.1 dots tell a code more exactly: Client.Authentication.
	parts := strings.SplitN(localOf(code), ".", 1+maxSubcodes)
	f.code, f.subcodes = parts[0], parts[1:]
	return f
}

func readFault12(e *xml.Element) fault {
	f := fault{detail: childNamed(e, "Detail")}
	code := childNamed(e, "Code")
	f.code = localOf(textOf(childNamed(code, "Value")))
	for sub := childNamed(code, "Subcode"); sub != nil; sub = childNamed(sub, "Subcode") {
		f.subcodes = append(f.subcodes, localOf(textOf(childNamed(sub, "Value"))))
	}
	f.message = reason(childNamed(e, "Reason"))
	return f
}

// reason gives the text of a reason, the English one where there are several.
func reason(e *xml.Element) string {
	if e == nil {
		return ""
	}
	text := ""
	for _, t := range e.Children {
		lang, _ := t.Attr("http://www.w3.org/XML/1998/namespace", "lang")
		if text == "" || strings.HasPrefix(strings.ToLower(lang), "en") {
			text = textOf(t)
		}
	}
	return text
}

// localOf gives a QName without its prefix.
func localOf(qname string) string { return qname[strings.LastIndexByte(qname, ':')+1:] }

// sendersMistake says whether the code says that the message itself was at fault: the server did nothing with it.
func (f fault) sendersMistake() bool {
	switch f.code {
	case "Client", "Sender", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown":
		return true
	}
	return false
}

// value is what a job sees of a fault. What is declared for its detail, or known to the schema, is typed; the warnings say what of that is
// not as it should be.
func (f fault) value(op *wsdl.Operation, schema *values.Schema) (map[string]any, []values.Warning) {
	subcodes := make([]any, len(f.subcodes))
	for i, code := range f.subcodes {
		subcodes[i] = code
	}
	detail, warnings := f.details(op, schema)
	return map[string]any{"code": f.code, "subcodes": subcodes, "message": f.message, "detail": detail}, warnings
}

func (f fault) details(op *wsdl.Operation, schema *values.Schema) (any, []values.Warning) {
	if f.detail == nil {
		return nil, nil
	}
	if len(f.detail.Children) == 0 {
		if text := textOf(f.detail); text != "" {
			return text, nil
		}
		return nil, nil
	}
	out := gathering{}
	var all []values.Warning
	for _, child := range f.detail.Children {
		value, warnings := detailValue(child, op, schema)
		out.add(child.Name.Local, value)
		all = append(all, warnings...)
	}
	return out.values(), all
}

func detailValue(e *xml.Element, op *wsdl.Operation, schema *values.Schema) (any, []values.Warning) {
	reading := &values.Reading{Path: "detail." + e.Name.Local}
	if op != nil {
		for _, f := range op.Faults {
			if f.Part != nil && f.Part.Element != nil && f.Part.Element.Name == e.Name {
				return schema.Decode(f.Part.Element, e, reading)
			}
			// An rpc fault has a part with a type, named as it likes.
			if f.Part != nil && f.Part.Type != nil && f.Part.Name == e.Name.Local {
				return schema.DecodeType(f.Part.Type, e, reading)
			}
		}
	}
	if schema != nil && schema.Elements[e.Name] != nil {
		return schema.Decode(schema.Elements[e.Name], e, reading)
	}
	return plainValue(e, nil), nil
}
