package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"snrun/history/words"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// soapExample is a step that calls an operation, as an example.
type soapExample struct {
	*soapTarget
	defs      *wsdl.Definitions
	operation *wsdl.Operation
	id        string
	profile   string
	place     string // of the WSDL
	note      string
}

// text writes the step.
func (e *soapExample) text() string {
	var b strings.Builder
	b.WriteString(comment(e.operation.Name+" of "+e.service.Name.Local, e.operation.Doc))
	fmt.Fprintf(&b, "- id: %s\n  soap:\n", e.id)
	if e.profile != "" {
		fmt.Fprintf(&b, "    profile: %s\n", yamlScalar(e.profile))
	} else {
		b.WriteString("    # profile: NAME                 # who signs in, and how; a key of profiles.yaml\n")
	}
	fmt.Fprintf(&b, "    wsdl: %s\n", noted(yamlScalar(e.place), e.note))
	if e.nameService {
		fmt.Fprintf(&b, "    service: %s\n", yamlScalar(e.service.Name.Local))
	}
	if e.namePort {
		fmt.Fprintf(&b, "    port: %s\n", yamlScalar(e.port.Name))
	}
	fmt.Fprintf(&b, "    operation: %s\n", yamlScalar(e.operation.Name))
	e.target(&b)
	e.headers(&b)
	e.params(&b)
	e.answer(&b)
	return b.String()
}

// target writes where the step sends to. Many WSDLs have the address of another instance, or of a machine behind a gateway.
func (e *soapExample) target(b *strings.Builder) {
	u, err := url.Parse(e.port.Address)
	switch {
	case e.port.Address == "":
		b.WriteString("    endpoint: https://example.com/  # where it is: the WSDL has no address\n")
	case err == nil && u.Host != "":
		fmt.Fprintf(b, "    # path: %s  # at the profile's base_url, in place of %s in the WSDL\n", yamlScalar(u.RequestURI()), u.Scheme+"://"+u.Host)
	}
}

// comment writes a heading, with what is said of it.
func comment(text, doc string) string {
	if doc != "" {
		text += ": " + doc
	}
	return "# " + strings.Join(wrap(cut(words.Clean(text), 300), 100), "\n# ") + "\n"
}

func noted(value, note string) string {
	if note == "" {
		return value
	}
	return value + "  # " + note
}

// headers writes the header blocks that the WSDL declares, as comments: most services want some of them only.
func (e *soapExample) headers(b *strings.Builder) {
	if len(e.operation.Input.Headers) == 0 {
		return
	}
	b.WriteString("    # headers:\n")
	for _, h := range e.operation.Input.Headers {
		b.WriteString(prefixLines(e.example(h.Element.Name.Local, h), "    #   "))
	}
}

// params writes what the operation takes.
func (e *soapExample) params(b *strings.Builder) {
	in := e.operation.Input
	switch {
	case len(in.Parts) == 0:
	case in.Wrapper.Local == "" && len(in.Parts) == 1:
		b.WriteString(prefixLines(e.example("params", in.Parts[0]), "    "))
	default:
		b.WriteString("    params:\n")
		for _, p := range in.Parts {
			b.WriteString(prefixLines(e.example(p.Name, p), "      "))
		}
	}
}

func (e *soapExample) example(key string, p *wsdl.Part) string {
	element := p.Element
	if element == nil {
		element = &xsd.Element{Name: xml.Name{Local: p.Name}, Type: p.Type}
	}
	return e.defs.Schema.Example(key, element)
}

// prefixLines puts a text before each line.
func prefixLines(text, before string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(before + line)
	}
	return b.String()
}

// answer writes what comes back, as comments.
func (e *soapExample) answer(b *strings.Builder) {
	out := e.operation.Output
	if out == nil {
		b.WriteString("# No answer comes back.\n")
		return
	}
	fields := asAnswered(messageFields(out))
	name := "steps." + e.id + ".output"
	switch {
	case len(fields) == 0:
		b.WriteString("# The answer is empty.\n")
	case len(fields) == 1 && fields[0].Name == "":
		fmt.Fprintf(b, "# The answer, %s: %s\n", name, fields[0])
	default:
		fmt.Fprintf(b, "# The answer, %s:\n", name)
		o := &outline{b: b}
		o.fields(fields, "#   ")
	}
	e.faults(b)
}

func (e *soapExample) faults(b *strings.Builder) {
	var names []string
	for _, f := range e.operation.Faults {
		name := f.Part.Name
		if f.Part.Element != nil {
			name = f.Part.Element.Name.Local
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		b.WriteString(comment("A fault, error.fault.detail, may have "+strings.Join(names, ", "), ""))
	}
}

// outline writes the keys of an answer, a line each.
type outline struct {
	b     *strings.Builder
	lines int
	types []*xsd.Type // those around
}

// The bounds of an outline.
const (
	outlineLines = 60
	outlineDepth = 4
)

func (o *outline) fields(fields []soapField, indent string) {
	for i, f := range fields {
		if o.lines++; o.lines == outlineLines {
			fmt.Fprintf(o.b, "%s… %d more\n", indent, len(fields)-i)
		}
		if o.lines >= outlineLines {
			return
		}
		o.b.WriteString(indent + f.String() + "\n")
		t := f.of
		if t != nil && t.Array != nil {
			t = t.Array.Item
		}
		if !isMapping(t) || slices.Contains(o.types, t) || len(o.types) == outlineDepth {
			continue
		}
		o.types = append(o.types, t)
		o.fields(asAnswered(contentFields(t)), indent+"  ")
		o.types = o.types[:len(o.types)-1]
	}
}

// below gives the path of a file relative to a folder that it is in, with slashes.
func below(dir, file string) (string, bool) {
	there, err := filepath.Rel(dir, file)
	if err != nil || !filepath.IsLocal(there) {
		return "", false
	}
	return filepath.ToSlash(there), true
}

var plainScalar = regexp.MustCompile(`^[A-Za-z_/.][A-Za-z0-9_/.?=&%:@+~-]*$`)

// yamlScalar writes a text in YAML, in quotes where it would be something else without them.
func yamlScalar(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".nan", ".inf":
	default:
		if plainScalar.MatchString(text) && !strings.HasSuffix(text, ":") {
			return text
		}
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(quoted)
}
