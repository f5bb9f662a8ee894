package jobs

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"snrun/jobs/source"
	"snrun/steps"
)

// Person is somebody who may come in, as it stands under `server.access`: checked, but with the password still to be filled in.
type Person struct {
	Name   string
	Role   string // viewer or operator
	node   *source.Node
	fields *fields
	used   usage
}

// minPassword is how many characters a password has at least: nobody remembers these, so nothing speaks for shorter ones.
const minPassword = 16

// Password gives the password. Names holds `env` and `secret`. The error is of type source.Errors where it is too short.
func (p *Person) Password(names map[string]any) (string, error) {
	in, err := p.fields.eval(names)
	if err != nil {
		return "", fmt.Errorf("the password of %s: %w", p.Name, err)
	}
	password := in.Text("password")
	if n := utf8.RuneCountInString(password); n < minPassword {
		d := newDecoder(nil, nil)
		d.r.Errorf(d.at(p.node, "password"), "the password of %s has %d characters: %d at least keep out who guesses", p.Name, n, minPassword).
			Hint = "make one: openssl rand -base64 24"
		return "", d.err()
	}
	return password, nil
}

// Derived gives the texts that the password is computed from secrets by.
func (p *Person) Derived(names map[string]any) ([]string, error) { return p.fields.derived(names) }

// Secrets names the secrets that the password reads, sorted.
func (p *Person) Secrets() []string { return p.used.secretNames() }

// accessFields are the keys of one who may come in.
func accessFields() []steps.Field {
	return []steps.Field{
		{Name: "name", Required: true, Static: true, Type: steps.Of(steps.Text), Example: "ann", Doc: "What the person is called, also on the pages and where it is on record who did what."},
		{Name: "role", Required: true, Static: true, Type: steps.OneOf("viewer", "operator"), Example: "operator", Doc: "A viewer looks at everything, an operator also resumes, cancels, runs and pauses."},
		{Name: "password", Required: true, Type: steps.Of(steps.Text), Secret: true, Example: "${secret.ANN_PASSWORD}", Doc: "A secret of at least 16 characters: the password on the page, and the bearer token for programs. Another one for each."},
	}
}

// withoutAccess is the table of `server` without what its own code reads.
func withoutAccess(table []steps.Field) []steps.Field {
	for i := range table {
		if table[i].Name == "access" {
			table[i].Type = steps.Of(steps.Block)
		}
	}
	return table
}

// people reads `server.access`.
func (d *decoder) people(root *source.Node) []*Person {
	server := d.child(root, "server")
	if server == nil || server.Form() != source.Mapping {
		return nil
	}
	n := d.child(server, "access")
	if n == nil || n.IsNull() {
		return nil
	}
	if n.Form() != source.List {
		d.r.Errorf(n, "access must be a list of people, not %s", n.What()).Hint = "write it as [{name: ann, role: operator, password: \"${secret.ANN_PASSWORD}\"}]"
		return nil
	}
	var list []*Person
	for _, item := range n.Items() {
		p := d.person(item)
		if p == nil {
			continue
		}
		if p.Name != "" && slices.ContainsFunc(list, func(other *Person) bool { return other.Name == p.Name }) {
			d.r.Errorf(d.at(item, "name"), "there are two people named %s", p.Name).Hint = "give one of them another name"
		}
		list = append(list, p)
	}
	return list
}

// person reads one who may come in.
func (d *decoder) person(n *source.Node) *Person {
	p := &Person{node: n}
	outer := d.used
	d.used = usage{}
	clean := d.clean(func() { p.fields, _ = d.object(n, accessFields(), "somebody who may come in", d.accessScope()) })
	p.used, d.used = d.used, outer
	if p.fields == nil {
		return nil
	}
	p.Role = p.fields.fixed.Text("role")
	if at := d.child(n, "name"); at != nil && p.fields.fixed.Has("name") {
		p.Name = d.title(at, "the name of somebody who may come in")
	}
	if at := d.child(n, "password"); clean && at != nil && len(p.Secrets()) == 0 {
		e := d.r.Errorf(at, "a password is a secret, which does not stand in a file that others read")
		e.Hint = "keep it with: snrun secret set NAME; and write ${secret.NAME} here"
		e.HideLine()
	}
	return p
}

// accessScope is what the expression of a password sees.
func (d *decoder) accessScope() *Scope {
	scope := d.outerScope()
	for _, name := range []string{"inputs", "state", "steps", "run", "error"} {
		scope = scope.Explain(name, "people come in whatever is run, so a password sees only `env` and `secret`")
	}
	return scope
}

// hostName is what a name, or an address of IPv4, may be made of.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

// CheckHost says what is wrong with a name by which a server is to be reached.
func CheckHost(name string) error {
	if net.ParseIP(name) == nil && (!hostName.MatchString(name) || len(name) > 253) {
		return fmt.Errorf("%q is no name of a host: write it without scheme and port, as in snrun.example.com; each name by itself", name)
	}
	return nil
}

// ParseExternal reads the address of a proxy, as a browser has it before the path.
func ParseExternal(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%q is no address of a proxy: write it as browsers have it, as in https://snrun.example.com", text)
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || CheckHost(u.Hostname()) != nil:
		return nil, fmt.Errorf("%q has more than scheme, host and port: the pages need a host of their own, as in https://snrun.example.com", text)
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return nil, fmt.Errorf("%q is not encrypted, and passwords are sent there: it takes https", text)
	}
	u.Host = strings.ToLower(u.Host)
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// ExposedError is the error of a server that others could reach without what keeps them out.
type ExposedError struct {
	Listen string
	Plain  bool // neither is it encrypted, nor is there a proxy before it
	Nobody bool // there is nobody with a password
}

// Error says what is missing.
func (e *ExposedError) Error() string {
	var missing []string
	if e.Plain {
		missing = append(missing, "nothing encrypts what is sent")
	}
	if e.Nobody {
		missing = append(missing, "nobody has a password to come in with")
	}
	return fmt.Sprintf("other machines reach %s, but %s", e.Listen, strings.Join(missing, ", and "))
}

// Help says what to add.
func (e *ExposedError) Help() string {
	var add []string
	if e.Plain {
		add = append(add, "server.tls with cert_file and key_file (--tls-cert, --tls-key), or --behind-proxy https://NAME where a proxy stands before it")
	}
	if e.Nobody {
		add = append(add, "server.access in snrun.yaml: [{name: ann, role: operator, password: \"${secret.ANN_PASSWORD}\"}]")
	}
	return "add " + strings.Join(add, "; and ") + "; or listen at 127.0.0.1:PORT"
}

// Public says whether others than the users of this machine reach the address.
func (s Server) Public() bool {
	host, _, err := net.SplitHostPort(s.Listen)
	return err == nil && !IsLoopback(host) // else it listens nowhere
}

// CheckExposed says what is missing where others than the users of this machine reach the server: an *ExposedError.
func (s Server) CheckExposed() error {
	if !s.Public() {
		return nil
	}
	e := &ExposedError{Listen: s.Listen, Plain: s.CertFile == "" && s.BehindProxy == "", Nobody: len(s.Access) == 0}
	if e.Plain || e.Nobody {
		return e
	}
	return nil
}

// CheckAccess finds those whose passwords cannot be had. The mistakes are an error of type source.Errors.
func (s Server) CheckAccess(lookup func(string) error) error {
	d := newDecoder(nil, nil)
	for _, p := range s.Access {
		d.used.secrets = append(d.used.secrets, p.used.secrets...)
	}
	d.secrets(lookup)
	return d.err()
}
