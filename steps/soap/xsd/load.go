package xsd

import (
	"context"
	"fmt"
	"slices"

	"snrun/steps/xml"
)

// The bounds on all documents of one schema together.
const (
	maxDocuments = 200
	maxBytes     = 64 << 20
)

// Load compiles schemas with all that they import, include and redefine. The documents given may be the root of a file or elements inside of a
// WSDL; they may import each other by namespace, without a location. Each document is read once. The standard schemas (SOAP encoding,
// the attributes of xml, XML Signature, xmime, WS-Addressing, the envelopes of SOAP) are known, and never read, whatever their imports
// say; those of XLink and WS-Security only where the source refuses them. Mistakes are *Error, as many as can be found at once, joined.
func Load(ctx context.Context, src Source, docs []Document) (*Schema, error) {
	l := &loader{ctx: ctx, src: src, problems: &problems{}, given: map[string]bool{}, seen: map[docKey]bool{}}
	for _, d := range docs {
		l.given[d.Location] = true
	}
	for _, d := range docs {
		l.add(newDocument(d.Location, d.Root))
	}
	// The list grows while it is walked.
	for i := 0; i < len(l.docs); i++ {
		l.follow(l.docs[i])
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	c := newCompiler(l.problems)
	c.compile(l.docs)
	if err := l.problems.join(); err != nil {
		return nil, err
	}
	return c.schema, nil
}

// document is a schema document. One that is included by several namespaces, and has none itself, is a document for each.
type document struct {
	index     int // the order in which it was met
	location  string
	root      *xml.Element
	space     string // the target namespace
	chameleon bool   // it has taken the namespace of what includes it
	standard  bool   // it is one of ours
	// original is what stands here in a redefinition under the name of what is redefined.
	original *global
	// Whether local elements and attributes are in the target namespace.
	elementsQualified, attributesQualified bool
}

func newDocument(location string, root *xml.Element) *document {
	d := &document{location: location, root: root}
	d.space, _ = root.Attr("", "targetNamespace")
	elements, _ := root.Attr("", "elementFormDefault")
	attributes, _ := root.Attr("", "attributeFormDefault")
	d.elementsQualified, d.attributesQualified = elements == "qualified", attributes == "qualified"
	return d
}

// docKey names a document that was read: a chameleon is another one in each namespace.
type docKey struct{ location, space string }

// loader reads documents until nothing is left that one of them names.
type loader struct {
	ctx      context.Context
	src      Source
	docs     []*document
	given    map[string]bool // the locations of the documents that Load was given
	seen     map[docKey]bool
	roots    map[string][]*xml.Element // of the documents read, by location
	bytes    int
	problems *problems
}

func (l *loader) add(d *document) {
	d.index = len(l.docs)
	l.docs = append(l.docs, d)
}

// follow reads what a document imports and includes.
func (l *loader) follow(d *document) {
	if d.root.Name != (xml.Name{Space: xml.SchemaSpace, Local: "schema"}) {
		l.problems.add(node{d.root, d}, "", "%s", notSchema(d.root))
		return
	}
	for _, e := range d.root.Children {
		if e.Name.Space != xml.SchemaSpace {
			continue
		}
		n := node{e, d}
		switch e.Name.Local {
		case "import":
			l.imports(n)
		case "include", "redefine":
			l.includes(n)
		case "override":
			l.problems.add(n, "write the changed definitions into a copy of the document, and include that",
				"xs:override is of XML Schema 1.1, and not supported")
		}
	}
}

func notSchema(root *xml.Element) string {
	switch root.Name.Space {
	case "http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema":
		return fmt.Sprintf("this is a schema of a draft, %s; only %s is read", root.Name.Space, xml.SchemaSpace)
	}
	return fmt.Sprintf("this is no XML schema: its root is <%s>", root.Name.Local)
}

func (l *loader) imports(n node) {
	space, told := n.Attr("", "namespace")
	named := n.attr("schemaLocation")
	if named == "" || isStandard(space) && substitute(space) == "" {
		return // it is among the documents, or the compiler has it; a name that is nowhere is found when it is used
	}
	for _, d := range l.read(n, named, space) {
		if d.space != space && !told { // many forget to write the namespace, and mean the one that is there
			key := docKey{d.location, d.space}
			if l.seen[key] {
				continue
			}
			l.seen[key] = true
		} else if d.space != space {
			l.problems.add(n, "", "%s is imported for the namespace %q, but its target namespace is %q", named, space, d.space)
			continue
		}
		l.add(d)
	}
}

func (l *loader) includes(n node) {
	named := n.attr("schemaLocation")
	if named == "" {
		l.problems.add(n, "", "xs:%s has no schemaLocation", n.Name.Local)
		return
	}
	for _, d := range l.read(n, named, n.doc.space) {
		switch {
		case d.space == n.doc.space:
		case d.space == "":
			d.space, d.chameleon = n.doc.space, true
		default:
			l.problems.add(n, "xs:import is for other namespaces", "%s is included in the namespace %q, but its target namespace is %q",
				named, n.doc.space, d.space)
			continue
		}
		l.add(d)
	}
}

// read gives the schemas in a document for a namespace, none where they are known already or cannot be read.
func (l *loader) read(n node, named, space string) []*document {
	location, err := l.src.Resolve(n.doc.location, named)
	if err != nil {
		if substitute(space) == "" {
			l.unreadable(n, named, err)
		}
		return nil
	}
	key := docKey{location, space}
	if l.seen[key] || l.given[location] {
		return nil
	}
	l.seen[key] = true
	var docs []*document
	for _, root := range l.schemas(n, named, location) {
		docs = append(docs, newDocument(location, root))
	}
	return docs
}

// schemas reads the document at a location, once, and gives its schema elements: the root, or those in the types of a WSDL.
func (l *loader) schemas(n node, named, location string) []*xml.Element {
	if roots, known := l.roots[location]; known {
		return roots
	}
	if l.roots == nil {
		l.roots = map[string][]*xml.Element{}
	}
	l.roots[location] = nil
	if len(l.roots) > maxDocuments || l.bytes > maxBytes {
		if len(l.roots) == maxDocuments+1 || l.bytes > maxBytes {
			l.problems.add(n, "", "more than %d documents or %d bytes are imported", maxDocuments, maxBytes)
		}
		return nil
	}
	root, size, err := readDocument(l.ctx, l.src, location)
	if err != nil {
		l.unreadable(n, named, err)
		return nil
	}
	l.bytes += size
	roots := []*xml.Element{root}
	if root.Name == (xml.Name{Space: wsdlSpace, Local: "definitions"}) {
		roots = embedded(root)
	}
	l.roots[location] = roots
	return roots
}

// embedded gives the schemas in the types of a WSDL.
func embedded(definitions *xml.Element) []*xml.Element {
	var roots []*xml.Element
	for _, types := range definitions.Children {
		if types.Name != (xml.Name{Space: wsdlSpace, Local: "types"}) {
			continue
		}
		roots = slices.AppendSeq(roots, named(types, "schema"))
	}
	return roots
}

// unreadable reports a document that cannot be had: at its own place where there is one, else where it is named.
func (l *loader) unreadable(n node, named string, err error) {
	if own, ok := err.(*Error); ok && own.Line > 0 {
		l.problems.list = append(l.problems.list, problem{n.doc.index, own})
		return
	}
	if own, ok := err.(*Error); ok && own.Cause != nil {
		err = own.Cause
	}
	e := l.problems.add(n, importHint, "%s %q cannot be read: %v", n.Name.Local, named, err)
	if e != nil {
		e.Cause = err
	}
}
