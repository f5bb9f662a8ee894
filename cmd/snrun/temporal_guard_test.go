package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snrun/engine"
	"snrun/engine/temporal/temporaltest"
)

// guarded is a crew whose server asks for certificates and keys.
func guarded(t *testing.T) *crew {
	t.Helper()
	c := newCrew(t, temporaltest.Guarded(t, temporaltest.Guard{Certificates: true, Keys: true}))
	c.write("hello.yaml", "version: 1\nschedule: {cron: \"0 5 * * *\", timezone: UTC}\nsteps:\n  - set: {text: hello}\n")
	return c
}

// enter writes settings whose files are beside them, as a rule, and the secret that is the API key.
func (c *crew) enter(temporal, key string) {
	c.t.Helper()
	dir, err := filepath.Rel(c.dir, filepath.Dir(c.temporal.File(temporaltest.CA)))
	if err != nil {
		c.t.Fatal(err)
	}
	c.write("snrun.yaml", "version: 1\njobs: .\nsecrets: {dir: secrets}\nserver: {listen: none}\ntemporal: {"+strings.ReplaceAll(temporal, "DIR", dir)+"}\n")
	c.write("secrets/TEMPORAL_KEY", key)
}

// What a server is entered with that asks for all.
const (
	trusting = `ca_file: DIR/ca.pem`
	whole    = `api_key: "${secret.TEMPORAL_KEY}", tls: {ca_file: DIR/ca.pem, cert_file: DIR/client.pem, key_file: DIR/client.key}`
)

// TestGuardedCluster has a run carried out, cancelled, and schedules applied, over TLS with certificates and API keys. None of these shows.
func TestGuardedCluster(t *testing.T) {
	t.Parallel()
	c := guarded(t)
	c.write("slow.yaml", "version: 1\nsteps:\n  - wait: 1h\n")
	key := c.temporal.Key(t, c.namespace, "write", time.Now().Add(time.Hour))
	c.enter(whole, key)
	c.work(1)
	c.ends(exitOK, "run", "--temporal", "hello")
	if got := c.ends(exitOK, "apply"); !strings.Contains(got.stdout, "created") {
		t.Errorf("apply says\n%s%s", got.stdout, got.stderr)
	}
	id := c.detached("slow")
	c.becomes(id, engine.Running)
	c.ends(exitOK, "cancel", id)
	c.becomes(id, engine.Cancelled)
	c.drain(0)
	if strings.Contains(c.written.String(), key) {
		t.Error("the key shows")
	}
}

// TestGuardedClusterRefuses holds what is said, at once, where a server and the settings do not fit together.
func TestGuardedClusterRefuses(t *testing.T) {
	t.Parallel()
	c := guarded(t)
	plain := temporaltest.Server(t)
	soon := time.Now().Add(time.Hour)
	good, read := c.temporal.Key(t, c.namespace, "write", soon), c.temporal.Key(t, c.namespace, "read", soon)
	past, elsewhere := c.temporal.Key(t, c.namespace, "write", time.Now().Add(-time.Hour)), c.temporal.Key(t, "another", "write", soon)
	for _, test := range []struct {
		name, temporal, key string
		want, next          string
	}{
		{"no TLS", ``, good, "wants TLS", "write tls: true"},
		{"the system's authorities", `tls: true`, good, "has a certificate that cannot be trusted: certificate signed by unknown authority", "temporal.tls.ca_file"},
		{"another name", `tls: {` + trusting + `, server_name: other.example.com}`, good, "valid for temporal.example.com, not other.example.com", "temporal.tls.server_name"},
		{"no certificate", `tls: {` + trusting + `}`, good, "asks for a certificate of its clients", "temporal.tls.cert_file and key_file"},
		{"a certificate of others", `tls: {` + trusting + `, cert_file: DIR/other.pem, key_file: DIR/other.key}`, good, "other.pem: unknown certificate authority", "one that it trusts"},
		{"no file", `tls: {ca_file: DIR/none.pem}`, good, "temporal.tls.ca_file: open ", "name files in the form PEM"},
		{"no key", strings.Replace(whole, "api_key", "task_queue: a #", 1), good, "refuses this client: Request unauthorized", "it may want a key: temporal.api_key"},
		{"no key at all", whole, "nonsense-as-a-key", "refuses this client: Request unauthorized", "temporal.api_key has expired"},
		{"a key of the past", whole, past, "refuses this client: Request unauthorized", "temporal.api_key has expired"},
		{"a key of another namespace", whole, elsewhere, "refuses this client: Request unauthorized", "may write to the namespace " + c.namespace},
		{"a key to read with", whole, read, "was not handed over", "may write to the namespace " + c.namespace},
	} {
		c.enter(strings.Replace(test.temporal, "task_queue: a #: \"${secret.TEMPORAL_KEY}\"", "task_queue: a", 1), test.key)
		at, code := time.Now(), exitSignIn
		if test.name == "no file" {
			code = exitInvalid
		}
		got := c.ends(code, "run", "--temporal", "hello")
		if !strings.Contains(got.stderr, test.want) || !strings.Contains(got.stderr, test.next) {
			t.Errorf("%s: it says no %q and %q:\n%s", test.name, test.want, test.next, got.stderr)
		}
		if took := time.Since(at); took > answerLimit { // as it would where nobody says anything
			t.Errorf("%s: it took %s", test.name, took)
		}
	}
	got := c.ends(exitSignIn, "apply") // with a key to read with
	if !strings.Contains(got.stderr, "refuses this client") || !strings.Contains(got.stderr, "may write") {
		t.Errorf("apply says\n%s", got.stderr)
	}
	if got := c.run("history", "list"); strings.Count(got.stdout, "failed") != 1 {
		t.Errorf("on record is\n%s", got.stdout)
	}
	c.environ = append(c.environ, temporalVariable+"="+plain.Address())
	c.enter(`tls: true`, good)
	if got := c.ends(exitSignIn, "worker"); !strings.Contains(got.stderr, "does not speak TLS") {
		t.Errorf("a worker says of a server without TLS\n%s", got.stderr)
	}
	c.environ = append(c.environ, namespaceVariable+"="+plain.Namespace(t))
	c.enter(`address: "`+plain.Address()+`", tls: false, api_key: "${secret.TEMPORAL_KEY}"`, good)
	c.detached("hello")
	for _, key := range []string{good, read, past, elsewhere, "nonsense-as-a-key"} {
		if strings.Contains(c.written.String(), key) {
			t.Error("a key shows")
		}
	}
}

// TestNewAPIKey holds that a worker goes on with the key that is kept now when the one that it came in with holds no more.
func TestNewAPIKey(t *testing.T) {
	t.Parallel()
	c := guarded(t)
	key := func() string { return c.temporal.Key(t, c.namespace, "write", time.Now().Add(time.Hour)) }
	first := key()
	c.enter(whole, first)
	w := c.background(nil, nil, "worker")
	w.sees("msg=ready")
	c.ends(exitOK, "run", "--temporal", "hello")
	c.temporal.Kill()
	c.temporal.Rekey(t)
	second := key()
	c.enter(whole, second)
	c.temporal.Start(t)
	c.ends(exitOK, "run", "--temporal", "hello")
	w.sees("is another one now")
	w.signal(syscall.SIGTERM)
	w.ends(exitOK)
	if text := w.text() + c.written.String(); strings.Contains(text, first) || strings.Contains(text, second) {
		t.Error("a key shows")
	}
}
