package xml

import "strings"

// scope is what a prefix means in an element and all that is in it.
type scope struct {
	prefix, space string
	outer         *scope
	size          int // of all that is in scope, so that nobody has to walk over more than the limit
}

// find gives the namespace of a prefix, "" for that of names without one.
func (s *scope) find(prefix string) (string, bool) {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.space, true
		}
	}
	if prefix == "xml" {
		return XMLSpace, true
	}
	return "", prefix == ""
}

// Resolve gives the name that a QName in the text or in an attribute of the element means; one without a prefix is in the default
// namespace. It is false where that is no QName, or its prefix is not declared.
func (e *Element) Resolve(qname string) (Name, bool) {
	prefix, local, hasPrefix := strings.Cut(strings.Trim(qname, " \t\r\n"), ":")
	if !hasPrefix {
		prefix, local = "", prefix
	}
	if !isName(local) || hasPrefix && !isName(prefix) {
		return Name{}, false
	}
	space, known := e.scope.find(prefix)
	if !known {
		return Name{}, false
	}
	return Name{space, local}, true
}

// declare takes the declarations of namespaces of a start tag into the scope of its element, and says how many there are.
func (p *parser) declare(e *Element) (int, error) {
	outer, n := e.scope, 0
	for i := range p.tag {
		a := &p.tag[i]
		if !a.name.declares() {
			continue
		}
		n++
		prefix := a.name.local
		if a.name.prefix == "" {
			prefix = ""
		}
		space, err := p.value(a)
		if err != nil {
			return 0, err
		}
		if err := p.mayDeclare(a, prefix, space); err != nil {
			return 0, err
		}
		for s := e.scope; s != outer; s = s.outer {
			if s.prefix == prefix {
				return 0, p.errorAt(a.at, "the attribute %s stands twice in its element", short(a.name.full()))
			}
		}
		inner := &p.scopes.take(1)[0]
		*inner = scope{prefix: prefix, space: space, outer: e.scope, size: 1}
		if e.scope != nil {
			inner.size += e.scope.size
		}
		if inner.size > p.limits.Namespaces {
			return 0, p.errorAt(a.at, "more than %d declarations of namespaces are in force here", p.limits.Namespaces)
		}
		e.scope = inner
	}
	return n, nil
}

// mayDeclare says why a prefix cannot stand for a namespace (Namespaces in XML 1.0, sections 3 and 5).
func (p *parser) mayDeclare(a *attribute, prefix, space string) error {
	switch {
	case prefix == "xmlns", (prefix == "xml") != (space == XMLSpace), space == xmlnsSpace:
		return p.errorAt(a.at, "%s=%q: the prefixes xml and xmlns and their namespaces are fixed", short(a.name.full()), short(space))
	case prefix != "" && space == "":
		return p.errorAt(a.at, "%s=\"\": a prefix cannot stand for no namespace", short(a.name.full()))
	}
	return nil
}

func (p *parser) undeclared(at int, name *written) error {
	return p.errorAt(at, "the prefix %q of %s is not declared", short(name.prefix), short(name.full()))
}
