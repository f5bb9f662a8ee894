package wsse

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snrun/steps"
	"snrun/steps/steptest"
)

// xmlsecVariable names xmlsec1, a program of other people that signs and verifies.
const xmlsecVariable = "SNRUN_TEST_XMLSEC"

// xmlsec runs the program on a document, and gives the one that it writes.
func xmlsec(t *testing.T, dir, document string, args ...string) (string, error) {
	t.Helper()
	program := steptest.Installed(t, xmlsecVariable, "no xmlsec1 to compare with: export "+xmlsecVariable+"=$(.ci/setup-xmlsec) installs it")
	in, out := filepath.Join(t.TempDir(), "in.xml"), filepath.Join(t.TempDir(), "out.xml")
	if err := os.WriteFile(in, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{soap11Space + ":Body", soap12Space + ":Body", utilitySpace + ":Timestamp", Namespace + ":UsernameToken", Namespace + ":BinarySecurityToken", "urn:orders:session"} {
		args = append(args, "--id-attr:Id", name)
	}
	cmd := exec.CommandContext(t.Context(), program, append(args, "--output", out, in)...)
	cmd.Dir = dir
	log, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, log)
	}
	written, _ := os.ReadFile(out)
	return string(written), nil
}

// oddBodies are what is hard to bring into canonical form, with the namespaces of the envelope around each.
var oddBodies = map[string]struct{ around, header, body string }{
	"plain":                    {``, ``, `<o:place xmlns:o="urn:orders" b="2" a="1"/>`},
	"nothing":                  {``, ``, ``},
	"text":                     {``, ``, " a &lt; &gt; &amp; \" ' &#13; &#9; é 😀 <![CDATA[<b> & ]]> \r\n "},
	"attributes":               {``, ``, "<a b=\" &lt; > &amp; &quot; ' &#13;&#10;&#9; \n\t\r\n é \"/>"},
	"comments and such":        {``, ``, `<a><!-- x --><?go  on and on ?><?stop?>b<!-- y -->c</a>`},
	"order of attributes":      {` xmlns:z="urn:a" xmlns:a="urn:z"`, ``, `<x a:m="1" z:n="2" a:n="3" z:m="4" m="5" xml:lang="de" B="6" a="7"/>`},
	"soap 1.2 array":           {` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:enc="http://www.w3.org/2003/05/soap-encoding"`, ``, `<x enc:itemType="xsi:y" xsi:type="enc:Array"/>`},
	"default namespace":        {` xmlns="urn:d"`, ``, `<a><b xmlns=""><c/></b><e xmlns="urn:e"><f xmlns="urn:d"/><g xmlns=""/></e></a>`},
	"no default namespace":     {``, ``, `<a xmlns=""><b xmlns=""/></a>`},
	"default that is not used": {` xmlns="urn:d"`, ``, `<a xmlns=""><b xmlns=""/></a>`},
	"the same again":           {` xmlns:o="urn:orders"`, ``, `<o:a xmlns:o="urn:orders"><o:b xmlns:o="urn:orders"/><b xmlns:o="urn:other"><o:c/></b></o:a>`},
	"siblings":                 {` xmlns:o="urn:orders"`, ``, `<a><o:b/><o:c/></a><o:d o:e="1"/>`},
	"prefixes in values":       {` xmlns:o="urn:orders" xmlns:x="urn:x"`, ``, `<a t="x:y">o:z</a>`},
	"default in values":        {` xmlns="urn:d" xmlns:x="urn:x"`, ``, `<x:a t="y"><x:b xmlns="urn:e"/></x:a>`},
	"headers":                  {` xmlns:o="urn:orders"`, `<o:session o:x="1">S-1</o:session>`, `<a/>`},
}

// soapDocument puts a body into an envelope.
func soapDocument(space, around, header, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<S:Envelope xmlns:S="` + space + `"` + around + `><S:Header>` + header + `</S:Header><S:Body>` + body + `</S:Body></S:Envelope>`
}

func TestXmlsecVerifies(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := opened(t, dir, steps.Input{"username": "ann", "password": "s3cret", "timestamp": 5 * time.Minute, "sign": signing("client", "timestamp", "token", "headers", "body")})
	for name, odd := range oddBodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, space := range []string{soap11Space, soap12Space} {
				signed := secured(t, s, soapDocument(space, odd.around, odd.header, odd.body))
				if _, err := xmlsec(t, dir, signed, "--verify", "--pubkey-cert-pem", "client.pem"); err != nil {
					t.Errorf("%v: %s", err, signed)
				}
				if _, err := xmlsec(t, dir, signed, "--verify", "--pubkey-cert-pem", "stranger.pem"); err == nil {
					t.Errorf("anything is verified: %s", signed)
				}
			}
		})
	}
}

func TestXmlsecSigns(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	check := checkerOf(t, dir, "server", steps.Input{"parts": []any{"body", "timestamp"}})
	for name, odd := range oddBodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, prefixes := range []string{"", "o x", "#default", "S #default none o enc"} {
				signed, err := xmlsec(t, dir, template(odd.around, odd.header, odd.body, prefixes), "--sign", "--privkey-pem", "server.key,server.pem")
				if err != nil {
					t.Fatal(err)
				}
				if err := check.Check([]byte(signed), now); err != nil {
					t.Errorf("with the prefixes %q: %v: %s", prefixes, err, signed)
				}
			}
		})
	}
}

// template is what xmlsec1 fills in.
func template(around, header, body, prefixes string) string {
	parameter := ""
	if prefixes != "" {
		parameter = `<i:InclusiveNamespaces xmlns:i="` + exclusive + `" PrefixList="` + prefixes + `"/>`
	}
	var references strings.Builder
	for _, id := range []string{"stamp", "body"} {
		fmt.Fprintf(&references, `<Reference URI="#%s"><Transforms><Transform Algorithm="%s">%s</Transform></Transforms><DigestMethod Algorithm="%s"/><DigestValue/></Reference>`, id, exclusive, parameter, sha512URI)
	}
	security := `<w:Security xmlns:w="` + Namespace + `" xmlns:u="` + utilitySpace + `"><u:Timestamp u:Id="stamp"><u:Created>2026-03-04T05:06:07Z</u:Created></u:Timestamp>` +
		`<Signature xmlns="` + dsigSpace + `"><SignedInfo><CanonicalizationMethod Algorithm="` + exclusive + `">` + parameter + `</CanonicalizationMethod>` +
		`<SignatureMethod Algorithm="` + rsaSHA384 + `"/>` + references.String() + `</SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature></w:Security>`
	text := soapDocument(soap11Space, around, security+header, body)
	return strings.Replace(text, "<S:Body>", `<S:Body xmlns:u="`+utilitySpace+`" u:Id="body">`, 1)
}
