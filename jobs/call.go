package jobs

import (
	"snrun/jobs/source"
	"snrun/steps"
)

// call reads a step that the kind's function carries out. The shape is that of the output.
func (d *decoder) call(kind *steps.Kind, n *source.Node, scope *Scope) (Body, *Shape) {
	c := &Call{}
	var ok bool
	outer := d.calling
	d.calling = kind
	clean := d.clean(func() {
		if c.fields, ok = d.object(n, kind.Takes.Fields, kind.Name, scope); ok {
			c.Profile, c.retry = d.useProfile(n, kind, c.fields)
		}
	})
	d.calling = outer
	if !ok {
		return c, d.any
	}
	c.origin = origin{node: n, kind: kind}
	if profile := d.profiles[c.Profile]; profile != nil {
		c.origin.profile = profile.node
	}
	known := c.fields.known()
	c.walks = kind.Walks != nil && kind.Walks(known)
	if clean && kind.Check != nil {
		clean = d.clean(func() { d.checkCall(c, known) })
	}
	if clean && kind.Output != nil {
		return c, d.answerShape(kind.Output(known, d.library.project.Dir))
	}
	return c, d.any
}

// checkCall reports what the kind finds wrong with a call.
func (d *decoder) checkCall(c *Call, known steps.Input) {
	for _, p := range c.origin.kind.Check(known, d.library.project.Dir) {
		at, path := c.origin.find(p, d.entriesRead)
		d.r.Errorf(at, "%s", c.origin.sentence(path, p)).Hint = p.Hint
	}
}

// useProfile completes a call's fields from the profile that it names, and gives the profile's name and retry.
func (d *decoder) useProfile(n *source.Node, kind *steps.Kind, f *fields) (string, *Retry) {
	name := f.fixed.Text("profile")
	if name == "" || d.profiles == nil {
		return name, nil
	}
	profile := d.profiles[name]
	if profile == nil {
		d.r.Errorf(child(n, "profile"), "unknown profile %q", name).Hint = d.profileHint(name)
		return name, nil
	}
	d.used.profiles[name] = true
	for _, field := range kind.Takes.Fields {
		if field.FromProfile {
			profile.give(field.Name, f)
		}
	}
	return name, profile.Retry
}

func (d *decoder) profileHint(name string) string {
	if len(d.profiles) == 0 {
		return "the project has no profiles; they stand in profiles.yaml"
	}
	return steps.Hint(name, sortedKeys(d.profiles))
}
