package jobs

import (
	"net/url"
	"strings"
	"time"

	"snrun/auth"
	"snrun/jobs/source"
	"snrun/steps"
)

// Profile is a named way to reach and sign in to a system, as it stands in profiles.yaml: checked, but with its
// environment and its secrets still to be looked up.
type Profile struct {
	Name     string
	Pos      source.Pos
	Retry    *Retry // nil: it says nothing
	AuthType string
	node     *source.Node
	signIn   *fields       // of its `auth`
	security []steps.Field // the keys of its `auth.ws_security`; nil where no kind knows it
	rest     *fields
	refresh  *steps.Late
	preset   *preset // nil for none
	used     usage
}

// profilesFile reads a profiles file. It gives nil where that holds no mapping of profiles.
func (d *decoder) profilesFile(file string, data []byte) map[string]*Profile {
	root := d.root(file, data)
	if root == nil {
		return nil
	}
	m, ok := d.mapping(root, profilesFields(), "a profiles file")
	if !ok {
		return nil
	}
	d.version(m)
	list := m.given("profiles")
	if list == nil {
		return nil
	}
	if list.Form() != source.Mapping {
		d.r.Errorf(list, "profiles must be a mapping of names, not %s", list.What()).Hint = "write each profile as `name: {base_url: …}`"
		return nil
	}
	profiles := map[string]*Profile{}
	for _, e := range d.entries(list) {
		profiles[e.Key] = d.profile(e)
	}
	return profiles
}

// profile reads one profile. One with mistakes is given too, so that jobs that name it have no further one for that.
func (d *decoder) profile(e source.Entry) *Profile {
	p := &Profile{Name: e.Key, Pos: e.Name.Pos(), node: e.Value, AuthType: "none", rest: &fields{fixed: steps.Input{}}}
	d.title(e.Name, "the name of a profile")
	outer := d.used
	d.used = usage{}
	d.withPreset(p, e.Value, func() {
		if d.clean(func() { d.profileKeys(p, e.Value) }) {
			d.checkProfile(p, e.Value)
		}
	})
	p.used, d.used = d.used, outer
	return p
}

func (d *decoder) profileKeys(p *Profile, n *source.Node) {
	scope := d.profileScope()
	rest, ok := d.object(n, withoutAuth(), "profile "+p.Name, scope)
	if !ok {
		return
	}
	p.rest = rest
	if n := d.child(n, "retry"); n != nil {
		p.Retry = d.retry(n, scope.With("error", errorShape()).With("response", responseShape(nil).OrNull()))
	}
	if n := d.child(n, "auth"); n != nil {
		d.signIn(p, n, scope)
	}
	d.limits(rest.fixed, n)
}

// profileScope is what the expressions of a profile see.
func (d *decoder) profileScope() *Scope {
	scope := d.outerScope()
	for _, name := range []string{"inputs", "state", "steps", "run"} {
		scope = scope.Explain(name, "a profile serves all jobs, so it sees only `env` and `secret`")
	}
	return scope
}

// limits checks the numbers that bound the requests of a profile.
func (d *decoder) limits(rest steps.Input, n *source.Node) {
	rate := rest.Object("rate")
	if limit, ok := rate["limit"].(int); ok && limit < 1 {
		d.r.Errorf(d.at(n, "rate.limit"), "limit must be at least 1")
	}
	if per, ok := rate["per"].(time.Duration); ok && per <= 0 {
		d.r.Errorf(d.at(n, "rate.per"), "per must be longer than zero")
	}
	if count, ok := rest["max_concurrent"].(int); ok && count < 1 {
		d.r.Errorf(d.at(n, "max_concurrent"), "max_concurrent must be at least 1").Hint = "leave it out for no limit"
	}
}

// checkProfile finds what the forms of the keys cannot express.
func (d *decoder) checkProfile(p *Profile, n *source.Node) {
	known, err := p.assemble(p.rest.known(), p.signInKnown())
	if err != nil {
		d.r.Errorf(d.at(n, "base_url"), "%s", err).Hint = "write it as https://instance.example.com"
		return
	}
	d.checkTestPath(known, n)
	for _, problem := range auth.Check(known) {
		reported := d.r.Errorf(d.at(n, problem.Path), "%s", problem.Message)
		reported.Hint, reported.Warning = problem.Hint, problem.Warning
	}
}

// checkTestPath wants a path that stands below the base URL: anywhere else the credentials do not go.
func (d *decoder) checkTestPath(p auth.Profile, n *source.Node) {
	u, err := url.Parse(p.TestPath)
	switch {
	case p.TestPath == "":
	case p.BaseURL == nil && d.child(n, "test_path").Pos().File != n.Pos().File: // it is the preset's, and base_url is missed anyway
	case p.BaseURL == nil:
		d.r.Errorf(d.at(n, "test_path"), "test_path needs a base_url to be joined to").Hint = "add base_url"
	case err != nil || u.IsAbs() || u.Host != "" || u.Fragment != "":
		d.r.Errorf(d.at(n, "test_path"), "test_path must be a path below base_url, not %q", p.TestPath).Hint = "write it as /path or /path?name=value"
	}
}

// withoutAuth is the table of a profile's keys without what its own code reads.
func withoutAuth() []steps.Field {
	fields := profileFields()
	for i := range fields {
		if fields[i].Name == "auth" || fields[i].Name == "retry" {
			fields[i].Type = steps.Of(steps.Block)
		}
	}
	return fields
}

// signsIn is the field by which a kind asks whether the profile signs in at all.
const signsIn = "signs_in"

// give hands a setting of the profile to a step's fields.
func (p *Profile) give(name string, to *fields) {
	if name == signsIn {
		to.fixed[name] = p.AuthType != "none"
		return
	}
	at, from := p.rest, strings.TrimPrefix(name, "profile_")
	if name == securityKey {
		at = p.signIn
	}
	if at == nil {
		return
	}
	if v, known := at.fixed[from]; known {
		to.fixed[name] = v
	}
	for _, f := range at.list {
		if f.name == from {
			to.list = append(to.list, field{name, f.value})
		}
	}
}
