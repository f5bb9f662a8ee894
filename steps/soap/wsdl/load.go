package wsdl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"snrun/steps/soap/values"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// The namespaces of WSDL 1.1 and of what its bindings are written in.
const (
	wsdlSpace   = "http://schemas.xmlsoap.org/wsdl/"
	soap11Space = "http://schemas.xmlsoap.org/wsdl/soap/"
	soap12Space = "http://schemas.xmlsoap.org/wsdl/soap12/"
	httpSpace   = "http://schemas.xmlsoap.org/wsdl/http/"
	mimeSpace   = "http://schemas.xmlsoap.org/wsdl/mime/"
)

// maxMistakes is how many mistakes of a WSDL are told at once.
const maxMistakes = 50

// Load reads a WSDL 1.1 and all that it imports, and compiles what its SOAP ports need. Mistakes are told all at once: each is
// an *xsd.Error. Where a document could not be read at all, the error wraps what the source said. A WSDL on the web is given up after
// five minutes.
func Load(ctx context.Context, src xsd.Source, location string) (*Definitions, error) {
	if f, ok := src.(*folder); ok {
		src = f.below(path.Dir(location))
	}
	if _, ok := src.(*web); ok {
		var done context.CancelFunc
		ctx, done = context.WithTimeoutCause(ctx, loadTime, fmt.Errorf("the WSDL and what it imports took more than %s: %w", loadTime, context.DeadlineExceeded))
		defer done()
	}
	l := &loader{ctx: ctx, files: newRecorder(src), seen: map[string]bool{}, tables: newTables()}
	if !l.read(location) {
		return nil, l.failure()
	}
	schema, err := xsd.Load(ctx, l.files, l.schemas)
	if err != nil {
		l.mistakes = append(l.mistakes, err)
		return nil, l.failure()
	}
	l.schema = schema
	services := l.services()
	if len(l.mistakes) > 0 {
		return nil, l.failure()
	}
	return &Definitions{Location: l.documents[0].location, Services: services, Schema: values.Of(schema), Files: l.files.files}, nil
}

// loader holds the documents of a WSDL while they are compiled.
type loader struct {
	ctx       context.Context
	files     *recorder
	seen      map[string]bool // locations of documents
	documents []*document     // the WSDL first
	schemas   []xsd.Document
	tables
	schema   *xsd.Schema
	mistakes []error
	spent    int
}

// document is one wsdl:definitions.
type document struct {
	location string
	space    string // its target namespace
	root     *xml.Element
}

// part is an element with the document that it stands in.
type part struct {
	*xml.Element
	doc *document
}

// in gives an element of the same document.
func (p part) in(e *xml.Element) part { return part{e, p.doc} }

// attr gives an attribute without a namespace, "" where there is none.
func (p part) attr(name string) string {
	value, _ := p.Attr("", name)
	return strings.TrimSpace(value)
}

// child gives the first child of a name in one of some namespaces.
func (p part) child(local string, spaces ...string) (part, bool) {
	for _, c := range p.Children {
		if c.Name.Local != local {
			continue
		}
		for _, space := range spaces {
			if c.Name.Space == space {
				return p.in(c), true
			}
		}
	}
	return part{}, false
}

// each gives the children of WSDL of a name.
func (p part) each(local string) (list []part) {
	for _, c := range p.Children {
		if c.Name == (xml.Name{Space: wsdlSpace, Local: local}) {
			list = append(list, p.in(c))
		}
	}
	return list
}

// documentation gives what an element says of itself, in one line.
func (p part) documentation() string {
	doc, ok := p.child("documentation", wsdlSpace)
	if !ok {
		return ""
	}
	var b strings.Builder
	gather(&b, doc.Element)
	return strings.Join(strings.Fields(b.String()), " ")
}

// gather collects the text of an element and of all in it.
func gather(b *strings.Builder, e *xml.Element) {
	b.WriteString(e.Text + " ")
	for _, c := range e.Children {
		gather(b, c)
	}
}

// errorf notes a mistake at the place of an element.
func (l *loader) errorf(at part, hint, format string, args ...any) {
	l.note(&xsd.Error{Location: at.doc.location, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (l *loader) note(err error) {
	if !l.full() {
		l.mistakes = append(l.mistakes, err)
	}
}

// full says that no further mistake is told, so that no hint need be found.
func (l *loader) full() bool { return len(l.mistakes) >= maxMistakes }

// failure gives all mistakes in the order of the documents and lines.
func (l *loader) failure() error {
	slices.SortStableFunc(l.mistakes, func(a, b error) int {
		x, isX := errors.AsType[*xsd.Error](a)
		y, isY := errors.AsType[*xsd.Error](b)
		if !isX || !isY {
			return 0
		}
		return cmp.Or(l.files.index[x.Location]-l.files.index[y.Location], x.Line-y.Line, x.Column-y.Column)
	})
	return shown(errors.Join(l.mistakes...))
}

// spend bounds what a WSDL may cost: small documents can describe the same thing many times over. It is false at the end.
func (l *loader) spend(n int, at part) bool {
	const budget = 1 << 18
	before := l.spent
	l.spent += n
	if before <= budget && l.spent > budget {
		l.errorf(at, "", "the WSDL describes more than %d parts of operations", budget)
	}
	return l.spent <= budget
}
