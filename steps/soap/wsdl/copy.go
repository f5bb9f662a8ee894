package wsdl

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// Copy gives the documents of a WSDL as files of a folder: the WSDL as name, what it imports in a folder of that name without its end.
// What they import of each other is rewritten to these names; all else stays byte for byte, but for UTF-16, which becomes UTF-8.
// Locations are relative, with slashes, of safe characters. The WSDL comes first.
func Copy(src xsd.Source, d *Definitions, name string) ([]File, error) {
	c := &copier{src: src, names: map[string]string{}}
	if f, ok := src.(*folder); ok {
		c.src = f.below(path.Dir(d.Location))
	}
	c.choose(d, name)
	var copies []File
	for _, f := range d.Files {
		data, err := c.rewrite(f)
		if err != nil {
			return nil, err
		}
		copies = append(copies, File{c.names[f.Location], data})
	}
	return copies, nil
}

// NameFor gives the name that a copy of a WSDL has, from its location: orders.wsdl for https://example.com/ws/orders.asmx?WSDL.
func NameFor(location string) string { return stem(location) + ".wsdl" }

// copier copies documents.
type copier struct {
	src   xsd.Source
	names map[string]string // of the copies, by location
}

// choose gives each document a name that no other has, on a file system that does not tell cases apart either.
func (c *copier) choose(d *Definitions, name string) {
	folder := strings.TrimSuffix(name, path.Ext(name))
	taken := map[string]bool{}
	for i, f := range d.Files {
		if i == 0 {
			c.names[f.Location] = name
			continue
		}
		base, ext := stem(f.Location), ".wsdl"
		if isSchema(f.Data) {
			ext = ".xsd"
		}
		free := base
		for n := 2; taken[strings.ToLower(free+ext)]; n++ {
			free = fmt.Sprintf("%s_%d", base, n)
		}
		taken[strings.ToLower(free+ext)] = true
		c.names[f.Location] = folder + "/" + free + ext
	}
}

// unsafe is what a name may not have in it.
var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// maxStem bounds a name, in characters.
const maxStem = 80

// stem gives the last part of a location as a name without an end; what a query says of the document is part of it.
func stem(location string) string {
	base := path.Base(location)
	query := ""
	if u, err := url.Parse(location); err == nil && isAddress(location) {
		base = path.Base(u.Path)
		for _, key := range []string{"xsd", "wsdl", "schema"} {
			if value := u.Query().Get(key); value != "" {
				query = "_" + strings.TrimSuffix(path.Base(value), path.Ext(value))
			}
		}
	}
	if ext := path.Ext(base); ext != base {
		base = strings.TrimSuffix(base, ext)
	}
	name := strings.Trim(unsafe.ReplaceAllString(base+query, "_"), "._-")
	if name == "" || isReserved(name) {
		name = "service" + strings.TrimSuffix("_"+name, "_")
	}
	return name[:min(len(name), maxStem)]
}

// isReserved says whether a file cannot have that name on Windows.
func isReserved(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt"))
}

func isSchema(data []byte) bool {
	root, err := xml.Parse(data, xml.ReadOptions{Limits: xml.Limits{Nodes: maxDocument}})
	return err == nil && root.Name == xml.Name{Space: xml.SchemaSpace, Local: "schema"}
}

// rewrite gives a document with its imports as they are among the copies.
func (c *copier) rewrite(f File) ([]byte, error) {
	data := f.Data
	if isWide(data) {
		narrow, err := xml.ToUTF8(data, "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Shown(f.Location), err)
		}
		data = narrow // it may still declare UTF-16, which no reader takes at its word
	}
	var out bytes.Buffer
	done := 0
	for _, a := range importAttributes(data) {
		location, err := c.src.Resolve(f.Location, a.value)
		if err != nil {
			continue // nothing that was read
		}
		to, known := c.names[location]
		if !known {
			continue
		}
		out.Write(data[done:a.from])
		out.WriteString(relative(c.names[f.Location], to))
		done = a.to
	}
	out.Write(data[done:])
	return out.Bytes(), nil
}

// isWide says whether a document is in UTF-16.
func isWide(data []byte) bool {
	start := string(data[:min(len(data), 2)])
	return start == "\xFE\xFF" || start == "\xFF\xFE" || strings.Contains(start, "\x00")
}

// relative gives a name as a document of another name refers to it. Both stand in one folder, or in one below.
func relative(from, to string) string {
	dir := path.Dir(from)
	switch {
	case dir == ".":
		return to
	case path.Dir(to) == dir:
		return path.Base(to)
	}
	return "../" + to
}

// attribute is the value of an attribute between its quotes: its place in the document, and what it says.
type attribute struct {
	from, to int
	value    string
}

// importAttributes finds where a well-formed document names others: in import, include and redefine. It is not read as XML, so that
// all else can stay as it is.
func importAttributes(data []byte) (found []attribute) {
	for i := 0; i < len(data); {
		at := bytes.IndexByte(data[i:], '<')
		if at < 0 {
			return found
		}
		i += at
		rest := data[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += after(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i += after(rest, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			i += after(rest, "?>")
		default:
			end := tagEnd(rest)
			if isImport(rest[:end]) {
				found = append(found, locations(rest[:end], i)...)
			}
			i += end
		}
	}
	return found
}

// after gives how much there is up to the end of a text.
func after(data []byte, end string) int {
	if at := bytes.Index(data, []byte(end)); at >= 0 {
		return at + len(end)
	}
	return len(data)
}

// tagEnd gives the length of a tag. A > in a value does not end it.
func tagEnd(data []byte) int {
	quote := byte(0)
	for i, b := range data {
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>':
			return i + 1
		}
	}
	return len(data)
}

var (
	importTag = regexp.MustCompile(`^<(?:[^\s:/>]+:)?(?:import|include|redefine)[\s/>]`)
	location  = regexp.MustCompile(`\s(?:schemaLocation|location)\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

func isImport(tag []byte) bool { return importTag.Match(tag) }

func locations(tag []byte, offset int) (found []attribute) {
	for _, m := range location.FindAllSubmatchIndex(tag, -1) {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		found = append(found, attribute{offset + from, offset + to, unescape(string(tag[from:to]))})
	}
	return found
}

// unescape reads the references in a value.
func unescape(value string) string {
	if !strings.Contains(value, "&") {
		return value
	}
	root, err := xml.Parse([]byte("<v>"+value+"</v>"), xml.ReadOptions{})
	if err != nil {
		return value
	}
	return root.Text
}
