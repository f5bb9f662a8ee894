package soap

import (
	"fmt"
	"slices"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// What a message may be once its references are followed: they can name each other so that a short message becomes endless.
const (
	maxReferred     = 200_000  // elements and attributes
	maxReferredText = 64 << 20 // bytes of names and texts behind references
	maxDepth        = 256
)

// join puts what SOAP-encoded references name in their places (SOAP 1.1 section 5.1, rules 4 to 7; in SOAP 1.2 part 2 section 3.1.5
// the attributes are enc:ref and enc:id). It leaves out what is referred to only: the elements with an id behind the first.
func join(body []*xml.Element) ([]*xml.Element, error) {
	j := joiner{byID: map[string]*xml.Element{}, under: map[string]bool{}}
	for _, e := range body {
		if err := j.index(e); err != nil {
			return nil, err
		}
	}
	var roots []*xml.Element
	for i, e := range body {
		if i > 0 && idOf(e) != "" {
			continue
		}
		root, err := j.copy(e)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	return roots, nil
}

type joiner struct {
	byID   map[string]*xml.Element
	under  map[string]bool // the references that are being followed
	copied int
	text   int
	depth  int
}

// index notes the elements that can be referred to.
func (j *joiner) index(e *xml.Element) error {
	if id := idOf(e); id != "" {
		if j.byID[id] != nil {
			return fmt.Errorf("the id %q stands at two elements; which one is referred to cannot be told", brief(id))
		}
		j.byID[id] = e
	}
	for _, child := range e.Children {
		if err := j.index(child); err != nil {
			return err
		}
	}
	return nil
}

func idOf(e *xml.Element) string {
	if id, ok := e.Attr("", "id"); ok {
		return id
	}
	id, _ := e.Attr(xsd.Encoding12, "id")
	return id
}

// reference gives the id that an element refers to.
func reference(e *xml.Element) (id string, refers bool) {
	if href, ok := e.Attr("", "href"); ok && len(e.Children) == 0 {
		return strings.TrimPrefix(href, "#"), true
	}
	id, refers = e.Attr(xsd.Encoding12, "ref")
	return id, refers
}

// refersWithin says whether an element, or one in it, refers to another of the message.
func refersWithin(e *xml.Element) bool {
	href, _ := e.Attr("", "href")
	if id, refers := reference(e); refers && (strings.HasPrefix(href, "#") || href == "" && id != "") {
		return true
	}
	return slices.ContainsFunc(e.Children, refersWithin)
}

// copy gives an element with all references in it replaced. The element itself is not changed.
func (j *joiner) copy(e *xml.Element) (*xml.Element, error) {
	if err := j.spend(e); err != nil {
		return nil, err
	}
	if j.depth++; j.depth > maxDepth {
		return nil, fmt.Errorf("with the references in the message elements lie more than %d deep", maxDepth)
	}
	defer func() { j.depth-- }()
	if id, refers := reference(e); refers {
		return j.follow(e, id)
	}
	if len(e.Children) == 0 {
		return e, nil
	}
	out := *e
	out.Children = make([]*xml.Element, len(e.Children))
	for i, child := range e.Children {
		var err error
		if out.Children[i], err = j.copy(child); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// spend counts what an element adds to the message. Its text costs nothing in memory here, but all of it when the value is written.
func (j *joiner) spend(e *xml.Element) error {
	if j.copied += 1 + len(e.Attrs); j.copied > maxReferred {
		return fmt.Errorf("the references in the message make more than %d elements and attributes of it", maxReferred)
	}
	if len(j.under) == 0 {
		return nil
	}
	j.text += len(e.Name.Local) + len(e.Text)
	for _, a := range e.Attrs {
		j.text += len(a.Name.Local) + len(a.Value)
	}
	if j.text > maxReferredText {
		return fmt.Errorf("the references in the message make more than %d MB of it", maxReferredText>>20)
	}
	return nil
}

// follow gives what is referred to under the name of the element that refers to it.
func (j *joiner) follow(e *xml.Element, id string) (*xml.Element, error) {
	target := j.byID[id]
	if href, _ := e.Attr("", "href"); href != "" && !strings.HasPrefix(href, "#") || target == nil {
		return nil, fmt.Errorf("<%s> refers to %q, which is not in the message", e.Name.Local, brief(id))
	}
	if j.under[id] {
		return nil, fmt.Errorf("the element with the id %q contains itself by its references: such a value cannot be written out", brief(id))
	}
	j.under[id] = true
	defer delete(j.under, id)
	found, err := j.copy(target)
	if err != nil {
		return nil, err
	}
	out := *found
	out.Name, out.Prefix = e.Name, e.Prefix
	out.Attrs = slices.DeleteFunc(slices.Clone(found.Attrs), func(a xml.Attr) bool {
		return a.Name.Local == "id" && (a.Name.Space == "" || a.Name.Space == xsd.Encoding12) || a.Name.Local == "root" && a.Name.Space == xsd.Encoding11
	})
	return &out, nil
}
