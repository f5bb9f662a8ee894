package jobs

import (
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// call reads a step that the kind's function carries out.
func (d *decoder) call(kind *steps.Kind, n *source.Node, scope *Scope) Body {
	c := &Call{}
	var ok bool
	clean := d.clean(func() {
		if c.fields, ok = d.object(n, kind.Takes.Fields, kind.Name, scope); ok {
			c.Profile, c.retry = d.useProfile(n, kind, c.fields)
		}
	})
	if !ok {
		return c
	}
	known := c.fields.known()
	c.walks = kind.Walks != nil && kind.Walks(known)
	if clean && kind.Check != nil {
		for _, p := range kind.Check(known) {
			at, path := d.problemPlace(n, kind, c.Profile, p.Path)
			d.r.Errorf(at, "%s %s", path, p.Message).Hint = p.Hint
		}
	}
	return c
}

// problemPlace finds where a problem of a call stands: what came from its profile stands there.
func (d *decoder) problemPlace(n *source.Node, kind *steps.Kind, profile, path string) (*source.Node, string) {
	top, _, _ := strings.Cut(path, ".")
	if f := fieldNamed(kind.Takes.Fields, top); f != nil && f.FromProfile && d.profiles[profile] != nil {
		n, path = d.profiles[profile].node, strings.TrimPrefix(path, "profile_")
	}
	return d.at(n, path), path
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
