package soap

import (
	"maps"
	"slices"

	"snrun/steps"
	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
	"snrun/steps/xml"
)

// output says what a step will give, where its WSDL is a file.
func (c *checker) output(in steps.Input, dir string) *steps.Shape {
	name := in.Text("wsdl")
	if name == "" || isRemote(name) || in.Has("expect_fault") && in["expect_fault"] != false {
		return nil
	}
	defs, err := c.wsdls.file(dir, name)
	if err != nil {
		return nil
	}
	found, problem := choose(defs, in)
	if problem != nil || found.op.Output == nil || len(found.port.Named(found.op.Name)) > 1 {
		return nil
	}
	return outlineMessage(defs.Schema, found.op.Output, in["strict"] == true)
}

// outlineMessage says what typedContent gives.
func outlineMessage(schema *values.Schema, m *wsdl.Message, strict bool) *steps.Shape {
	switch {
	case m.Wrapper != xml.Name{}:
		return outlineParts(schema, m.Parts, strict)
	case len(m.Parts) == 1:
		return outlinePart(schema, m.Parts[0], strict)
	}
	return nil
}

func outlinePart(schema *values.Schema, p *wsdl.Part, strict bool) *steps.Shape {
	switch {
	case p.Element != nil:
		return schema.Outline(p.Element, strict)
	case p.Type != nil:
		return schema.OutlineType(p.Type, strict)
	}
	return &steps.Shape{}
}

// outlineParts is for the parts of an rpc message.
func outlineParts(schema *values.Schema, parts []*wsdl.Part, strict bool) *steps.Shape {
	known := map[string]*steps.Shape{}
	for _, p := range parts {
		known[p.Name] = outlinePart(schema, p, strict)
	}
	return &steps.Shape{
		Forms: []steps.Form{steps.Map},
		Key:   func(name string) *steps.Shape { return known[name] },
		Keys:  func() []string { return slices.Sorted(maps.Keys(known)) },
	}
}
