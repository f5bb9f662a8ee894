package xsd

import (
	"strings"

	"snrun/steps/xml"
)

// maxDoc is how much of a documentation is kept.
const maxDoc = 2000

// documentation gives what the annotation of a component says, in one line: in English where there are several languages.
func (n node) documentation() string {
	annotation, ok := n.child("annotation")
	if !ok {
		return ""
	}
	var first, all []string
	for d := range annotation.children() {
		if d.Name.Local != "documentation" {
			continue
		}
		text := oneLine(d.Element)
		if first == nil {
			first = []string{text}
		}
		lang, _ := d.Attr(xml.XMLSpace, "lang")
		if text != "" && (lang == "" || strings.HasPrefix(lang, "en")) {
			all = append(all, text)
		}
	}
	if all == nil {
		all = first
	}
	doc := strings.Join(all, " ")
	if len(doc) > maxDoc {
		doc = strings.ToValidUTF8(doc[:maxDoc], "") + "…"
	}
	return doc
}

// oneLine gives all text in an element, in one line.
func oneLine(e *xml.Element) string {
	words := strings.Fields(e.Text)
	for _, child := range e.Children {
		if text := oneLine(child); text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ")
}
