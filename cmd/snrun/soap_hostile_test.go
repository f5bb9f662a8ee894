package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// steering are characters that XML allows and that steer a terminal: C1 controls, such as CSI, and those that turn the direction.
const steering = "\u009b31m\u0085\u202e\u2066"

// hostileService has such characters wherever a WSDL can have a text, and a type that contains itself many times.
const hostileService = `<definitions targetNamespace="urn:t?" xmlns:t="urn:t?" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<types><xs:schema targetNamespace="urn:t?" xmlns:t="urn:t?">
<xs:complexType name="T"><xs:sequence>BRANCHES<xs:element name="e" minOccurs="0"><xs:annotation><xs:documentation>doc?</xs:documentation></xs:annotation>
<xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="v?"/><xs:enumeration value="w?&#10;injected: key"/></xs:restriction></xs:simpleType></xs:element></xs:sequence>
<xs:attribute name="d" default="default?"/><xs:attribute name="f" fixed="fixed?&#10;injected: key"/><xs:attribute name="g" type="xs:int" fixed="1&#x2028;injected:{}"/></xs:complexType>
<xs:element name="O" type="t:T"/></xs:schema></types>
<message name="M"><part name="p" element="t:O"/></message>
<message name="N"><part name="p?&#10;injected: key" type="xs:string"/><part name="q" type="t:T"/></message>
<portType name="P"><operation name="O"><documentation>says?&#10;injected: key</documentation><input message="t:M"/><output message="t:M"/></operation>
<operation name="N?&#10;injected: key"><input message="t:N"/><output message="t:N"/></operation></portType>
<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="O"><soap:operation soapAction="action?"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
<operation name="N?&#10;injected: key"><soap:operation style="rpc"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="S"><documentation>service?</documentation><port name="P" binding="t:B"><soap:address location="SELF/soap?x=?"/></port></service></definitions>`

// TestHostileNamesOnATerminal lets a WSDL and a server say what steers a terminal, and forges lines.
func TestHostileNamesOnATerminal(t *testing.T) {
	t.Parallel()
	fault := func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusInternalServerError, "text/xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Server`+steering+`</faultcode>`+
			`<faultstring>no`+steering+`</faultstring><detail><x y="`+steering+`">`+steering+`</x></detail></e:Fault></e:Body></e:Envelope>`)
	}
	home := newPlace(t, false, fault)
	u := newUser(t, sandbox.Options{})
	branches := ""
	for i := range 50 {
		branches += fmt.Sprintf(`<xs:element name="b%d" type="t:T" minOccurs="0" maxOccurs="9"/>`, i)
	}
	text := strings.NewReplacer("BRANCHES", branches, "SELF", home.URL, "?", steering).Replace(hostileService)
	u.write("wsdl/w.wsdl", text)
	u.write("broken.wsdl", strings.Replace(text, `type="t:T"/></xs:schema>`, `type="t:No`+"\u202e"+`"/></xs:schema>`, 1))
	u.write("call.yaml", "version: 1\nsteps:\n  - soap: {wsdl: wsdl/w.wsdl, endpoint: "+home.URL+"/soap, operation: O, params: {e: x}}\n")
	u.write("good.yaml", "version: 1\nsteps:\n  - soap: {wsdl: wsdl/w.wsdl, endpoint: "+home.URL+"/soap, operation: O, params: {d: x}}\n")
	u.write("stray.yaml", "version: 1\nsteps:\n  - soap: {wsdl: wsdl/w.wsdl, operation: No}\n")
	for _, args := range [][]string{
		{"soap", "operations", "wsdl/w.wsdl"}, {"soap", "example", "wsdl/w.wsdl", "O"}, {"soap", "example", "wsdl/w.wsdl", "No"}, {"soap", "operations", "broken.wsdl"},
		{"soap", "import", "wsdl/w.wsdl", "--to", "copy"}, {"validate", "call.yaml"}, {"validate", "stray.yaml"}, {"run", "call"}, {"run", "good"}, {"run", "--progress", "plain", "good"},
		{"run", "--dry-run", "good"}, {"history", "show", "@last"}, {"history", "show", "--http", "@last"}, {"history", "list"},
	} {
		got := u.run(args...)
		shown := got.stdout + got.stderr
		if at := strings.IndexAny(shown, "\x1b\u009b\u0085\u202e\u2066"); at >= 0 {
			t.Errorf("snrun %s shows %q", strings.Join(args, " "), shown[max(0, at-60):min(len(shown), at+60)])
		}
		if len(shown) > 200_000 {
			t.Errorf("snrun %s prints %d bytes", strings.Join(args, " "), len(shown))
		}
		if strings.Contains(shown, "\ninjected:") || shown == "" {
			t.Errorf("snrun %s: a line of the WSDL became one of its own, or nothing is said:\n%s", strings.Join(args, " "), shown)
		}
	}
	for _, operation := range []string{"O", "N" + steering + "\ninjected: key"} {
		step := u.must(exitOK, "soap", "example", "wsdl/w.wsdl", operation).stdout
		u.write("taken.yaml", "version: 1\nsteps:\n"+step)
		if got := u.run("validate", "taken.yaml"); strings.Contains(got.stdout, "unknown key") || strings.Contains(step, "\ninjected:") {
			t.Errorf("a line of the WSDL became one of the job:\n%s\n%s", got.stdout, step)
		}
	}
}

// TestWSDLsOfOtherOrigins holds that a profile signs in to fetch a WSDL at its own origin only, and that a WSDL leads its calls nowhere
// else.
func TestWSDLsOfOtherOrigins(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("BRANCHES", "", "?", "").Replace(hostileService)
	var home, other *place
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/w":
			reply(w, http.StatusOK, "text/xml", strings.ReplaceAll(text, "SELF", other.URL)) // its calls go to the other server
		case "/away":
			http.Redirect(w, r, other.URL+"/w", http.StatusFound)
		case "/importing":
			reply(w, http.StatusOK, "text/xml", strings.Replace(text, "<types>", `<import location="`+other.URL+`/w"/><types>`, 1))
		}
	}
	home, other = newPlace(t, false, serve), newPlace(t, false, serve)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY=the-token")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+home.URL+", headers: {X-Own: \"${secret.KEY}\"}, auth: {type: bearer, token: \"${secret.KEY}\", ws_security: {username: ann, password: \"${secret.KEY}\"}}}\n")
	for i, wsdl := range []string{"/w", home.URL + "/w", "/away", "/importing", other.URL + "/w"} {
		u.run("soap", "operations", "--profile", "p", wsdl)
		u.run("soap", "import", "--profile", "p", wsdl)
		name := fmt.Sprint("call", i)
		u.write(name+".yaml", "version: 1\nsteps:\n  - soap: {profile: p, wsdl: \""+wsdl+"\", operation: O, params: {d: x}}\n    retry: none\n")
		got := u.must(exitFailed, "run", name)
		if i < 2 && !strings.Contains(got.stderr, "is not at the profile's base URL") {
			t.Errorf("%s: got %s", wsdl, got.stderr)
		}
	}
	for _, line := range other.arrived("/") {
		if line != "GET /w: " {
			t.Errorf("the other server was sent %s", line)
		}
	}
	if came := home.arrived("/w"); len(came) == 0 || came[0] != "GET /w: Bearer X-Own" {
		t.Errorf("the profile's own server was sent %q", came)
	}
}
