package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	ours "snrun/steps/xml"
)

// maskXML puts *** in place of the content of the elements at the paths, and in place of attributes. All else stays as it is, but in
// UTF-8. A path goes by local names from the root element on, which is what the values of a body are named by; a [*] or [7] in it may
// also stand for an element that repeats, each of which is masked then.
func maskXML(data []byte, charset string, paths []jsonPath) ([]byte, error) {
	data, err := ours.ToUTF8(data, charset)
	if err != nil {
		return nil, err
	}
	m := &xmlMasker{data: data, dec: xml.NewDecoder(bytes.NewReader(data))}
	// It is UTF-8 by now, whatever it declares.
	m.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	states, all := settled(start(paths))
	for err == nil {
		err = m.next(states, all)
	}
	if err != io.EOF || len(m.open) > 0 {
		return nil, errors.New("not whole XML")
	}
	m.out.Write(m.data[m.copied:])
	return m.out.Bytes(), nil
}

// xmlMasker copies XML as it stands but for what is masked.
type xmlMasker struct {
	data   []byte
	dec    *xml.Decoder
	out    bytes.Buffer
	copied int64 // how much of data is in out
	open   []openElement
}

// openElement is an element whose end has not come: its name, and how far the paths are matched in it.
type openElement struct {
	name   xml.Name
	states []state
	hidden bool  // all that is in it is masked, by itself or by one around it
	begin  int64 // where its content begins
}

// next takes one token in. The states are those outside of all elements.
func (m *xmlMasker) next(states []state, all bool) error {
	begin := m.dec.InputOffset()
	token, err := m.dec.RawToken()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case xml.StartElement:
		if len(m.open) > 0 {
			in := m.open[len(m.open)-1]
			states, all = in.states, in.hidden
		}
		return m.start(t, begin, openElement{name: t.Name, states: states, hidden: all})
	case xml.EndElement:
		return m.end(t, begin)
	}
	return nil
}

// start goes into an element. E is what is known of it from outside.
func (m *xmlMasker) start(t xml.StartElement, begin int64, e openElement) error {
	if len(m.open) == maskedDepth {
		return errors.New("nested too deep")
	}
	e.begin = m.dec.InputOffset()
	inside := len(m.open) > 0 && m.open[len(m.open)-1].hidden
	if !e.hidden {
		e.states, e.hidden = m.into(e.states, t.Name.Local)
	}
	if !inside {
		m.attributes(m.data[begin:e.begin], begin, e)
	}
	if _, hit := m.into(e.states, "_"); hit { // the text beside attributes
		e.hidden = true
	}
	m.open = append(m.open, e)
	return nil
}

// into goes down to an element or an attribute. Hit says that a path ends there.
func (m *xmlMasker) into(at []state, name string) (next []state, hit bool) {
	if next, hit = advance(at, member{name: name}); hit {
		return nil, true
	}
	return settled(next)
}

// end comes out of an element, and masks its content where there is some.
func (m *xmlMasker) end(t xml.EndElement, begin int64) error {
	last := len(m.open) - 1
	if last < 0 || m.open[last].name != t.Name {
		return errors.New("a tag is not closed")
	}
	e := m.open[last]
	m.open = m.open[:last]
	if inside := last > 0 && m.open[last-1].hidden; e.hidden && !inside && begin > e.begin {
		m.mask(e.begin, begin)
	}
	return nil
}

// attributes masks those of a start tag, which stands at begin.
func (m *xmlMasker) attributes(tag []byte, begin int64, e openElement) {
	for at := 0; ; {
		open := bytes.IndexAny(tag[at:], `"'`)
		if open < 0 {
			return
		}
		open += at
		length := bytes.IndexByte(tag[open+1:], tag[open])
		if length < 0 {
			return
		}
		prefix, local := attributeName(tag[at:open])
		_, hit := m.into(e.states, local)
		if (hit || e.hidden) && prefix != "xmlns" && local != "xmlns" {
			m.mask(begin+int64(open)+1, begin+int64(open+1+length))
		}
		at = open + length + 2
	}
}

// attributeName gives the name at the end of what stands before the value of an attribute: `<a b:c=`.
func attributeName(before []byte) (prefix, local string) {
	text := strings.TrimRight(string(before), "= \t\r\n")
	text = text[strings.LastIndexAny(text, " \t\r\n")+1:]
	if prefix, local, found := strings.Cut(text, ":"); found {
		return prefix, local
	}
	return "", text
}

// mask puts *** in place of what stands from begin to end.
func (m *xmlMasker) mask(begin, end int64) {
	m.out.Write(m.data[m.copied:begin])
	m.out.WriteString("***")
	m.copied = end
}

// settled adds what the states lead to without going further down: XML has no lists, so that a path may leave out an index. Hit says
// that a path ends there.
func settled(states []state) (all []state, hit bool) {
	for i := 0; i < len(states); i++ {
		s := states[i]
		if !(*s.path)[s.next].list {
			continue
		}
		if s.next+1 == len(*s.path) {
			return nil, true
		}
		states = with(states, state{s.path, s.next + 1})
	}
	return states, false
}

// looksLikeXML guesses for a body of another type: in UTF-16 there are zero bytes between, and there may be a mark before.
func looksLikeXML(data []byte) bool {
	data = bytes.TrimLeft(data[:min(len(data), 64)], "\x00 \t\r\n")
	for _, mark := range []string{"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"} {
		data = bytes.TrimPrefix(data, []byte(mark))
	}
	data = bytes.TrimLeft(data, "\x00 \t\r\n")
	return len(data) > 0 && data[0] == '<'
}
