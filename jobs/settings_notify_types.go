package jobs

import (
	"net"
	"net/mail"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"snrun/jobs/source"
	"snrun/steps"
)

// notifyWay is a way to tell people: the keys that it takes, and what they cannot express.
type notifyWay struct {
	name, doc, example string
	fields             []steps.Field
	check              func(d *decoder, n *source.Node, known steps.Input)
}

// notifyWays are the ways to tell people.
func notifyWays() []notifyWay {
	address := steps.Field{Name: "url", Required: true, Type: steps.Of(steps.Text), Example: "${secret.HOOK_URL}", Doc: "Where it is sent: a whole URL, or with `profile` a path below its base URL. As a rule a secret is in it."}
	profile := steps.Field{Name: "profile", Static: true, Type: steps.Of(steps.Text), Example: "chat", Doc: "The profile to sign in with. Default: none."}
	on := steps.Field{Name: "on", Static: true, Type: steps.ListOf(steps.OneOf(notifyKinds()...)), Example: "[failure, recovery]", Doc: "What is told. Default: all of it."}
	common := func(name string, more ...steps.Field) []steps.Field {
		return append([]steps.Field{
			{Name: "type", Required: true, Static: true, Type: steps.OneOf(notifyTypes()...), Doc: "The way to tell; it decides which keys stand beside."},
			{Name: "name", Static: true, Type: steps.Of(steps.Text), Example: "oncall", Doc: "What the target is called. Default: its type."},
			{Name: "jobs", Static: true, Type: steps.ListOf(steps.Of(steps.Text)), Example: "[incident_*, nightly]", Doc: "The jobs that it is told of, by their names; `*` stands for any letters. Default: all."},
		}, more...)
	}
	return []notifyWay{
		{
			name: "webhook", doc: "A POST with JSON", check: checkAddressed, example: "type: webhook\nurl: ${secret.HOOK_URL}\njson: {title: \"${notice.job}\", message: \"${notice.text}\"}",
			fields: common("webhook", on, address, profile,
				steps.Field{Name: "headers", Type: steps.MapOf(steps.Of(steps.Text)), Example: "{X-Api-Key: \"${secret.ONCALL_KEY}\"}", Doc: "Headers of the request."},
				steps.Field{Name: "json", Type: steps.Of(steps.Tree), Example: "{text: \"${notice.text}\"}", Doc: "The body. Default: the notice itself."},
			),
		},
		{
			name: "slack", doc: "A message in a chat that takes Slack's incoming webhooks, such as Mattermost and Rocket.Chat", check: checkAddressed,
			example: "type: slack\nurl: ${secret.CHAT_HOOK}\non: [failure, recovery]", fields: common("slack", on, address, profile),
		},
		{
			name: "smtp", doc: "A mail", check: checkMail,
			example: "type: smtp\nhost: mail.example.com\nusername: snrun\npassword: ${secret.MAIL_PASSWORD}\nfrom: snrun@example.com\nto: [oncall@example.com]",
			fields: common("smtp", on,
				steps.Field{Name: "host", Required: true, Type: steps.Of(steps.Text), Example: "mail.example.com", Doc: "The server that takes mail."},
				steps.Field{Name: "port", Type: steps.Of(steps.Int), Example: "587", Doc: "Its port. Default: 465 with `tls: tls`, else 587."},
				steps.Field{Name: "tls", Static: true, Type: steps.OneOf("starttls", "tls", "none"), Default: "starttls", Doc: "How the connection is encrypted: after a greeting in plain text (`starttls`), from the first byte on (`tls`), or not at all, which only this machine itself may be asked for (`none`)."},
				steps.Field{Name: "ca_file", Static: true, Type: steps.Of(steps.Text), Example: "ca.pem", Doc: "Authorities to trust beside the system's (PEM), relative to the project."},
				steps.Field{Name: "username", Type: steps.Of(steps.Text), Example: "snrun", Doc: "Whom to sign in as. Default: no sign-in."},
				steps.Field{Name: "password", Type: steps.Of(steps.Text), Example: "${secret.MAIL_PASSWORD}", Secret: true, Doc: "The password."},
				steps.Field{Name: "from", Required: true, Type: steps.Of(steps.Text), Example: "snrun@example.com", Doc: "The sender."},
				steps.Field{Name: "to", Required: true, Type: steps.ListOf(steps.Of(steps.Text)), Example: "[oncall@example.com]", Doc: "The receivers."},
			),
		},
		{
			name: "ping", doc: "A sign of life of each run, for services that miss it when it does not come, such as Healthchecks.io", check: checkAddressed,
			example: "type: ping\nurl: https://hc.example.com/ping/5e0a3c1e-8f0e-4b4e-9f4c-0c6a2f1f7d11\njobs: [nightly]",
			fields:  common("ping", address, profile),
		},
	}
}

// notifyTypes are the names of the ways to tell people.
func notifyTypes() []string { return []string{"webhook", "slack", "smtp", "ping"} }

func notifyTypeNamed(name string) (notifyWay, bool) {
	for _, w := range notifyWays() {
		if w.name == name {
			return w, true
		}
	}
	return notifyWay{}, false
}

// notifyType is what `notify` takes: one target or a list of them.
func notifyType() steps.Type {
	target := steps.ObjectOf(notifyFields()...)
	return steps.EitherOf(steps.ListOf(target), target)
}

// notifyFields are the keys of all targets. Those that only some of them take are not required here, and say whose they are.
func notifyFields() []steps.Field {
	var all []steps.Field
	takenBy := map[string][]string{}
	for _, w := range notifyWays() {
		for _, f := range w.fields {
			if takenBy[f.Name] = append(takenBy[f.Name], w.name); len(takenBy[f.Name]) == 1 {
				all = append(all, f)
			}
		}
	}
	for i, f := range all {
		if by := takenBy[f.Name]; len(by) < len(notifyWays()) {
			if all[i].Required {
				all[i].Doc += " Required."
			}
			all[i].Required = false
			all[i].Doc = "Of `" + strings.Join(by, "`, `") + "`. " + all[i].Doc
		}
	}
	return all
}

// checkAddressed checks a target that has an address.
func checkAddressed(d *decoder, n *source.Node, known steps.Input) {
	if text, isKnown := known["url"].(string); isKnown {
		at := d.child(n, "url")
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Host == "" && u.Scheme != "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "":
			d.r.Errorf(at, "this is no URL that can be asked for").Hint = "write it as https://hooks.example.com/path"
		case u.Scheme == "" && !known.Has("profile"):
			d.r.Errorf(at, "a path needs a profile to be joined to").Hint = "write the whole URL, as in https://hooks.example.com/path, or name a profile"
		}
	}
	for _, e := range known.Pairs("headers") {
		if !httpguts.ValidHeaderFieldName(e.Key) {
			d.r.Errorf(d.at(n, "headers."+e.Key), "%q is no name of a header", e.Key)
		}
	}
}

// checkMail checks a target that is told by mail.
func checkMail(d *decoder, n *source.Node, known steps.Input) {
	if port, isKnown := known["port"].(int); isKnown && (port < 1 || port > 65535) {
		d.r.Errorf(d.child(n, "port"), "port must be a number from 1 to 65535")
	}
	if known.Has("username") != known.Has("password") {
		d.r.Errorf(n, "username and password belong together").Hint = "give both, or neither for a server that asks for none"
	}
	if host, isKnown := known["host"].(string); isKnown && known.Text("tls") == "none" && !IsLoopback(host) {
		d.r.Errorf(d.child(n, "tls"), "mail leaves this machine encrypted only: %s is another one", host).Hint = "leave tls out, or write tls: tls"
	}
	if from, isKnown := known["from"].(string); isKnown {
		d.mailAddress(d.child(n, "from"), from)
	}
	to := d.child(n, "to")
	for i, v := range known.List("to") {
		if text, isKnown := v.(string); isKnown && to.Form() == source.List {
			d.mailAddress(to.Items()[i], text)
		}
	}
}

func (d *decoder) mailAddress(n *source.Node, text string) {
	if _, err := mail.ParseAddress(text); err != nil {
		d.r.Errorf(n, "%q is no mail address", text).Hint = "write it as ann@example.com or Ann <ann@example.com>"
	}
}

// IsLoopback says whether a host is this machine itself, by its name or address.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
