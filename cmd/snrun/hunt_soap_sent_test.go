package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// sentSecrets are where a step can have secrets in what it sends, with what is sent there.
var sentSecrets = map[string]string{
	"params":   `{wsdl: orders.wsdl, operation: PlaceOrder, path: PATH, params: {order: {version: "${secret.X}", customer: {_type: Person, firstName: "${secret.X}"}, line: [{no: 1}]}}}`,
	"mistakes": `{wsdl: orders.wsdl, operation: PlaceOrder, path: PATH, params: {order: {version: 1, customer: {_type: Person, firstName: Ann}, line: [{no: "${secret.X}", price: {_: "${secret.X}", currency: EUR}}], wanted: "${secret.X}"}}}`,
	"type":     `{wsdl: orders.wsdl, operation: PlaceOrder, path: PATH, params: {order: {version: 1, customer: {_type: "${secret.X}", firstName: Ann}, line: [{no: 1}]}}}`,
	"base64":   `{wsdl: orders.wsdl, operation: PlaceOrder, path: PATH, params: {order: {version: 1, customer: {_type: Person, firstName: Ann}, line: [{no: 1, photo: "${toBase64(secret.X)}"}]}}}`,
	"mtom":     `{wsdl: orders.wsdl, operation: PlaceOrder, path: PATH, mtom: true, params: {order: {version: 1, customer: {_type: Person, firstName: "${secret.X}"}, line: [{no: 1, photo: "${toBase64(secret.X)}"}]}}}`,
	"headers":  `{path: PATH, namespaces: {n: "urn:n"}, headers: {n:Session: {id: "${secret.X}", _key: "${secret.X}"}}, body: {ask: {_key: "${secret.X}", what: "${secret.X}"}}}`,
	"http":     `{path: PATH, http_headers: {X-Key: "${secret.X}"}, body: {ask: 1}}`,
	"envelope": `{path: PATH, envelope: req.xml, params: {key: "${secret.X}"}}`,
	"action":   `{path: PATH, action: "urn:${secret.X}", version: "1.2", body: {ask: 1}}`,
	"query":    `{path: "PATH?key=${secret.X}", addressing: true, action: a, body: {ask: 1}}`,
}

// TestSecretsInSoapMessagesShowNowhere sends secrets in all places of a message to a server that repeats them, and looks at what is
// said of it: in runs, dry runs, mistakes and history.
func TestSecretsInSoapMessagesShowNowhere(t *testing.T) {
	t.Parallel()
	home := newPlace(t, false, func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("X-Key") + r.URL.RawQuery + r.Header.Get("Content-Type"); r.URL.Path == "/fault" {
			w.Header().Set("X-Said", key)
		}
		soapEcho(w, r)
	})
	orders, err := os.ReadFile("../../steps/soap/testdata/orders.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"SLASHES", "QUOTES", "MARKUP", "UNICODE"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.environ = append(u.environ, secretVariable+"X="+nasty[name], secretVariable+"Y="+nasty["PERCENT"])
			u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+home.URL+", auth: {type: none, ws_security: {username: ann, password: \"${secret.Y}\", password_type: digest, timestamp: 5m}}}\n")
			u.write("orders.wsdl", string(orders))
			u.write("req.xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ask key="${key}">${key}</ask></e:Body></e:Envelope>`)
			job := "version: 1\nsteps:\n"
			for _, place := range slices.Sorted(maps.Keys(sentSecrets)) {
				for _, path := range []string{"/ok", "/fault", "/broken"} {
					step := strings.ReplaceAll(strings.Replace(sentSecrets[place], "{", "{profile: p, ", 1), "PATH", path)
					u.write(place+path[1:]+".yaml", "version: 1\nsteps:\n  - soap: "+step+"\n    retry: none\n")
					id := place + path[1:]
					job += fmt.Sprintf("  - try:\n      - id: %s\n        soap: %s\n        retry: none\n      - log: ${toJSON(steps.%s)}\n    catch: [{steps: [{log: \"${error.message} ${toJSON(error)}\"}]}]\n", id, step, id)
				}
			}
			u.write("all.yaml", job)
			u.must(exitOK, "run", "all")
			u.must(exitOK, "run", "--json", "all")
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			u.must(exitOK, "history", "show", "--http", "@last")
			u.run("run", "--dry-run", "all")
			u.run("run", "--dry-run", "--json", "all")
			for place := range sentSecrets {
				u.run("run", place+"fault")
				u.run("run", "--dry-run", place+"ok")
				u.run("validate", place+"ok.yaml")
			}
			u.run("history", "list", "--json")
			u.checkHidden([]string{nasty[name], nasty["PERCENT"]})
		})
	}
}
