package jobs

import (
	"snrun/auth"
	"snrun/jobs/source"
	"snrun/steps"
)

// signIn reads a profile's `auth`: its type decides which keys it may have.
func (d *decoder) signIn(p *Profile, n *source.Node, scope *Scope) {
	if n.Form() != source.Mapping {
		d.r.Errorf(n, "auth must be a mapping, not %s", n.What()).Hint = "write `auth: {type: …}`"
		return
	}
	named, security := d.child(n, "type"), securityField(d.kinds)
	switch {
	case named == nil && security != nil && d.child(n, securityKey) != nil:
		d.signInAs(p, n, auth.SignInType{Name: "none"}, scope)
	case named == nil:
		d.r.Errorf(n, "auth needs the key %q", "type").Hint = steps.Hint("", authField().Type.Values)
	case named.Form() != source.Scalar || named.IsNull():
		d.r.Errorf(named, "type must be the name of a way to sign in, not %s", named.What()).Hint = steps.Hint("", authField().Type.Values)
	case named.Text() == securityKey:
		d.r.Errorf(named, "%s is no type: it stands beside any of them, or alone", securityKey).Hint = "write it as auth: {type: basic, …, ws_security: {username: …, password: …}}"
	default:
		d.signInNamed(p, n, named, scope)
	}
}

// signInNamed reads an `auth` of the type that it names.
func (d *decoder) signInNamed(p *Profile, n, named *source.Node, scope *Scope) {
	for _, t := range auth.Types() {
		if t.Name == named.Text() {
			d.signInAs(p, n, t, scope)
			return
		}
	}
	d.r.Errorf(named, "unknown way to sign in %q", named.Text()).Hint = steps.Hint(named.Text(), authField().Type.Values)
}

// signInAs reads the keys of a type, and what stands beside any.
func (d *decoder) signInAs(p *Profile, n *source.Node, t auth.SignInType, scope *Scope) {
	p.AuthType = t.Name
	table := signInFields(t)
	if security := securityField(d.kinds); security != nil {
		p.security = security.Type.Fields
		table[0].Required = false // it is there, or what may stand without it
		table = append(table, *security)
	}
	if f, ok := d.object(n, table, "auth of type "+t.Name, scope); ok {
		p.signIn = f
		p.refresh = f.fixed.Late("refresh_when")
		d.onlyResponse(n, f)
	}
}

// onlyResponse reports conditions that read more than an answer: they are evaluated where nothing else is known.
func (d *decoder) onlyResponse(n *source.Node, f *fields) {
	for _, field := range f.list {
		if field.name == "refresh_when" {
			d.r.Errorf(d.child(n, field.name), "refresh_when may read `response` only").Hint = "write values out, as in response.status == 403"
		}
	}
}
