package jobs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/steps"
)

// pageWidth is how many characters a line of an explanation has.
const pageWidth = 100

// functionsTopic explains what expressions can call; it is no Topic, as it takes nothing.
const functionsTopic = "functions"

// authTopics is what the topics of the ways to sign in have before their dot.
const authTopics = "auth"

// Explain gives a page of plain text about a topic or one of its fields: "rest", "rest.paginate.items", "functions.map". An
// empty path lists the topics. The error of a path that names nothing says what is close.
func Explain(kinds steps.Set, path string) (string, error) {
	topics := Topics(kinds)
	if path == "" {
		return listTopics(topics), nil
	}
	names := []string{functionsTopic}
	for _, t := range topics {
		if rest, ok := below(path, t.Name); ok && !(t.Name == presetTopic && rest != "") {
			return t.explain(rest)
		}
		names = append(names, t.Name)
	}
	for _, t := range topics { // a preset and a way to sign in can be named without their area
		if t.Name == presetTopic+"."+path || t.Name == authTopics+"."+path {
			return t.explain("")
		}
	}
	if path == authTopics { // one topic for each way to sign in
		list, _ := topicLines(slices.DeleteFunc(topics, func(t Topic) bool { return !strings.HasPrefix(t.Name, authTopics+".") }))
		return list + "\nSee: snrun explain auth.oauth2\n", nil
	}
	if rest, ok := below(path, functionsTopic); ok {
		return explainFunctions(rest)
	}
	return "", fmt.Errorf("there is nothing named %q to explain; %s", path, nearestOr(path, names, "`snrun explain` lists what there is"))
}

func nearestOr(name string, candidates []string, otherwise string) string {
	if near := steps.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// below gives what of a path comes after a topic's name.
func below(path, topic string) (string, bool) {
	if path == topic {
		return "", true
	}
	return strings.CutPrefix(path, topic+".")
}

func listTopics(topics []Topic) string {
	list, width := topicLines(topics)
	return fmt.Sprintf("%sExpressions\n  %-*s %s\n\n", list, width, functionsTopic, "What expressions can call") +
		"See: snrun explain rest, snrun explain rest.paginate\n"
}

// topicLines gives the topics, one a line below their areas, and how wide the names are.
func topicLines(topics []Topic) (list string, width int) {
	var b strings.Builder
	area := ""
	width = 14
	for _, t := range topics {
		width = max(width, len(t.Name))
	}
	for _, t := range topics {
		if t.Area != area {
			area = t.Area
			fmt.Fprintf(&b, "%s\n", area)
		}
		fmt.Fprintf(&b, "  %-*s %s\n", width, t.Name, t.Summary)
	}
	return b.String(), width
}

// explain prints the topic, or the field that the path names in it.
func (t Topic) explain(path string) (string, error) {
	if path != "" {
		return t.explainField(path)
	}
	p := &page{}
	p.line("", "%s: %s", t.Name, t.Summary)
	p.paragraphs(t.Doc)
	fields := t.fields()
	if len(fields) == 0 && !t.isPreset() {
		p.heading("takes")
		p.line("  ", "%s", Notation(t.Takes))
	}
	p.fields("keys", fields)
	p.fields("beside it", t.Beside)
	if len(t.Gives) > 0 {
		p.heading("gives")
		for _, g := range t.Gives {
			p.line("  ", "steps.ID.%s", g.Name)
			p.wrapped("      ", g.Doc)
		}
	}
	for _, note := range t.Notes {
		p.note(note)
	}
	p.example(t.Example)
	return p.String(), nil
}

func (t Topic) explainField(path string) (string, error) {
	fields := append(append([]steps.Field{}, t.fields()...), t.Beside...)
	parent := fields
	var found *steps.Field
	for _, part := range strings.Split(path, ".") {
		parent = fields
		if found = fieldNamed(fields, part); found == nil {
			return "", fmt.Errorf("%s has no key %q; %s", t.Name, part, nearestOr(part, fieldNames(fields), keysHint(fields)))
		}
		fields, _ = fieldsOf(found.Type)
	}
	p := &page{}
	p.line("", "%s.%s: %s", t.Name, path, Notation(found.Type))
	if note := remark(*found, parent); note != "" {
		p.line("", "%s", note)
	}
	p.paragraphs(found.Doc)
	p.fields("keys", fields)
	if found.Example != "" {
		p.example(found.Name + ": " + found.Example)
	}
	return p.String(), nil
}

// explainFunctions lists what expressions can call, or explains one function.
func explainFunctions(name string) (string, error) {
	p := &page{}
	var names []string
	for _, f := range Functions() {
		names = append(names, f.Name)
		if name != "" && name != f.Name {
			continue
		}
		p.line("", "%s", f.Signature)
		p.wrapped("    ", f.Doc)
		if f.Example != "" {
			p.line("    ", "%s → %s", f.Example, f.Result)
		}
	}
	if p.Len() == 0 {
		return "", fmt.Errorf("there is no function %q; %s", name, nearestOr(name, names, "`snrun explain functions` lists them"))
	}
	return p.String(), nil
}

// page is a page of plain text.
type page struct{ strings.Builder }

func (p *page) line(indent, format string, args ...any) {
	p.WriteString(indent + fmt.Sprintf(format, args...) + "\n")
}

func (p *page) heading(text string) { p.line("", "\n%s", text) }

// paragraphs writes Markdown paragraphs after an empty line.
func (p *page) paragraphs(text string) {
	if text == "" {
		return
	}
	for _, paragraph := range strings.Split(text, "\n\n") {
		p.WriteString("\n")
		p.wrapped("", paragraph)
	}
}

// wrapped breaks a text into lines of pageWidth.
func (p *page) wrapped(indent, text string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > pageWidth {
			p.line("", "%s", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	if line != indent {
		p.line("", "%s", line)
	}
}

func (p *page) fields(title string, fields []steps.Field) {
	if len(fields) == 0 {
		return
	}
	p.heading(title)
	for _, f := range fields {
		note := remark(f, fields)
		if note != "" {
			note = "; " + note
		}
		p.line("  ", "%s: %s%s", f.Name, Notation(f.Type), note)
		p.wrapped("      ", f.Doc)
	}
}

func (p *page) note(n Note) {
	p.heading(strings.ToLower(n.Title[:1]) + n.Title[1:])
	for i, line := range n.Lines {
		if n.YAML {
			p.line("  ", "%s", line)
		} else {
			p.wrapped("  ", fmt.Sprintf("%d. %s", i+1, line))
		}
	}
}

func (p *page) example(text string) {
	if text == "" {
		return
	}
	p.heading("example")
	for line := range strings.Lines(text) {
		p.line("  ", "%s", strings.TrimSuffix(line, "\n"))
	}
}
