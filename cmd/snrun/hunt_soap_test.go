package main

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"snrun/examples/sandbox"
)

// soapEcho answers with what it was sent, in the ways in which servers do, by path.
func soapEcho(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var said strings.Builder
	_ = xml.EscapeText(&said, body)
	text, status, media := `<said>`+said.String()+`</said>`, http.StatusOK, "text/xml"
	switch r.URL.Path {
	case "/fault":
		text, status = `<e:Fault><faultcode>e:Client</faultcode><faultstring>not `+said.String()+`</faultstring><detail>`+said.String()+`</detail></e:Fault>`, http.StatusInternalServerError
	case "/page":
		media = "text/html"
	case "/broken":
		text += "<"
	}
	reply(w, status, media, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`+text+`</e:Body></e:Envelope>`)
}

// TestPasswordsInMessagesShowNowhere sends each secret that XML can hold in a UsernameToken, to a server that repeats it.
func TestPasswordsInMessagesShowNowhere(t *testing.T) {
	t.Parallel()
	home := newPlace(t, false, soapEcho)
	u := newUser(t, sandbox.Options{})
	profiles := "version: 1\nprofiles:\n"
	job := "version: 1\nsteps:\n"
	hidden := []string{"plain-in-the-profile"}
	for _, name := range sortedNasty() {
		if name == "CONTROLS" { // which no XML can hold
			continue
		}
		u.environ = append(u.environ, secretVariable+name+"="+nasty[name])
		hidden = append(hidden, nasty[name])
		profiles += fmt.Sprintf("  %s: {base_url: %s, auth: {ws_security: {username: ann, password: \"${secret.%s}\", timestamp: 5m}}}\n", strings.ToLower(name), home.URL, name)
	}
	profiles += "  plain: {base_url: " + home.URL + ", auth: {type: none, ws_security: {username: ann, password: plain-in-the-profile}}}\n"
	for i, name := range append(sortedNasty(), "plain") {
		for _, path := range []string{"ok", "fault", "page", "broken"} {
			if name != "CONTROLS" {
				id := fmt.Sprintf("%s_%d", path, i)
				job += fmt.Sprintf("  - try:\n      - id: %s\n        soap: {profile: %s, path: /%s, body: {ask: 1}}\n        retry: none\n      - log: ${toJSON(steps.%s.output)}\n"+
					"    catch: [{steps: [{log: \"${error.message} ${toJSON(error)}\"}]}]\n", id, strings.ToLower(name), path, id)
			}
		}
	}
	u.write("profiles.yaml", profiles)
	u.write("ask.yaml", job)
	u.must(exitOK, "run", "ask")
	u.must(exitOK, "run", "--progress", "json", "ask")
	u.must(exitOK, "history", "show", "--http", "--json", "@last")
	u.write("profiles.yaml", "version: 1\nprofiles: {}\n") // the one place where a password is written
	u.checkHidden(hidden)
}

// TestDigestsInMessagesShowNowhere holds that what is sent shows without its digest and its nonce.
func TestDigestsInMessagesShowNowhere(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var proofs []string
	home := newPlace(t, false, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		for _, proof := range regexp.MustCompile(`>([0-9A-Za-z+/=]{20,})</wsse:(?:Password|Nonce)>`).FindAllStringSubmatch(string(body), -1) {
			proofs = append(proofs, proof[1])
		}
		mu.Unlock()
		reply(w, http.StatusOK, "text/xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ok/></e:Body></e:Envelope>`)
	})
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY=a-password")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+home.URL+", auth: {ws_security: {username: ann, password: \"${secret.KEY}\", password_type: digest}}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - soap: {profile: p, path: /x, body: {ask: 1}}\n")
	u.must(exitOK, "run", "ask")
	shown := u.must(exitOK, "history", "show", "--http", "--json", "@last")
	if !strings.Contains(shown.stdout, "UsernameToken") || len(proofs) != 2 {
		t.Errorf("%d proofs were sent, and history has %s", len(proofs), shown.stdout)
	}
	u.checkHidden(append(proofs, "a-password"))
}

// spelt are the ways in which a server can write a text into XML: escaped, split, or encoded.
var spelt = map[string]func(text string) string{
	"escaped":     escapedXML,
	"decimal":     func(text string) string { return references(text, "&#%d;") },
	"hexadecimal": func(text string) string { return references(text, "&#x%X;") },
	"zeros":       func(text string) string { return references(text, "&#x000%x;") },
	"cdata": func(text string) string {
		return "<![CDATA[" + strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>") + "]]>"
	},
	"cdata_split": func(text string) string {
		return inHalves(text, func(part string) string { return "<![CDATA[" + part + "]]>" }, "")
	},
	"cdata_half": func(text string) string {
		a, b := halves(text)
		return escapedXML(a) + "<![CDATA[" + b + "]]>"
	},
	"comment_split": func(text string) string { return inHalves(text, escapedXML, "<!-- and -->") },
	"base64":        func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"base64_lines": func(text string) string {
		return strings.Join(chunks(base64.StdEncoding.EncodeToString([]byte("it is "+text)), 11), "\r\n")
	},
	"base64_references": func(text string) string {
		return strings.Join(chunks(base64.StdEncoding.EncodeToString([]byte("it is "+text)), 11), "&#13;\n")
	},
}

func escapedXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func references(text, format string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

// halves cuts a text in two at a character.
func halves(text string) (string, string) {
	runes := []rune(text)
	return string(runes[:len(runes)/2]), string(runes[len(runes)/2:])
}

func inHalves(text string, write func(string) string, by string) string {
	a, b := halves(text)
	return write(a) + by + write(b)
}

func chunks(text string, size int) (list []string) {
	for ; len(text) > size; text = text[size:] {
		list = append(list, text[:size])
	}
	return append(list, text)
}

// soapGossip is a server that writes secrets into its answers: spelt as the first part of the path says, in the place that the second
// one names, in the charset of the third.
type soapGossip map[string]string // secrets by name

func (g soapGossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	part := strings.Split(r.URL.Path[1:], "/")
	text := spelt[part[0]](g[part[3]])
	status, body, charset := http.StatusOK, "", "utf-8"
	switch part[1] {
	case "text":
		body = "<said>" + text + "</said>"
	case "attribute":
		body = `<said a="` + text + `"/>`
	case "fault":
		status = http.StatusInternalServerError
		body = `<e:Fault><faultcode>e:Client.` + text + `</faultcode><faultstring>no ` + text + `</faultstring><detail><a>` + text + `</a></detail></e:Fault>`
	case "broken":
		body = "<said>" + text + "</said><"
	case "typed":
		body = `<o:PlaceOrderResponse xmlns:o="http://example.com/orders"><o:number>` + text + `</o:number><o:line><o:no>` + text + `</o:no></o:line></o:PlaceOrderResponse>`
	case "header":
		body = "<said/>"
	}
	header := ""
	if part[1] == "header" {
		header = "<e:Header><h>" + text + "</h></e:Header>"
	}
	body = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">` + header + `<e:Body>` + body + `</e:Body></e:Envelope>`
	switch part[2] {
	case "utf16":
		charset = "utf-16"
		units := utf16.Encode([]rune("\ufeff" + body))
		data := make([]byte, 0, 2*len(units))
		for _, u := range units {
			data = append(data, byte(u>>8), byte(u))
		}
		body = string(data)
	case "latin1":
		charset = "iso-8859-1"
		var data []byte
		for _, r := range body {
			data = append(data, byte(r))
		}
		body = string(data)
	}
	reply(w, status, "text/xml; charset="+charset, body)
}

// TestSecretsInSoapAnswersShowNowhere has a server give back secrets that a step has sent, in all spellings of XML.
func TestSecretsInSoapAnswersShowNowhere(t *testing.T) {
	t.Parallel()
	secrets := soapGossip{"SIMPLE": "aSecretThatIsSimple", "MARKUP": `<k>&amp;"quoted"</k>'x'`, "LATIN": "pässwörd-größer", "END": "it]]>ends--here"}
	home := newPlace(t, false, secrets.ServeHTTP)
	for name := range secrets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, sandbox.Options{})
			u.environ = append(u.environ, secretVariable+name+"="+secrets[name])
			a, b := halves(secrets[name])
			hidden := []string{secrets[name], a, b}
			coded := chunks(base64.StdEncoding.EncodeToString([]byte("it is "+secrets[name])), 11)
			hidden = append(hidden, coded[1:len(coded)-1]...)
			orders, err := os.ReadFile("../../steps/soap/testdata/orders.wsdl")
			if err != nil {
				t.Fatal(err)
			}
			u.write("orders.wsdl", string(orders))
			job := "version: 1\nsteps:\n  - log: ${secret." + name + "}\n"
			n := 0
			for _, spelling := range slices.Sorted(maps.Keys(spelt)) {
				for _, place := range []string{"text", "attribute", "fault", "broken", "typed", "header"} {
					for _, charset := range []string{"utf8", "utf16", "latin1"} {
						if place == "attribute" && strings.ContainsAny(spelt[spelling]("x"), "<") || charset != "utf8" && (spelling != "escaped" || place == "typed") {
							continue
						}
						n++
						step := fmt.Sprintf("soap: {endpoint: %s/%s/%s/%s/%s, body: {ask: 1}}", home.URL, spelling, place, charset, name)
						if place == "typed" {
							step = fmt.Sprintf("soap: {wsdl: orders.wsdl, operation: PlaceOrder, endpoint: %s/%s/%s/%s/%s, params: {order: {version: \"1\", customer: {_type: Person, firstName: Ann}, line: [{no: 1}]}}}", home.URL, spelling, place, charset, name)
						}
						job += fmt.Sprintf("  - try:\n      - id: s%d\n        %s\n        retry: none\n      - log: ${toJSON(steps.s%d.output)} ${toJSON(steps.s%d.warnings)} ${toJSON(steps.s%d.soap_headers)}\n"+
							"    catch: [{steps: [{log: \"${error.message} ${toJSON(error)}\"}]}]\n", n, step, n, n, n)
					}
				}
			}
			u.write("ask.yaml", job)
			u.must(exitOK, "run", "ask")
			u.must(exitOK, "run", "--progress", "json", "ask")
			u.must(exitOK, "run", "--json", "ask")
			u.must(exitOK, "history", "show", "--json", "@last")
			u.must(exitOK, "history", "show", "--http", "@last")
			u.must(exitOK, "history", "show", "--http", "--json", "@last")
			u.checkHidden(hidden)
		})
	}
}
