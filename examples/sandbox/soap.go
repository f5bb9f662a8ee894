package sandbox

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"snrun/steps/xml"
)

const (
	soapSpace  = "http://schemas.xmlsoap.org/soap/envelope/"
	tableSpace = "http://www.service-now.com/" // and the table's name
)

// soapFault is what the direct web service answers in place of a result, as the instance does: with status 500.
type soapFault struct{ code, message, detail string }

func clientFault(format string, args ...any) *soapFault {
	return &soapFault{"Client", fmt.Sprintf(format, args...), "Error completing SOAP request"}
}

func serverFault(format string, args ...any) *soapFault {
	return &soapFault{"Server", "com.glide.processors.soap.SOAPProcessingException: " + fmt.Sprintf(format, args...), "Error completing SOAP request"}
}

// soapCall is a request of the direct web service: an operation on a table, and its fields.
type soapCall struct {
	table     string
	operation soapOperation
	fields    map[string]string
}

// directService answers /{table}.do?WSDL and /{table}.do?SOAP.
func (s *Server) directService(w http.ResponseWriter, r *http.Request) {
	table, ok := strings.CutSuffix(r.PathValue("page"), ".do")
	if !ok || !s.store.has(table) {
		http.NotFound(w, r)
		return
	}
	switch query := r.URL.RawQuery; {
	case strings.EqualFold(query, "WSDL") && r.Method == http.MethodGet:
		s.signedIn(func(w http.ResponseWriter, r *http.Request) { s.describeTable(w, r, table) })(w, r)
	case strings.EqualFold(query, "SOAP") && r.Method == http.MethodPost:
		s.signedIn(func(w http.ResponseWriter, r *http.Request) { s.answerSOAP(w, r, table) })(w, r)
	case strings.EqualFold(query, "WSDL"), strings.EqualFold(query, "SOAP"):
		methodNotSupported(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) answerSOAP(w http.ResponseWriter, r *http.Request, table string) {
	call, fault := s.readSOAP(w, r, table)
	if fault != nil {
		writeEnvelope(w, http.StatusInternalServerError, fault.element())
		return
	}
	answer, fault := call.operation.run(s, call)
	if fault != nil {
		writeEnvelope(w, http.StatusInternalServerError, fault.element())
		return
	}
	name := xml.Name{Space: tableSpace + table, Local: call.operation.name + "Response"}
	writeEnvelope(w, http.StatusOK, &xml.Element{Name: name, Prefix: "tns", Children: answer})
}

// readSOAP reads a request, and is stricter than the instance, so that a client which does well here does well there: the action,
// the namespace and each element must be those of the WSDL.
func (s *Server) readSOAP(w http.ResponseWriter, r *http.Request, table string) (soapCall, *soapFault) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "text/xml" {
		return soapCall{}, clientFault("the Content-Type of SOAP 1.1 is text/xml, here it is %q", r.Header.Get("Content-Type"))
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		return soapCall{}, clientFault("the request cannot be read: %v", err)
	}
	root, err := xml.Parse(data, xml.ReadOptions{Charset: parameters["charset"]})
	if err != nil {
		return soapCall{}, clientFault("Unable to parse SOAP document: %v", err)
	}
	wrapper, fault := wrapperOf(root)
	if fault != nil {
		return soapCall{}, fault
	}
	return s.soapCall(r.Header.Get("SOAPAction"), table, wrapper)
}

// wrapperOf gives the one element of an envelope's body.
func wrapperOf(root *xml.Element) (*xml.Element, *soapFault) {
	if root.Name.Local == "Envelope" && root.Name.Space != soapSpace {
		return nil, &soapFault{"VersionMismatch", "the envelope is not one of SOAP 1.1: " + root.Name.Space, ""}
	}
	if root.Name != (xml.Name{Space: soapSpace, Local: "Envelope"}) {
		return nil, clientFault("Unable to parse SOAP document: the root is %s", root.Name.Local)
	}
	var bodies []*xml.Element
	for i, part := range root.Children {
		switch {
		case part.Name == (xml.Name{Space: soapSpace, Local: "Header"}) && i == 0:
			if fault := refuseHeaders(part); fault != nil {
				return nil, fault
			}
		case part.Name == (xml.Name{Space: soapSpace, Local: "Body"}):
			bodies = append(bodies, part)
		default:
			return nil, clientFault("%s stands in the envelope, where only a header and a body may be", part.Name.Local)
		}
	}
	if len(bodies) != 1 || len(bodies[0].Children) != 1 {
		return nil, clientFault("an envelope has one body with one element")
	}
	return bodies[0].Children[0], nil
}

// refuseHeaders refuses what must be understood: the service knows no headers.
func refuseHeaders(header *xml.Element) *soapFault {
	for _, one := range header.Children {
		if must, _ := one.Attr(soapSpace, "mustUnderstand"); must == "1" || must == "true" {
			return &soapFault{"MustUnderstand", "the header " + one.Name.Local + " is not understood", ""}
		}
	}
	return nil
}

func (s *Server) soapCall(action, table string, wrapper *xml.Element) (soapCall, *soapFault) {
	call := soapCall{table: table, fields: map[string]string{}}
	space := tableSpace + table
	for _, o := range soapOperations() {
		if wrapper.Name == (xml.Name{Space: space, Local: o.name}) {
			call.operation = o
		}
	}
	if call.operation.name == "" {
		return call, clientFault("{%s}%s is no operation of %s", wrapper.Name.Space, wrapper.Name.Local, space)
	}
	if bare := strings.Trim(action, `"`); bare != space+"/"+wrapper.Name.Local {
		return call, clientFault("the SOAPAction is %s, but the operation is %s/%s", action, space, wrapper.Name.Local)
	}
	known := map[string]soapField{}
	for _, f := range call.operation.takes(s.store.soapColumns(table)) {
		known[f.Name] = f
	}
	return call, call.read(wrapper, known)
}

// read takes the fields of a request, each of which may come once.
func (c soapCall) read(wrapper *xml.Element, known map[string]soapField) *soapFault {
	for _, e := range wrapper.Children {
		f, ok := known[e.Name.Local]
		_, twice := c.fields[e.Name.Local]
		switch {
		case !ok || e.Name.Space != "":
			return clientFault("{%s}%s is no field of %s", e.Name.Space, e.Name.Local, wrapper.Name.Local)
		case twice:
			return clientFault("%s stands twice in %s", e.Name.Local, wrapper.Name.Local)
		case len(e.Children) > 0:
			return clientFault("%s has elements, where text is expected", e.Name.Local)
		case !f.accepts(e.Text):
			return clientFault("%s is %q, which is no %s", e.Name.Local, e.Text, f.Type)
		}
		c.fields[e.Name.Local] = e.Text
	}
	for name, f := range known {
		if _, ok := c.fields[name]; f.Required && !ok {
			return clientFault("%s is missing in %s", name, wrapper.Name.Local)
		}
	}
	return nil
}

func (f *soapFault) element() *xml.Element {
	parts := []*xml.Element{
		{Name: xml.Name{Local: "faultcode"}, QName: &xml.Name{Space: soapSpace, Local: f.code}},
		{Name: xml.Name{Local: "faultstring"}, Text: f.message},
	}
	if f.detail != "" {
		parts = append(parts, &xml.Element{Name: xml.Name{Local: "detail"}, Text: f.detail})
	}
	return &xml.Element{Name: xml.Name{Space: soapSpace, Local: "Fault"}, Prefix: "SOAP-ENV", Children: parts}
}

func writeEnvelope(w http.ResponseWriter, status int, content *xml.Element) {
	part := func(name string, children ...*xml.Element) *xml.Element {
		return &xml.Element{Name: xml.Name{Space: soapSpace, Local: name}, Prefix: "SOAP-ENV", Children: children}
	}
	text, err := xml.Write(part("Envelope", part("Header"), part("Body", content)), xml.WriteOptions{})
	if err != nil { // a record has a character that XML cannot hold
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may be gone
}
