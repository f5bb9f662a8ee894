package review

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// shape is what bodies have in common: which values stand where in them, and of which type. The zero value is of none.
type shape struct {
	formats map[string]int // json, xml, html, text, binary
	nodes   map[string]*node
	bodies  int // that were looked at
	cut     int // of them, that end early
	left    int // that were not looked at
	full    bool
}

// node is what stands at one path of bodies.
type node struct {
	parent  string
	present int      // in how many whole objects around it
	whole   int      // how many objects here were seen to their end
	arrays  int      // how many arrays here were seen to their end
	filled  int      // of them, that have items
	types   []string // sorted
}

const (
	mostNodes = 2000 // paths of one shape
	mostDepth = 64
	masked    = "***"
)

// add takes a body in. What follows a mistake in it is not looked at: most likely the body was cut there.
func (s *shape) add(body []byte) {
	if s.nodes == nil {
		s.nodes, s.formats = map[string]*node{}, map[string]int{}
	}
	format := formatOf(body)
	s.bodies++
	s.formats[format]++
	var err error
	switch format {
	case "json":
		r := jsonReader{s, json.NewDecoder(bytes.NewReader(body))}
		r.dec.UseNumber()
		err = r.value(s.at("", ""), "", 0)
	case "xml":
		err = s.readXML(body)
	}
	if err != nil {
		s.cut++
	}
}

// formatOf tells by its beginning what a body is.
func formatOf(body []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\uFEFF")), " \t\r\n")
	head := text[:min(len(text), 1000)]
	lower := bytes.ToLower(head[:min(len(head), 50)])
	begins := func(with string) bool { return bytes.HasPrefix(lower, []byte(with)) }
	switch {
	case begins("<!doctype html"), begins("<html"):
		return "html"
	case begins("<"):
		return "xml"
	case begins("{"), begins("["), json.Valid(text):
		return "json"
	case len(head) == 0, bytes.IndexByte(head, 0) >= 0, !utf8.Valid(head[:len(head)-min(len(head), utf8.UTFMax)]):
		return "binary" // its last character may have been cut
	}
	return "text"
}

// at gives the node at a path, a nameless one where there are too many.
func (s *shape) at(path, parent string) *node {
	n := s.nodes[path]
	if n == nil {
		n = &node{parent: parent}
		if s.full = s.full || len(s.nodes) >= mostNodes; !s.full {
			s.nodes[path] = n
		}
	}
	return n
}

// is notes the type of a value.
func (n *node) is(kind string) {
	if i, known := slices.BinarySearch(n.types, kind); !known {
		n.types = slices.Insert(n.types, i, kind)
	}
}

var errDeep = errors.New("too deep")

// jsonReader takes the values of a JSON text in, one by one, so that one which was cut is read as far as it goes.
type jsonReader struct {
	*shape
	dec *json.Decoder
}

func (r jsonReader) value(n *node, path string, depth int) error {
	if depth > mostDepth {
		return errDeep
	}
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(n, path, depth)
		}
		return r.array(n, path, depth)
	case string:
		if strings.Contains(t, masked) {
			n.is("masked")
		} else {
			n.is("string")
		}
	case json.Number:
		n.is("number")
	case bool:
		n.is("boolean")
	case nil:
		n.is("null")
	}
	return nil
}

func (r jsonReader) object(n *node, path string, depth int) error {
	n.is("object")
	has := map[*node]bool{}
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return err
		}
		inside := member(path, key.(string))
		child := r.at(inside, path)
		has[child] = true
		if err := r.value(child, inside, depth+1); err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	n.ends(has)
	return nil
}

// ends notes that an object was seen to its end.
func (n *node) ends(has map[*node]bool) {
	n.whole++
	for child := range has {
		child.present++
	}
}

func (r jsonReader) array(n *node, path string, depth int) error {
	n.is("array")
	inside := path + "[]"
	filled := 0
	for r.dec.More() {
		if err := r.value(r.at(inside, path), inside, depth+1); err != nil {
			return err
		}
		filled = 1
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	n.arrays++
	n.filled += filled
	return nil
}

// member gives the path of an object's member. Keys that look like the ids of records stand together as *.
func member(path, key string) string {
	digits := 0
	for _, c := range key {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	switch {
	case digits >= 4:
		key = "*"
	case key == "" || strings.ContainsAny(key, ".[]\"* "):
		quoted, _ := json.Marshal(key)
		return path + "[" + string(quoted) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// element is one that is open in an XML text.
type element struct {
	*node
	path string
	has  map[*node]bool
	text bool
}

// readXML takes the elements of an XML text in. Nothing is fetched or expanded.
func (s *shape) readXML(body []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // names are plain in all that matter
	open := []*element{{node: s.at("", ""), has: map[*node]bool{}}}
	for {
		t, err := dec.RawToken()
		if err == io.EOF && len(open) == 1 {
			return nil
		}
		if err != nil {
			return err
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(open) > mostDepth {
				return errDeep
			}
			open = append(open, s.element(top, t))
		case xml.EndElement:
			if len(open) == 1 {
				return errors.New("an end without a beginning")
			}
			top.closes()
			open = open[:len(open)-1]
		case xml.CharData:
			top.text = top.text || len(bytes.TrimSpace(t)) > 0
		}
	}
}

// element takes the beginning of an element in.
func (s *shape) element(around *element, t xml.StartElement) *element {
	e := &element{path: inside(around.path, t.Name.Local), has: map[*node]bool{}}
	e.node = s.at(e.path, around.path)
	around.has[e.node] = true
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Local == "schemaLocation":
		case a.Name.Local == "nil" && a.Value == "true":
			e.is("null")
		case a.Name.Space == "":
			attr := s.at(e.path+"/@"+a.Name.Local, e.path)
			attr.is("text")
			e.has[attr] = true
		}
	}
	return e
}

// inside gives the path of an element inside another; those of a SOAP body begin with what it holds.
func inside(path, name string) string {
	if path == "" || path == "Envelope/Body" {
		return name
	}
	return path + "/" + name
}

// closes notes that an element was seen to its end.
func (e *element) closes() {
	switch {
	case len(e.has) > 0:
		e.is("element")
	case e.text:
		e.is("text")
	}
	e.ends(e.has)
}

// paths gives the paths of a shape, sorted.
func (s *shape) paths() []string { return slices.Sorted(maps.Keys(s.nodes)) }
