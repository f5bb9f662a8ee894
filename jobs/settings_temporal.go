package jobs

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"

	"snrun/jobs/source"
	"snrun/steps"
)

// Temporal is what `temporal` in snrun.yaml says: the server that carries runs out where one machine is not enough.
type Temporal struct {
	Address   string // HOST:PORT; "" for no server
	Namespace string // as it was written; "" for the usual one
	TaskQueue string // the same
	TLS       TemporalTLS
	// Deployment and BuildID pin runs to the version of snrun that began them. No Deployment: any worker carries on with any run.
	// No BuildID: that of the program.
	Deployment, BuildID string
	key                 *apiKey
}

// TemporalTLS is how the connection is encrypted. Files are as written.
type TemporalTLS struct {
	On, Off    bool // neither: as an API key asks for it
	CAFile     string
	CertFile   string
	KeyFile    string
	ServerName string // "" for the host of the address
}

// The names that are taken where nobody says otherwise.
const (
	DefaultNamespace = "default"
	DefaultTaskQueue = "snrun"
)

// apiKey is the key that snrun comes in with, with its secrets still to be filled in.
type apiKey struct {
	node   *source.Node
	fields *fields
	used   usage
}

// Space is the namespace, the usual one where none is named.
func (t Temporal) Space() string { return cmp.Or(t.Namespace, DefaultNamespace) }

// Queue is the task queue, the usual one where none is named.
func (t Temporal) Queue() string { return cmp.Or(t.TaskQueue, DefaultTaskQueue) }

// Encrypted says whether the connection is.
func (t Temporal) Encrypted() bool { return t.TLS.On || t.key != nil && !t.TLS.Off }

// APIKey gives the key to come in with, "" for none. Names holds `env` and `secret`.
func (t Temporal) APIKey(names map[string]any) (string, error) {
	if t.key == nil {
		return "", nil
	}
	in, err := t.key.fields.eval(names)
	if err != nil {
		return "", fmt.Errorf("temporal.api_key: %w", err)
	}
	key := in.Text("api_key")
	if strings.TrimSpace(key) == "" || strings.ContainsFunc(key, unicode.IsControl) {
		d := newDecoder(nil, nil)
		d.r.Errorf(d.child(t.key.node, "api_key"), "this is no key: it is empty, or has lines or control characters in it")
		return "", d.err()
	}
	return key, nil
}

// Secrets names the secrets that the key reads, sorted.
func (t Temporal) Secrets() []string {
	if t.key == nil {
		return nil
	}
	return t.key.used.secretNames()
}

// Derived gives the texts that the key is computed from secrets by.
func (t Temporal) Derived(names map[string]any) ([]string, error) {
	if t.key == nil {
		return nil, nil
	}
	return t.key.fields.derived(names)
}

// temporalFields are the keys of `temporal`.
func temporalFields() []steps.Field {
	return []steps.Field{
		{Name: "address", Static: true, Type: steps.Of(steps.Text), Example: "temporal.example.com:7233", Doc: "The server, as HOST:PORT. Also `--temporal`, `SNRUN_TEMPORAL`."},
		{Name: "namespace", Static: true, Type: steps.Of(steps.Text), Example: "integration", Doc: "The namespace there, which must exist. Default: `default`. Also `--namespace`, `SNRUN_TEMPORAL_NAMESPACE`."},
		{Name: "task_queue", Static: true, Type: steps.Of(steps.Text), Example: "snrun-eu", Doc: "The queue that workers take runs from: one for each set of machines that reach the same systems. Default: `snrun`."},
		{Name: "tls", Static: true, Doc: "Encrypts the connection. `true` for what the system trusts. An API key asks for it by itself.", Type: steps.EitherOf(steps.Of(steps.Bool), steps.ObjectOf(
			steps.Field{Name: "ca_file", Static: true, Type: steps.Of(steps.Text), Example: "temporal-ca.pem", Doc: "Authorities to trust beside the system's (PEM)."},
			steps.Field{Name: "cert_file", Static: true, Type: steps.Of(steps.Text), Example: "worker.pem", Doc: "The certificate to come in with (PEM). It is read again when it changes."},
			steps.Field{Name: "key_file", Static: true, Type: steps.Of(steps.Text), Example: "worker.key", Doc: "Its key (PEM)."},
			steps.Field{Name: "server_name", Static: true, Type: steps.Of(steps.Text), Example: "temporal.example.com", Doc: "The name that the server's certificate has. Default: the host of the address."},
		))},
		{Name: "api_key", Type: steps.Of(steps.Text), Secret: true, Example: "${secret.TEMPORAL_API_KEY}", Doc: "A secret that the server asks for. It is sent over an encrypted connection only. When the server refuses it, it is read again: a worker goes on with a new one."},
		{Name: "versioning", Static: true, Doc: "Has a run end on the version of snrun that it began with, while workers of two versions stand side by side.", Type: steps.ObjectOf(
			steps.Field{Name: "deployment", Required: true, Static: true, Type: steps.Of(steps.Text), Example: "snrun", Doc: "The name of the worker deployment."},
			steps.Field{Name: "build_id", Static: true, Type: steps.Of(steps.Text), Example: "2026-11", Doc: "Which version this is. Default: the version of the program."},
		)},
	}
}

// temporalTopic explains `temporal`.
func temporalTopic() Topic {
	return Topic{
		Name: "temporal", Area: "Files", Summary: "The Temporal server for runs that outgrow one machine, in snrun.yaml", Takes: steps.ObjectOf(temporalFields()...),
		Doc: "Stands under `temporal` in snrun.yaml. `snrun worker` carries runs out that `snrun run --temporal` hands over, on as many machines as there are workers. " +
			"The jobs stay as they are; `database` must be a PostgreSQL that all machines reach, and all need the same `SNRUN_KEY`.\n\n" +
			"With `versioning` a run ends on the version that it began with. `snrun worker --set-current` has new runs begin with its own; workers of the one before " +
			"are ended once none of its runs goes on.",
		Example: "database: postgres://snrun@db.example.com/snrun\ntemporal:\n  address: temporal.example.com:7233\n  namespace: integration\n  tls: {ca_file: temporal-ca.pem}\n  api_key: ${secret.TEMPORAL_API_KEY}",
	}
}

// temporal reads `temporal`.
func (d *decoder) temporal(n *source.Node) Temporal {
	if n == nil || n.IsNull() {
		return Temporal{}
	}
	key := &apiKey{node: n}
	outer := d.used
	d.used = usage{}
	clean := d.clean(func() { key.fields, _ = d.object(n, temporalFields(), "temporal", d.temporalScope()) })
	key.used, d.used = d.used, outer
	if key.fields == nil {
		return Temporal{}
	}
	in := key.fields.fixed
	t := Temporal{
		Address: in.Text("address"), Namespace: in.Text("namespace"), TaskQueue: in.Text("task_queue"),
		TLS: d.temporalTLS(n, in), Deployment: in.Object("versioning").Text("deployment"), BuildID: in.Object("versioning").Text("build_id"),
	}
	at := d.child(n, "api_key")
	if clean && at != nil && !at.IsNull() {
		t.key = key
		d.temporalKey(at, t)
	}
	d.temporalNames(n, in)
	return t
}

// temporalScope is what the expression of an API key sees.
func (d *decoder) temporalScope() *Scope {
	scope := d.outerScope()
	for _, name := range []string{"inputs", "state", "steps", "run", "error"} {
		scope = scope.Explain(name, "the server is the same for all jobs, so its key sees only `env` and `secret`")
	}
	return scope
}

// temporalTLS reads how the connection is encrypted.
func (d *decoder) temporalTLS(n *source.Node, in steps.Input) TemporalTLS {
	if on, isSwitch := in["tls"].(bool); isSwitch {
		return TemporalTLS{On: on, Off: !on}
	}
	if !in.Has("tls") {
		return TemporalTLS{}
	}
	files := in.Object("tls")
	if files.Has("cert_file") != files.Has("key_file") {
		d.r.Errorf(d.child(n, "tls"), "cert_file and key_file belong together").Hint = "give both, or neither where the server asks for no certificate"
	}
	return TemporalTLS{
		On: true, CAFile: files.Text("ca_file"), CertFile: files.Text("cert_file"), KeyFile: files.Text("key_file"), ServerName: files.Text("server_name"),
	}
}

// temporalKey checks where the API key comes from, and which way it goes.
func (d *decoder) temporalKey(at *source.Node, t Temporal) {
	if len(t.Secrets()) == 0 {
		e := d.r.Errorf(at, "an API key is a secret, which does not stand in a file that others read")
		e.Hint = "keep it with: snrun secret set NAME; and write ${secret.NAME} here"
		e.HideLine()
		return
	}
	if host, _, err := net.SplitHostPort(t.Address); t.TLS.Off && (err != nil || !IsLoopback(host)) {
		d.r.Errorf(at, "a key leaves this machine encrypted only, and tls is false").Hint = "leave tls out, or write tls: true"
	}
}

// temporalNames checks the names in `temporal`.
func (d *decoder) temporalNames(n *source.Node, in steps.Input) {
	for _, f := range []struct {
		key   string
		check func(string) error
	}{
		{"address", CheckServer}, {"namespace", CheckNamespace},
		{"task_queue", func(text string) error { return checkTemporalName("task queue", text) }},
		{"versioning.deployment", func(text string) error { return checkVersion("deployment", text) }},
		{"versioning.build_id", func(text string) error { return checkVersion("build_id", text) }},
	} {
		values, name := in, f.key
		if rest, below := strings.CutPrefix(f.key, "versioning."); below {
			values, name = in.Object("versioning"), rest
		}
		if at := d.at(n, f.key); values.Has(name) && at != nil {
			if err := f.check(values.Text(name)); err != nil {
				d.r.Errorf(at, "%s", err)
			}
		}
	}
}

// CheckServer says what is wrong with the address of a server, as HOST:PORT.
func CheckServer(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.Contains(address, "/") {
		return fmt.Errorf("%q is no address of a server: write HOST:PORT without a scheme, as in temporal.example.com:7233", address)
	}
	if err := CheckHost(host); err != nil {
		return fmt.Errorf("%q is no address of a server: its host is none; write HOST:PORT, as in temporal.example.com:7233", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%s: %q is no port: these are numbers from 1 to 65535; that of a Temporal server is 7233 as a rule", address, port)
	}
	return nil
}

// CheckNamespace says what is wrong with the name of a namespace.
func CheckNamespace(name string) error { return checkTemporalName("namespace", name) }

// longestName is what a Temporal server takes, where nobody has set it to be lower.
const longestName = 255

func checkTemporalName(what, name string) error {
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' }
	if name == "" || len(name) > longestName || strings.ContainsFunc(name, odd) {
		return fmt.Errorf("%q is no name of a %s: it has 1 to %d characters, and no spaces and slashes", name, what, longestName)
	}
	return nil
}

// checkVersion checks a part of the name of a worker deployment's version: the server joins both with a dot or a colon.
func checkVersion(what, name string) error {
	if err := checkTemporalName(what, name); err != nil {
		return err
	}
	if strings.HasPrefix(name, "__") || what == "deployment" && strings.ContainsAny(name, ".:") {
		return fmt.Errorf("%q cannot be the %s: it begins with no __, and a deployment has no dots and colons", name, what)
	}
	return nil
}
