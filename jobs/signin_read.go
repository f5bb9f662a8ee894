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
	named := d.child(n, "type")
	switch {
	case named == nil:
		d.r.Errorf(n, "auth needs the key %q", "type").Hint = steps.Hint("", authField().Type.Values)
	case named.Form() != source.Scalar || named.IsNull():
		d.r.Errorf(named, "type must be the name of a way to sign in, not %s", named.What()).Hint = steps.Hint("", authField().Type.Values)
	case isLater("auth", named.Text()):
		d.later(named, "auth of type "+named.Text())
	default:
		d.signInAs(p, n, named, scope)
	}
}

func (d *decoder) signInAs(p *Profile, n, named *source.Node, scope *Scope) {
	for _, t := range auth.Types() {
		if t.Name != named.Text() {
			continue
		}
		p.AuthType = t.Name
		if f, ok := d.object(n, signInFields(t), "auth of type "+t.Name, scope); ok {
			p.signIn = f
			p.refresh = f.fixed.Late("refresh_when")
			d.onlyResponse(n, f)
		}
		return
	}
	d.r.Errorf(named, "unknown way to sign in %q", named.Text()).Hint = steps.Hint(named.Text(), authField().Type.Values)
}

// onlyResponse reports conditions that read more than an answer: they are evaluated where nothing else is known.
func (d *decoder) onlyResponse(n *source.Node, f *fields) {
	for _, field := range f.list {
		if field.name == "refresh_when" {
			d.r.Errorf(d.child(n, field.name), "refresh_when may read `response` only").Hint = "write values out, as in response.status == 403"
		}
	}
}
