package jobs

import (
	"embed"
	"slices"
	"strings"

	"snrun/auth"
	"snrun/jobs/source"
	"snrun/steps"
)

// presetFiles are the presets, a file each: there is no other list of them.
//
//go:embed presets/*.yaml
var presetFiles embed.FS

// preset is what is known about a product beforehand: the keys of a profile that need not be written, and what its
// catch-all refusals stand for.
type preset struct {
	name    string
	product string
	summary string // one line, without a full stop
	doc     string // Markdown
	example string // YAML
	text    string // the file
	profile *source.Node
	causes  []auth.Cause
}

// presetNames are the names of the presets, sorted.
func presetNames() []string {
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		panic(err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// presetFields are the keys of a preset's file. Those of form Block are read by code of their own.
func presetFields() []steps.Field {
	text, block := steps.Of(steps.Text), steps.Of(steps.Block)
	cause := steps.ObjectOf(
		steps.Field{Name: "grants", Static: true, Type: steps.ListOf(text)},
		steps.Field{Name: "check", Required: true, Static: true, Type: text},
	)
	return []steps.Field{
		{Name: "version", Required: true, Static: true, Type: steps.Of(steps.Int)},
		{Name: "product", Required: true, Static: true, Type: text},
		{Name: "summary", Required: true, Static: true, Type: text},
		{Name: "doc", Required: true, Static: true, Type: text},
		{Name: "example", Required: true, Type: block},
		{Name: "profile", Required: true, Type: block},
		{Name: "causes", Static: true, Type: steps.MapOf(steps.ListOf(cause))},
	}
}

// loadPreset reads the preset of a name. What is wrong in its file is a mistake in the program.
func loadPreset(name string) *preset {
	data, err := presetFiles.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		panic(err)
	}
	p, err := readPreset(name, data)
	if err != nil {
		panic(err)
	}
	return p
}

func readPreset(name string, data []byte) (*preset, error) {
	d := newDecoder(nil, nil)
	root := d.root("preset "+name, data)
	if root == nil {
		return nil, d.err()
	}
	in, ok := d.static(root, presetFields(), "a preset", nil)
	if err := d.err(); err != nil || !ok {
		return nil, err
	}
	p := &preset{name: name, product: in.Text("product"), summary: in.Text("summary"), doc: in.Text("doc"), text: string(data)}
	p.example = strings.TrimSpace(child(root, "example").Text())
	p.profile = child(root, "profile")
	for _, pair := range in.Pairs("causes") {
		list, _ := pair.Value.([]any)
		for _, v := range list {
			cause := v.(steps.Input)
			p.causes = append(p.causes, auth.Cause{Code: pair.Key, Grants: texts(cause.List("grants")), Check: cause.Text("check")})
		}
	}
	return p, nil
}

// section gives the lines of the file below one of its keys, with what is set in there taken off.
func (p *preset) section(key string) []string {
	_, rest, _ := strings.Cut("\n"+p.text, "\n"+key+":\n")
	var lines []string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "  ") {
			break
		}
		lines = append(lines, strings.TrimSuffix(line[2:], "\n"))
	}
	return lines
}

// preset gives the preset that a profile names, or most likely means, with the place where it does; nil for none.
func (d *decoder) preset(n *source.Node) (*preset, *source.Node) {
	name := d.wordUnder(n, "preset")
	if !slices.Contains(presetNames(), name) {
		name = steps.Nearest(name, presetNames())
	}
	if name == "" {
		return nil, nil
	}
	if d.presets[name] == nil {
		d.presets[name] = loadPreset(name)
	}
	return d.presets[name], d.child(n, "preset")
}

// withPreset reads a profile as if the keys of its preset stood in it. A mistake that comes of one of them is told where the
// profile names the preset: the person has no other place to mend it.
func (d *decoder) withPreset(p *Profile, n *source.Node, read func()) {
	preset, named := d.preset(n)
	if preset == nil {
		read()
		return
	}
	p.preset = preset
	outer, undo := d.r, d.join(n, preset)
	d.r = &source.Report{}
	read()
	undo()
	found := d.r
	d.r = outer
	hints := map[string]bool{}
	for _, e := range found.All() {
		switch {
		case e.File != preset.profile.Pos().File:
			d.r.Add(e)
		case e.Hint == "" || !hints[e.Hint]: // what mends one of several mends all
			hints[e.Hint] = true
			told := d.r.Errorf(named, "with preset %s: %s", preset.name, e.Message)
			told.Hint, told.Warning = e.Hint, e.Warning
		}
	}
}

// join lets the keys of a preset stand in for those that a profile does not write, until undo: a mapping that an alias names
// may be read without the preset too. Those of `auth` do so one by one, unless the profile signs in in another way.
func (d *decoder) join(n *source.Node, p *preset) (undo func()) {
	undoProfile := d.overlay(n, p.profile)
	own, known := d.child(n, "auth"), child(p.profile, "auth")
	if known == nil || own.Form() != source.Mapping {
		return undoProfile
	}
	if kind := d.wordUnder(own, "type"); kind != "" && kind != d.wordUnder(known, "type") {
		return undoProfile
	}
	undoAuth := d.overlay(own, known)
	return func() { undoAuth(); undoProfile() }
}

// overlay adds the entries of one mapping to those of another that does not have their keys, until undo.
func (d *decoder) overlay(n, under *source.Node) (undo func()) {
	own := d.entries(n)
	all := slices.Clone(own)
	for _, e := range d.entries(under) {
		if (mapping{entries: own}).get(e.Key) == nil {
			all = append(all, e)
		}
	}
	d.read[n] = all
	return func() { d.read[n] = own }
}
