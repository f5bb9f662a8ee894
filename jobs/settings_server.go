package jobs

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Server is what `server` in snrun.yaml says. Zero values are those that are not set, but for Grace, which has its default then.
type Server struct {
	Listen   string   // the address of pages, health and metrics, as HOST:PORT; "none" for no address
	Hosts    []string // names by which it is reached, beside those of loopback
	CertFile string   // the certificate of the address; "" for none
	KeyFile  string   // its key
	// BehindProxy is what browsers have in place of the address, as https://snrun.example.com; "" for no proxy.
	BehindProxy string
	Access      []*Person     // who may come in with a password
	MaxRuns     int           // how many runs go on at once
	MaxQueue    int           // how many runs of one job may wait
	Grace       time.Duration // how long runs may go on after the daemon was told to end
	LateAfter   time.Duration // how long after its time a run that has not started counts as late
	LogFormat   string        // text or json
	LogLevel    string        // debug, info, warn or error
}

const defaultGrace = 30 * time.Second

// serverFields are the keys of `server`.
func serverFields() []steps.Field {
	return []steps.Field{
		{Name: "listen", Static: true, Type: steps.Of(steps.Text), Default: "127.0.0.1:7070", Doc: "The address of pages, health and metrics; `none` for none. One that other machines reach wants `access`, and `tls` or `behind_proxy`. Also `--listen`, `SNRUN_LISTEN`."},
		{Name: "hosts", Static: true, Type: steps.ListOf(steps.Of(steps.Text)), Example: "[snrun.example.com]", Doc: "The names that pages are reached by, beside those of this machine itself. Requests for other names are refused. Also `--hosts`, `SNRUN_HOSTS`, with commas between."},
		{Name: "tls", Static: true, Doc: "Encrypts what is sent. Files that change are read again.", Type: steps.ObjectOf(
			steps.Field{Name: "cert_file", Required: true, Static: true, Type: steps.Of(steps.Text), Example: "/etc/snrun/cert.pem", Doc: "The certificate, and those above it (PEM). Also `--tls-cert`, `SNRUN_TLS_CERT`."},
			steps.Field{Name: "key_file", Required: true, Static: true, Type: steps.Of(steps.Text), Example: "/etc/snrun/key.pem", Doc: "Its key (PEM). Also `--tls-key`, `SNRUN_TLS_KEY`."},
		)},
		{Name: "behind_proxy", Static: true, Type: steps.Of(steps.Text), Example: "https://snrun.example.com", Doc: "What browsers have in place of the address, where a proxy stands before it; then its `X-Forwarded-For` is believed. Also `--behind-proxy`, `SNRUN_BEHIND_PROXY`."},
		{Name: "access", Type: steps.ListOf(steps.ObjectOf(accessFields()...)), Doc: "Who may come in with a password. Without anybody the pages are entered by the links of `snrun ui` alone. Only here, as passwords are secrets."},
		{Name: "max_runs", Static: true, Type: steps.Of(steps.Int), Default: "20", Doc: "How many runs go on at once; others wait. Also `--max-runs`, `SNRUN_MAX_RUNS`."},
		{Name: "max_queue", Static: true, Type: steps.Of(steps.Int), Default: "100", Doc: "How many runs of one job may wait; further ones are skipped. Also `--max-queue`, `SNRUN_MAX_QUEUE`."},
		{Name: "grace", Static: true, Type: steps.Of(steps.Duration), Default: "30s", Doc: "How long runs may go on when the daemon is told to end. Then they are interrupted, and go on with the next daemon. Also `--grace`, `SNRUN_GRACE`."},
		{Name: "late_after", Static: true, Type: steps.Of(steps.Duration), Default: "5m", Doc: "How long after its time a run that has not started counts as late. Also `--late-after`, `SNRUN_LATE_AFTER`."},
		{Name: "log", Static: true, Doc: "What the daemon writes to standard error.", Type: steps.ObjectOf(
			steps.Field{Name: "format", Static: true, Type: steps.OneOf("text", "json"), Default: "text", Doc: "How a line is written. Also `--log-format`, `SNRUN_LOG_FORMAT`."},
			steps.Field{Name: "level", Static: true, Type: steps.OneOf("debug", "info", "warn", "error"), Default: "info", Doc: "The least that is written. Also `--log-level`, `SNRUN_LOG_LEVEL`."},
		)},
	}
}

// serverTopic explains `server`.
func serverTopic() Topic {
	return Topic{
		Name: "server", Area: "Files", Summary: "How the daemon works, and who may come to its pages, in snrun.yaml", Takes: steps.ObjectOf(serverFields()...),
		Doc: "Stands under `server` in snrun.yaml. Without it the daemon listens on this machine only, and its pages are entered by the links of `snrun ui`.\n\n" +
			"An address that other machines reach wants `access`, and `tls` or `behind_proxy`; else the daemon does not start. " +
			"All but `access` is read when the daemon starts.",
		Example: "server:\n  listen: 0.0.0.0:7070\n  hosts: [snrun.example.com]\n  tls: {cert_file: /etc/snrun/cert.pem, key_file: /etc/snrun/key.pem}\n  access:\n" +
			"    - {name: ann, role: operator, password: \"${secret.ANN_PASSWORD}\"}\n    - {name: prometheus, role: viewer, password: \"${secret.PROMETHEUS_PASSWORD}\"}",
	}
}

// server reads `server`.
func (d *decoder) server(root *source.Node, in steps.Input) Server {
	for _, key := range []string{"max_runs", "max_queue"} {
		if n := d.at(root, "server."+key); in.Has(key) && in.Int(key) < 1 && n != nil {
			d.r.Errorf(n, "%s must be at least 1", key)
		}
	}
	grace := defaultGrace
	if in.Has("grace") {
		grace = in.Duration("grace")
	}
	if n := d.at(root, "server.listen"); in.Has("listen") && in.Text("listen") != "none" && n != nil {
		if err := CheckListen(in.Text("listen")); err != nil {
			d.r.Errorf(n, "%s", err)
		}
	}
	d.names(root, in)
	return Server{
		Listen: in.Text("listen"), Hosts: texts(in.List("hosts")), CertFile: in.Object("tls").Text("cert_file"), KeyFile: in.Object("tls").Text("key_file"),
		BehindProxy: in.Text("behind_proxy"), Access: d.people(root),
		MaxRuns: in.Int("max_runs"), MaxQueue: in.Int("max_queue"), Grace: grace,
		LateAfter: in.Duration("late_after"), LogFormat: in.Object("log").Text("format"), LogLevel: in.Object("log").Text("level"),
	}
}

// names checks the names by which the server is to be reached.
func (d *decoder) names(root *source.Node, in steps.Input) {
	for i, host := range in.List("hosts") {
		name, _ := host.(string)
		if err := CheckHost(name); err != nil {
			d.r.Errorf(d.at(root, fmt.Sprintf("server.hosts[%d]", i)), "%s", err)
		}
	}
	if n := d.at(root, "server.behind_proxy"); in.Has("behind_proxy") && n != nil {
		if _, err := ParseExternal(in.Text("behind_proxy")); err != nil {
			d.r.Errorf(n, "%s", err)
		}
	}
}

// CheckListen says what is wrong with an address to listen on, as HOST:PORT.
func CheckListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: write HOST:PORT, as in 127.0.0.1:7070", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%s: %q is no port: these are numbers from 0, for any that is free, to 65535", address, port)
	}
	return nil
}
