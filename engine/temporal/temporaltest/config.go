package temporaltest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"text/template"
)

// The server is four services in one process, a guarded one five. Each listens for calls, and for the others of its kind.
const (
	frontend = iota
	_        // matching
	_        // history
	_        // the server's own worker
	_        // what the others ask for in place of the frontend, which lets them in
	services
)

// loopback is where it listens.
var loopback = []net.IP{net.IPv4(127, 0, 0, 1)}

// ports are those of the services: for calls, then for the others of their kind.
type ports [2 * services]int

func (p ports) address(service int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p[service]))
}

// freePorts looks for ports below those that the system gives away by itself, or one of them would be gone when a killed server is
// started again. The port before them is listened on until taken is closed, so that nobody else's tests take them meanwhile.
func freePorts() (p ports, taken io.Closer, err error) {
	const first, last, each = 15000, 32000, len(p) + 1
	for range 200 {
		at := first + each*rand.IntN((last-first)/each)
		if taken, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(at))); err != nil {
			continue
		}
		for i := range p {
			p[i] = at + 1 + i
		}
		if err = p.free(); err == nil {
			return p, taken, nil
		}
		taken.Close()
	}
	return p, nil, fmt.Errorf("no %d free ports in a row between %d and %d: %w", len(p), first, last, err)
}

func (p ports) free() error {
	for i := range p {
		l, err := net.Listen("tcp", p.address(i))
		if err != nil {
			return err
		}
		l.Close()
	}
	return nil
}

// config is the server's own configuration for SQLite, without what listens for people and measures.
const config = `log: {stdout: true, level: warn}
persistence:
  defaultStore: file
  visibilityStore: file
  numHistoryShards: 4
  datastores:
    file:
      sql:
        pluginName: sqlite
        databaseName: {{.Database | printf "%q"}}
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: {cache: private, setup: "true", journal_mode: wal, synchronous: "1"}
        maxConns: 1
        maxIdleConns: 1
global:
  membership: {maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}
{{- with .Guard}}
  tls:
    frontend:
      server: {certFile: {{call $.File "server.pem" | printf "%q"}}, keyFile: {{call $.File "server.key" | printf "%q"}}{{if .Certificates}}, requireClientAuth: true, clientCaFiles: [{{call $.File "ca.pem" | printf "%q"}}]{{end}}}
      client: {serverName: temporal.example.com, rootCaFiles: [{{call $.File "ca.pem" | printf "%q"}}]}
{{- if .Keys}}
  authorization:
    jwtKeyProvider: {keySourceURIs: [{{call $.File "keys.json" | printf "file://%s" | printf "%q"}}]}
    authorizer: default
    claimMapper: default
{{- end}}
{{- end}}
services:
{{- range .Services}}
  {{.Name}}: {rpc: {grpcPort: {{.Port}}, membershipPort: {{.Others}}, bindOnLocalHost: true}}
{{- end}}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: {{.Address | printf "%q"}}}
dcRedirectionPolicy: {policy: noop}
dynamicConfigClient: {filepath: {{.Dynamic | printf "%q"}}, pollInterval: 10s}
`

// dynamic lets a namespace be used at once that was registered a moment ago, and so much be asked in a second as one test may.
const dynamic = `system.namespaceCacheRefreshInterval:
  - value: 200ms
system.forceSearchAttributesCacheRefreshOnRead:
  - value: true
system.enableDeploymentVersions:
  - value: true
frontend.namespaceRPS:
  - value: 20000
frontend.namespaceRPS.visibility:
  - value: 2000
`

type service struct {
	Name         string
	Port, Others int
}

// told is what a server is told.
type told struct {
	Database, Address, Dynamic string
	Services                   []service
	Guard                      *Guard // nil: it lets everybody in
	File                       func(name string) string
}

// services are those of the server, as its ports have them.
func (r *Running) services() []string {
	all := []string{frontend: "frontend", "matching", "history", "worker", "internal-frontend"}
	if r.guard == nil {
		return all[:len(all)-1]
	}
	return all
}

func (r *Running) configure() error {
	if err := os.WriteFile(r.file("dynamic.yaml"), []byte(dynamic), 0o600); err != nil {
		return err
	}
	out, err := os.Create(r.file("temporal.yaml"))
	if err != nil {
		return err
	}
	defer out.Close()
	data := told{Database: r.file(database), Address: r.Address(), Dynamic: r.file("dynamic.yaml"), File: r.file}
	if r.guard != nil {
		data.Guard = &r.guard.Guard
	}
	for i, name := range r.services() {
		data.Services = append(data.Services, service{name, r.ports[i], r.ports[services+i]})
	}
	return template.Must(template.New("").Parse(config)).Execute(out, data)
}
