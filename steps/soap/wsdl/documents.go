package wsdl

import (
	"errors"
	"fmt"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// tables are the components of all documents by name. Where a name stands twice, the first counts.
type tables struct {
	messages, portTypes, bindings map[xml.Name]part
	policies                      map[string]part // by location, "#" and id
}

func newTables() tables {
	return tables{map[xml.Name]part{}, map[xml.Name]part{}, map[xml.Name]part{}, map[string]part{}}
}

// read reads a WSDL and the WSDLs that it imports. It is false where there is a mistake.
func (l *loader) read(location string) bool {
	root, err := xsd.ReadDocument(l.ctx, l.files, location)
	if err != nil {
		l.note(err)
		return false
	}
	l.seen[location] = true
	if err := notWSDL(root); err != nil {
		err.Location = location
		l.note(err)
		return false
	}
	l.add(location, root)
	for i := 0; i < len(l.documents); i++ { // grows
		doc := l.documents[i]
		for _, e := range (part{doc.root, doc}).each("import") {
			l.importDocument(e)
		}
	}
	return len(l.mistakes) == 0
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// importDocument reads what a wsdl:import names: a WSDL, or a schema, which WSDL 1.1 does not forbid.
func (l *loader) importDocument(e part) {
	named := e.attr("location")
	if named == "" {
		l.errorf(e, "", "the import has no location")
		return
	}
	location, err := l.files.Resolve(e.doc.location, named)
	if err != nil {
		l.errorf(e, l.helpFor(e), "cannot import %s: %v", clip(Shown(named)), err)
		return
	}
	if l.seen[location] {
		return
	}
	l.seen[location] = true
	root, err := xsd.ReadDocument(l.ctx, l.files, location)
	if err != nil {
		l.note(l.importError(e, named, err))
		return
	}
	if root.Name == (xml.Name{Space: xml.SchemaSpace, Local: "schema"}) {
		l.schemas = append(l.schemas, xsd.Document{Location: location, Root: root})
		return
	}
	if err := notWSDL(root); err != nil {
		l.errorf(e, err.Hint, "cannot import %s: %s", clip(Shown(named)), err.Message)
		return
	}
	l.add(location, root)
}

// helpFor says what helps where what a document imports cannot be had.
func (l *loader) helpFor(e part) string {
	if isAddress(e.doc.location) {
		return "save both documents in one folder of the project, and have the import name the file"
	}
	return "`snrun soap import` copies a WSDL with all that it imports into the project"
}

// importError gives the error of a document that could not be read: at the import, or, where it is broken, at its own place.
func (l *loader) importError(e part, named string, err error) error {
	unread, ok := errors.AsType[*xsd.Error](err)
	if !ok {
		unread = &xsd.Error{Message: err.Error(), Cause: err}
	}
	if unread.Line > 0 {
		return unread
	}
	return &xsd.Error{
		Location: e.doc.location, Line: e.Line, Column: e.Column, Hint: firstOf(unread.Hint, l.helpFor(e)), Cause: unread.Cause,
		Message: fmt.Sprintf("cannot import %s: %s", clip(Shown(named)), strings.TrimPrefix(unread.Message, "cannot be read: ")),
	}
}

// add takes up the components of a document.
func (l *loader) add(location string, root *xml.Element) {
	space, _ := root.Attr("", "targetNamespace")
	doc := &document{location, strings.TrimSpace(space), root}
	l.documents = append(l.documents, doc)
	whole := part{root, doc}
	for _, table := range []struct {
		local  string
		byName map[xml.Name]part
	}{{"message", l.messages}, {"portType", l.portTypes}, {"binding", l.bindings}} {
		for _, e := range whole.each(table.local) {
			name := xml.Name{Space: doc.space, Local: e.attr("name")}
			if _, known := table.byName[name]; !known {
				table.byName[name] = e
			}
		}
	}
	for _, types := range whole.each("types") {
		for _, c := range types.Children {
			if c.Name.Local == "schema" && strings.HasSuffix(c.Name.Space, "/XMLSchema") { // one of a draft is refused by name
				l.schemas = append(l.schemas, xsd.Document{Location: location, Root: c})
			}
		}
	}
	l.addPolicies(whole)
}

// notWSDL says what a document is that is no WSDL 1.1, nil where it is one.
func notWSDL(root *xml.Element) *xsd.Error {
	e := &xsd.Error{Line: root.Line, Column: root.Column}
	switch root.Name {
	case xml.Name{Space: wsdlSpace, Local: "definitions"}:
		return nil
	case xml.Name{Space: "http://www.w3.org/ns/wsdl", Local: "description"}:
		e.Message = "this is a WSDL 2.0; only WSDL 1.1 can be read"
		e.Hint = "nearly every service has a WSDL 1.1 too: look for an address that ends with ?wsdl"
	case xml.Name{Space: "http://schemas.xmlsoap.org/disco/", Local: "discovery"}:
		e.Message = "this is a DISCO document, which only says where the WSDL is"
		e.Hint = discoHint(root)
	case xml.Name{Space: xml.SchemaSpace, Local: "schema"}:
		e.Message = "this is an XML Schema, not a WSDL"
		e.Hint = "name the WSDL that imports it"
	case xml.Name{Space: "http://schemas.xmlsoap.org/soap/envelope/", Local: "Envelope"}, xml.Name{Space: "http://www.w3.org/2003/05/soap-envelope", Local: "Envelope"}:
		e.Message = "this is a SOAP message, not a WSDL"
		e.Hint = "the address of a WSDL often ends with ?wsdl"
	case xml.Name{Space: "http://www.w3.org/1999/xhtml", Local: "html"}:
		e.Message, e.Hint = isPage, pageHint
	default:
		e.Message = fmt.Sprintf("this is no WSDL: it begins with <%s>%s, not with <definitions> of %s", clip(root.Name.Local), inSpace(root.Name.Space), wsdlSpace)
	}
	return e
}

func discoHint(root *xml.Element) string {
	for _, c := range root.Children {
		if ref, ok := c.Attr("", "ref"); ok && c.Name.Local == "contractRef" {
			return "name the WSDL itself: " + clip(ref)
		}
	}
	return "the address of a WSDL often ends with ?wsdl"
}

func inSpace(space string) string {
	if space == "" {
		return " without a namespace"
	}
	return " of " + clip(space)
}

// clip shortens a text of a document, so that an error stays a line.
func clip(text string) string {
	const most = 200
	if runes := []rune(text[:min(len(text), 4*most)]); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
